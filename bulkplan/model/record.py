"""What state keeps of a run, what a listing keeps of that, and the mark of a saved plan that was used."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Literal, NamedTuple

from pydantic import Field, JsonValue

from bulkplan.model.base import JsonObject, Value
from bulkplan.model.request import BulkKind
from bulkplan.model.run import RunKey
from bulkplan.model.store import CiRun


class RecordStatus(StrEnum):
    """Where a run stands. Nothing leads back to absent."""

    SENDING = "sending"
    """The intent: one process has permission to send one request."""
    SUBMITTED = "submitted"
    """Close executed it; from here the record follows Close."""
    DONE = "done"
    FAILED = "failed"
    """It ran and ended in error in Close."""
    REFUSED = "refused"
    """Close surely did not take it, or it was surely not sent."""
    UNKNOWN = "unknown"
    """It may or may not have run; a person decides."""
    RELEASED = "released"
    """A person vouched that it did not run."""
    FORGOTTEN = "forgotten"
    """The tombstone of `state forget`."""


class Counts(Value):
    """Numbers of a run: `approved` leads from the plan, the rest as Close reports them."""

    approved: int
    n_leads: int | None = None
    n_leads_processed: int | None = None
    n_objects: int | None = None
    n_objects_processed: int | None = None


class Verification(Value):
    """
    What was counted once a run was done, against what was approved.

    `left_over`: leads that matched before the run, were touched by nobody since, and still match a filter that the run
    should have emptied. `n_events`: leads that the event log says it changed or deleted. `None`: not counted.
    `problems` are what does not add up, in words; `notes` what could not be counted, and why.
    """

    checked_at: datetime
    is_ok: bool
    approved: int
    n_leads: int | None = None
    n_leads_processed: int | None = None
    left_over: int | None = None
    n_events: int | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class HistoryEntry(Value):
    """
    One earlier moment of a record: what it became, when, by whom and from where, and the fact that made it so.

    `content` digests the record as this moment left it (without its history), `previous` is the digest of the entry
    before, `digest` that of this one; `None` in entries that are older than the chain (see `core.chain`). Whatever is
    added here must be `None` where it is not known: old entries keep their digests only as long as they are written
    as they were read.
    """

    at: datetime
    status: RecordStatus
    attempt: int
    nonce: str
    remote_id: str | None = None
    remote_status: str | None = None
    actor: str
    note: str
    host: str | None = None
    commit: str | None = None
    ci_run_url: str | None = None
    plan_digest: str | None = None
    content: str | None = None
    previous: str | None = None
    digest: str | None = None


class Record(Value):
    """
    One record per run key.

    `version` grows by one per write, `write_id` is new for each. `body` is the request without the marker.
    `sent_after` is the time of the intent. `history` keeps every earlier state, attempt and nonce; from `v2` on, its
    entries are chained by digests.
    """

    schema_: Literal["bulkplan/record/v1", "bulkplan/record/v2"] = Field("bulkplan/record/v2", alias="schema")
    key: RunKey
    status: RecordStatus
    attempt: int
    nonce: str
    version: int
    write_id: str
    organization_id: str
    target: str
    kind: BulkKind
    action_type: str
    fingerprint: str
    request_digest: str
    body: JsonObject
    counts: Counts
    max_drift_leads: int = 0
    """How many fewer leads than approved Close may find before the run is paused."""
    asked_limit: int | None = None
    """The spec's own `results_limit`; the body carries the approved count instead when that is smaller."""
    planned_at: datetime
    """The plan's `now`, from which relative dates were measured."""
    plan_digest: str | None = None
    commit: str | None = None
    actor: str
    host: str
    pid: int
    ci_run_url: str | None = None
    ci: CiRun | None = None
    sent_after: datetime
    marked: bool = True
    remote_id: str | None = None
    remote_status: str | None = None
    paused_at: datetime | None = None
    finished_at: datetime | None = None
    alarm: str | None = None
    verification: Verification | None = None
    evidence: tuple[JsonValue, ...] = ()
    history: tuple[HistoryEntry, ...] = ()

    @property
    def nonces(self) -> frozenset[str]:
        """The nonce of every attempt that was ever made."""
        return frozenset((self.nonce, *(entry.nonce for entry in self.history)))

    @property
    def last_note(self) -> str | None:
        """The fact that made it what it is."""
        return self.history[-1].note if self.history else None

    @property
    def was_released(self) -> bool:
        """Whether a person released one of its attempts."""
        return RecordStatus.RELEASED in [entry.status for entry in self.history]


class Standing(NamedTuple):
    """
    Where a run stands: of its record what tables, plans and decisions need, and a tenth of its size.

    It is made of a whole `Record` and cannot be stored: what was sent, the history and the evidence are not in it.
    """

    key: RunKey
    status: RecordStatus
    version: int
    organization_id: str
    kind: BulkKind
    action_type: str
    fingerprint: str
    counts: Counts
    asked_limit: int | None
    actor: str
    host: str
    pid: int
    ci_run_url: str | None
    sent_after: datetime
    remote_id: str | None
    remote_status: str | None
    paused_at: datetime | None
    finished_at: datetime | None
    alarm: str | None
    verification: Verification | None
    last_note: str | None
    was_released: bool

    @classmethod
    def of(cls, record: Record) -> Standing:
        """That of a record."""
        return cls._make(_facts(record))


_facts = attrgetter(*Standing._fields)
Recorded = Record | Standing
"""A record, or where it stands."""


class PlanUse(Value):
    """That a saved plan was used: stored before its first request, so that it is used once."""

    schema_: Literal["bulkplan/plan-use/v1"] = Field("bulkplan/plan-use/v1", alias="schema")
    plan_id: str
    plan_digest: str
    organization_id: str
    run_keys: tuple[str, ...]
    used_at: datetime
    actor: str
    version: int = 1
    write_id: str
