"""Close's listings of bulk actions, read once for all runs that ask at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bulkplan.core.digest import canonical_json
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind

Read = Callable[[BulkKind], Awaitable[tuple[BulkAction, ...]]]


@dataclass(frozen=True)
class Listed:
    """An action with the text of its query, to look for words in."""

    action: BulkAction
    text: str


@dataclass
class SharedListings:
    """
    One reading per kind at a time; whoever asks while one is under way gets the next, which has not begun.

    So every answer was read wholly after it was asked for, as if each run read the listings for itself: an action that
    Close lists by then is in it. Two hundred runs side by side read them a dozen times instead of two hundred, and
    none of them looks at what is older than its own question.
    """

    _coming: dict[BulkKind, asyncio.Task[tuple[Listed, ...]]] = field(default_factory=dict)
    _turns: dict[BulkKind, asyncio.Lock] = field(default_factory=dict)

    async def find(self, kind: BulkKind, word: str, read: Read) -> tuple[BulkAction, ...]:
        """The actions of a kind whose query holds `word`, by ID. Raises what `read` raises."""
        coming = self._coming.get(kind)
        if coming is None:
            coming = self._coming[kind] = asyncio.ensure_future(self._read(kind, read))
            coming.add_done_callback(_heard)
        # One of those who wait may be cancelled; the others go on waiting.
        return tuple(listed.action for listed in await asyncio.shield(coming) if word in listed.text)

    async def _read(self, kind: BulkKind, read: Read) -> tuple[Listed, ...]:
        async with self._turns.setdefault(kind, asyncio.Lock()):
            del self._coming[kind]  # from here on it is too late to ask for this one
            found = await read(kind)
        return tuple(Listed(action, canonical_json(action.s_query).lower()) for action in found)


def _heard(reading: asyncio.Task[tuple[Listed, ...]]) -> None:
    """That nobody waits any more for a reading that failed is no fault."""
    if not reading.cancelled():
        reading.exception()
