"""What is known of a command before it runs: its names, its help, its arguments, the module that runs it."""

from __future__ import annotations

from typing import NamedTuple

from bulkplan.cli.arguments import Add


class Command(NamedTuple):
    """
    One command. `name` may have two words; `module` stands in `cli/commands/`; `epilog` follows the examples.

    `keeps_records`: it may write to the state, or change something in Close.
    """

    name: str
    summary: str
    description: str
    examples: tuple[tuple[str, str], ...]
    add: Add
    module: str
    epilog: str = ""
    keeps_records: bool = False
