"""`new`: write the first version of a spec."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bulkplan.adapters.text_files import create_text, read_named, replace_text
from bulkplan.adapters.yaml_compose import Comments, compose
from bulkplan.adapters.yaml_files import SPECS_FOLDER, YamlProject
from bulkplan.app.draft_tests import with_tests_that_pass
from bulkplan.app.new_spec import (
    Surroundings,
    count_matches,
    filter_of_copy,
    filter_of_status,
    filter_of_view,
    render_draft,
    usage_error,
)
from bulkplan.cli.action_words import action_asked_for
from bulkplan.cli.arguments import Args
from bulkplan.cli.ask_name import ask_name
from bulkplan.cli.asking_close import ask_close, look_around
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.provenance import git_address
from bulkplan.cli.wiring import Place, find_place
from bulkplan.core.spec_draft import DraftFacts, SpecDraft, draft_spec
from bulkplan.core.written_filter import KEPT, WrittenFilter
from bulkplan.errors import CloseError, NotAuthorizedError, UsageError, WrongOrganizationError
from bulkplan.model.base import JsonMapping, JsonObject
from bulkplan.model.catalog import Catalog
from bulkplan.report.lines import Span
from bulkplan.sandbox.fixture_world import FixtureMatcher

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_NAME = 80
_SOURCES = "--from-smart-view NAME, --from-filters FILE or --from-status LABEL"
_SAY_SOURCE = f"say where the filter comes from: {_SOURCES}"


def run(args: Args, console: Console) -> int:
    """Look around in Close, ask for what is missing, write the file, say what to do next."""
    place = find_place(args)
    path = new_spec_path(place, args.name, overwrite=args.overwrite)
    copied = _copied(args.from_filters, console) if args.from_filters is not None else None
    _check_source(args, console)
    around = _look(place, console, is_needed=copied is None)
    written, origin = _filter(args, console, around, copied)
    action = action_asked_for(args, console, around)
    draft = _draft(args, written, action, origin=origin, around=around, place=place, console=console)
    write_spec(place, path, draft, overwrite=args.overwrite)
    _tell(args, console, path.relative_to(place.root.resolve()), written, draft)
    return OK


def new_spec_path(place: Place, name: str, *, overwrite: bool) -> Path:
    """The file of a new spec. Raises `UsageError` when the name is none, or taken."""
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        fit = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_MAX_NAME]
        hint = f"{fit}, for example" if fit else "bulkplan new winback"
        raise UsageError(f'"{name}" is no name of a spec: it has a-z, 0-9 and single dashes', hint=hint)
    root = place.root.resolve()
    path = root / SPECS_FOLDER / f"{name}.yaml"
    for document in YamlProject(root).read().specs:
        is_same = isinstance(document.data, dict) and document.data.get("name") == name
        if is_same and not (overwrite and root / document.file == path):
            mend = "take another name" if root / document.file != path else "take another name, or give --overwrite"
            raise UsageError(f"there is a spec named {name} already, in {document.file}:{document.line}", hint=mend)
    if path.exists() and not overwrite:
        raise UsageError(f"{SPECS_FOLDER}/{name}.yaml is there already", hint="take another name, or give --overwrite")
    return path


def _check_source(args: Args, console: Console) -> None:
    """Whether something says which leads are meant, or a person will. Raises `UsageError`, before Close is asked."""
    is_said = any(each is not None for each in (args.from_filters, args.from_smart_view, args.from_status))
    if not is_said and not console.manners.can_ask:
        raise UsageError("nothing says which leads are meant", hint=_SAY_SOURCE)


def _copied(file: str, console: Console) -> JsonMapping:
    what = "stdin" if file == "-" else file
    try:
        text = console.stdin.read() if file == "-" else read_named(Path(file))
        value: JsonValue = json.loads(text.removeprefix("\ufeff"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint="check the spelling") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not UTF-8", hint="save it as UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        hint = 'copy it once more: in Close, the menu of the search has "Copy Filters"'
        raise UsageError(f"{what} is no JSON: {error.msg} at {where}", hint=hint) from error
    except RecursionError as error:
        raise UsageError(f"{what} is nested too deep to be a query") from error
    if not isinstance(value, dict):
        raise UsageError(f"{what} holds no query: it is no JSON object", hint='"Copy Filters" in Close gives one')
    return value


def _look(place: Place, console: Console, *, is_needed: bool) -> Surroundings:
    """What Close knows; a copied filter can be written without it, all the rest not."""
    try:
        return look_around(place, console)
    except WrongOrganizationError:
        raise
    except (CloseError, NotAuthorizedError) as error:
        if is_needed:
            raise
        console.note(f"Close could not be asked ({error.message}): names are not checked, no limit is suggested.")
        return Surroundings(Catalog(), place.clock.now(), place.target.timezone, is_known=False)


def _filter(
    args: Args, console: Console, around: Surroundings, copied: JsonMapping | None
) -> tuple[WrittenFilter, str]:
    if copied is not None:
        return filter_of_copy(copied, around)
    if args.from_smart_view is not None:
        return filter_of_view(args.from_smart_view, around)
    status = args.from_status
    if status is None:
        labels = [each.label for each in around.catalog.lead_statuses]
        console.note(f"Lead statuses to begin with: {', '.join(labels)}. (Or stop, and give {_SOURCES}.)")
        status = ask_name(console, "Leads with which status?", labels, instead=_SAY_SOURCE)
    return filter_of_status(status, around)


def _draft(
    args: Args,
    written: WrittenFilter,
    action: JsonObject,
    *,
    origin: str,
    around: Surroundings,
    place: Place,
    console: Console,
) -> SpecDraft:
    facts = DraftFacts(args.name, origin, around.now, None, args.description, owner_of(args, place))
    draft = draft_spec(written, action, facts, around.catalog)
    if not around.is_known:
        return tried(draft, around)
    rendered = render_draft(draft.data, around)
    if rendered.problems:
        raise usage_error(rendered.problems)
    matches = ask_close(place, console, lambda reader: count_matches(rendered, reader))
    return tried(draft_spec(written, action, replace(facts, matches=matches), around.catalog), around)


def tried(draft: SpecDraft, around: Surroundings) -> SpecDraft:
    """The draft with its tests as far as they pass here."""
    return with_tests_that_pass(draft, matcher=FixtureMatcher(), now=around.now, zone=ZoneInfo(around.timezone))


def owner_of(args: Args, place: Place) -> str | None:
    """Who answers for a new spec: whoever was named, else whoever commits here."""
    return args.owner or git_address(place.root)


def write_spec(place: Place, path: Path, draft: SpecDraft, *, overwrite: bool = False) -> None:
    """Write a spec. Raises `BulkplanError` when it could not be read back as it is meant."""
    root = place.root.resolve()
    comments = Comments(draft.top, draft.above, draft.beside)
    text = compose(draft.data, comments, name=path.relative_to(root).as_posix(), root=root)
    if overwrite and path.exists():
        replace_text(path, text)
    elif not create_text(path, text):
        raise UsageError(f"{path} is there already", hint="take another name, or give --overwrite")


def _tell(args: Args, console: Console, path: Path, written: WrittenFilter, draft: SpecDraft) -> None:
    console.result([(Span("wrote ", "ok"), Span(path.as_posix()))])
    if written.why is not None:
        console.note(f"{KEPT}, which selects the same: {written.why}.")
    count = draft.beside.get(("guards", "max_matches"))
    if count is not None:
        console.note(f"{count}; guards.max_matches stops a run that takes more than the file says.")
    target = f" --target {args.target}" if args.target else ""
    console.note(f"Next: read it, then bulkplan test {args.name} && bulkplan plan --select {args.name}{target}")
