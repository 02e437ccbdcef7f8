"""`audit`: what ran, by whom, and what ran outside of git."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.git_log import GitSpecHistory
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.audit import AuditScope, make_audit
from bulkplan.app.workspace import examine
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.own_files import write_text
from bulkplan.cli.progress import progress
from bulkplan.cli.record_table import FORMS
from bulkplan.cli.since import moment_of
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import Place, find_place, open_connection, open_store
from bulkplan.core.near import join_words
from bulkplan.errors import BulkplanError, UnknownRunError, UsageError
from bulkplan.model.audit import AuditReport
from bulkplan.report.audit_csv import audit_csv
from bulkplan.report.audit_html import audit_html
from bulkplan.report.audit_json import dump_audit
from bulkplan.report.audit_markdown import audit_markdown
from bulkplan.report.audit_text import audit_lines
from bulkplan.report.audit_words import count_words
from bulkplan.report.lines import plain_text

_WRITERS: Mapping[str, Callable[[AuditReport], str]] = {
    "text": lambda report: plain_text(audit_lines(report)),
    "json": dump_audit,
    "csv": audit_csv,
    "html": audit_html,
    "markdown": audit_markdown,
}
_FORM_BY_ENDING: Mapping[str, str] = {
    ".md": "markdown",
    ".txt": "text",
    ".htm": "html",
    **{f".{form}": form for form in FORMS},
}


def run(args: Args, console: Console) -> int:
    """Read, hold together, print or write; 5 when there is an alarm, 1 (if asked for) when something ran by hand."""
    form = _form_of(args.out, args.format) if args.out else args.format
    place = find_place(args)
    report = run_until_signal(_audit(args, place, console))
    shown = _only(report, tuple(args.origin))
    if args.out is None:
        _print(shown, args.format, console)
    else:
        write_text(args.out, _WRITERS[form](shown))
        if args.format == "text":
            _print(shown, args.format, console)
        console.note(f"Wrote {args.out}, as {form}.")
    _raise_for_person(report)
    return _strictly(report) if args.strict else OK


async def _audit(args: Args, place: Place, console: Console) -> AuditReport:
    now = place.clock.now()
    since = moment_of(args.since, now=now, timezone=ZoneInfo(place.target.timezone))
    files = examine(YamlProject(place.root).read(), now=now)
    store = open_store(place)
    try:
        with progress(console) as shown:
            async with (
                open_connection(place, console, shown) as connection,
                open_reader(connection, clock=place.clock) as reader,
            ):
                identity = await reader.fetch_identity()
                return await make_audit(
                    files,
                    reader=reader,
                    store=store,
                    history=GitSpecHistory(place.root, place.environ),
                    scope=AuditScope(place.target_name, place.target, identity, now, since),
                    progress=shown,
                )
    finally:
        store.close()


def _only(report: AuditReport, origins: tuple[str, ...]) -> AuditReport:
    """The report with the actions of these origins alone; alarms and the rest are as they were."""
    if not origins:
        return report
    told = f"only actions of the origin {' or '.join(origins)} are listed (--origin)"
    actions = tuple(action for action in report.actions if action.origin in origins)
    return report.model_copy(update={"actions": actions, "limits": (told, *report.limits)})


def _print(report: AuditReport, form: str, console: Console) -> None:
    if form == "text":
        console.result(audit_lines(report, width=console.manners.width))
    else:
        console.raw(_WRITERS[form](report))


def _form_of(path: Path, asked: str) -> str:
    """The form of a file: what `--format` says, else its ending. Raises `UsageError` for one that is of no form."""
    ending = path.suffix.lower()
    if asked != "text" or not ending:
        return asked
    if ending not in _FORM_BY_ENDING:
        raise UsageError(
            f"--out {path}: no form of an audit has the ending {ending}",
            hint=f"end it in {join_words(sorted(_FORM_BY_ENDING), last='or')}; or say the form: --format csv",
        )
    return _FORM_BY_ENDING[ending]


def _raise_for_person(report: AuditReport) -> None:
    if report.alarms:
        raise UnknownRunError(
            f"{count_words(len(report.alarms), 'alarm')} {'needs' if len(report.alarms) == 1 else 'need'} a person",
            hint="the report says how to go on with each",
        )


def _strictly(report: AuditReport) -> int:
    if report.outside:
        raise BulkplanError(
            f"{count_words(len(report.outside), 'bulk action')} ran outside of git (--strict)",
            hint="ask who made them: bulkplan audit --origin outside",
        )
    return OK
