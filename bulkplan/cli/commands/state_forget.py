"""`state forget`: give a run key up for good, with a reason."""

from __future__ import annotations

from bulkplan.adapters.chance import draw_word
from bulkplan.app.forget import check_forgettable, forget_run
from bulkplan.app.records import find_record
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.wiring import find_place, open_store
from bulkplan.errors import BulkplanError, UsageError
from bulkplan.model.record import Record
from bulkplan.report.record_text import forgotten_lines, summary_lines


def run(args: Args, console: Console) -> int:
    """Find the record, ask, put the tombstone, print it. Opens no connection to Close."""
    reason = (args.reason or "").strip()
    if not reason:
        raise UsageError("forgetting needs a reason", hint='--reason "why it is given up"')
    place = find_place(args)
    store = open_store(place)
    try:
        record = find_record(store, args.run)
        check_forgettable(record)
        _ask(args, record, console)
        tombstone = forget_run(
            record, reason, store=store, clock=place.clock, draw_word=draw_word, who=place.provenance()
        )
    finally:
        store.close()
    console.result(forgotten_lines(tombstone))
    return OK


def _ask(args: Args, record: Record, console: Console) -> None:
    """The run's name, typed here or given by `--yes`."""
    name = record.key.full_name
    if args.yes is not None:
        if args.yes not in {name, str(record.key)}:
            raise UsageError(f'--yes says "{args.yes}", the run is {record.key}', hint=f"--yes {name}")
        return
    console.message(summary_lines(record))
    question = f"Forget {record.key}? Its history stays, and its run key never runs again."
    if not console.confirm(question, expected=name, instead=f"give --yes {name}"):
        raise BulkplanError("not agreed to; the record stays as it was")
