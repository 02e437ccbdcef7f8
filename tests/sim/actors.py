"""Who acts in a simulated schedule, and the runs that they apply."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field

from bulkplan.core import effects as fx
from bulkplan.core.records import ApplyContext, PlannedRun
from bulkplan.model.run import RunKey
from sim.close_model import EPOCH
from sim.plan import Fault

PROJECT_ID = "ab" * 8
QUERY = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}
KEYS = tuple(RunKey(f"run-{number}", 1) for number in range(6))


APPROVED = 3


def planned_run(number: int, record_version: int = 0, approved: int = APPROVED) -> PlannedRun:
    """The run of a key, as reviewed, on so many leads."""
    return PlannedRun(
        key=KEYS[number],
        kind="edit",
        action_type="set_lead_status",
        body={
            "type": "set_lead_status",
            "lead_status_id": f"stat_{number}",
            "s_query": QUERY,
            "results_limit": approved,
            "sort": [],
        },
        fingerprint=f"v1:{number}",
        request_digest=f"sha256:{number}",
        approved=approved,
        planned_at=EPOCH,
        record_version=record_version,
    )


@dataclass(eq=False)
class Actor:
    """A process or a person, under way. `is_interrupted`: asked to end, `knows_it`: it read so."""

    number: int
    name: str
    host: str
    steps: Generator[fx.Effect[object], object, object]
    dice: random.Random
    context: ApplyContext
    skew_s: float = 0.0
    is_person: bool = False
    is_alive: bool = True
    is_interrupted: bool = False
    knows_it: bool = False
    n_steps: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    intents: dict[str, float] = field(default_factory=dict)
    """Nonce of an intent it made -> its own monotonic time when it read the clock before."""
    last_clock: float = 0.0
    checked: dict[RunKey, tuple[int, int]] = field(default_factory=dict)
    """How many leads of a run were approved, and how many matched when it looked again."""
    busy_with: str | None = None
    """The nonce it may still send."""
    crashed: bool = False
    faults: dict[tuple[str, int], Fault] = field(default_factory=dict)

    def count(self, what: str) -> int:
        """How often it has done this, this time included."""
        self.counts[what] = number = self.counts.get(what, 0) + 1
        return number

    def __str__(self) -> str:
        return self.name
