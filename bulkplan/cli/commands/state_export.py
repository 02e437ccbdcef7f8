"""`state export`: everything the state store keeps, as one JSON document."""

from __future__ import annotations

import json

from bulkplan.app.records import shelf_from
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.own_files import write_text
from bulkplan.cli.wiring import find_place, open_store
from bulkplan.core.visible import visible_json
from bulkplan.report.record_export import export_document


def run(args: Args, console: Console) -> int:
    """Read the whole store; print the document, or write it to `--out`. Opens no connection to Close."""
    place = find_place(args)
    store = open_store(place, reads_only=True)
    try:
        listed = store.list(first_hand=True)
        document = export_document(
            listed,
            target=place.target_name,
            store=store.name,
            lineage=store.lineage(),
            problems=[error.message for error in shelf_from(listed).unreadable],
            exported_at=place.clock.now(),
        )
    finally:
        store.close()
    if args.out is None:
        console.document(document)
    else:
        write_text(args.out, visible_json(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)) + "\n")
        console.note(f"Wrote {args.out}.")
    return OK
