"""
How many runs of one apply may be on their way to Close at once.

Nothing of the protocol needs runs to start one after the other: each has a record, a nonce and a connection of its own,
and every step of it is decided by that record alone; two appliers at once have always been allowed. What starting in
order gave besides is kept: after a run of unknown outcome no other run begins (here: none stores its intent while the
answer to another is in doubt), what is open when this process dies is little (`OPEN_AT_ONCE`), and there are never
more on their way than have gone well before: the first two go alone, so that a key that is refused, or markers that
come back stripped, are met once, and when something goes wrong the rest of a small plan has not begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field

from bulkplan.errors import HeldBackError
from bulkplan.model.plan import Change

OPEN_AT_ONCE = 16
"""Runs between connecting and their outcome: so many at most are to be looked for when the process dies."""
PREPARED_AT_ONCE = 128
"""Runs that are counted again and looked for, before and after their request; nothing is open then."""


@dataclass
class Starts:
    """
    The one door that every intent of an apply goes through. `holds`: a run in doubt holds back the others.

    There is one place, and one more for each run from the second on that went well, up to `OPEN_AT_ONCE`.
    """

    holds: bool = True
    n_well: int = 0
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _in_doubt: set[Pass] = field(default_factory=set)
    _is_clear: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._is_clear.set()

    def turn_of(self, may_start: Callable[[], bool]) -> Pass:
        """The way of one run through the door, as long as `may_start` says so."""
        return Pass(self, may_start)

    async def take_place(self) -> None:
        """Wait for a free place, and until nobody is in doubt."""
        await self._is_clear.wait()
        await self._places.acquire()

    def note_success(self) -> None:
        """Close took a run, and everything about it is as it should be."""
        self.n_well += 1
        if 1 < self.n_well <= OPEN_AT_ONCE:
            self._places.release()

    @property
    def is_wide(self) -> bool:
        """Whether runs go side by side."""
        return self.n_well > 1

    def give_back(self) -> None:
        """Another may take the place."""
        self._places.release()

    def doubt(self, one: Pass, *, is_over: bool = False) -> None:
        """Hold the others back, or let them go on."""
        if self.holds and not is_over:
            self._in_doubt.add(one)
            self._is_clear.clear()
        else:
            self._in_doubt.discard(one)
        if not self._in_doubt:
            self._is_clear.set()

    @property
    def is_clear(self) -> bool:
        """Whether no run is in doubt."""
        return not self._in_doubt


@dataclass(eq=False)
class Pass:
    """One run at the door."""

    starts: Starts
    may_start: Callable[[], bool]
    _has_place: bool = False

    async def enter(self) -> None:
        """Before connecting. Raises `HeldBackError` when it may not start any more."""
        if not self._has_place:
            await self.starts.take_place()
            self._has_place = True
        self.check()

    def check(self) -> None:
        """Right before the intent. Raises `HeldBackError`: nothing is stored, and nothing sent."""
        if not (self.may_start() and self.starts.is_clear):
            raise HeldBackError("held back: another run of this apply has to be settled first")

    def doubt(self) -> None:
        """Nobody can tell yet what became of its request."""
        self.starts.doubt(self)

    def settled(self) -> None:
        """Its outcome is stored. Those that go alone keep their place until everything about them is known."""
        if self.starts.is_wide:
            self.leave()

    def leave(self) -> None:
        """Everything is known of it, or it came to nothing."""
        self.starts.doubt(self, is_over=True)
        if self._has_place:
            self._has_place = False
            self.starts.give_back()


@dataclass(frozen=True)
class SideBySide:
    """
    Starts rows in their order, none beside one that it overlaps.

    `start` carries a row through, and says whether it was held back; `may_start` is asked right before; `at_once` says
    how many may be under way just now.
    """

    start: Callable[[Change], Coroutine[None, None, bool]]
    may_start: Callable[[Change], bool]
    at_once: Callable[[], int]

    async def run(self, pending: Sequence[Change]) -> list[Change]:
        """Start every row that may start; the rest is returned, in its order. Rows held back are tried once more."""
        left = list(pending)
        while True:
            waiting, held = await self._once(left)
            left = [change for change in left if change in waiting or change in held]
            if not held:
                return left

    async def _once(self, pending: Sequence[Change]) -> tuple[list[Change], list[Change]]:
        waiting: list[Change] = []
        held: list[Change] = []
        running: dict[asyncio.Task[bool], Change] = {}
        for change in pending:
            while running and (len(running) >= self.at_once() or _overlaps(change, running.values())):
                held += await _ended(running)
            if self.may_start(change):
                running[asyncio.create_task(self.start(change))] = change
            else:
                waiting.append(change)
        while running:
            held += await _ended(running)
        return waiting, held


async def _ended(running: dict[asyncio.Task[bool], Change]) -> list[Change]:
    """Wait until one of them has ended at least; those that were held back."""
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    ended = [(running.pop(task), task.result()) for task in done]
    return [change for change, is_held in ended if is_held]


def _overlaps(change: Change, others: Iterable[Change]) -> bool:
    """Whether the plan told of leads that the row has in common with one of these: then their order is kept."""
    mine = {overlap.with_ for overlap in change.overlaps}
    return any(other.key in mine or change.key in {each.with_ for each in other.overlaps} for other in others)
