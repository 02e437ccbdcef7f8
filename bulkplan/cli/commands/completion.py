"""`completion`: the script by which a shell completes `bulkplan`."""

from __future__ import annotations

from bulkplan.cli.arguments import Args
from bulkplan.cli.completion_scripts import SCRIPTS
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK


def run(args: Args, console: Console) -> int:
    """Print it."""
    console.raw(SCRIPTS[args.shell])
    return OK
