"""`pause`: hold in Close what a run started."""

from __future__ import annotations

from bulkplan.app.interrupting import Interrupt
from bulkplan.app.pause import pause_run
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import Place, find_place, open_edges
from bulkplan.model.record import Record
from bulkplan.report.status_text import run_lines


def run(args: Args, console: Console) -> int:
    """Find the run, pause its action, print how it stands."""
    record = run_until_signal(_paused(find_place(args), console, name=args.run))
    console.result(run_lines(record))
    return OK


async def _paused(place: Place, console: Console, *, name: str) -> Record:
    async with open_edges(place, console, interrupt=Interrupt()) as (edges, context):
        return await pause_run(name, edges, context)
