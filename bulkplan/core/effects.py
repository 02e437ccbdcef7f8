"""
What the apply engine asks of the world: one value per wish.

The engine is a generator: it yields effects and is sent their results, so it does no I/O, reads no clock and throws no
dice itself. Whoever drives it performs each effect, and raises what failed into the generator.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, cast

from bulkplan.model.base import JsonObject
from bulkplan.model.record import Record
from bulkplan.model.remote import Answer, BulkAction, Identity
from bulkplan.model.request import BulkKind
from bulkplan.model.run import RunKey
from bulkplan.model.store import PutResult

ResultT_co = TypeVar("ResultT_co", covariant=True)
ResultT = TypeVar("ResultT")


class Effect(Generic[ResultT_co]):
    """A wish whose fulfilment is a `ResultT_co`."""


Steps = Generator[Effect[object], object, ResultT]
"""A part of the engine that ends with a `ResultT`."""


def perform(effect: Effect[ResultT]) -> Steps[ResultT]:
    """Yield one effect and give its result its type back."""
    result = yield effect
    return cast("ResultT", result)


@dataclass(frozen=True)
class Instant:
    """Now: aware UTC for records, `monotonic` seconds for spans; `interrupted` when nothing new may start."""

    now: datetime
    monotonic: float
    interrupted: bool = False


@dataclass(frozen=True)
class ReadClock(Effect[Instant]):
    """What time it is, and whether we were interrupted."""


@dataclass(frozen=True)
class Sleep(Effect[None]):
    """Wait; ends early when interrupted."""

    seconds: float


@dataclass(frozen=True)
class DrawWord(Effect[str]):
    """80 random bits, as 16 letters and digits: a nonce or a write ID."""


@dataclass(frozen=True)
class GetRecord(Effect["Record | None"]):
    """The record of a run. Raises `StoreError`."""

    key: RunKey


@dataclass(frozen=True)
class PutRecord(Effect[PutResult]):
    """Store a record over version `record.version - 1`. Never raises: the result says it."""

    record: Record


@dataclass(frozen=True)
class FindActions(Effect["tuple[BulkAction, ...]"]):
    """
    Every action of a kind whose stored query holds `word`, from both listings read to the end, each ID once.

    Raises `CloseError` when a listing can't be read to its end.
    """

    kind: BulkKind
    word: str


@dataclass(frozen=True)
class FindCandidates(Effect["tuple[BulkAction, ...]"]):
    """Actions that could be an unmarked attempt: this kind, this creator, since then, the same normalized body."""

    record: Record


@dataclass(frozen=True)
class Connect(Effect[Identity]):
    """
    Wait for the turn of a request of this kind, open the dedicated connection, and ask on it whose key this is.

    Raises `CloseError`, or `HeldBackError` when the run has to give way to others: then nothing was sent.
    """

    kind: BulkKind


@dataclass(frozen=True)
class Send(Effect[Answer]):
    """The one request, on the open connection."""

    path: str
    body: JsonObject


@dataclass(frozen=True)
class InDoubt(Effect[None]):
    """Nobody can tell for now whether the request of this run was executed; others of the apply had better wait."""

    key: RunKey


@dataclass(frozen=True)
class Disconnect(Effect[None]):
    """Close the dedicated connection before its time; whoever drives the engine closes it at the end anyway."""


@dataclass(frozen=True)
class IsHolderGone(Effect[bool]):
    """Whether the process that made the open attempt surely runs no more (this host, process ended)."""

    record: Record


@dataclass(frozen=True)
class FetchAction(Effect["BulkAction | None"]):
    """The action, or `None` when Close does not know it (404). Raises `CloseError`."""

    kind: BulkKind
    action_id: str


@dataclass(frozen=True)
class PauseAction(Effect[BulkAction]):
    """Pause an action. Raises `CloseError`."""

    kind: BulkKind
    action_id: str


@dataclass(frozen=True)
class Report(Effect[None]):
    """Tell the user how far this run is."""

    key: RunKey
    message: str
    record: Record | None = None
