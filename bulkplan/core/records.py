"""How a record goes from one state to the next; nothing is ever taken out of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import JsonValue

from bulkplan.core.chain import with_entry
from bulkplan.model.base import JsonObject
from bulkplan.model.record import Counts, HistoryEntry, Record, RecordStatus, Verification
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.model.run import RunKey
from bulkplan.model.store import Provenance

ALLOWED: Mapping[RecordStatus, frozenset[RecordStatus]] = {
    RecordStatus.SENDING: frozenset({RecordStatus.SUBMITTED, RecordStatus.REFUSED, RecordStatus.UNKNOWN}),
    RecordStatus.UNKNOWN: frozenset({RecordStatus.SUBMITTED, RecordStatus.REFUSED, RecordStatus.RELEASED}),
    RecordStatus.REFUSED: frozenset({RecordStatus.SENDING, RecordStatus.SUBMITTED, RecordStatus.FORGOTTEN}),
    RecordStatus.RELEASED: frozenset({RecordStatus.SENDING, RecordStatus.SUBMITTED, RecordStatus.FORGOTTEN}),
    RecordStatus.SUBMITTED: frozenset({RecordStatus.DONE, RecordStatus.FAILED}),
    RecordStatus.DONE: frozenset({RecordStatus.FORGOTTEN}),
    RecordStatus.FAILED: frozenset({RecordStatus.FORGOTTEN}),
    RecordStatus.FORGOTTEN: frozenset(),
}
"""Every step a record may take to another state (staying in its state is always allowed)."""

INTENT = "intent"
STARTED = "started"
"""What the history notes when an attempt was recorded, and when Close answered with its action."""

OPEN = frozenset({RecordStatus.SENDING, RecordStatus.UNKNOWN})
"""An intent without a known outcome."""

FOLLOWED = frozenset({RecordStatus.SUBMITTED, RecordStatus.DONE, RecordStatus.FAILED})
"""Close executed it."""


@dataclass(frozen=True)
class PlannedRun:
    """One run as reviewed: `body` has the ceiling and no marker; `record_version` is the record it was decided on."""

    key: RunKey
    kind: BulkKind
    action_type: str
    body: JsonObject
    fingerprint: str
    request_digest: str
    approved: int
    planned_at: datetime
    asked_limit: int | None = None
    record_version: int = 0
    plan_digest: str | None = None
    max_drift_leads: int = 0
    """How many fewer leads than approved Close may find before the run is paused."""

    @property
    def path(self) -> str:
        """Path below the base URL."""
        return f"/bulk_action/{self.kind}/"


@dataclass(frozen=True)
class ApplyContext:
    """What is the same for every run of one apply. `project_id` is part of each tag."""

    organization_id: str
    target: str
    project_id: str | None
    provenance: Provenance
    use_marker: bool = True
    settle_timeout_s: float = 140.0


@dataclass(frozen=True)
class Stamp:
    """When a record is written, and the random name of that write."""

    now: datetime
    write_id: str


def first_intent(run: PlannedRun, context: ApplyContext, stamp: Stamp, *, nonce: str) -> Record:
    """The record of a run that never had one, as an intent."""
    return _with_history(_bare_intent(run, context, stamp, nonce), stamp, context.provenance, INTENT)


def next_intent(before: Record, run: PlannedRun, context: ApplyContext, stamp: Stamp, *, nonce: str) -> Record:
    """A further attempt after one that was surely not executed. What was recorded before stays in it."""
    kept = {
        "attempt": before.attempt + 1,
        "version": before.version + 1,
        "alarm": before.alarm,
        "evidence": before.evidence,
        "history": before.history,
    }
    intent = _bare_intent(run, context, stamp, nonce).model_copy(update=kept)
    return _with_history(intent, stamp, context.provenance, INTENT)


def _bare_intent(run: PlannedRun, context: ApplyContext, stamp: Stamp, nonce: str) -> Record:
    who = context.provenance
    return Record(
        key=run.key,
        status=RecordStatus.SENDING,
        attempt=1,
        nonce=nonce,
        version=1,
        write_id=stamp.write_id,
        organization_id=context.organization_id,
        target=context.target,
        kind=run.kind,
        action_type=run.action_type,
        fingerprint=run.fingerprint,
        request_digest=run.request_digest,
        body=run.body,
        counts=Counts(approved=run.approved),
        max_drift_leads=run.max_drift_leads,
        asked_limit=run.asked_limit,
        planned_at=run.planned_at,
        plan_digest=run.plan_digest,
        commit=who.commit,
        actor=who.actor,
        host=who.host,
        pid=who.pid,
        ci_run_url=who.ci_run_url,
        ci=who.ci,
        sent_after=stamp.now,
        marked=context.use_marker,
    )


@dataclass(frozen=True)
class Move:
    """What changes in a record. `None` leaves a field as it is; `clears_alarm` takes an alarm back that was seen to."""

    status: RecordStatus
    note: str
    remote_id: str | None = None
    remote_status: str | None = None
    counts: Counts | None = None
    alarm: str | None = None
    evidence: tuple[JsonValue, ...] = ()
    nonce: str | None = None
    verification: Verification | None = None
    clears_alarm: bool = False


def moved(record: Record, move: Move, stamp: Stamp, who: Provenance) -> Record:
    """The record after a move. Raises `ValueError` for a step that the protocol does not know."""
    if move.status is not record.status and move.status not in ALLOWED[record.status]:
        raise ValueError(f"a record never goes from {record.status} to {move.status}")
    is_final = move.status in (RecordStatus.DONE, RecordStatus.FAILED)
    changes = {
        "status": move.status,
        "version": record.version + 1,
        "write_id": stamp.write_id,
        "remote_id": move.remote_id or record.remote_id,
        "remote_status": move.remote_status or record.remote_status,
        "paused_at": _paused_at(record, move, stamp),
        "finished_at": record.finished_at or (stamp.now if is_final else None),
        "counts": move.counts or record.counts,
        "alarm": move.alarm or (None if move.clears_alarm else record.alarm),
        "verification": move.verification or record.verification,
        "evidence": (*record.evidence, *move.evidence),
        "nonce": move.nonce or record.nonce,
    }
    return _with_history(record.model_copy(update=changes), stamp, who, move.note)


def _paused_at(record: Record, move: Move, stamp: Stamp) -> datetime | None:
    if (move.remote_status or record.remote_status) != "paused":
        return None
    return record.paused_at or stamp.now


def _with_history(record: Record, stamp: Stamp, who: Provenance, note: str) -> Record:
    entry = HistoryEntry(
        at=stamp.now,
        status=record.status,
        attempt=record.attempt,
        nonce=record.nonce,
        remote_id=record.remote_id,
        remote_status=record.remote_status,
        actor=who.actor,
        note=note,
        host=who.host,
        commit=who.commit,
        ci_run_url=who.ci_run_url,
        plan_digest=record.plan_digest if note == INTENT else None,
    )
    return with_entry(record, entry)


def with_first_entry(record: Record, stamp: Stamp, who: Provenance, note: str) -> Record:
    """A record that did not begin as an intent, with the first entry of its history."""
    return _with_history(record, stamp, who, note)


def counts_of(record: Record, action: BulkAction) -> Counts:
    """The record's counts with what Close reports now."""
    return Counts(
        approved=record.counts.approved,
        n_leads=action.n_leads,
        n_leads_processed=action.n_leads_processed,
        n_objects=action.n_objects,
        n_objects_processed=action.n_objects_processed,
    )


def for_attempt(run: PlannedRun, *, record_version: int) -> PlannedRun:
    """The same run, decided on a later version of its record: one that this very apply wrote."""
    return replace(run, record_version=record_version)
