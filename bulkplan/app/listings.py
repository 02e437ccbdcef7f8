"""
Close's listings of bulk actions, read once for all runs that ask at about the same time.

A look must begin after the facts that it is to speak about: a run that asks whether its request shows must not be
answered from pages that were read before the request was sent. So whoever asks while a reading is under way waits for
the next one, which has not begun: every answer was read wholly after its question, as if each run read for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field

from bulkplan.core.digest import canonical_json
from bulkplan.errors import BulkplanError, NotFoundError, TryLaterError
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.ports import CloseReader


@dataclass(frozen=True)
class Listed:
    """An action with the text of its query, to look for words in."""

    action: BulkAction
    text: str


_Reading = asyncio.Future[tuple[Listed, ...]]


@dataclass
class SharedListings:
    """One reading of a kind at a time."""

    reader: CloseReader
    _coming: dict[BulkKind, _Reading] = field(default_factory=dict)
    _turns: dict[BulkKind, asyncio.Lock] = field(default_factory=dict)

    async def find(self, kind: BulkKind, word: str) -> tuple[BulkAction, ...]:
        """The actions of a kind whose query holds `word`, by ID. Raises what reading raises."""
        reading = self._coming.get(kind)
        if reading is None:
            reading = self._coming[kind] = asyncio.get_running_loop().create_future()
            await self._read_for_all(kind, reading)
        # One of those who wait may give up; the others go on waiting.
        return tuple(listed.action for listed in await asyncio.shield(reading) if word in listed.text)

    async def _read_for_all(self, kind: BulkKind, reading: _Reading) -> None:
        """Read once nobody else does, and answer all who have asked by then, whatever comes."""
        error: BulkplanError = TryLaterError("looking through Close's lists was broken off")
        try:
            async with self._turns.setdefault(kind, asyncio.Lock()):
                del self._coming[kind]  # from here on it is too late to ask for this one
                reading.set_result(await self._read(kind))
        except BulkplanError as problem:
            error = problem
        finally:
            if self._coming.get(kind) is reading:
                del self._coming[kind]
            if not reading.done():
                reading.set_exception(error)
            if not reading.cancelled():
                reading.exception()  # that nobody waits any more for an answer is no fault

    async def _read(self, kind: BulkKind) -> tuple[Listed, ...]:
        """Every action of a kind, from both listings read to their ends; each once, by ID."""
        actions, events = await _together(
            _all_of(self.reader.list_actions(kind)), _all_of(self.reader.list_created_actions(kind))
        )
        listed = {action.id: action for action in actions}
        for event in events:
            if event.id not in listed and (action := await self._whole(kind, event)):
                listed[action.id] = action
        return tuple(Listed(listed[key], canonical_json(listed[key].s_query).lower()) for key in sorted(listed))

    async def _whole(self, kind: BulkKind, event: BulkAction) -> BulkAction | None:
        """The action of an event whose content Close hides: after an hour, from keys without the right to see it."""
        if event.s_query is not None:
            return event
        try:
            return await self.reader.fetch_action(kind, event.id)
        except NotFoundError:
            return None


async def _together(*reads: Coroutine[None, None, list[BulkAction]]) -> list[list[BulkAction]]:
    """What each of them reads; where one fails, the others end as well."""
    tasks = [asyncio.ensure_future(read) for read in reads]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_of(actions: AsyncIterator[BulkAction]) -> list[BulkAction]:
    return [action async for action in actions]
