"""What happens in a simulated schedule that the oracle judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkplan.core.result import ApplyResult
from bulkplan.model.record import Record
from bulkplan.model.run import RunKey

if TYPE_CHECKING:
    from sim.actors import Actor


@dataclass(frozen=True)
class Stored:
    """A put that took effect; `by` is its writer, `claimed` whether the writer itself says it read `before`."""

    by: Actor
    before: Record | None
    after: Record


@dataclass(frozen=True)
class Gone:
    """A record is no longer in the store."""

    before: Record


@dataclass(frozen=True)
class Intends:
    """An applier is about to store an intent for the first time."""

    by: Actor
    key: RunKey


@dataclass(frozen=True)
class Sent:
    """The one request left an applier. `nonces`: those its body carries."""

    by: Actor
    key: RunKey
    nonce: str
    nonces: frozenset[str]


@dataclass(frozen=True)
class Accepted:
    """Close took a request of ours."""

    key: RunKey
    nonce: str
    action_id: str
    is_repeat: bool = False
    is_elsewhere: bool = False
    """Taken in another organization, where nobody can look."""


@dataclass(frozen=True)
class Ended:
    """An applier ended by itself; `result` is `None` when it gave up before any row."""

    by: Actor
    result: ApplyResult | None


@dataclass(frozen=True)
class Failed:
    """A traceback: the engine raised what no caller expects."""

    by: Actor
    error: Exception


Fact = Stored | Gone | Intends | Sent | Accepted | Ended | Failed


class ViolationError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(invariant, text)
        self.invariant = invariant
        self.text = text

    def __str__(self) -> str:
        """As it is told."""
        return f"{self.invariant}: {self.text}"
