"""The rows of a plan, put into words and judged one by one while Close still counts the leads of others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from bulkplan.app.counting import Counts
from bulkplan.core.lookup import by_full_name
from bulkplan.core.planner import Draft, finished, queries_of, row_of
from bulkplan.model.plan import Change
from bulkplan.model.record import Recorded

ROWS_A_TURN = 8
"""How many rows are finished before others get a turn: two milliseconds."""
TURNS_BETWEEN = 12
"""How often the event loop goes round then: an answer that has come, and the next request, take some ten turns."""


async def finish_rows(
    drafts: Sequence[Draft], counts: Counts, *, records: Collection[Recorded], seen: Callable[[Change], None] | None
) -> tuple[Change, ...]:
    """
    A row for each draft, in their order, each as soon as what it needs is counted.

    Args:
        drafts: The rows on their way.
        counts: Where the counts of `queries_of` the drafts come in.
        records: Every record of the store.
        seen: Is shown each row once it is finished.
    """
    bare = []
    for number, draft in enumerate(drafts):
        bare.append(row_of(draft))
        await _give_way(number, counts)
    named, rows = by_full_name(records), list[Change]()
    for number, (draft, row) in enumerate(zip(drafts, bare, strict=True)):
        await counts.wait_for(queries_of([draft]))
        rows.append(finished(draft, row, counts.tally, named.get(draft.key.full_name, ())))
        if seen is not None:
            seen(rows[-1])
        await _give_way(number, counts)
    return tuple(rows)


async def _give_way(number: int, counts: Counts) -> None:
    """Let others have their turn now and then; what was asked goes on meanwhile."""
    if number % ROWS_A_TURN == 0:
        for _ in range(1 if counts.is_complete else TURNS_BETWEEN):
            await asyncio.sleep(0)
