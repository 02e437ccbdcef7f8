"""
The apply engine: how one run is started at most once, and never forgotten.

Theory of operation. Permission to send is a record in state `sending` (the intent), stored by compare-and-swap before
the request; only the process that stored it may send, once. A restart or another applier never sends what somebody
else intended: it settles, that is, looks in Close for the nonce that every request carries in an always-true clause.
A further attempt is made only from absent, `refused` (its own sender says it was surely not executed) or `released` (a
person vouches). So at most one nonce of a run key is ever executed, and an executed one is never lost from sight.

The engine yields effects (see `effects`) and is pure otherwise: the same code runs against Close and in a simulator.
"""

from __future__ import annotations

from dataclasses import replace

from bulkplan.core.answers import NOT_AUTHORIZED, STOPS_APPLY, Ambiguous, Executed, NotExecuted, classify
from bulkplan.core.commit import commit, put_known, put_surely
from bulkplan.core.effects import (
    Connect,
    Disconnect,
    DrawWord,
    FindActions,
    GetRecord,
    InDoubt,
    Instant,
    ReadClock,
    Report,
    Send,
    Sleep,
    Steps,
    perform,
)
from bulkplan.core.marker import is_echoed, make_marker, make_tag, mark_body, nonces_of
from bulkplan.core.outcome import Outcome, OutcomeKind
from bulkplan.core.records import (
    FOLLOWED,
    OPEN,
    STARTED,
    ApplyContext,
    Move,
    PlannedRun,
    Stamp,
    first_intent,
    for_attempt,
    moved,
    next_intent,
)
from bulkplan.core.settle import Sighting, look_for_twins, raise_alarm, settle
from bulkplan.errors import WrongOrganizationError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.remote import Answer, BulkAction
from bulkplan.model.store import PutResult

SEND_WINDOW_S = 20.0
"""A process that was frozen for longer between intent and request does not send any more."""
MAX_ATTEMPTS = 5
RATE_LIMIT_BUDGET_S = 600.0
_DEFAULT_WAIT_S = 10.0
_BUSY_WAIT_S = 1.0
_BUSY_BUDGET_S = 60.0
"""So long an intent waits for its turn in a store that others keep busy."""


def apply_run(run: PlannedRun, context: ApplyContext) -> Steps[Outcome]:
    """
    Start one run, or find out that it was started.

    Raises `StoreError` and `CloseError` only when nothing was sent by this call.
    """
    started = yield from perform(ReadClock())
    n_refused = 0
    while True:
        outcome = yield from _attempt(run, context)
        record, wait_s = outcome.record, outcome.retry_after_s
        is_busy = outcome.is_store_at_fault
        n_refused += not is_busy
        if wait_s is None or n_refused == MAX_ATTEMPTS:
            return outcome
        now = yield from perform(ReadClock())
        budget_s = _BUSY_BUDGET_S if is_busy else RATE_LIMIT_BUDGET_S
        if now.interrupted or now.monotonic - started.monotonic + wait_s > budget_s:
            return outcome
        yield from perform(Disconnect())
        yield from perform(Report(run.key, f"{outcome.message}; trying again in {wait_s:.0f} s", record))
        yield from perform(Sleep(wait_s))
        run = for_attempt(run, record_version=record.version if record else 0)


def adopt_lost(run: PlannedRun, context: ApplyContext) -> Steps[Outcome | None]:
    """
    Take an action that Close lists under this run's tag, when no record tells of it; `None` when there is none.

    For runs that are not sent anyway: a guard may refuse just because the run, long forgotten here, did its work.
    """
    record = yield from perform(GetRecord(run.key))
    is_startable = record is None or record.status in (RecordStatus.REFUSED, RecordStatus.RELEASED)
    return (yield from _look_for_tag(run, record, context)) if is_startable and context.use_marker else None


def _attempt(run: PlannedRun, context: ApplyContext) -> Steps[Outcome]:
    record = yield from perform(GetRecord(run.key))
    if record is not None and record.status in FOLLOWED:
        return Outcome(run.key, OutcomeKind.SUBMITTED, "already submitted", record)
    if record is not None and record.status in OPEN:
        return (yield from settle(record, context))
    if record is not None and record.status is RecordStatus.FORGOTTEN:
        return Outcome(run.key, OutcomeKind.TAKEN, "its run key was given up (state forget)", record)
    if (record.version if record else 0) != run.record_version:
        return _record_moved(run, record)
    if context.use_marker:
        adopted = yield from _look_for_tag(run, record, context)
        if adopted is not None:
            return adopted
    return (yield from _connect_and_send(run, record, context))


def _record_moved(run: PlannedRun, record: Record | None) -> Outcome:
    now = f"{record.status}, version {record.version}" if record else "gone"
    return Outcome(
        run.key,
        OutcomeKind.NOT_SENT,
        f"its state record moved since the plan (planned on version {run.record_version}, now {now})",
        record,
        hint="make a new plan; another apply worked on this run",
    )


def _look_for_tag(run: PlannedRun, record: Record | None, context: ApplyContext) -> Steps[Outcome | None]:
    """Whether this run key already has an action in Close, which no record of ours tells (lost or other state)."""
    tag = make_tag(context.project_id, context.organization_id, run.key)
    hits = yield from perform(FindActions(run.kind, tag))
    if not hits:
        return None
    return (yield from _adopt(run, record, hits, context))


def _adopt(
    run: PlannedRun, record: Record | None, hits: tuple[BulkAction, ...], context: ApplyContext
) -> Steps[Outcome]:
    """Take an action that Close lists under our tag as this run. Sends nothing."""
    tag = make_tag(context.project_id, context.organization_id, run.key)
    nonce = min(nonces_of(hits[0].s_query, tag))
    now = yield from perform(ReadClock())
    stamp = Stamp(now.now, (yield from perform(DrawWord())))
    limit = hits[0].results_limit
    run = run if limit is None else replace(run, approved=limit, max_drift_leads=limit)
    base = record or first_intent(run, context, stamp, nonce=nonce).model_copy(update={"version": 0, "history": ()})
    move = Move(
        RecordStatus.SUBMITTED,
        "found in Close by its tag; this state had no outcome for it",
        remote_id=hits[0].id,
        remote_status=hits[0].status,
        nonce=nonce,
    )
    adopted = moved(base, move, stamp, context.provenance)
    if not (yield from put_surely(adopted)):
        return Outcome(run.key, OutcomeKind.NOT_SENT, "its state record moved meanwhile", hint="run apply again")
    if len(hits) > 1:
        return (yield from raise_alarm(adopted, Sighting(hits[:1], hits[1:]), context))
    text = f"already ran as {hits[0].id}, which this state did not know (lost, or another state store); adopted"
    return Outcome(run.key, OutcomeKind.SUBMITTED, text, adopted)


def _connect_and_send(run: PlannedRun, record: Record | None, context: ApplyContext) -> Steps[Outcome]:
    """Connect first, so that whatever fails there needs no record; then intent, then the one request."""
    identity = yield from perform(Connect(run.kind))
    if identity.organization_id != context.organization_id:
        raise WrongOrganizationError(
            f"the API key belongs to {identity.organization_id}, the plan to {context.organization_id}",
            hint="use the key of the planned organization; nothing was sent",
        )
    intent = yield from _store_intent(run, record, context)
    if isinstance(intent, Outcome):
        return intent
    return (yield from _send(run, *intent, context))


def _store_intent(
    run: PlannedRun, record: Record | None, context: ApplyContext
) -> Steps[Outcome | tuple[Record, Instant]]:
    """The intent, known to be stored, and the moment before it was."""
    start = yield from perform(ReadClock())
    if start.interrupted:
        return Outcome(run.key, OutcomeKind.NOT_SENT, "interrupted before anything was sent", record)
    nonce = yield from perform(DrawWord())
    stamp = Stamp(start.now, (yield from perform(DrawWord())))
    if record is None:
        intent = first_intent(run, context, stamp, nonce=nonce)
    else:
        intent = next_intent(record, run, context, stamp, nonce=nonce)
    result = yield from put_known(intent)
    if result is PutResult.STORED:
        return intent, start
    if result is PutResult.BUSY:
        return _busy(run, record)
    current = yield from perform(GetRecord(run.key))
    if current is not None and current.write_id == intent.write_id:
        return intent, start
    if current is not None and current.nonce == intent.nonce:
        # Stored without our knowing, and taken for open by somebody else since: only we can say that it was not sent.
        move = Move(RecordStatus.REFUSED, "not sent: the state store did not confirm the intent in time")
        return _as_not_sent((yield from commit(intent, move, context)))
    if (current.version if current else 0) == run.record_version:
        text = "the state store did not take the intent; nothing was sent"
        hint = "mend the state store, then run apply again"
        return Outcome(run.key, OutcomeKind.NOT_SENT, text, record, hint, is_store_at_fault=True)
    return _record_moved(run, current)


def _busy(run: PlannedRun, record: Record | None) -> Outcome:
    return Outcome(
        run.key,
        OutcomeKind.NOT_SENT,
        "others kept writing to the state store, and the intent was not taken; nothing was sent",
        record,
        hint="run apply again later",
        retry_after_s=_BUSY_WAIT_S,
        is_store_at_fault=True,
    )


def _send(run: PlannedRun, intent: Record, start: Instant, context: ApplyContext) -> Steps[Outcome]:
    now = yield from perform(ReadClock())
    if now.interrupted or now.monotonic - start.monotonic > SEND_WINDOW_S:
        why = "interrupted" if now.interrupted else "this process was held up for too long"
        move = Move(RecordStatus.REFUSED, f"not sent: {why}")
        return _as_not_sent((yield from commit(intent, move, context)))
    body = run.body
    if intent.marked:
        tag = make_tag(context.project_id, context.organization_id, run.key)
        body = mark_body(run.body, make_marker(tag, intent.nonce))
    answer = yield from perform(Send(run.path, body))  # the only line that starts anything
    yield from perform(Disconnect())
    return (yield from _take_answer(intent, answer, context))


def _as_not_sent(outcome: Outcome) -> Outcome:
    """A refusal of our own; whatever else came of storing it (the store is away, others were here) stays said."""
    return replace(outcome, kind=OutcomeKind.NOT_SENT) if outcome.kind is OutcomeKind.REFUSED else outcome


def _take_answer(intent: Record, answer: Answer, context: ApplyContext) -> Steps[Outcome]:
    meaning = classify(answer, kind=intent.kind, organization_id=context.organization_id)
    if isinstance(meaning, Ambiguous):
        yield from perform(InDoubt(intent.key))
        yield from perform(Report(intent.key, f"no clear answer ({meaning.why}); looking in Close", intent))
        outcome = yield from settle(intent, context)
        return replace(outcome, is_first_send=outcome.kind is OutcomeKind.SUBMITTED)
    if isinstance(meaning, NotExecuted):
        return (yield from _take_refusal(intent, meaning, context))
    return (yield from _take_success(intent, meaning, answer, context))


def _take_refusal(intent: Record, refusal: NotExecuted, context: ApplyContext) -> Steps[Outcome]:
    move = Move(RecordStatus.REFUSED, refusal.why, evidence=({"status": refusal.status, "why": refusal.why},))
    outcome = yield from commit(intent, move, context)
    if outcome.kind is not OutcomeKind.REFUSED:
        return outcome
    if refusal.is_rate_limited:
        wait_s = refusal.retry_after_s or _DEFAULT_WAIT_S
        return replace(outcome, retry_after_s=wait_s, hint="Close limits the rate: run apply again later")
    if refusal.is_unsent:
        return replace(outcome, hint="nothing left this machine: run apply again")
    hint = "mend the spec or the rights of the key, then run apply again: nothing was executed"
    return replace(
        outcome,
        hint=hint,
        stops_apply=refusal.status in STOPS_APPLY,
        is_unauthorized=refusal.status in NOT_AUTHORIZED,
    )


def _take_success(intent: Record, done: Executed, answer: Answer, context: ApplyContext) -> Steps[Outcome]:
    alarm = None
    if done.foreign_organization:
        alarm = f"{done.action_id} was started in {done.foreign_organization}, not in {context.organization_id}"
    move = Move(
        RecordStatus.SUBMITTED, STARTED, remote_id=done.action_id, remote_status=done.status or "created", alarm=alarm
    )
    outcome = yield from commit(intent, move, context)
    is_lost = intent.marked and not is_echoed(answer.body, intent.nonce)
    if alarm:
        outcome = replace(outcome, kind=OutcomeKind.ALARM, message=alarm, stops_apply=True)
    elif outcome.kind is OutcomeKind.SUBMITTED and outcome.record is not None and not is_lost:
        outcome = (yield from look_for_twins(outcome.record, context)) or outcome
    return replace(outcome, is_first_send=True, is_marker_lost=is_lost)
