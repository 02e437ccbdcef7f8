"""`state show`: one record, whole."""

from __future__ import annotations

from bulkplan.app.records import find_record
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.wiring import find_place, open_store
from bulkplan.report.record_text import record_lines
from bulkplan.report.status_json import record_document


def run(args: Args, console: Console) -> int:
    """Find the record and print it."""
    store = open_store(find_place(args), reads_only=True)
    try:
        record = find_record(store, args.run)
    finally:
        store.close()
    if args.format == "json":
        console.document(record_document(record))
    else:
        console.result(record_lines(record))
    return OK
