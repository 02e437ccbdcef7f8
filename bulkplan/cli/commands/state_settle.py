"""`state settle`: a person's word about a run that nobody can tell about."""

from __future__ import annotations

from bulkplan.app.interrupting import Interrupt
from bulkplan.app.records import find_record
from bulkplan.app.state import Evidence, gather_evidence, settle_as_not_run, settle_as_ran
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import Place, find_place, open_edges
from bulkplan.errors import BulkplanError, UsageError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.report.record_text import record_lines


def run(args: Args, console: Console) -> int:
    """Check the word against Close, ask where it cannot be taken back, record it."""
    reason = (args.reason or "").strip()
    if args.did_not_run and not reason:
        raise UsageError("--did-not-run needs a reason", hint='--reason "how you know"')
    place = find_place(args)
    if args.ran is not None:
        record = run_until_signal(_as_ran(place, console, key=args.run, action_id=args.ran))
    else:
        evidence = run_until_signal(_evidence(place, console, key=args.run))
        _ask(args, evidence, console)
        record = run_until_signal(_as_not_run(place, console, evidence=evidence, reason=reason))
    console.result(record_lines(record))
    return OK


async def _as_ran(place: Place, console: Console, *, key: str, action_id: str) -> Record:
    async with open_edges(place, console, interrupt=Interrupt()) as (edges, context):
        return await settle_as_ran(find_record(edges.store, key), action_id, edges, context)


async def _evidence(place: Place, console: Console, *, key: str) -> Evidence:
    async with open_edges(place, console, interrupt=Interrupt()) as (edges, context):
        record = find_record(edges.store, key)
        if record.status is RecordStatus.UNKNOWN:
            console.note("Reading Close's listings twice, a minute apart …")
        return await gather_evidence(record, edges, context)


async def _as_not_run(place: Place, console: Console, *, evidence: Evidence, reason: str) -> Record:
    async with open_edges(place, console, interrupt=Interrupt()) as (edges, context):
        return await settle_as_not_run(evidence, reason, edges, context)


def _ask(args: Args, evidence: Evidence, console: Console) -> None:
    """The run's name, typed here or given by `--yes`."""
    name = evidence.record.key.full_name
    console.message(record_lines(evidence.record))
    if args.yes is not None:
        if args.yes not in {name, str(evidence.record.key)}:
            raise UsageError(f'--yes says "{args.yes}", the run is {evidence.record.key}', hint=f"--yes {name}")
        return
    question = f"Close lists no trace of {evidence.record.key} in {evidence.looks} looks. Release it, to be run again?"
    if not console.confirm(question, expected=name, instead=f"give --yes {name}"):
        raise BulkplanError("not agreed to; the record stays as it was")
