"""How many people each row of a plan writes to: counted in Close step by step, with nobody's address kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bulkplan.app.counting import Progress
from bulkplan.core.digest import digest_json
from bulkplan.core.forecast import DailyLimit, Others, forecast, sender_key
from bulkplan.core.funnel import (
    Course,
    Reached,
    Unsubscribed,
    course_of,
    funnel,
    needs_unsubscribed,
    sends_messages,
    writes_to_people,
)
from bulkplan.core.reach import sender_address
from bulkplan.errors import BadRequestError, NotAuthorizedError, NotFoundError
from bulkplan.model.base import SQuery
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Change, Plan
from bulkplan.model.run import RunKey
from bulkplan.ports import CloseReader

COUNTING_PEOPLE = "counting people"
MAX_UNSUBSCRIBED = 500
"""So many addresses still fit into one query beside the filter: some 100 kB."""


async def add_funnels(plan: Plan, workspace: Workspace, *, reader: CloseReader, progress: Progress) -> Plan:
    """
    The plan, its e-mail and sequence rows with their funnel and forecast. Asks Close nothing when there are none.

    Every query is counted once, whichever rows need it; no lead and no contact is read.

    Raises:
        CloseError: A count failed; one that Close refuses as wrong only leaves its step out.
    """
    rows = [change for change in plan.changes if writes_to_people(change)]
    if not rows:
        return plan
    is_asked = any(needs_unsubscribed(change) for change in rows)
    unsubscribed = await fetch_unsubscribed(reader) if is_asked else Unsubscribed()
    courses = {change.key: course_of(change, unsubscribed) for change in rows}
    counts = await _Counting(reader, progress).counts(courses.values())
    reached = {key: funnel(course, counts) for key, course in courses.items()}
    told = _Telling(workspace, {change.key: change for change in rows}, reached)
    return plan.model_copy(update={"changes": tuple(told.row(change) for change in plan.changes)})


async def fetch_unsubscribed(reader: CloseReader) -> Unsubscribed:
    """The addresses that get no mass mail, where they are few enough to ask for, and the key may see them."""
    try:
        addresses = await reader.fetch_unsubscribed(max_addresses=MAX_UNSUBSCRIBED)
    except (NotAuthorizedError, NotFoundError):
        return Unsubscribed(unknown="the API key does not see which addresses are unsubscribed")
    if addresses is None:
        words = f"more than {MAX_UNSUBSCRIBED:,} addresses are unsubscribed, too many to ask for in one query"
        return Unsubscribed(unknown=words)
    return Unsubscribed(addresses)


@dataclass(frozen=True)
class _Telling:
    """Puts what was counted into the rows of one plan."""

    workspace: Workspace
    rows: Mapping[RunKey, Change]
    reached: Mapping[RunKey, Reached]

    def row(self, change: Change) -> Change:
        """The row with its funnel and its forecast; one that writes to nobody as it is."""
        reached, request = self.reached.get(change.key), change.request
        if reached is None or request is None:
            return change
        sends = sends_messages(request)
        limit = _daily_limit(change, self.workspace) if sends else None
        told = forecast(reached, request, limit, self._others(change) if sends else None)
        return change.model_copy(update={"funnel": reached.steps, "forecast": told})

    def _others(self, change: Change) -> Others:
        """What else would be sent from the same address."""
        address = _address(change)
        keys = [
            key
            for key, other in self.rows.items()
            if key != change.key and other.would_run and _address(other) == address
        ]
        return Others(len(keys), sum(self.reached[key].messages for key in keys))


def _address(change: Change) -> str | None:
    return sender_address(change.request.body) if change.request else None


def _daily_limit(change: Change, workspace: Workspace) -> DailyLimit | None:
    senders = workspace.project.senders
    key = sender_key(_address(change), senders)
    if key is None:
        return None
    document = workspace.project_document
    at = document.locate(("senders", key, "daily_limit")) if document else None
    return DailyLimit(senders[key].daily_limit, f"{at.file}:{at.line}" if at else None)


@dataclass
class _Counting:
    """Counts each query once, at the same time; the reader bounds how many are under way."""

    reader: CloseReader
    progress: Progress
    n_done: int = field(default=0)

    async def counts(self, courses: Iterable[Course]) -> dict[str, int | None]:
        queries = {digest_json(query): query for course in courses for query in course.queries}
        tasks = [asyncio.ensure_future(self._count(query, n_queries=len(queries))) for query in queries.values()]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return dict(zip(queries, found, strict=True))

    async def _count(self, s_query: SQuery, *, n_queries: int) -> int | None:
        try:
            found: int | None = (await self.reader.count(s_query)).total
        except BadRequestError:
            found = None
        self.n_done += 1
        self.progress.step(COUNTING_PEOPLE, self.n_done, n_queries)
        return found
