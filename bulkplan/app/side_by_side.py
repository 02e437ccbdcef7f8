"""Starting rows in the order of a plan, many at a time, none beside one with which it shares leads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass

from bulkplan.app.line import Line, Ticket
from bulkplan.model.plan import Change

PREPARED_AT_ONCE = 24
"""Rows that are counted again, looked for, on their way, or looked for once more; few of them are open then."""


@dataclass(frozen=True)
class SideBySide:
    """`start` carries a row through; false: it was held back. `may_start` is asked right before."""

    line: Line
    start: Callable[[Change, Ticket], Coroutine[None, None, bool]]
    may_start: Callable[[Change], bool]

    async def run(self, pending: Sequence[Change]) -> list[Change]:
        """Start every row that may start; the rest is returned, in its order."""
        running: dict[asyncio.Task[bool], Change] = {}
        left: list[Change] = []
        try:
            for change in pending:
                while len(running) >= PREPARED_AT_ONCE or _shares_leads(change, running.values()):
                    left += await _held_back(running)
                if self.may_start(change):
                    running[asyncio.create_task(self.start(change, self.line.join()))] = change
                else:
                    left.append(change)
            while running:
                left += await _held_back(running)
        finally:
            await _end(running)
        return [change for change in pending if change in left]


async def _held_back(running: dict[asyncio.Task[bool], Change]) -> list[Change]:
    """Wait until one of them has ended at least; those of them that were held back."""
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    ended = [(running.pop(task), task.result()) for task in done]
    return [change for change, is_over in ended if not is_over]


async def _end(running: Iterable[asyncio.Task[bool]]) -> None:
    """End what still runs when something went wrong that nobody foresaw: what is out is settled by the next apply."""
    tasks = tuple(running)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _shares_leads(change: Change, others: Iterable[Change]) -> bool:
    """Whether the plan told of leads that the row has in common with one of these: then their order is kept."""
    mine = {overlap.with_ for overlap in change.overlaps}
    return any(other.key in mine or change.key in {each.with_ for each in other.overlaps} for other in others)
