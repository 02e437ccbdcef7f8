"""How many running actions are watched with few requests: one list for all that are asked about at the same time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bulkplan.errors import BulkplanError
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.ports import Clock, CloseReader

FEW = 3
"""So many actions are fetched one by one: a list is one page at least, and mostly about others."""
GATHER_S = 1.0
"""So long questions are gathered before the list is asked for."""

_Waiting = dict[str, asyncio.Future[BulkAction]]


@dataclass
class SharedFetches:
    """
    Fetches actions for all who follow one. Where more than `FEW` of a kind are followed, their questions are gathered
    and answered from one list, read until everyone has an answer; what the list lacks is fetched by itself.
    """

    _followed: Counter[BulkKind] = field(default_factory=Counter)
    _waiting: dict[BulkKind, _Waiting] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @contextmanager
    def following(self, kind: BulkKind) -> Iterator[None]:
        """One more action of this kind is watched in this block."""
        self._followed[kind] += 1
        try:
            yield
        finally:
            self._followed[kind] -= 1

    async def fetch(self, kind: BulkKind, action_id: str, *, reader: CloseReader, clock: Clock) -> BulkAction:
        """The action as Close has it now. Raises what fetching it alone would raise, `NotFoundError` among it."""
        if self._followed[kind] <= FEW:
            return await reader.fetch_action(kind, action_id)
        waiting = self._waiting.get(kind)
        if waiting is None:
            waiting = self._waiting[kind] = {}
            task = asyncio.ensure_future(self._answer(kind, reader, clock))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        found = waiting.setdefault(action_id, asyncio.get_running_loop().create_future())
        return await asyncio.shield(found)

    async def _answer(self, kind: BulkKind, reader: CloseReader, clock: Clock) -> None:
        await clock.sleep(GATHER_S)
        waiting = self._waiting.pop(kind)
        for found in waiting.values():
            found.add_done_callback(_heard)
        try:
            left = await _from_list(kind, waiting, reader) if len(waiting) > FEW else waiting
        except BulkplanError as error:
            for found in waiting.values():
                if not found.done():
                    found.set_exception(error)
            return
        await asyncio.gather(*(_alone(kind, action_id, found, reader) for action_id, found in left.items()))


async def _from_list(kind: BulkKind, waiting: _Waiting, reader: CloseReader) -> _Waiting:
    """Answer from one list, as far as it is needed; who is left over."""
    left = dict(waiting)
    async for action in reader.list_actions(kind):
        if (found := left.pop(action.id, None)) is not None:
            found.set_result(action)
        if not left:
            break
    return left


async def _alone(kind: BulkKind, action_id: str, found: asyncio.Future[BulkAction], reader: CloseReader) -> None:
    try:
        found.set_result(await reader.fetch_action(kind, action_id))
    except BulkplanError as error:
        found.set_exception(error)


def _heard(found: asyncio.Future[BulkAction]) -> None:
    """That nobody waits any more for an answer is no fault."""
    if not found.cancelled():
        found.exception()
