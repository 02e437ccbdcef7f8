"""Following a submitted run to its end: polling, the ceiling, and what makes bulkplan pause an action."""

from __future__ import annotations

from dataclasses import dataclass

from bulkplan.core.commit import put_surely
from bulkplan.core.effects import (
    DrawWord,
    FetchAction,
    GetRecord,
    PauseAction,
    ReadClock,
    Report,
    Sleep,
    Steps,
    perform,
)
from bulkplan.core.records import ApplyContext, Move, Stamp, counts_of, moved
from bulkplan.core.settle import look_for_twins
from bulkplan.errors import CloseError, NotAuthorizedError, TryLaterError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.remote import BulkAction

FIRST_POLL_S = 0.25
SLOWEST_POLL_S = 10.0
_GROWTH = 1.5

_STATUS_BY_REMOTE = {"done": RecordStatus.DONE, "error": RecordStatus.FAILED}


@dataclass(frozen=True)
class FollowPolicy:
    """`wait_timeout_s`: how long to wait at most (`None`: to the end)."""

    wait_timeout_s: float | None = None


def follow(record: Record, context: ApplyContext, policy: FollowPolicy) -> Steps[Record]:
    """
    Poll a submitted run until Close is done with it, it is paused, the time is over, or we are interrupted.

    A read that fails for the moment is tried again with growing pauses; it never ends the run. When Close is done, its
    lists are looked at once more: a repeated request may have shown up meanwhile.
    """
    started = yield from perform(ReadClock())
    delay = FIRST_POLL_S
    while record.status is RecordStatus.SUBMITTED:
        try:
            record = yield from observe(record, context)
        except TryLaterError as error:
            yield from perform(Report(record.key, f"Close does not answer ({error.message}); asking again", record))
        yield from perform(Report(record.key, "", record))
        if record.status is not RecordStatus.SUBMITTED or record.remote_status == "paused" or record.alarm:
            break
        now = yield from perform(ReadClock())
        left = None if policy.wait_timeout_s is None else policy.wait_timeout_s - (now.monotonic - started.monotonic)
        if now.interrupted or (left is not None and left <= 0):
            break
        yield from perform(Sleep(delay if left is None else min(delay, left)))
        delay = min(delay * _GROWTH, SLOWEST_POLL_S)
    return (yield from _watch_for_twins(record, context))


def _watch_for_twins(record: Record, context: ApplyContext) -> Steps[Record]:
    if record.status not in _STATUS_BY_REMOTE.values() or record.alarm:
        return record
    alarm = yield from look_for_twins(record, context)
    return (alarm and alarm.record) or record


def observe(record: Record, context: ApplyContext) -> Steps[Record]:
    """Look at the action once, check it against what was approved, and keep what changed. Raises `CloseError`."""
    if record.remote_id is None:
        return record
    action = yield from perform(FetchAction(record.kind, record.remote_id))
    if action is None:
        text = f"Close no longer knows {record.remote_id}"
        return (yield from _keep(record, Move(record.status, text, alarm=text), context))
    alarm = None if record.alarm else mismatch(record, action)
    if alarm is not None:
        return (yield from _stop(record, action, alarm, context))
    return (yield from _keep(record, move_for(record, action), context))


def refresh(record: Record, context: ApplyContext) -> Steps[Record]:
    """
    Look at the action once and keep what changed; never touches Close. Raises `CloseError`.

    Where it cannot be kept (the state may only be read), what was seen is told all the same.
    """
    if record.remote_id is None or record.status is not RecordStatus.SUBMITTED:
        return record
    action = yield from perform(FetchAction(record.kind, record.remote_id))
    if action is None:
        return record
    move = move_for(record, action)
    kept = yield from _keep(record, move, context)
    if kept.version != record.version:
        return kept
    seen = {"status": move.status, "remote_status": move.remote_status or record.remote_status, "counts": move.counts}
    return kept.model_copy(update=seen)


def mismatch(record: Record, action: BulkAction) -> str | None:
    """Why the number of leads that Close found is not the approved one; `None` when it is, or is not known yet."""
    if action.n_leads is None:
        return None
    approved = record.counts.approved
    if action.n_leads > approved:
        return f"{action.id} runs on {action.n_leads} leads, {approved} were approved"
    if action.n_leads < approved - record.max_drift_leads:
        return (
            f"{action.id} runs on {action.n_leads} leads, {approved} were approved; "
            f"that is a larger drift than the guard allows ({record.max_drift_leads})"
        )
    return None


def move_for(record: Record, action: BulkAction) -> Move:
    """The record's next state by what Close reports. Unknown words count as running."""
    status = _STATUS_BY_REMOTE.get(action.status or "", record.status)
    note = f"Close says {action.status or 'nothing'}"
    return Move(status, note, remote_status=action.status, counts=counts_of(record, action))


def _stop(record: Record, action: BulkAction, alarm: str, context: ApplyContext) -> Steps[Record]:
    """Pause an action that touches other leads than were approved, and say so."""
    paused = action
    if not action.is_final:
        try:
            paused = yield from perform(PauseAction(record.kind, action.id))
            alarm = f"{alarm}; bulkplan paused it"
        except (CloseError, NotAuthorizedError) as error:
            alarm = f"{alarm}; pausing it failed: {error.message}"
    move = move_for(record, paused)
    final = Move(move.status, "not what was approved", None, move.remote_status, move.counts, alarm)
    return (yield from _keep(record, final, context))


def _keep(record: Record, move: Move, context: ApplyContext) -> Steps[Record]:
    """Store what changed; only a changed status, alarm or a final count is worth a write."""
    has_news = (
        move.status is not record.status
        or (move.remote_status or record.remote_status) != record.remote_status
        or move.alarm is not None
        or (move.counts is not None and move.counts.n_leads != record.counts.n_leads)
    )
    if not has_news:
        return record.model_copy(update={"counts": move.counts or record.counts})
    now = yield from perform(ReadClock())
    word = yield from perform(DrawWord())
    following = moved(record, move, Stamp(now.now, word), context.provenance)
    if (yield from put_surely(following)):
        return following
    current = yield from perform(GetRecord(record.key))
    return current or record
