"""`state list`: every record of the target, without asking Close."""

from __future__ import annotations

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.recorded import raise_for_unreadable, shelf_of
from bulkplan.cli.wiring import find_place
from bulkplan.report.status_json import status_document
from bulkplan.report.status_text import status_lines


def run(args: Args, console: Console) -> int:
    """Read and print."""
    place = find_place(args)
    shelf, store_name = shelf_of(place)
    words = tuple(error.message for error in shelf.unreadable)
    if args.format == "json":
        console.document(status_document(shelf.standings, target=place.target_name, problems=words))
    else:
        console.result(status_lines(shelf.standings, target=place.target_name, store=store_name, problems=words))
    raise_for_unreadable(shelf)
    return OK
