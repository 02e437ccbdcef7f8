"""What may stand where the cursor is on a command line: commands, options, choices, names, files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bulkplan.cli.arguments import Collect, add_common
from bulkplan.cli.author_table import ACTION_TYPES
from bulkplan.cli.command_table import COMMAND_BY_NAME, COMMANDS, GROUPS
from bulkplan.cli.parser import Parser, build_parser
from bulkplan.core.lint.names import SLUGS

Files = Literal["files", "folders"]
SCHEMA_NAMES = ("bulk-action", "filter", "project", "plan", "apply-report", "test-report", "audit", "audit-verify")
_BEFORE_COMMAND = frozenset({"-C", "--target", "--format"})
_FILE_WORDS = frozenset({"FILE", "PLAN", "PATH", "FAILURE"})


@dataclass(frozen=True)
class Candidate:
    """A word that may stand there, and what it means."""

    word: str
    about: str = ""


@dataclass(frozen=True)
class Offer:
    """What may stand there: words that begin as the one before the cursor, or files."""

    candidates: tuple[Candidate, ...] = ()
    files: Files | None = None


@dataclass(frozen=True)
class Names:
    """Where names come from; asked only when they are wanted."""

    specs: Callable[[], Mapping[str, int | None]]
    targets: Callable[[], Sequence[str]]
    recorded: Callable[[], Sequence[str]]


def offer(words: Sequence[str], names: Names) -> Offer:
    """
    What may stand at the end of some words.

    Args:
        words: Those behind the program's name; the last one is being written, and may be empty.
        names: Of the project.
    """
    *before, current = words
    if _awaits_value(before, _common()):
        return _values(_common(), before[-1], current, names)
    command, rest = _command(before)
    if command is None:
        return _commands(rest, current, names)
    parser = build_parser(COMMAND_BY_NAME[command])
    if _awaits_value(before, parser):
        return _values(parser, before[-1], current, names)
    if current.startswith("-") and "=" in current:
        option, _, value = current.partition("=")
        found = _values(parser, option, value, names)
        return Offer(tuple(Candidate(f"{option}={one.word}", one.about) for one in found.candidates), found.files)
    if current.startswith("-"):
        return _begun(_options(parser, used=before), current)
    found = _positional(parser, rest, current, names)
    below = _commands([command], current, names) if not rest else Offer()
    return Offer((*below.candidates, *found.candidates), found.files if not below.candidates else None)


def _common() -> Parser:
    parser = Parser(add_help=False)
    add_common(parser)
    return parser


def _command(before: Sequence[str]) -> tuple[str | None, list[str]]:
    """The command that stands there, and what follows it; without one, the words of it that do."""
    rest = [word for _, word in _plain(before)]
    if not rest:
        return None, []
    if len(rest) > 1 and f"{rest[0]} {rest[1]}" in COMMAND_BY_NAME:
        return f"{rest[0]} {rest[1]}", _behind(before, 2)
    if rest[0] in COMMAND_BY_NAME:
        return rest[0], _behind(before, 1)
    return None, rest


def _plain(before: Sequence[str]) -> list[tuple[int, str]]:
    """Words that are neither options nor values of those that may stand before a command, with their places."""
    found, skip = [], False
    for index, word in enumerate(before):
        if skip or word.startswith("-"):
            skip = not skip and word in _BEFORE_COMMAND
            continue
        found.append((index, word))
    return found


def _behind(before: Sequence[str], n_words: int) -> list[str]:
    return list(before[_plain(before)[n_words - 1][0] + 1 :])


def _commands(rest: Sequence[str], current: str, names: Names) -> Offer:
    if rest[:1] == ["help"]:
        return _commands(rest[1:], current, names)
    if current.startswith("-"):
        return _begun(_options(_common(), used=()), current)
    if not rest:
        first = {command.name.partition(" ")[0]: command.summary for command in reversed(COMMANDS)}
        first |= dict.fromkeys(GROUPS, "…") | {"help": "show help, or the help of a command"}
        return _begun([Candidate(word, about) for word, about in sorted(first.items())], current)
    if len(rest) == 1:
        inside = [command for command in COMMANDS if command.name.startswith(f"{rest[0]} ")]
        return _begun([Candidate(command.name.partition(" ")[2], command.summary) for command in inside], current)
    return Offer()


def _awaits_value(before: Sequence[str], parser: Parser) -> bool:
    action = _action(parser, before[-1]) if before else None
    return action is not None and action.nargs != 0


def _action(parser: argparse.ArgumentParser, option: str) -> argparse.Action | None:
    return next((action for action in parser._actions if option in action.option_strings), None)


def _options(parser: Parser, *, used: Sequence[str]) -> list[Candidate]:
    """Options that may still be given: each once, unless it collects."""
    gone = {id(action) for word in used if (action := _action(parser, word.partition("=")[0]))}
    found = []
    for action in parser._actions:
        if action.option_strings and (id(action) not in gone or isinstance(action, Collect)):
            found += [Candidate(option, _about(action)) for option in action.option_strings]
    return found


def _about(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%").split("; ")[0].split(" (default")[0]


def _values(parser: Parser, option: str, current: str, names: Names) -> Offer:
    action = _action(parser, option)
    return _for_action(action, current, names, command=parser.prog) if action is not None else Offer()


def _positional(parser: Parser, rest: Sequence[str], current: str, names: Names) -> Offer:
    places = [action for action in parser._actions if not action.option_strings]
    if not places:
        return Offer()
    n_given, skip = 0, False
    for word in rest:
        if skip or word.startswith("-"):
            action = None if skip else _action(parser, word)
            skip = action is not None and action.nargs != 0
            continue
        n_given += 1
    last = places[-1]
    if n_given >= len(places) and last.nargs not in ("*", "+"):
        return Offer()
    return _for_action(places[min(n_given, len(places) - 1)], current, names, command=parser.prog)


def _for_action(action: argparse.Action, current: str, names: Names, *, command: str) -> Offer:
    """What the value of an argument may be."""
    if action.choices is not None:
        return _begun([Candidate(str(choice)) for choice in action.choices], current)
    make = _BY_DEST.get(action.dest)
    if make is not None:
        return _begun(make(names, command), current)
    if action.metavar == "DIR" or action.dest == "directory":
        return Offer(files="folders")
    return Offer(files="files") if action.metavar in _FILE_WORDS else Offer()


def _begun(candidates: Sequence[Candidate], current: str) -> Offer:
    return Offer(tuple(candidate for candidate in candidates if candidate.word.startswith(current)))


def _targets(names: Names, command: str) -> list[Candidate]:
    del command
    return [Candidate(name, "target") for name in names.targets()]


def _specs(names: Names, command: str) -> list[Candidate]:
    del command
    return [Candidate(name, f"version {version}" if version else "spec") for name, version in names.specs().items()]


def _runs(names: Names, command: str) -> list[Candidate]:
    """Of the recorded ones their keys, and specs where one need not have run."""
    specs = _specs(names, command) if command.endswith("explain") else []
    recorded = names.recorded()
    short = dict.fromkeys(key.partition("@")[0] for key in recorded) if not specs else {}
    return [
        *specs,
        *(Candidate(name, "its newest run") for name in short),
        *(Candidate(key, "run") for key in recorded),
    ]


_BY_DEST: Mapping[str, Callable[[Names, str], Sequence[Candidate]]] = {
    "target": _targets,
    "select": _specs,
    "run": _runs,
    "yes": _specs,
    "rule": lambda _names, _command: [Candidate(slug, rule_id) for rule_id, slug in SLUGS.items()],
    "schema": lambda _names, _command: [Candidate(name, "schema") for name in SCHEMA_NAMES],
    "action": lambda _names, _command: [Candidate(name) for name in ACTION_TYPES],
}
"""By the name of an argument: where its values come from."""
