"""`import`: a bulk action that ran in Close without a spec, as a spec and a record."""

from __future__ import annotations

from pathlib import Path

from bulkplan.adapters.text_files import create_text, replace_text
from bulkplan.adapters.yaml_compose import Comments, compose
from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.adapters.yaml_text import FileText, split_lines
from bulkplan.app.import_action import (
    ImportWish,
    actions_outside,
    draft_import,
    fetch_ran_action,
    keep_imported,
    kind_and_id,
    known_runs,
    require_key_free,
)
from bulkplan.app.interrupting import Interrupt
from bulkplan.app.new_spec import EVERY_KIND, Surroundings
from bulkplan.app.performer import Edges
from bulkplan.app.workspace import examine
from bulkplan.cli.action_words import words_of
from bulkplan.cli.arguments import Args
from bulkplan.cli.commands.new import new_spec_path, owner_of, tried
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import Place, find_place, open_edges
from bulkplan.core.audit import sight
from bulkplan.core.expand import expand
from bulkplan.core.imported import require_free
from bulkplan.core.records import ApplyContext
from bulkplan.errors import BulkplanError, InvalidFilesError, UsageError
from bulkplan.model.document import Workspace
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import WantedRun
from bulkplan.report.actions_text import action_lines
from bulkplan.report.lines import Line, Span

_FATES = {
    RecordStatus.DONE: "it is done, and plan shows it as such",
    RecordStatus.FAILED: "it ended in an error in Close",
    RecordStatus.SUBMITTED: "it is not finished; apply follows it and sends nothing",
}


def run(args: Args, console: Console) -> int:
    """List what can be imported; or import one action: first the record, then the spec, so that nothing runs twice."""
    place = find_place(args)
    if args.action_id is None or args.list:
        console.result(run_until_signal(_listed(place, console)))
        return OK
    kind, action_id = kind_and_id(args.action_id)
    name = args.spec_name or console.ask("Which name shall the spec have?", instead="give --name NAME")
    path = new_spec_path(place, name, overwrite=args.overwrite)
    wish = ImportWish(kind, action_id, name, args.version, words_of(args), args.description, owner_of(args, place))
    run_until_signal(_imported(args, place, console, wish=wish, path=path))
    return OK


async def _around(place: Place, edges: Edges) -> Surroundings:
    return Surroundings(
        catalog=await edges.reader.fetch_catalog(EVERY_KIND),
        now=place.clock.now(),
        timezone=place.target.timezone,
        user_id=edges.user_id,
    )


def _workspace(place: Place) -> Workspace:
    """What the files ask for, as far as they are good: only the names of runs matter here."""
    return examine(YamlProject(place.root).read(), now=place.clock.now()).workspace


async def _listed(place: Place, console: Console) -> tuple[Line, ...]:
    async with open_edges(place, console, interrupt=Interrupt()) as (edges, context):
        around = await _around(place, edges)
        ledger = known_runs(_workspace(place), edges.store, around, context.organization_id)
        found = await actions_outside(edges.reader, ledger)
        catalog = around.catalog
        names = {
            **{status.id: status.label for status in catalog.lead_statuses},
            **{template.id: template.name for template in catalog.templates},
            **{sequence.id: sequence.name for sequence in catalog.sequences},
        }
        return action_lines([one.action for one in found], names)


async def _imported(args: Args, place: Place, console: Console, *, wish: ImportWish, path: Path) -> None:
    async with open_edges(place, console, interrupt=Interrupt()) as (edges, context):
        around = await _around(place, edges)
        workspace = _workspace(place)
        ledger = known_runs(workspace, edges.store, around, context.organization_id)
        action = await fetch_ran_action(wish, edges.reader)
        require_free(sight(wish.kind, action, ledger), action, context.organization_id)
        draft = tried(draft_import(action, wish, around), around)
        name = path.relative_to(place.root.resolve()).as_posix()
        comments = Comments(draft.top, draft.above, draft.beside)
        text = compose(draft.data, comments, name=name, root=place.root.resolve())
        wanted = _as_read(text, name, workspace, around)
        if args.spec_only:
            _write(path, text, overwrite=args.overwrite)
            console.result([(Span("wrote ", "ok"), Span(name))])
            console.note(f"No record was made: to plan and apply, {wanted.key} is a run of its own.")
            return
        require_key_free(wanted.key, ledger.by_key)
        record = await keep_imported(action, wanted, wish, around, edges, context)
        _write_after(record, path, text, overwrite=args.overwrite)
        _tell(console, record, name, context)


def _as_read(text: str, name: str, workspace: Workspace, around: Surroundings) -> WantedRun:
    """The run that the spec asks for, exactly as plan is going to read it. Raises `InvalidFilesError`."""
    (document,) = parse_documents(FileText(name, text, split_lines(text))).documents
    expansion = expand(document, now=around.now, project_vars=workspace.project.vars)
    if expansion.problems or not expansion.runs:
        raise InvalidFilesError(expansion.problems)
    return expansion.runs[0]


def _write(path: Path, text: str, *, overwrite: bool) -> None:
    if overwrite and path.exists():
        replace_text(path, text)
    elif not create_text(path, text):
        raise UsageError(f"{path} is there already", hint="take another name, or give --overwrite")


def _write_after(record: Record, path: Path, text: str, *, overwrite: bool) -> None:
    try:
        _write(path, text, overwrite=overwrite)
    except BulkplanError as error:
        raise BulkplanError(
            f"{record.key} is recorded, and its spec could not be written: {error.message}",
            hint=f"bulkplan import {record.remote_id} --name {record.key.name} --spec-only writes the spec alone",
        ) from error


def _tell(console: Console, record: Record, name: str, context: ApplyContext) -> None:
    console.result([(Span("wrote ", "ok"), Span(name))])
    leads = "" if record.counts.n_leads is None else f", {record.counts.n_leads:,} leads"
    console.result([(Span("recorded ", "ok"), Span(f"{record.key} as {record.remote_id}: {record.status}{leads}"))])
    console.note(f"{record.key} never runs again on {context.target}: {_FATES[record.status]}.")
