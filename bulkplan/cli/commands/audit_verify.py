"""`audit verify`: whether every record is as it was written, and the head of all of them."""

from __future__ import annotations

import re
from pathlib import Path

from bulkplan.adapters.text_files import read_named
from bulkplan.app.chain import Earlier, load_chain_report, verify_chain
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.own_files import write_text
from bulkplan.cli.wiring import find_place, open_store
from bulkplan.errors import StoreError, UsageError
from bulkplan.model.chain_report import ChainReport
from bulkplan.report.audit_json import dump_audit
from bulkplan.report.chain_text import chain_lines

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def run(args: Args, console: Console) -> int:
    """Look at every record, compare, print; 1 when something does not fit. Opens no connection to Close."""
    earlier = _earlier(args)
    place = find_place(args)
    store = open_store(place)
    try:
        listed = store.list(first_hand=True)
        report = verify_chain(store, listed, target=place.target_name, now=place.clock.now(), earlier=earlier)
    finally:
        store.close()
    if args.format == "json":
        console.raw(dump_audit(report))
    else:
        console.result(chain_lines(report, width=console.manners.width))
    if args.out is not None:
        write_text(args.out, dump_audit(report))
        console.note(f"Wrote {args.out}.")
    _raise_for_breaks(report)
    return OK


def _earlier(args: Args) -> Earlier:
    if args.expect is not None and not _DIGEST.fullmatch(args.expect):
        raise UsageError(
            f'--expect "{args.expect}" is no head', hint="write it as audit verify printed it: sha256: and 64 digits"
        )
    if args.against is None:
        return Earlier(head=args.expect)
    return Earlier(args.expect, load_chain_report(_read(args.against), name=str(args.against)), str(args.against))


def _read(path: Path) -> str:
    try:
        return read_named(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"there is no file {path}", hint="write one: bulkplan audit verify --out FILE") from error
    except UnicodeDecodeError:
        return ""  # no report: says so later


def _raise_for_breaks(report: ChainReport) -> None:
    if report.breaks:
        count = len(report.breaks)
        raise StoreError(
            f"the state does not fit in {count} place{'' if count == 1 else 's'}",
            hint="compare it with a backup, or with the history of the store, before you apply anything",
        )
