"""From the words of a command line to an exit code."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import Protocol, cast

from bulkplan.cli.arguments import Args
from bulkplan.cli.command import Command
from bulkplan.cli.console import Console, guarded, open_console
from bulkplan.cli.exit_codes import CHANGES, ERROR, INTERRUPTED, OK, USAGE, exit_code
from bulkplan.cli.parser import parse
from bulkplan.cli.stopping import Stopped, listen
from bulkplan.errors import UsageError

COMPLETE = "__complete"
"""What completion scripts call; no command for people."""


class CommandModule(Protocol):
    """What every module in `cli/commands/` offers."""

    def run(self, args: Args, console: Console) -> int:
        """Do the command; returns the exit code."""
        ...


def run(words: Sequence[str]) -> int:
    """Run one command line (the words after `bulkplan`); returns the exit code and raises nothing."""
    if words[:1] == [COMPLETE]:
        from bulkplan.cli import complete

        return complete.run(words[1:])
    console = open_console(environ=os.environ, no_color="--no-color" in words)
    try:
        asked = parse(words)
    except UsageError as error:
        console.error(error)
        return USAGE
    args = asked.args
    console = open_console(
        environ=os.environ,
        quiet=args.quiet,
        verbose=args.verbose,
        no_color=args.no_color,
        no_input=args.no_input,
    )
    if asked.command is None:
        code = _help(asked.help_text or "", console, is_mistake=asked.is_mistake)
    else:
        code = _run_command(asked.command, args, console)
    if console.lost_output and code in (OK, CHANGES):
        console.lost(console.lost_output)
        return ERROR
    return code


def _run_command(command: Command, args: Args, console: Console) -> int:
    def work() -> int:
        listen()
        module = cast("CommandModule", importlib.import_module(f"bulkplan.cli.commands.{command.module}"))
        return module.run(args, console)

    try:
        return guarded(work, console, exit_code, bug_code=ERROR)
    except Stopped as stopped:
        console.stopped(stopped, keeps_records=command.keeps_records)
        return stopped.exit_code
    except KeyboardInterrupt:
        console.stopped(None, keeps_records=command.keeps_records)
        return INTERRUPTED
    finally:
        console.flush()


def _help(text: str, console: Console, *, is_mistake: bool) -> int:
    if is_mistake:
        console.message_text(text)
        return USAGE
    console.raw(text)
    return OK
