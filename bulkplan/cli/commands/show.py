"""`show`: a saved plan, as `plan` printed it."""

from __future__ import annotations

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.planning import read_sealed
from bulkplan.core.seal import dump_sealed
from bulkplan.errors import UsageError
from bulkplan.report.plan_text import plan_lines


def run(args: Args, console: Console) -> int:
    """Read, check that it is unaltered, print."""
    if args.plan is None:
        raise UsageError("bulkplan show needs a PLAN", hint="bulkplan show --help")
    sealed = read_sealed(args.plan)
    if args.format == "json":
        console.raw(dump_sealed(sealed))
    else:
        console.result(plan_lines(sealed.plan, width=console.manners.width, payload=args.payload))
    return OK
