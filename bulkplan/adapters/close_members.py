"""
Which leads match: their IDs, by chains of cursors, and beyond the length of one chain by windows of creation dates.

A chain reaches 10,000 objects, and its cursor lives 30 seconds. Where more leads match, they are split by
`date_created`, which no edit moves: a window that holds a chain's length or more is halved. Its first page tells, so
that only windows that are split cost a request more. Bounds are whole milliseconds, whatever finer part dates have.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, JsonValue, StrictInt

from bulkplan.adapters.close_http import Caller
from bulkplan.adapters.close_paging import elements, parse
from bulkplan.adapters.creation_window import CREATED, CreationWindow, instant, milliseconds
from bulkplan.adapters.read_only import SEARCH_PATH
from bulkplan.core.cohort import MAX_LISTED_IN_ORDER
from bulkplan.core.visible import visible
from bulkplan.errors import BadAnswerError, BadRequestError, CloseError, TryLaterError
from bulkplan.model.base import Foreign, JsonObject, SQuery
from bulkplan.model.lead import FoundLead

LeadPage = tuple[FoundLead, ...]

MAX_RESTARTS = 3
"""So often a chain whose cursor was refused begins anew."""
_SPARE_PAGES = 10
_QUEUED_PAGES = 16
_LEAD_ID = re.compile(r"lead_[A-Za-z0-9_]{1,200}", re.ASCII)
_WHAT = f"POST {SEARCH_PATH}"


@dataclass(frozen=True)
class ListingBounds:
    """
    `page_size` and `chain_length` are Close's (Advanced Filtering); `at_once` chains are read side by side.

    Eight keep up with a limit of 16 requests a second while an answer takes half a second; and where only two requests
    a second are left for the chains of four runs, each still goes on well within the 30 seconds that its cursor lives.
    """

    page_size: int = 200
    chain_length: int = MAX_LISTED_IN_ORDER
    at_once: int = 8


AS_DOCUMENTED = ListingBounds()


class _Count(Foreign):
    total: Annotated[StrictInt, Field(ge=0)]


class _NextPage(Foreign):
    cursor: str | None = None


class _FirstPage(_NextPage):
    count: _Count


class _Dated(Foreign):
    date_created: datetime


@dataclass(frozen=True)
class _Page:
    """One page as read; `total` is how many match in all, as a first page tells."""

    leads: LeadPage
    cursor: str | None
    total: int = 0


@dataclass(frozen=True)
class _Search:
    """What is listed: the query, the order, at most how many."""

    s_query: SQuery
    sort: Sequence[JsonValue]
    limit: int | None
    with_names: bool


class _CursorRefusedError(Exception):
    """A page by cursor was refused; most likely the cursor is too old."""


async def list_leads(
    caller: Caller,
    s_query: SQuery,
    *,
    sort: Sequence[JsonValue] = (),
    limit: int | None = None,
    with_names: bool = False,
    bounds: ListingBounds = AS_DOCUMENTED,
) -> AsyncGenerator[LeadPage, None]:
    """
    Every lead that matches, page by page, each once; with a `limit` the first so many in the order of `sort`.

    Source: Close API, Advanced Filtering (cursor, `results_limit`, `sort`).

    Raises:
        ValueError: The limit is beyond what Close lists in one order.
        CloseError: More leads than one chain reaches were created within one millisecond.
        BadAnswerError: A listing that leads nowhere, or holds what is no lead.
    """
    listing = _Listing(caller, bounds)
    if limit is not None:
        for page in await listing.first(_Search(s_query, sort, limit, with_names)):
            yield page
        return
    search = _Search(s_query, [_sorted_by_creation("asc")], None, with_names)
    async with aclosing(listing.all(search)) as pages:
        async for page in pages:
            yield page


@dataclass(frozen=True)
class _Listing:
    """Lists leads of one organization within the bounds of its search."""

    caller: Caller
    bounds: ListingBounds

    async def first(self, search: _Search) -> list[LeadPage]:
        """The leads of one limited chain. Begun anew it may give others, so nothing leaves before it is whole."""
        if search.limit is not None and search.limit > self.bounds.chain_length:
            raise ValueError(f"Close lists no more than {self.bounds.chain_length} leads in one order")
        for _ in range(MAX_RESTARTS + 1):
            seen: set[str] = set()
            try:
                first = await self.fetch(search, cursor=None)
                return [_fresh(page.leads, seen) async for page in self._chain(search, first)]
            except _CursorRefusedError:
                continue
        raise _too_slow()

    async def all(self, search: _Search) -> AsyncGenerator[LeadPage, None]:
        """Every lead: one chain where that reaches, else windows side by side."""
        first = await self.fetch(search, cursor=None)
        if first.total < self.bounds.chain_length:
            async for page in self.persistent(search, first):
                yield page
            return
        reading = _Windows(self, search, asyncio.Semaphore(self.bounds.at_once))
        async with aclosing(reading.pages(await self._whole_window(search))) as pages:
            async for page in pages:
                yield page

    async def persistent(self, search: _Search, first: _Page) -> AsyncIterator[LeadPage]:
        """The pages of a chain, each lead once, begun anew when Close refuses its cursor."""
        seen: set[str] = set()
        for _ in range(MAX_RESTARTS + 1):
            try:
                async for page in self._chain(search, first):
                    if fresh := _fresh(page.leads, seen):
                        yield fresh
            except _CursorRefusedError:
                first = await self.fetch(search, cursor=None)
            else:
                return
        raise _too_slow()

    async def _chain(self, search: _Search, page: _Page) -> AsyncIterator[_Page]:
        """A chain from its first page to its end."""
        cursors: set[str] = set()
        for _ in range(self.bounds.chain_length // self.bounds.page_size + _SPARE_PAGES):
            yield page
            if page.cursor is None:
                return
            if page.cursor in cursors:
                raise BadAnswerError(f"{_WHAT} gives a cursor that leads nowhere new")
            cursors.add(page.cursor)
            page = await self.fetch(search, cursor=page.cursor)
        raise BadAnswerError(f"{_WHAT} gives more pages than a listing can have")

    async def fetch(self, search: _Search, *, cursor: str | None) -> _Page:
        """One page: the first, with its count, or the next by its cursor."""
        body: JsonObject = {
            "query": search.s_query,
            "sort": list(search.sort),
            "results_limit": search.limit,
            "_limit": min(self.bounds.page_size, search.limit or self.bounds.page_size),
            "_fields": {"lead": ["id", "display_name"] if search.with_names else ["id"]},
        }
        if cursor is None:
            answer = await self.caller.send("POST", SEARCH_PATH, {**body, "include_counts": True})
            page = parse(_FirstPage, answer, what=_WHAT)
            return _Page(_leads(answer, search), page.cursor, page.count.total)
        try:
            answer = await self.caller.send("POST", SEARCH_PATH, {**body, "cursor": cursor})
        except BadRequestError as error:
            raise _CursorRefusedError from error
        return _Page(_leads(answer, search), parse(_NextPage, answer, what=_WHAT).cursor)

    async def _whole_window(self, search: _Search) -> CreationWindow:
        """From the oldest lead that matches to the newest."""
        oldest, newest = await asyncio.gather(self._edge(search, "asc"), self._edge(search, "desc"))
        return CreationWindow(oldest, newest + 1)

    async def _edge(self, search: _Search, direction: str) -> int:
        body: JsonObject = {
            "query": search.s_query,
            "sort": [_sorted_by_creation(direction)],
            "results_limit": 1,
            "_limit": 1,
            "_fields": {"lead": ["id", "date_created"]},
        }
        found = elements(await self.caller.send("POST", SEARCH_PATH, body), "data", path=SEARCH_PATH)
        if not found:
            raise TryLaterError("the leads that match went away while they were listed", hint="plan again")
        created = parse(_Dated, found[0], what=_WHAT).date_created
        return milliseconds(created if created.tzinfo else created.replace(tzinfo=UTC))


@dataclass
class _Windows:
    """Reads windows side by side, halving those that hold too much."""

    listing: _Listing
    search: _Search
    turns: asyncio.Semaphore
    queue: asyncio.Queue[LeadPage] = field(default_factory=lambda: asyncio.Queue(_QUEUED_PAGES))

    async def pages(self, window: CreationWindow) -> AsyncGenerator[LeadPage, None]:
        """The pages of all windows, as they come."""
        reading = asyncio.ensure_future(self._read_all(window))
        try:
            while page := await self._next(reading):
                yield page
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _next(self, reading: asyncio.Future[LeadPage]) -> LeadPage:
        """The next page, the empty one at the end. Raises what ended the reading."""
        waiting = asyncio.ensure_future(self.queue.get())
        try:
            await asyncio.wait({waiting, reading}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            return await waiting
        finally:
            waiting.cancel()

    async def _read_all(self, window: CreationWindow) -> LeadPage:
        """Read everything; the empty page that ends the queue is also what is returned."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(window, group))
        except BaseExceptionGroup as failures:
            raise _first_of(failures) from failures
        await self.queue.put(())
        return ()

    async def _read(self, window: CreationWindow, group: asyncio.TaskGroup) -> None:
        query: SQuery = {"type": "and", "queries": [self.search.s_query, window.clause()]}
        search = _Search(query, self.search.sort, None, self.search.with_names)
        async with self.turns:
            first = await self.listing.fetch(search, cursor=None)
            if first.total < self.listing.bounds.chain_length:
                async for page in self.listing.persistent(search, first):
                    await self.queue.put(page)
                return
        halves = window.halves()
        if halves is None:
            raise _one_instant(window, first.total, self.listing.bounds)
        for half in halves:
            group.create_task(self._read(half, group))


def _leads(answer: JsonValue, search: _Search) -> LeadPage:
    return tuple(_lead(item, with_names=search.with_names) for item in elements(answer, "data", path=SEARCH_PATH))


def _lead(item: JsonObject, *, with_names: bool) -> FoundLead:
    lead_id, name = item.get("id"), item.get("display_name")
    if not isinstance(lead_id, str) or not _LEAD_ID.fullmatch(lead_id):
        raise BadAnswerError(f"{_WHAT} lists something that is no lead: {visible(str(lead_id), max_chars=80)}")
    return FoundLead(lead_id, name if with_names and isinstance(name, str) else None)


def _fresh(leads: LeadPage, seen: set[str]) -> LeadPage:
    """Those not seen before; a listing that shifts between two pages gives some twice."""
    fresh = tuple({lead.id: lead for lead in leads if lead.id not in seen}.values())
    seen.update(lead.id for lead in fresh)
    return fresh


def _sorted_by_creation(direction: str) -> JsonObject:
    return {"direction": direction, "field": CREATED}


def _one_instant(window: CreationWindow, total: int, bounds: ListingBounds) -> CloseError:
    return CloseError(
        f"{total:,} of the leads that match were created at the same instant "
        f"({instant(window.since):%Y-%m-%d %H:%M:%S.%f} UTC); Close lists fewer than {bounds.chain_length:,} of them",
        hint="narrow the filter by something else than the date of creation, or plan with --no-members",
    )


def _too_slow() -> TryLaterError:
    return TryLaterError(
        f"Close refused {MAX_RESTARTS + 1} times to go on with a listing of leads: its cursors live 30 seconds",
        hint="run the same command again when Close is less busy",
    )


def _first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that ended the others."""
    chosen: BaseException = failures
    while isinstance(chosen, BaseExceptionGroup):
        chosen = chosen.exceptions[0]
    return chosen
