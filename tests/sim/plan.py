"""What one schedule holds, drawn from its seed: who applies what and when, what goes wrong, who meddles."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_KEYS = 6
MAX_APPLIERS = 4
MINUTE, HOUR, YEAR = 60.0, 3600.0, 365 * 86_400.0


class Kind(StrEnum):
    """What can go wrong, or who meddles. A fault is dropped alone when a failing schedule is shrunk."""

    # the one request: the `nth` of the schedule
    REQUEST_LOST = "request-lost"
    REQUEST_LATE = "request-late"  # taken `seconds` later, perhaps after the sender gave up
    ANSWER_LOST = "answer-lost"
    DUPLICATED = "duplicated"  # a proxy repeats it after `seconds`; the answer arrives when `accepted`
    ANSWER = "answer"  # `status`, before or after acceptance
    PAGE = "page"  # a page of HTML with status 200
    NO_ID = "no-id"
    OTHER_KIND = "other-kind"
    OTHER_ORGANIZATION = "other-organization"
    HALF_BODY = "half-body"
    NOT_HANDED_OVER = "not-handed-over"
    # the store: its `nth` put, its `nth` get, or from `seconds` on for `more` seconds
    PUT_CONFLICT = "put-conflict"
    PUT_UNSURE_STORED = "put-unsure-stored"
    PUT_UNSURE_LOST = "put-unsure-lost"
    PUT_UNSURE_LATE = "put-unsure-late"
    PUT_UNAVAILABLE = "put-unavailable"
    PUT_SLOW = "put-slow"
    GET_FAILS = "get-fails"
    STORE_AWAY = "store-away"
    STATE_LOST = "state-lost"  # before wave `nth`, when nothing is under way
    STATE_OLD = "state-old"  # the same, but a copy from the end of an earlier wave takes its place
    # what Close lists: the `nth` action, the `nth` look
    LISTING_LAG = "listing-lag"
    LOG_LAG = "log-lag"
    LOG_HIDDEN = "log-hidden"  # the event log says which actions there are, not what they hold
    LOOK_FAILS = "look-fails"
    LOOK_MISSES = "look-misses"  # pages shift while they are read: an action slips through one listing
    FETCH_FAILS = "fetch-fails"
    CONNECT_FAILS = "connect-fails"
    WRONG_ORGANIZATION = "wrong-organization"
    # the leads of key `who`: from `seconds` on `nth` match; of the `nth` action Close heeds no limit
    COHORT_MOVES = "cohort-moves"
    LIMIT_IGNORED = "limit-ignored"
    # applier `who`: at its `nth` effect, or as it sends
    CRASH = "crash"
    CRASH_BEFORE_SEND = "crash-before-send"
    CRASH_AFTER_SEND = "crash-after-send"
    FREEZE = "freeze"
    FREEZE_AFTER_PUT = "freeze-after-put"
    FREEZE_BEFORE_SEND = "freeze-before-send"
    FREEZE_AFTER_ANSWER = "freeze-after-answer"
    INTERRUPT = "interrupt"
    INTERRUPT_AFTER_PUT = "interrupt-after-put"
    CLOCK_JUMP = "clock-jump"
    # other people: at `seconds`, about run key `who`
    STRANGER = "stranger"
    PERSON_RAN = "person-ran"
    PERSON_DID_NOT_RUN = "person-did-not-run"


REFUSING = (400, 401, 402, 403, 404, 405, 406, 411, 413, 414, 415, 422, 429)
"""Statuses that surely mean "not executed", written down here once more: the simulator trusts no table of ours."""
UNCLEAR = (100, 302, 303, 307, 408, 409, 425, 500, 502, 503, 504)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; what the numbers mean depends on its kind."""

    kind: Kind
    nth: int = 1
    who: int = 0
    seconds: float = 0.0
    more: float = 0.0
    status: int = 0
    accepted: bool = False

    def __str__(self) -> str:
        told = {"nth": self.nth, "who": self.who, "seconds": round(self.seconds, 3), "more": round(self.more, 3)}
        words = [f"{name}={value}" for name, value in told.items() if value]
        words += [f"status={self.status}"] if self.status else []
        return " ".join([self.kind, *words, *(["accepted"] if self.accepted else [])])


@dataclass(frozen=True)
class ApplierPlan:
    """One process: which run keys in which order, where, when, and how wrong its clock is."""

    number: int
    starts_at: float
    host: str
    keys: tuple[int, ...]
    thinks_s: float
    skew_s: float = 0.0
    settle_timeout_s: float = 140.0
    keep_going: bool = True
    n_well: int | None = None
    """How many runs went well before, where several go side by side; None: one after the other."""


@dataclass(frozen=True)
class Plan:
    """A whole schedule. `waves`: appliers that run at the same time."""

    seed: int
    n_keys: int
    waves: tuple[tuple[ApplierPlan, ...], ...]
    faults: tuple[Fault, ...]
    echo: str = "as-sent"
    use_marker: bool = True
    loading_s: float = 0.0

    @property
    def can_find(self) -> bool:
        """Whether Close lists the markers of what is sent."""
        return self.use_marker and self.echo != "stripped"

    def keeping(self, numbers: tuple[int, ...]) -> Plan:
        """The same schedule with only these of its faults."""
        return replace(self, faults=tuple(self.faults[number] for number in numbers))


def draw_plan(seed: int, *, always: tuple[Kind, ...] = (), is_wide: bool | None = None) -> Plan:
    """
    The schedule of a seed; `always` adds one fault of each of these kinds.

    In a wide one, appliers hold several runs in flight: half of the seeds are, where `is_wide` does not say.
    """
    dice = random.Random(seed)
    width = random.Random(f"width of {seed}")  # of its own, so that the other schedules stay what they were
    is_wide = width.random() < 0.5 if is_wide is None else is_wide
    shares = (5, 20, 25, 20, 15, 15) if is_wide else (50, 22, 12, 8, 5, 3)
    n_keys = dice.choices(range(1, MAX_KEYS + 1), shares)[0]
    waves = _draw_waves(dice, n_keys)
    kinds = [*dice.choices(tuple(_DRAW), _WEIGHTS, k=min(8, int(dice.expovariate(0.33)))), *always]
    n_appliers = sum(len(wave) for wave in waves)
    size = _Size(n_keys, n_appliers, waves[-1][0].starts_at)
    faults = tuple(_DRAW[kind][1](dice, kind, size) for kind in kinds if kind in _DRAW)
    plan = Plan(
        seed=seed,
        n_keys=n_keys,
        waves=waves,
        faults=faults,
        echo=dice.choices(("as-sent", "normalized", "stripped"), (84, 12, 4))[0],
        use_marker=dice.random() > 0.05,
        loading_s=dice.choice((0.0, 0.0, 0.3, 2.0)),
    )
    if is_wide:
        plan = replace(plan, waves=tuple(tuple(_widened(width, one) for one in wave) for wave in plan.waves))
    # Drawn last, so that the schedules of seeds that failed once stay what they were.
    late = [kind for kind in _DRAW_LATE if dice.random() < _LATE_SHARE or kind in always]
    return replace(plan, faults=(*faults, *(_DRAW_LATE[kind](dice, kind, size) for kind in late)))


def _draw_waves(dice: random.Random, n_keys: int) -> tuple[tuple[ApplierPlan, ...], ...]:
    waves, at, number = [], 0.0, 0
    for _ in range(dice.choices((1, 2, 3), (45, 40, 15))[0]):
        wave = []
        for _ in range(dice.choices(range(1, MAX_APPLIERS + 1), (45, 35, 12, 8))[0]):
            wave.append(_draw_applier(dice, n_keys, number, at))
            number += 1
        waves.append(tuple(wave))
        at += dice.choice((30.0, 5 * MINUTE, 20 * MINUTE, 2 * HOUR))
    return tuple(waves)


def _draw_applier(dice: random.Random, n_keys: int, number: int, at: float) -> ApplierPlan:
    keys = dice.sample(range(n_keys), k=n_keys if dice.random() < 0.8 else dice.randint(1, n_keys))
    return ApplierPlan(
        number=number,
        starts_at=at + dice.choice((0.0, 0.1 * dice.random(), dice.random(), 10 * dice.random(), 200 * dice.random())),
        host=dice.choice(("laptop", "laptop", "runner-1", "runner-2")),
        keys=tuple(keys),
        thinks_s=dice.choice((0.0, 0.1, 5.0)),
        skew_s=dice.choice((0.0,) * 8 + (-HOUR, HOUR, -10 * YEAR, 10 * YEAR)),
        settle_timeout_s=dice.choice((140.0, 140.0, 10.0, 0.0)),
        keep_going=dice.random() < 0.7,
    )


def _widened(dice: random.Random, applier: ApplierPlan) -> ApplierPlan:
    return replace(applier, n_well=dice.choice((None, 0, 3, 20, 20, 20, 20)))


@dataclass(frozen=True)
class _Size:
    """How large the schedule is that faults are drawn for."""

    n_keys: int
    n_appliers: int
    last_wave_at: float


Drawer = Callable[[random.Random, Kind, _Size], Fault]


def _send(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    return Fault(kind, nth=dice.randint(1, size.n_keys + 1), accepted=dice.random() < 0.5)


def _late_send(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    seconds = dice.choice((1.0, 20.0, 59.0, 61.0, 150.0, 10 * MINUTE, HOUR))
    return replace(_send(dice, kind, size), seconds=seconds)


def _twice(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    return replace(_send(dice, kind, size), seconds=dice.choice((0.0, 0.5, 10.0, 45.0)))


def _answer(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    status = dice.choice((dice.choice(REFUSING), 429, dice.choice(UNCLEAR), dice.choice(UNCLEAR)))
    fault = replace(_send(dice, kind, size), status=status, seconds=dice.choice((0.0, 1.0, 30.0)))
    return replace(fault, accepted=fault.accepted and status not in REFUSING)


def _store(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    nth = dice.randint(1, 3 * size.n_keys + 2)
    return Fault(kind, nth=nth, seconds=dice.choice((0.3, 5.0, 25.0, 200.0)), accepted=dice.random() < 0.5)


def _away(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    start = dice.choice((dice.random() * 10, dice.random() * (size.last_wave_at + 10)))
    return Fault(kind, seconds=start, more=dice.choice((0.5, 10.0, 90.0, HOUR)), accepted=dice.random() < 0.5)


def _listing(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    nth = dice.randint(1, size.n_keys * 2)
    return Fault(kind, nth=nth, seconds=dice.choice((0.5, 5.0, 60.0, 200.0, HOUR)), accepted=dice.random() < 0.5)


def _process(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    step = dice.choice((dice.randint(1, 25), dice.randint(1, 25 * size.n_keys)))
    if kind not in (Kind.CRASH, Kind.FREEZE, Kind.INTERRUPT, Kind.CLOCK_JUMP):
        step = dice.randint(1, min(3, size.n_keys + 1))
    seconds = dice.choice((1.0, 25.0, 10 * MINUTE, 40 * MINUTE, 3 * HOUR))
    more = dice.choice((-10 * YEAR, -HOUR, -1.0, 30.0, HOUR, 10 * YEAR))
    return Fault(kind, nth=step, who=dice.randrange(size.n_appliers), seconds=seconds, more=more)


def _people(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    at = dice.choice((dice.random() * 20, dice.random() * HOUR, size.last_wave_at * dice.random()))
    return Fault(kind, who=dice.randrange(size.n_keys), seconds=at if kind is Kind.STRANGER else at + 16 * MINUTE)


def _wave(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    return Fault(kind, nth=dice.choice((1, 1, 2)))


def _cohort(dice: random.Random, kind: Kind, size: _Size) -> Fault:
    at = dice.choice((5 * dice.random(), dice.random() * (size.last_wave_at + 5)))
    return Fault(kind, nth=dice.choice((0, 1, 2, 4, 9)), who=dice.randrange(size.n_keys), seconds=at)


_DRAW_LATE: dict[Kind, Drawer] = {
    Kind.STATE_OLD: _wave,
    Kind.COHORT_MOVES: _cohort,
    Kind.LIMIT_IGNORED: _send,
}
_LATE_SHARE = 0.06


_DRAW: dict[Kind, tuple[int, Drawer]] = {
    Kind.REQUEST_LOST: (6, _send),
    Kind.REQUEST_LATE: (8, _late_send),
    Kind.ANSWER_LOST: (8, _send),
    Kind.DUPLICATED: (4, _twice),
    Kind.ANSWER: (14, _answer),
    Kind.PAGE: (3, _send),
    Kind.NO_ID: (2, _send),
    Kind.OTHER_KIND: (2, _send),
    Kind.OTHER_ORGANIZATION: (1, _send),
    Kind.HALF_BODY: (2, _send),
    Kind.NOT_HANDED_OVER: (2, _send),
    Kind.PUT_CONFLICT: (3, _store),
    Kind.PUT_UNSURE_STORED: (5, _store),
    Kind.PUT_UNSURE_LOST: (4, _store),
    Kind.PUT_UNSURE_LATE: (5, _store),
    Kind.PUT_UNAVAILABLE: (4, _store),
    Kind.PUT_SLOW: (4, _store),
    Kind.GET_FAILS: (4, _store),
    Kind.STORE_AWAY: (3, _away),
    Kind.STATE_LOST: (6, _wave),
    Kind.LISTING_LAG: (6, _listing),
    Kind.LOG_LAG: (6, _listing),
    Kind.LOG_HIDDEN: (2, _listing),
    Kind.LOOK_FAILS: (5, _listing),
    Kind.LOOK_MISSES: (4, _listing),
    Kind.FETCH_FAILS: (2, _listing),
    Kind.CONNECT_FAILS: (2, _send),
    Kind.WRONG_ORGANIZATION: (1, _send),
    Kind.CRASH: (14, _process),
    Kind.CRASH_BEFORE_SEND: (5, _process),
    Kind.CRASH_AFTER_SEND: (6, _process),
    Kind.FREEZE: (6, _process),
    Kind.FREEZE_AFTER_PUT: (4, _process),
    Kind.FREEZE_BEFORE_SEND: (4, _process),
    Kind.FREEZE_AFTER_ANSWER: (4, _process),
    Kind.INTERRUPT: (6, _process),
    Kind.INTERRUPT_AFTER_PUT: (3, _process),
    Kind.CLOCK_JUMP: (4, _process),
    Kind.STRANGER: (6, _people),
    Kind.PERSON_RAN: (4, _people),
    Kind.PERSON_DID_NOT_RUN: (10, _people),
}
"""How likely each kind is, and how one is drawn."""
_WEIGHTS = tuple(weight for weight, _ in _DRAW.values())
