"""An orderly end: nothing new starts, waiting ends, and what is under way gets its grace."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from bulkplan.errors import TryLaterError

ResultT = TypeVar("ResultT")
GRACE_S = 5.0
"""So long a call that is under way may still take once an end was asked for."""


class Interrupt:
    """Set by the first signal: nothing new starts, waiting ends, what is in flight is finished and stored."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Ask for an orderly end."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether an end was asked for."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until it is set."""
        await self._event.wait()


async def unless_given_up(call: Coroutine[None, None, ResultT], interrupt: Interrupt) -> ResultT:
    """
    What a call returns. Raises `TryLaterError` when an end was asked for and the call is not over within the grace.

    The first signal cancels nothing by itself: what Close is about to answer is still heard.
    """
    calling, waiting = asyncio.ensure_future(call), asyncio.ensure_future(_grace(interrupt))
    try:
        await asyncio.wait({calling, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if calling.done():
            return calling.result()
        raise TryLaterError("interrupted before Close answered", hint="run the same command again")
    finally:
        calling.cancel()
        waiting.cancel()
        await asyncio.gather(calling, waiting, return_exceptions=True)


async def _grace(interrupt: Interrupt) -> None:
    await interrupt.wait()
    await asyncio.sleep(GRACE_S)
