"""Waiting in line: what one run of an apply passes before it connects, and what the others hear of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bulkplan.app.interrupting import Interrupt
from bulkplan.app.line import FRESH_S, Ticket
from bulkplan.errors import HeldBackError
from bulkplan.model.record import Record
from bulkplan.ports import Clock


@dataclass
class Gate:
    """
    The way of one run through the line. `is_current`: whether what it was prepared with still is as it was.

    `prepared_at`, in monotonic seconds, is when its leads were last counted.
    """

    ticket: Ticket
    clock: Clock
    interrupt: Interrupt
    is_current: Callable[[], bool] = field(default=lambda: True)
    prepared_at: float = 0.0

    async def enter(self) -> None:
        """
        Wait for its place, and until no other run is in doubt.

        Raises:
            HeldBackError: It may not start any more, or has waited for so long that it must be counted once more.
        """
        while not self.ticket.may_pass:
            if not self.ticket.line.goes_on() or self.interrupt.is_set:
                raise HeldBackError("held back: nothing further is started")
            await self._woken()
        is_old = self.clock.monotonic() - self.prepared_at > FRESH_S
        if not self.ticket.has_begun and (is_old or not self.is_current()):
            raise HeldBackError("held back: what is known of it is old")

    async def _woken(self) -> None:
        woken = asyncio.Event()
        self.ticket.wait(woken.set)
        waiting = (asyncio.ensure_future(woken.wait()), asyncio.ensure_future(self.interrupt.wait()))
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    @property
    def is_open(self) -> bool:
        """Whether it may go on right now."""
        return self.ticket.may_pass

    def note_put(self, record: Record, *, is_stored: bool, seconds: float) -> None:
        """A record of it was written in so many seconds, or not."""
        self.ticket.line.write_s = seconds
        self.ticket.note_put(record, is_stored=is_stored)

    def doubt(self) -> None:
        """Nobody can tell yet what became of its request."""
        self.ticket.doubt()
