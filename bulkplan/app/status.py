"""The story of `status`: every run the state knows, as Close reports it now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bulkplan.app.performer import Edges, Performer
from bulkplan.app.records import Shelf, read_shelf
from bulkplan.app.verify import verified
from bulkplan.core.follow import refresh
from bulkplan.core.records import ApplyContext
from bulkplan.core.settle import is_watched, look_for_twins
from bulkplan.core.verify import wants_verification
from bulkplan.errors import CloseError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import RunKey


@dataclass(frozen=True)
class Status:
    """What the state knows; `problems` are runs that could not be looked up in Close just now."""

    shelf: Shelf
    problems: tuple[str, ...] = ()


async def refreshed_status(
    edges: Edges, context: ApplyContext, *, is_ours: Callable[[RunKey], bool] = lambda _: True
) -> Status:
    """
    Ask Close about each running action that is ours, count what the finished ones did, keep what changed, and list
    everything.

    Changes nothing in Close.
    """
    before = read_shelf(edges.store)
    running = [record for record in before.records if is_ours(record.key) and has_news(record, now=edges.clock.now())]
    answers = await asyncio.gather(*(_refreshed(record, edges, context) for record in running))
    seen = {answer.key: answer for answer in answers if isinstance(answer, Record)}
    shelf = read_shelf(edges.store)
    records = tuple(_newest(record, seen.get(record.key)) for record in shelf.records)
    return Status(replace(shelf, records=records), tuple(answer for answer in answers if isinstance(answer, str)))


def has_news(record: Record, *, now: datetime) -> bool:
    """Whether Close may have news of a run: it runs, nobody counted what it did, or an earlier attempt was released."""
    return record.status is RecordStatus.SUBMITTED or wants_verification(record, now=now) or is_watched(record, now=now)


async def _refreshed(record: Record, edges: Edges, context: ApplyContext) -> Record | str:
    """The record as Close has its action now, counted once it is done; or why it could not be looked up."""
    try:
        seen = await verified(await Performer(edges).run(refresh(record, context)), edges, context)
        alarm = None
        if is_watched(seen, now=edges.clock.now()):
            alarm = await Performer(edges).run(look_for_twins(seen, context))
        return (alarm and alarm.record) or seen
    except CloseError as error:
        return f"{record.key}: {error.message}"


def _newest(stored: Record, seen: Record | None) -> Record:
    """What was seen, unless the stored record went on: counts that merely grow are shown and not stored."""
    return seen if seen is not None and seen.version == stored.version else stored
