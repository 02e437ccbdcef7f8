"""Storing what became of an attempt: known to be stored, whoever else writes, though the store be away for a while."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from bulkplan.core.effects import DrawWord, GetRecord, PutRecord, ReadClock, Sleep, Steps, perform
from bulkplan.core.outcome import Outcome, OutcomeKind
from bulkplan.core.records import FOLLOWED, OPEN, ApplyContext, Move, Stamp, moved
from bulkplan.errors import StoreError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.store import PutResult

PATIENCE_S = 60.0
"""So long an outcome waits for a store that is away."""
MIN_TRIES = 5
"""So often it is tried at least: a machine that slept must not have used up the patience."""


def commit(record: Record, move: Move, context: ApplyContext) -> Steps[Outcome]:
    """
    Store the outcome of an attempt, whoever writes at the same time.

    Waits for a store that is away: a minute, and `MIN_TRIES` tries at least. A record that went on meanwhile is left
    as it is.
    """

    def decide(current: Record) -> Move | Outcome:
        if current.nonce != record.nonce or current.status not in OPEN:
            return _overruled(current, move)
        return move

    return (yield from write_decided(record, move, decide, context))


def write_decided(
    record: Record, fact: Move, decide: Callable[[Record], Move | Outcome], context: ApplyContext
) -> Steps[Outcome]:
    """Store what is decided about the record as it stands; `fact` is what is lost when the store stays away."""
    started = yield from perform(ReadClock())
    for tried in count(1):
        current = yield from read_back(record)
        if current is None:
            return _vanished(record, fact)
        now = yield from perform(ReadClock())
        if isinstance(current, Record):
            move = decide(current)
            if isinstance(move, Outcome):
                return move
            word = yield from perform(DrawWord())
            following = moved(current, move, Stamp(now.now, word), context.provenance)
            if (yield from put_surely(following)):
                return _outcome_of(following, move)
        if now.monotonic - started.monotonic > PATIENCE_S and tried >= MIN_TRIES:
            break
        yield from perform(Sleep(1.0))
    return _state_behind(record, fact)


def read_back(record: Record) -> Steps[Record | StoreError | None]:
    """The record as it stands now, or the error of a store that is away: after a request that never ends a run."""
    try:
        return (yield from perform(GetRecord(record.key)))
    except StoreError as error:
        return error


def put_surely(record: Record) -> Steps[bool]:
    """Store a record and know it. False: surely not stored, or not to be known."""
    return (yield from put_known(record)) is PutResult.STORED


def put_known(record: Record) -> Steps[PutResult]:
    """
    Store a record, and say what became of it: an unsure or conflicting answer is resolved by reading back our own
    `write_id`.

    `unavailable` and `busy`: surely not stored. `conflict`: somebody else wrote it. `unsure`: not to be known, as after
    an unsure try that may still arrive, whatever the next one says.
    """
    is_unsure = False
    for pause in (0.0, 0.2, 1.0, 3.0):
        if pause:
            yield from perform(Sleep(pause))
        result = yield from perform(PutRecord(record))
        if result is PutResult.BUSY and is_unsure:
            return PutResult.UNSURE
        if result not in (PutResult.UNSURE, PutResult.CONFLICT):
            return result
        is_unsure = is_unsure or result is PutResult.UNSURE
        current = yield from read_back(record)
        if isinstance(current, StoreError):
            continue
        if current is not None and current.write_id == record.write_id:
            return PutResult.STORED
        if (current.version if current else 0) != record.version - 1:
            return PutResult.CONFLICT
    return PutResult.UNSURE


def _outcome_of(record: Record, move: Move) -> Outcome:
    kinds = {RecordStatus.REFUSED: OutcomeKind.REFUSED, RecordStatus.UNKNOWN: OutcomeKind.UNKNOWN}
    return Outcome(record.key, kinds.get(record.status, OutcomeKind.SUBMITTED), move.note, record)


def _overruled(current: Record, move: Move) -> Outcome:
    if move.remote_id and current.remote_id and current.remote_id != move.remote_id:
        text = f"{current.key} ran more than once: {current.remote_id} and {move.remote_id}"
        return Outcome(current.key, OutcomeKind.ALARM, text, current, stops_apply=True)
    if move.status is RecordStatus.SUBMITTED and current.status not in FOLLOWED:
        text = f"{current.key} ran in Close as {move.remote_id}, and meanwhile its record became {current.status}"
        return Outcome(current.key, OutcomeKind.ALARM, text, current, stops_apply=True)
    kind = OutcomeKind.SUBMITTED if current.status in FOLLOWED else OutcomeKind.NOT_SENT
    return Outcome(current.key, kind, f"its record went on meanwhile: {current.status}", current)


def _vanished(record: Record, move: Move) -> Outcome:
    text = f"the state record of {record.key} vanished while it was being applied ({move.note})"
    return Outcome(record.key, OutcomeKind.STATE_BEHIND, text, record, stops_apply=True)


def _state_behind(record: Record, move: Move) -> Outcome:
    known = f" as {move.remote_id}" if move.remote_id else ""
    return Outcome(
        record.key,
        OutcomeKind.STATE_BEHIND,
        f"what became of {record.key} ({move.note}{known}) could not be stored: the state store is away",
        record,
        hint="mend the state store and run apply again: it finds the action in Close by its nonce",
        stops_apply=True,
        is_store_at_fault=True,
    )
