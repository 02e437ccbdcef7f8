"""
Settling an open attempt: looking in Close for its nonce, and saying `unknown` when it does not show.

Not being listed never permits sending: the sender may be paused, the request late, the listing behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import JsonValue

from bulkplan.core.commit import commit, read_back, write_decided
from bulkplan.core.effects import (
    FindActions,
    FindCandidates,
    Instant,
    IsHolderGone,
    ReadClock,
    Report,
    Sleep,
    Steps,
    perform,
)
from bulkplan.core.holder import holder_words
from bulkplan.core.marker import make_tag, nonces_of
from bulkplan.core.outcome import Outcome, OutcomeKind
from bulkplan.core.records import FOLLOWED, OPEN, ApplyContext, Move
from bulkplan.errors import BulkplanError, CloseError, NotAuthorizedError
from bulkplan.model.record import Record, Recorded, RecordStatus
from bulkplan.model.remote import BulkAction

PAUSES_S = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
COURTESY = timedelta(minutes=5)
"""So long is another process's open attempt given time before it is called `unknown`."""
WATCHED_FOR = timedelta(days=30)
"""Longer than any request is late; Close's event log reaches back so far."""
_UNREADABLE = (CloseError, NotAuthorizedError)
"""What reading a listing may raise; a key that was revoked meanwhile among it."""


@dataclass(frozen=True)
class Sighting:
    """What one look found: actions with our nonce, and with another nonce of the same run."""

    ours: tuple[BulkAction, ...]
    others: tuple[BulkAction, ...]


def settle(record: Record, context: ApplyContext) -> Steps[Outcome]:
    """
    Find out what became of an open attempt.

    Looks at once, then again after growing pauses until `settle_timeout_s` is over. Found once: `submitted`. Found
    twice, or beside another nonce: alarm. Not found: `unknown`, or left alone while another apply is at it.
    """
    if record.status not in OPEN:
        return (yield from _settled_by_others(record, context))
    started = yield from perform(ReadClock())
    problem: BulkplanError | None = None
    for pause in PAUSES_S:
        if not (yield from _wait(record, pause, started, context)):
            break
        current = yield from read_back(record)
        if isinstance(current, Record) and (current.status not in OPEN or current.nonce != record.nonce):
            return (yield from _settled_by_others(current, context))
        try:
            sighting = yield from look(record, context)
        except _UNREADABLE as error:
            problem = error
            continue
        problem = None
        if sighting.ours or sighting.others:
            return (yield from _found(record, sighting, context))
    return (yield from _not_found(record, context, problem))


def look(record: Record, context: ApplyContext) -> Steps[Sighting]:
    """One look at both listings. Without a marker in the request nothing is ever found by it."""
    if not record.marked:
        return Sighting((), ())
    tag = make_tag(context.project_id, record.organization_id, record.key)
    # All of both listings, not from the time of the intent on: the clock that dated it may have been wrong.
    hits = yield from perform(FindActions(record.kind, tag))
    ours = tuple(hit for hit in hits if record.nonce in nonces_of(hit.s_query, tag))
    others = tuple(hit for hit in hits if nonces_of(hit.s_query, tag) - {record.nonce})
    return Sighting(ours, others)


def _wait(record: Record, pause: float, started: Instant, context: ApplyContext) -> Steps[bool]:
    """Wait before the next look; false when the time for settling is over or we were interrupted."""
    now = yield from perform(ReadClock())
    left = context.settle_timeout_s - (now.monotonic - started.monotonic)
    if pause == 0.0:
        return True
    if now.interrupted or left <= 0:
        return False
    yield from perform(
        Report(record.key, f"not listed in Close yet; looking again in {min(pause, left):.0f} s", record)
    )
    yield from perform(Sleep(min(pause, left)))
    return True


def _settled_by_others(record: Record, context: ApplyContext) -> Steps[Outcome]:
    if record.status in FOLLOWED:
        twins = yield from look_for_twins(record, context)
        return twins or Outcome(record.key, OutcomeKind.SUBMITTED, "settled by another apply", record)
    return Outcome(
        record.key,
        OutcomeKind.NOT_SENT,
        f"another process settled this attempt: {record.status}",
        record,
        hint="run apply again",
    )


def _found(record: Record, sighting: Sighting, context: ApplyContext) -> Steps[Outcome]:
    ids = [action.id for action in (*sighting.ours, *sighting.others)]
    if len(ids) == 1 and sighting.ours:
        move = Move(
            RecordStatus.SUBMITTED,
            "found in Close by its nonce",
            remote_id=ids[0],
            remote_status=sighting.ours[0].status,
        )
        return (yield from commit(record, move, context))
    return (yield from raise_alarm(record, sighting, context))


def raise_alarm(record: Record, sighting: Sighting, context: ApplyContext) -> Steps[Outcome]:
    """
    Record that a run key has actions in Close beside the one it may have. Nothing is paused or deleted by itself.

    The alarm is kept whatever state the record is in by then.
    """
    listed = [action.id for action in (*sighting.ours, *sighting.others)]
    ids = listed if record.remote_id in (None, *listed) else [str(record.remote_id), *listed]
    text = f"{record.key} may have run more than once: Close lists {', '.join(ids)}"
    note = "listed in Close more than once, or under another attempt"
    alarm = Move(record.status, note, alarm=text, evidence=({"listed": list(listed)},))

    def decide(current: Record) -> Move | Outcome:
        if current.alarm == text:
            return Outcome(current.key, OutcomeKind.ALARM, text, current)
        if sighting.ours and current.nonce == record.nonce and current.status in OPEN:
            return replace(alarm, status=RecordStatus.SUBMITTED, remote_id=listed[0])
        return replace(alarm, status=current.status)

    done = yield from write_decided(record, alarm, decide, context)
    return Outcome(
        record.key,
        OutcomeKind.ALARM,
        text,
        done.record,
        hint="look at these actions in Close and pause what must not go on; bulkplan touches none of them",
        stops_apply=True,
    )


def is_watched(record: Recorded, *, now: datetime) -> bool:
    """
    Whether a person released an earlier attempt of a run that Close has: were it to show after all, it ran twice.

    Watched for as long as `WATCHED_FOR` after the last attempt.
    """
    return (
        record.was_released and record.status in FOLLOWED and not record.alarm and now - record.sent_after < WATCHED_FOR
    )


def look_for_twins(record: Record, context: ApplyContext) -> Steps[Outcome | None]:
    """
    Whether Close lists more than the one action that a run was submitted as: a proxy may have repeated the request.

    A listing that can't be read is no news: the run itself is known to be submitted.
    """
    if record.remote_id is None:
        return None
    try:
        sighting = yield from look(record, context)
    except _UNREADABLE:
        return None
    if {action.id for action in (*sighting.ours, *sighting.others)} <= {record.remote_id}:
        return None
    return (yield from raise_alarm(record, sighting, context))


def _not_found(record: Record, context: ApplyContext, problem: BulkplanError | None) -> Steps[Outcome]:
    now = yield from perform(ReadClock())
    if now.interrupted:
        return _interrupted(record)
    age = now.now - record.sent_after
    is_own = record.host == context.provenance.host and record.pid == context.provenance.pid
    # An age below nothing comes from a clock that is wrong, and says nothing: waiting for it could take years.
    may_be_busy = record.status is RecordStatus.SENDING and not is_own and timedelta(0) <= age < COURTESY
    if may_be_busy and not (yield from perform(IsHolderGone(record))):
        return _elsewhere(record, age)
    if problem is not None:
        return _cannot_look(record, problem)
    if record.status is RecordStatus.SENDING:
        return (yield from _call_unknown(record, context))
    return explain_unknown(record)


def _elsewhere(record: Record, age: timedelta) -> Outcome:
    return Outcome(
        record.key,
        OutcomeKind.ELSEWHERE,
        f"another apply is sending this run: {holder_words(record, now=record.sent_after + age)}",
        record,
        hint="wait for it to end, then run apply again; nothing was sent from here",
    )


def _interrupted(record: Record) -> Outcome:
    return Outcome(
        record.key,
        OutcomeKind.UNKNOWN,
        f"interrupted while looking for {record.key} in Close; its record still says {record.status}",
        record,
        hint="run apply again: it goes on looking and never sends blindly",
        stops_apply=True,
    )


def _cannot_look(record: Record, problem: BulkplanError) -> Outcome:
    return Outcome(
        record.key,
        OutcomeKind.UNKNOWN,
        f"Close's lists cannot be read, so nobody can tell whether {record.key} ran: {problem.message}",
        record,
        hint="run apply again when Close answers; it looks again and never sends blindly",
    )


def _call_unknown(record: Record, context: ApplyContext) -> Steps[Outcome]:
    evidence: dict[str, JsonValue] = {"looked_for": record.nonce, "candidates": list((yield from _candidates(record)))}
    move = Move(RecordStatus.UNKNOWN, "not listed in Close", evidence=(evidence,))
    outcome = yield from commit(record, move, context)
    if outcome.record is not None and outcome.record.status is RecordStatus.UNKNOWN:
        return explain_unknown(outcome.record)
    return outcome


def _candidates(record: Record) -> Steps[tuple[str, ...]]:
    """IDs of actions that could be this attempt without its marker; shown to a person, never taken."""
    try:
        return tuple(action.id for action in (yield from perform(FindCandidates(record))))
    except _UNREADABLE:
        return ()


def _joined(ids: JsonValue) -> str:
    return ", ".join(str(each) for each in ids) if isinstance(ids, list) else str(ids)


def explain_unknown(record: Record) -> Outcome:
    """The words for a run that nobody can tell about."""
    candidates = [item["candidates"] for item in record.evidence if isinstance(item, dict) and item.get("candidates")]
    seen = f"; candidates to look at: {_joined(candidates[-1])}" if candidates else ""
    return Outcome(
        record.key,
        OutcomeKind.UNKNOWN,
        f"its request may have been sent at {record.sent_after:%Y-%m-%d %H:%M:%S} UTC, "
        f"and Close does not list it{seen}",
        record,
        hint=f"look in Close, then say what you saw: bulkplan state settle '{record.key}' --ran ID, "
        f"or --did-not-run --reason TEXT",
    )
