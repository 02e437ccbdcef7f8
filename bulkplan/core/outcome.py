"""How one run of an apply ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bulkplan.model.record import Record
from bulkplan.model.run import RunKey


class OutcomeKind(StrEnum):
    """The ends a run of an apply can come to."""

    SUBMITTED = "submitted"
    """Close has it; its record is submitted, done or failed."""
    REFUSED = "refused"
    """Close surely did not take it."""
    NOT_SENT = "not-sent"
    """Nothing was sent, for a reason on our side; the run is still wanted."""
    UNKNOWN = "unknown"
    """Nobody can tell; a person decides."""
    ELSEWHERE = "elsewhere"
    """Another apply is at it right now."""
    ALARM = "alarm"
    """Something happened that must never happen: ran twice, or in another organization."""
    STATE_BEHIND = "state-behind"
    """Close answered, and the answer could not be stored."""
    TAKEN = "taken"
    """The run key was given up (`state forget`); it never runs."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `message` in words, `hint` how to go on. `stops_apply`: no further run should start."""

    key: RunKey
    kind: OutcomeKind
    message: str
    record: Record | None = None
    hint: str | None = None
    stops_apply: bool = False
    retry_after_s: float | None = None
    """Set when a rate limit refused the attempt, or others kept the store busy: a later one may pass."""
    is_store_at_fault: bool = False
    """Whether the state store did not take what was to be stored; the store knows why."""
    is_first_send: bool = False
    """Whether this apply sent the request (and did not find it sent before)."""
    is_unauthorized: bool = False
    """Whether Close refused it to this API key."""
    is_marker_lost: bool = False
    """Whether Close answered without the marker: nothing sent from here on can be found by it."""
