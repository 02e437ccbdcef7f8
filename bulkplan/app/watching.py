"""
How many running actions are watched with few requests: one list for all that are asked about at about the same time.

Every answer was read after its question was put, as if each run had asked alone: who asks while a list is read waits
for the next one. Nothing runs in the background: the first who asks reads for the others, and who gives up leaves
nothing behind. A list is read no further than pays: an organization may have ten thousand older actions before ours.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field

from bulkplan.errors import BulkplanError, CloseError, NotAuthorizedError, TryLaterError
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.ports import Clock, CloseReader

FEW = 3
"""So many actions are fetched one by one: a list is one page at least, and mostly about others."""
PAGE = 100
"""Actions of a page, about: what a list costs is counted in these."""
FETCHES_A_PAGE = 4
"""One page is read for so many questions; what is not found by then is fetched, at little more than its own cost."""
FIRST_GATHER_S, LONGEST_GATHER_S = 0.25, 5.0
"""So long questions are gathered before a list is asked for: a tenth of the time watched so far, between these."""

_Waiting = dict[str, asyncio.Future[BulkAction]]


@dataclass
class SharedFetches:
    """Fetches actions for all who follow one, by list where more than `FEW` of a kind are followed."""

    reader: CloseReader
    clock: Clock
    _followed: Counter[BulkKind] = field(default_factory=Counter)
    _waiting: dict[BulkKind, _Waiting] = field(default_factory=dict)
    _began_at: float | None = None

    @contextmanager
    def following(self, kind: BulkKind) -> Iterator[None]:
        """One more action of this kind is watched in this block."""
        self._followed[kind] += 1
        try:
            yield
        finally:
            self._followed[kind] -= 1

    async def fetch(self, kind: BulkKind, action_id: str) -> BulkAction:
        """The action as Close has it now. Raises what fetching it alone would raise, `NotFoundError` among it."""
        if self._followed[kind] <= FEW:
            return await self.reader.fetch_action(kind, action_id)
        is_first = kind not in self._waiting
        waiting = self._waiting.setdefault(kind, {})
        found = waiting.setdefault(action_id, asyncio.get_running_loop().create_future())
        if is_first:
            await self._read_for_all(kind, waiting)
        return await asyncio.shield(found)  # several may ask about one action, and one of them give up

    async def _read_for_all(self, kind: BulkKind, waiting: _Waiting) -> None:
        """Gather questions, and answer each of them, whatever comes."""
        error: BulkplanError = TryLaterError("watching was broken off")
        try:
            await self.clock.sleep(self._gathering_s())
            del self._waiting[kind]  # from here on it is too late to ask for this list
            await self._answer(kind, waiting)
        except BulkplanError as problem:
            error = problem
        finally:
            if self._waiting.get(kind) is waiting:
                del self._waiting[kind]
            for found in waiting.values():
                if not found.done():
                    found.set_exception(error)
                if not found.cancelled():
                    found.exception()  # that nobody waits any more for an answer is no fault

    def _gathering_s(self) -> float:
        now = self.clock.monotonic()
        self._began_at = now if self._began_at is None else self._began_at
        return min(max((now - self._began_at) / 10, FIRST_GATHER_S), LONGEST_GATHER_S)

    async def _answer(self, kind: BulkKind, waiting: _Waiting) -> None:
        left = dict(waiting)
        if len(left) > FEW:
            try:
                await self._answer_from_list(kind, left)
            except (TryLaterError, NotAuthorizedError):
                raise
            except CloseError:
                pass  # a list that cannot be read says nothing about the actions
        await asyncio.gather(*(self._answer_alone(kind, action_id, found) for action_id, found in left.items()))

    async def _answer_from_list(self, kind: BulkKind, left: _Waiting) -> None:
        """Answer from one list, as far as it pays; those who are left over stay in `left`."""
        n_worth, n_read = PAGE * (len(left) // FETCHES_A_PAGE), 0
        async with aclosing(self.reader.list_actions(kind)) as listed:
            async for action in listed:
                n_read += 1
                if (found := left.pop(action.id, None)) is not None:
                    found.set_result(action)
                if not left or n_read >= n_worth:
                    return

    async def _answer_alone(self, kind: BulkKind, action_id: str, found: asyncio.Future[BulkAction]) -> None:
        try:
            found.set_result(await self.reader.fetch_action(kind, action_id))
        except BulkplanError as error:
            found.set_exception(error)
