"""Who acts in a simulated schedule, and the runs that they apply."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from bulkplan.app.line import Line, Ticket
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
class Process:
    """A process, or a person: what all strands of its work have in common. `is_interrupted`: asked to end."""

    number: int
    name: str
    host: str
    dice: random.Random
    context: ApplyContext
    skew_s: float = 0.0
    is_person: bool = False
    is_alive: bool = True
    crashed: bool = False
    is_interrupted: bool = False
    frozen_until: float = 0.0
    n_steps: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    checked: dict[RunKey, tuple[int, int]] = field(default_factory=dict)
    """How many leads of a run were approved, and how many matched when it looked again."""
    faults: dict[tuple[str, int], Fault] = field(default_factory=dict)
    line: Line | None = None
    """Where several of its runs are in flight."""
    strands: list[Actor] = field(default_factory=list)


@dataclass(eq=False)
class Actor:
    """One strand of work of a process, under way. `knows_it`: it read that it was asked to end."""

    process: Process
    steps: Generator[fx.Effect[object], object, object] = field(default_factory=lambda: iter(()))
    knows_it: bool = False
    is_over: bool = False
    is_unclear: bool = False
    """Whether it heard nothing clear about its request, and has not come to its end yet."""
    n_sent: int = 0
    intents: dict[str, float] = field(default_factory=dict)
    """Nonce of an intent it made -> its own monotonic time when it read the clock before."""
    last_clock: float = 0.0
    busy_with: str | None = None
    """The nonce it may still send."""
    ticket: Ticket | None = None
    prepared_at: float = 0.0
    when_over: Callable[[], None] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        return self.process.is_alive and not self.is_over

    def __getattr__(self, name: str) -> object:
        """What it has in common with the other strands."""
        return getattr(self.process, name)

    def count(self, what: str) -> int:
        """How often its process has done this, this time included."""
        counts = self.process.counts
        counts[what] = number = counts.get(what, 0) + 1
        return number

    def strand(self, ticket: Ticket) -> Actor:
        """One more strand of this process."""
        strand = Actor(self.process, ticket=ticket)
        self.process.strands.append(strand)
        return strand

    def __str__(self) -> str:
        return self.process.name


@dataclass(frozen=True)
class Together(fx.Effect[None]):
    """Let strands of one process go on side by side, until all of them are over."""

    strands: tuple[Actor, ...]
