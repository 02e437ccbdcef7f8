"""What a command line asks for: a command with its arguments, or help."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import NamedTuple, NoReturn

from bulkplan.cli.arguments import Args, add_common
from bulkplan.cli.command import Command
from bulkplan.cli.command_table import COMMAND_BY_NAME, COMMANDS, GROUPS
from bulkplan.errors import UsageError

_WITH_VALUE = frozenset({"-C", "--target", "--format"})
"""Options that may stand before the command and take the next word."""
_ELSEWHERE = frozenset({"--format", "--version"})
"""Options that may stand before the command, though not every command has them."""


class Asked(NamedTuple):
    """What to do: run `command`; or, where `help_text` is set, print that. `is_mistake`: nothing was asked for."""

    args: Args
    command: Command | None = None
    help_text: str | None = None
    is_mistake: bool = False


class Parser(argparse.ArgumentParser):
    """argparse whose mistakes are `UsageError`s; its own exit code 2 would read as "there are changes"."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting."""
        raise UsageError(message, hint=f"{self.prog} --help")

    def refuse_unknown(self, words: Sequence[str]) -> None:
        """Raise for the first long option that this command does not have, with the nearest that it has."""
        for word in words:
            if word == "--":
                return
            name = word.split("=", 1)[0]
            if name.startswith("--") and name not in self._option_string_actions:
                self.refuse_option(name)

    def refuse_option(self, name: str) -> NoReturn:
        """Raise for an option that this command does not have."""
        raise UsageError(
            f"{self.prog} has no option {name}", hint=_did_you_mean(name, self._option_string_actions, self.prog)
        )


def parse(words: Sequence[str]) -> Asked:
    """
    Read the words after `bulkplan`.

    Raises:
        UsageError: an unknown command or option (with the nearest known one), or arguments that do not fit.
    """
    before, rest = _split(words)
    _common_parser().refuse_unknown([word for word in before if word.split("=", 1)[0] not in _ELSEWHERE])
    if not rest:
        return _nothing_asked(before)
    if rest[0] == "help":
        return Asked(Args(), help_text=_help_for([word for word in rest[1:] if not word.startswith("-")]))
    name, after = _command_name(rest)
    wants_help = any(word in {"-h", "--help"} for word in [*before, *after])
    if name in GROUPS:
        return _group_asked(name, after, wants_help=wants_help)
    parser = build_parser(COMMAND_BY_NAME[name])
    if wants_help:
        return Asked(Args(), help_text=parser.format_help())
    return Asked(_read(parser, [*before, *after]), command=COMMAND_BY_NAME[name])


def build_parser(command: Command) -> Parser:
    """The parser of one command, with its examples under its help."""
    parser = Parser(
        prog=f"bulkplan {command.name}",
        description=command.description,
        epilog=_examples(command) + (f"\n\n{command.epilog}" if command.epilog else ""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        add_help=False,
        allow_abbrev=False,
    )
    command.add(parser)
    add_common(parser)
    return parser


def _common_parser(prog: str = "bulkplan") -> Parser:
    """A parser of the common options alone."""
    parser = Parser(prog=prog, add_help=False, usage=argparse.SUPPRESS)
    add_common(parser)
    return parser


def root_help() -> str:
    """The help of `bulkplan` itself."""
    width = max(len(command.name) for command in COMMANDS)
    rows = "\n".join(f"  {command.name:<{width}}  {command.summary}" for command in COMMANDS)
    return (
        "usage: bulkplan COMMAND [options]\n\n"
        "Bulk actions of the Close CRM as reviewed, versioned code.\n\n"
        f"commands:\n{rows}\n  {'help':<{width}}  show this, or the help of a command\n\n"
        f"{_common_parser().format_help().strip()}\n"
        "  -V, --version  print the version\n\n"
        "examples:\n"
        "  bulkplan plan                       what would run in the sandbox, on how many leads\n"
        "  bulkplan plan --out plan.json       save it for review\n"
        "  bulkplan apply plan.json            run exactly that\n\n"
        "Exit codes: 0 done, 1 error, 2 changes (plan --detailed-exitcode), 3 refused by a guard or a conflict,\n"
        "4 saved plan refused, 5 a run is unknown, 64 wrong usage, 65 invalid files, 75 try again later,\n"
        "77 not authorized, 130 interrupted, 143 terminated.\n"
    )


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options before the command, and the command with all that follows."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _WITH_VALUE else 1
    return list(words[:at]), list(words[at:])


def _command_name(rest: Sequence[str]) -> tuple[str, list[str]]:
    first = rest[0]
    if first in COMMAND_BY_NAME:
        return _own_or_below(first, rest[1:])
    if first not in GROUPS:
        known = [*(name for name in COMMAND_BY_NAME if " " not in name), *GROUPS, "help"]
        raise UsageError(f'there is no command "{first}"', hint=_did_you_mean(first, known, "bulkplan"))
    between, after = _split(rest[1:])
    if not after:
        return first, between
    name = f"{first} {after[0]}"
    if name not in COMMAND_BY_NAME:
        raise UsageError(
            f'there is no command "{name}"', hint=_did_you_mean(name, _in_group(first), f"bulkplan {first}")
        )
    return name, [*between, *after[1:]]


def _own_or_below(first: str, words: Sequence[str]) -> tuple[str, list[str]]:
    """A command, or, where it is a group too, the one below it that is named first of all."""
    between, after = _split(words)
    if after and f"{first} {after[0]}" in COMMAND_BY_NAME:
        return f"{first} {after[0]}", [*between, *after[1:]]
    below = _in_group(first)
    if below and words and not words[0].startswith("-"):
        name = f"{first} {words[0]}"
        raise UsageError(f'there is no command "{name}"', hint=_did_you_mean(name, below, f"bulkplan {first}"))
    return first, list(words)


def _read(parser: Parser, words: Sequence[str]) -> Args:
    parser.refuse_unknown(words)
    args, extra = parser.parse_known_args(words, namespace=Args())
    if extra and extra[0].startswith("-"):
        parser.refuse_option(extra[0])
    if extra:
        raise UsageError(f'{parser.prog} takes no argument "{extra[0]}"', hint=f"{parser.prog} --help")
    return args


def _nothing_asked(before: Sequence[str]) -> Asked:
    if any(word in {"-V", "--version"} for word in before):
        from bulkplan import __version__

        return Asked(Args(), help_text=f"bulkplan {__version__}\n")
    if any(word in {"-h", "--help"} for word in before):
        return Asked(Args(), help_text=root_help())
    return Asked(Args(), help_text=root_help(), is_mistake=True)


def _group_asked(name: str, words: Sequence[str], *, wants_help: bool) -> Asked:
    _common_parser(f"bulkplan {name}").refuse_unknown(words)
    return Asked(Args(), help_text=_group_help(name), is_mistake=not wants_help)


def _group_help(group: str) -> str:
    names = _in_group(group)
    width = max(map(len, names))
    rows = "\n".join(f"  {name:<{width}}  {COMMAND_BY_NAME[name].summary}" for name in names)
    example = COMMAND_BY_NAME[names[0]].examples[0][0]
    return f"usage: bulkplan {group} COMMAND [options]\n\ncommands:\n{rows}\n\nexamples:\n  {example}\n"


def _help_for(words: Sequence[str]) -> str:
    if not words or words[0] == "help":
        return root_help()
    name, _ = _command_name(words)
    return _group_help(name) if name in GROUPS else build_parser(COMMAND_BY_NAME[name]).format_help()


def _in_group(group: str) -> list[str]:
    return [name for name in COMMAND_BY_NAME if name.startswith(f"{group} ")]


def _examples(command: Command) -> str:
    width = max(len(line) for line, _ in command.examples)
    return "examples:\n" + "\n".join(f"  {line:<{width}}  {words}" for line, words in command.examples)


def _did_you_mean(word: str, known: Iterable[str], prog: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, sorted(known), n=1)
    return f"did you mean {near[0]}? See {prog} --help" if near else f"{prog} --help"
