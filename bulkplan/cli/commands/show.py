"""`show`: a saved plan, as `plan` printed it."""

from __future__ import annotations

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.plan_formats import print_plan
from bulkplan.cli.planning import read_sealed
from bulkplan.errors import UsageError


def run(args: Args, console: Console) -> int:
    """Read, check that it is unaltered, print."""
    if args.plan is None:
        raise UsageError("bulkplan show needs a PLAN", hint="bulkplan show --help")
    print_plan(read_sealed(args.plan), args, console)
    return OK
