"""What an audit says of the recorded runs: who let each happen, and what ended otherwise than planned."""

from __future__ import annotations

from bulkplan.core.audit import entry_of_action
from bulkplan.core.records import INTENT, STARTED
from bulkplan.model.audit import AuditedRun, RunDecision
from bulkplan.model.record import HistoryEntry, Record, RecordStatus

_BY_A_PERSON = frozenset({RecordStatus.RELEASED, RecordStatus.FORGOTTEN})

_ENDS = {
    RecordStatus.SENDING: "it was begun, and no outcome is recorded",
    RecordStatus.FAILED: "it ended in an error in Close",
    RecordStatus.REFUSED: "it was not executed: {note}",
    RecordStatus.UNKNOWN: "nobody can tell whether it ran",
    RecordStatus.RELEASED: "it did not run: {note}",
}
"""What a state means that no plan meant; `done`, `submitted` and `forgotten` are as planned."""


def audited_run(record: Record) -> AuditedRun:
    """The record as an audit tells it."""
    counts = record.counts
    return AuditedRun(
        key=str(record.key),
        action_type=record.action_type,
        state=record.status,
        remote_id=record.remote_id,
        remote_status=record.remote_status,
        approved=counts.approved,
        n_leads=counts.n_leads,
        n_leads_processed=counts.n_leads_processed,
        started_at=record.sent_after,
        finished_at=record.finished_at,
        attempt=record.attempt,
        ci=record.ci,
        decisions=decisions(record),
        deviations=deviations(record),
    )


def deviations(record: Record) -> tuple[str, ...]:
    """What ended otherwise than planned, each in words; empty for a run that is as it was planned."""
    found = []
    if (end := _ENDS.get(record.status)) is not None:
        found.append(end.format(note=record.history[-1].note if record.history else "no reason is recorded"))
    if record.status is RecordStatus.SUBMITTED and record.remote_status == "paused":
        found.append("it is paused in Close")
    if record.counts.n_leads not in (None, record.counts.approved):
        found.append(f"it ran on {record.counts.n_leads:,} leads, {record.counts.approved:,} were approved")
    problems = record.verification.problems if record.verification else ()
    return tuple(dict.fromkeys([*found, *problems]))


def decisions(record: Record) -> tuple[RunDecision, ...]:
    """Who let each attempt happen, and who said what became of one, in order."""
    intents = [number for number, entry in enumerate(record.history) if entry.note == INTENT]
    last = intents[-1] if intents else -1
    return tuple(
        _decision(record, entry, is_last_intent=number == last)
        for number, entry in enumerate(record.history)
        if _is_decision(record, number)
    )


def _is_decision(record: Record, number: int) -> bool:
    entry = record.history[number]
    if entry.note == INTENT:
        return True
    before = record.history[number - 1].status if number else None
    if entry.status in _BY_A_PERSON:
        return entry.status is not before
    return entry is entry_of_action(record) and entry.note != STARTED and entry.remote_id is not None


def _decision(record: Record, entry: HistoryEntry, *, is_last_intent: bool) -> RunDecision:
    """Entries that are older than the chain do not say from where; of the last intent the record itself does."""
    is_of_record = is_last_intent and entry.host is None
    return RunDecision(
        at=entry.at,
        what=f"attempt {entry.attempt}" if entry.note == INTENT else entry.note,
        actor=entry.actor,
        host=record.host if is_of_record else entry.host,
        commit=record.commit if is_of_record else entry.commit,
        ci_run_url=record.ci_run_url if is_of_record else entry.ci_run_url,
        plan_digest=record.plan_digest if is_of_record else entry.plan_digest,
    )
