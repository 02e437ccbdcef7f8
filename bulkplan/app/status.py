"""The story of `status`: every run the state knows, as Close reports it now."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from bulkplan.app.performer import Edges, Performer
from bulkplan.app.records import Shelf
from bulkplan.app.verify import verified
from bulkplan.app.watching import SharedFetches
from bulkplan.core.follow import refresh
from bulkplan.core.records import ApplyContext
from bulkplan.core.settle import is_watched, look_for_twins
from bulkplan.core.verify import wants_verification
from bulkplan.errors import CloseError
from bulkplan.model.record import Record, Recorded, RecordStatus, Standing


@dataclass(frozen=True)
class Status:
    """What the state knows; `problems` are runs that could not be looked up in Close just now."""

    shelf: Shelf
    problems: tuple[str, ...] = ()


async def refreshed_status(shelf: Shelf, edges: Edges, context: ApplyContext) -> Status:
    """
    Ask Close about each running action of what was listed, count what the finished ones did, and keep what changed.

    Changes nothing in Close. The rest stays as it was listed: the state is not read once more for it.
    """
    now = edges.clock.now()
    running = [shelf.record(each.key) for each in shelf.standings if has_news(each, now=now)]
    fetches = SharedFetches(edges.reader, edges.clock)
    with ExitStack() as watched:  # all of them, before the first asks
        for record in running:
            watched.enter_context(fetches.following(record.kind))
        answers = await asyncio.gather(*(_refreshed(record, edges, context, fetches) for record in running))
    seen = {answer.key: Standing.of(answer) for answer in answers if isinstance(answer, Record)}
    standings = tuple(seen.get(each.key, each) for each in shelf.standings)
    return Status(replace(shelf, standings=standings), tuple(answer for answer in answers if isinstance(answer, str)))


def has_news(record: Recorded, *, now: datetime) -> bool:
    """Whether Close may have news of a run: it runs, nobody counted what it did, or an earlier attempt was released."""
    return record.status is RecordStatus.SUBMITTED or wants_verification(record, now=now) or is_watched(record, now=now)


async def _refreshed(record: Record, edges: Edges, context: ApplyContext, fetches: SharedFetches) -> Record | str:
    """The record as Close has its action now, counted once it is done; or why it could not be looked up."""
    try:
        seen = await verified(await Performer(edges, fetches.fetch).run(refresh(record, context)), edges, context)
        alarm = None
        if is_watched(seen, now=edges.clock.now()):
            alarm = await Performer(edges).run(look_for_twins(seen, context))
        return (alarm and alarm.record) or seen
    except CloseError as error:
        return f"{record.key}: {error.message}"
