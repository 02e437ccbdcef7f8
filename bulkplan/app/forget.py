"""The story of `state forget`: a run key is given up for good, and a tombstone with the reason stays in its place."""

from __future__ import annotations

from collections.abc import Callable

from bulkplan.core.codec import dump_record, load_record, run_slot_key
from bulkplan.core.records import ALLOWED, Move, Stamp, moved
from bulkplan.errors import RefusedError, StoreError, UsageError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.store import PutResult
from bulkplan.ports import Clock, Provenance, Store

_WAYS = {
    RecordStatus.SENDING: "bulkplan apply looks in Close what became of it",
    RecordStatus.UNKNOWN: "say first whether it ran: bulkplan state settle",
    RecordStatus.SUBMITTED: "wait for its end: bulkplan status; or hold it: bulkplan pause",
    RecordStatus.FORGOTTEN: "raise the spec's version to run it",
}


def check_forgettable(record: Record) -> None:
    """Whether a run has come to rest, so that nothing is lost sight of. Raises `RefusedError`."""
    if RecordStatus.FORGOTTEN not in ALLOWED[record.status]:
        what = "was forgotten before" if record.status is RecordStatus.FORGOTTEN else f"is {record.status}"
        raise RefusedError(
            f"{record.key} {what}; only a run that is done, failed, refused or released can be forgotten",
            hint=_WAYS.get(record.status),
        )


def forget_run(
    record: Record, reason: str, *, store: Store, clock: Clock, draw_word: Callable[[], str], who: Provenance
) -> Record:
    """
    Put a tombstone over a record: its history stays, its run key stays taken.

    Raises `UsageError` (no reason), `RefusedError` (not at rest), `StoreError` (not stored).
    """
    if not reason.strip():
        raise UsageError("forgetting needs a reason", hint='--reason "why it is given up"')
    check_forgettable(record)
    move = Move(RecordStatus.FORGOTTEN, f"forgotten: {reason.strip()}")
    tombstone = moved(record, move, Stamp(clock.now(), draw_word()), who)
    _put(tombstone, store)
    return tombstone


def _put(record: Record, store: Store) -> None:
    """Store, and know it: an answer that was lost is resolved by reading back our own write."""
    key = run_slot_key(record.key)
    result = store.put(key, dump_record(record), expected_version=record.version - 1)
    if result is PutResult.STORED:
        return
    slot = store.get(key)
    if slot is None or load_record(slot).write_id != record.write_id:
        raise StoreError(
            f"the record of {record.key} was not changed: the state store answered {result}",
            hint="look at it again: bulkplan state show",
        )
