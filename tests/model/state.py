"""What the model of the protocol is made of: rules with budgets, and one moment of everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

SENDING, UNKNOWN, SUBMITTED, REFUSED, RELEASED = "sending", "unknown", "submitted", "refused", "released"
OPEN, FREE = frozenset({SENDING, UNKNOWN}), frozenset({REFUSED, RELEASED})
STRANGER = -1
"""The nonce, so to speak, of what somebody started outside."""

Record = tuple[str, int] | None
"""State and nonce."""


@dataclass(frozen=True)
class Rules:
    """The protocol, or a variant with one of its rules taken out; and how much may happen."""

    name: str
    breaks: str | None = None
    """The property that must not survive; `None`: all hold."""
    # rules
    writes_intent: bool = True
    swaps: bool = True
    """Whether the store compares before it writes."""
    reads_back: bool = True
    takes_over: str = "never"
    """`never`; `unlisted`: sends another's open intent once it is not listed; `always`."""
    retries_timeout: bool = False
    has_marker: bool = True
    looks_first: bool = True
    person: str = "sound"
    """`sound`, `careless` or `absent`."""
    expiring_lock: bool = False
    trusts_5xx: bool = False
    trusts_2xx: bool = False
    releases_itself: bool = False
    # the world
    listing_lags: bool = True
    requests_late: bool = True
    odd_answers: bool = False
    # budgets
    appliers: int = 2
    starts: int = 2
    crashes: int = 2
    nonces: int = 3
    decisions: int = 1
    lost_replies: int = 1
    state_loss: bool = False
    stranger: bool = False
    only_once: bool = False
    """Look at nothing but "at most once"."""


class Applier(NamedTuple):
    """Where a process stands: `at` names the step it takes next, `holds` what it knows."""

    at: str
    holds: object
    starts: int


class State(NamedTuple):
    """Everything at one moment."""

    record: Record
    remote: frozenset[tuple[int, bool]]
    """Actions: nonce, and whether they are listed."""
    net: frozenset[tuple[str, int, str]]
    """`request` and `answer` on the way: nonce, and for an answer what it says."""
    late_puts: frozenset[tuple[Record, Record]]
    appliers: tuple[Applier, ...]
    nonces_used: int
    crashes: int
    decisions: int
    lost_replies: int
    may_lose_state: bool
    may_meddle: bool


Step = tuple[str, State]
IDLE = ("off", "end")


def first_state(rules: Rules) -> State:
    """Nothing has happened."""
    idle = Applier("off", None, rules.starts)
    return State(
        None, frozenset(), frozenset(), frozenset(), (idle,) * rules.appliers, 0, rules.crashes, rules.decisions,
        rules.lost_replies, rules.state_loss, rules.stranger,
    )  # fmt: skip
