"""The commands for those who write specs."""

from __future__ import annotations

from bulkplan.cli.command import Command

AUTHOR_COMMANDS: tuple[Command, ...] = ()
