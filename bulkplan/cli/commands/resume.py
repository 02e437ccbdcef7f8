"""`resume`: let a paused action go on in Close."""

from __future__ import annotations

from bulkplan.app.interrupting import Interrupt
from bulkplan.app.pause import Resumed, resume_run
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import Place, find_place, open_edges
from bulkplan.report.status_text import run_lines


def run(args: Args, console: Console) -> int:
    """Find the run, resume its action unless it runs already, print how it stands."""
    resumed = run_until_signal(_resumed(find_place(args), console, name=args.run))
    if resumed.was_running:
        console.note(f"{resumed.record.key} was not paused: it runs already.")
    console.result(run_lines(resumed.record))
    return OK


async def _resumed(place: Place, console: Console, *, name: str) -> Resumed:
    async with open_edges(place, console, interrupt=Interrupt()) as (edges, context):
        return await resume_run(name, edges, context)
