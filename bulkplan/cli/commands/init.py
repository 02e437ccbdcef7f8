"""`init`: the files of a new project. Nothing that is there is touched."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from bulkplan.adapters.formatting import SCHEMA_FOLDER, format_text
from bulkplan.adapters.scaffold import CALLER, github_files, project_files
from bulkplan.adapters.text_files import add_line, create_text
from bulkplan.adapters.yaml_files import PROJECT_FILE, SPECS_FOLDER, find_specs
from bulkplan.app.schema import schema_texts
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.repository import folder_in_repository
from bulkplan.core.first_project import STATES, FirstTarget, caller_text, filled, target_lines, why_unfit
from bulkplan.core.members import FILE_SUFFIX
from bulkplan.core.periods import find_timezone, timezone_hint
from bulkplan.errors import UsageError
from bulkplan.report.lines import Line, Span

_EDITOR_SCHEMAS = ("bulk-action", "filter", "project")
_IGNORED = (".bulkplan/", "plan.json", f"plan.json{FILE_SUFFIX}")
"""The local state with the sandbox; and a saved plan, which may name leads, with what lies beside it."""
_PROJECT_ID_BYTES = 8


def run(args: Args, console: Console) -> int:
    """Ask for the organization, write what is not there, say what was written and what to type next."""
    root = args.directory / args.folder
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is not a folder", hint="name a folder: bulkplan init crm")
    texts = _texts(root, lambda: _target(args, console))
    written = [name for name, text in texts.items() if create_text(root / name, text)]
    ignored = [line for line in _IGNORED if add_line(root / ".gitignore", line)]
    written += [f".gitignore ({', '.join(ignored)})"] if ignored else []
    console.result((Span("wrote ", "ok"), Span(name)) for name in written)
    kept = [name for name in texts if name not in written]
    console.result((Span("kept  ", "muted"), Span(f"{name}: is there already")) for name in kept)
    console.result(_next(root))
    return OK


def _texts(root: Path, ask_target: Callable[[], FirstTarget]) -> Mapping[str, str]:
    """Every file of a new project. Questions are asked only where the project file is still to be written."""
    target = FirstTarget() if (root / PROJECT_FILE).exists() else ask_target()
    answers = {"PROJECT_ID": secrets.token_hex(_PROJECT_ID_BYTES), "TARGET": target_lines(target)}
    own = {name: format_text(name, filled(text, answers)) for name, text in project_files().items()}
    if find_specs(root.resolve())[0]:
        own = {name: text for name, text in own.items() if not name.startswith(f"{SPECS_FOLDER}/")}
    schemas = schema_texts()
    for_editors = {f"{SCHEMA_FOLDER}/{kind}.v1.schema.json": schemas[kind] for kind in _EDITOR_SCHEMAS}
    return {**own, **for_editors, **_for_github(root, target.name)}


def _for_github(root: Path, target: str) -> Mapping[str, str]:
    """Workflows and actions, which GitHub looks for at the root of the repository, wherever the project lies in it."""
    folder = folder_in_repository(root)
    up = "../" * len(PurePosixPath(folder).parts)
    texts = github_files()
    texts[CALLER] = caller_text(texts[CALLER], target=target, folder=folder)
    return {f"{up}{name}": text for name, text in texts.items()}


def _target(args: Args, console: Console) -> FirstTarget:
    """What was said in options; the rest is asked on a terminal, else taken from the defaults."""
    said = {
        "organization_id": args.organization,
        "name": args.first_target,
        "api_key_env": args.api_key_env,
        "state": args.state,
        "timezone": args.timezone,
    }
    answers = {key: value for key, value in said.items() if value is not None}
    for key, value in answers.items():
        if why := _why_unfit(key, value):
            raise UsageError(f'"{value}" does not fit', hint=why)
    if console.manners.can_ask:
        console.note("An empty answer takes what stands in brackets.")
        answers |= _asked(console, answers)
    return FirstTarget(**answers)


def _asked(console: Console, said: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if "organization_id" not in said:
        answer = _ask(console, "organization_id", "Which organization of Close (orga_…)?", default="later")
        if answer == "later":
            return found
        found["organization_id"] = answer
    usual = FirstTarget()
    questions = (
        ("name", "What is it called here?", usual.name),
        ("api_key_env", "Which environment variable holds its API key?", usual.api_key_env),
        ("timezone", "In which time zone do its days begin (Europe/Berlin, …)?", usual.timezone),
        ("state", f"Where is kept what ran ({', '.join(STATES)})?", usual.state),
    )
    for key, question, default in questions:
        if key not in said:
            found[key] = _ask(console, key, question, default=default)
    return found


def _ask(console: Console, key: str, question: str, *, default: str) -> str:
    """An answer that fits; what is wrong with one that does not is said, and it is asked again."""
    while True:
        answer = console.ask(question, default=default, instead="give --no-input for the defaults")
        why = None if answer == default else _why_unfit(key, answer)
        if why is None:
            return answer
        console.message([(Span(why, "warn"),)])


def _why_unfit(key: str, value: str) -> str | None:
    if key == "timezone":
        return None if find_timezone(value) else f"there is no time zone {value}: {timezone_hint(value)}"
    return why_unfit(key, value)


def _next(root: Path) -> list[Line]:
    where = f" -C {root}" if root != Path() else ""
    steps = (
        (f"bulkplan plan{where}", "what the first spec would do, in the sandbox"),
        (f"bulkplan apply{where}", "run it there"),
        (f"bulkplan new NAME{where}", "write a spec of your own"),
    )
    width = max(len(command) for command, _ in steps)
    return [
        (),
        (Span("Next:", "strong"),),
        *((Span(f"  {command:<{width}}"), Span(f"  {words}", "muted")) for command, words in steps),
    ]
