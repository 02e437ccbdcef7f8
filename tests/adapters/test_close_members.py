"""Listing leads: chains of cursors, windows beyond the length of a chain, and what goes wrong between two pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from adapters.close_fakes import quick_retries, reader_over, script

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_members import ListingBounds
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.secret import Secret
from bulkplan.errors import BadAnswerError, BadRequestError, CloseError, TryLaterError
from bulkplan.sandbox import Sandbox, SandboxSettings
from bulkplan.sandbox.clock import SteppedClock
from bulkplan.sandbox.transport import SandboxTransport

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LEADS = {"type": "object_type", "object_type": "lead"}
BY_NAME = [
    {"direction": "asc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "display_name"}}
]


class Watched(httpx.AsyncBaseTransport):
    """A sandbox whose requests are counted, with something done between two of them."""

    def __init__(self, sandbox: Sandbox, between: Callable[[int], None] | None = None) -> None:
        self.inner, self.between, self.bodies = SandboxTransport(sandbox), between, []

    async def handle_async_request(self, request):
        self.bodies.append(json.loads(await request.aread()))
        if self.between:
            self.between(len(self.bodies))
        return await self.inner.handle_async_request(request)


class Lab:
    """A small organization, in which a chain of cursors is short."""

    def __init__(self, n_leads: int = 120, chain_length: int = 30) -> None:
        self.clock = SteppedClock(NOON)
        settings = SandboxSettings(chain_length=chain_length)
        self.sandbox = Sandbox.open(None, leads=n_leads, clock=self.clock, settings=settings)
        self.bounds = ListingBounds(page_size=10, chain_length=chain_length)
        self.watched = Watched(self.sandbox)

    @property
    def ids(self) -> list[str]:
        return [row[0] for row in self.sandbox.world.connection.execute("SELECT id FROM lead ORDER BY id")]

    def write(self, sql: str, *values: object) -> None:
        self.sandbox.world.connection.execute(sql, values)

    @asynccontextmanager
    async def reader(self):
        connection = Connection("https://sandbox.invalid/api/v1", Secret("k"), "a test", None, self.watched)
        with quick_retries():
            async with open_reader(connection) as reader:
                yield replace(reader, listing=self.bounds)

    async def list(self, query=LEADS, **more) -> list:
        async with self.reader() as reader:
            return [lead async for page in reader.list_lead_ids(query, **more) for lead in page]


async def test_few_leads_are_one_chain():
    lab = Lab(n_leads=25)
    assert sorted(lead.id for lead in await lab.list()) == lab.ids
    assert len(lab.watched.bodies) == 3


async def test_nobody_is_an_empty_list():
    assert await Lab(n_leads=5).list({"type": "id", "value": "lead_none"}) == []


@pytest.mark.parametrize("n_leads", [29, 30, 31, 120, 400])
async def test_more_leads_than_one_chain_reaches_are_all_listed_each_once(n_leads):
    lab = Lab(n_leads)
    found = [lead.id for lead in await lab.list()]
    assert sorted(found) == lab.ids
    assert all(body["results_limit"] in (None, 1) for body in lab.watched.bodies)


async def test_leads_that_were_imported_together_are_told_apart_by_milliseconds():
    lab = Lab(n_leads=200)
    for number, lead_id in enumerate(lab.ids):
        moment = NOON - timedelta(days=1) + timedelta(milliseconds=number // 20)
        lab.write("UPDATE lead SET date_created = ? WHERE id = ?", moment.isoformat(timespec="microseconds"), lead_id)
    lab.write("UPDATE lead SET date_created = '2011-03-04T05:06:07.000000+00:00' WHERE id = ?", lab.ids[0])
    assert sorted(lead.id for lead in await lab.list()) == lab.ids


async def test_too_many_leads_of_one_instant_are_an_error_that_names_it():
    lab = Lab(n_leads=120)
    lab.write("UPDATE lead SET date_created = '2026-01-02T03:04:05.678901+00:00' WHERE id < ?", lab.ids[60])
    with pytest.raises(CloseError, match=r"60 of the leads .* same instant \(2026-01-02 03:04:05.678") as caught:
        await lab.list()
    assert "--no-members" in caught.value.hint


async def test_a_limit_takes_the_first_leads_of_the_order():
    lab = Lab()
    names = lab.sandbox.world.connection.execute("SELECT id FROM lead ORDER BY name COLLATE NOCASE LIMIT 25")
    wanted = [row[0] for row in names]
    assert [lead.id for lead in await lab.list(sort=BY_NAME, limit=25)] == wanted
    with pytest.raises(ValueError, match="one order"):
        await lab.list(sort=BY_NAME, limit=31)


async def test_names_are_asked_for_only_when_wanted():
    lab = Lab(n_leads=12)
    assert {lead.name for lead in await lab.list()} == {None}
    assert all(body["_fields"] == {"lead": ["id"]} for body in lab.watched.bodies)
    assert all(lead.name for lead in await lab.list(with_names=True))


async def test_leads_that_come_between_two_pages_take_none_away_and_show_none_twice():
    """A newcomer at the front of the order shifts every later page by one."""
    lab = Lab(n_leads=25)
    moved = iter(lab.ids)
    lab.watched.between = lambda number: lab.write(
        "UPDATE lead SET date_created = '2001-01-01T00:00:00.000000+00:00' WHERE id = ?", next(moved)
    )
    found = [lead.id for lead in await lab.list()]
    assert len(found) == len(set(found))


async def test_an_expired_cursor_begins_the_chain_anew():
    lab = Lab(n_leads=25)
    lab.watched.between = lambda number: lab.clock.advance(31.0 if number == 3 else 0.0)
    assert sorted(lead.id for lead in await lab.list()) == lab.ids
    assert sum("cursor" not in body for body in lab.watched.bodies) == 2


async def test_an_expired_cursor_never_makes_a_limit_take_more():
    lab = Lab(n_leads=60)
    lab.watched.between = lambda number: lab.clock.advance(31.0 if number == 2 else 0.0)
    found = await lab.list(sort=BY_NAME, limit=20)
    assert len({lead.id for lead in found}) == len(found) == 20


async def test_cursors_that_always_expire_end_in_words():
    lab = Lab(n_leads=25)
    lab.watched.between = lambda number: lab.clock.advance(31.0)
    with pytest.raises(TryLaterError, match="refused 4 times"):
        await lab.list()


async def test_a_query_that_close_refuses_is_no_expired_cursor():
    with pytest.raises(BadRequestError):
        await Lab(n_leads=5).list({"type": "nonsense"})


async def test_a_listing_that_is_given_up_leaves_nothing_running():
    lab = Lab()
    async with lab.reader() as reader:
        pages = reader.list_lead_ids(LEADS)
        assert await anext(pages)
        await pages.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}


def page(*ids, cursor=None, total=None):
    body = {"data": [{"__object_type": "lead", "id": each} for each in ids], "cursor": cursor}
    return httpx.Response(200, json=body if total is None else {**body, "count": {"total": total, "limited": total}})


@pytest.mark.parametrize(
    "answers",
    [
        [page("lead_a")],
        [page("lead_a", total=-1)],
        [page("cont_a", total=1)],
        [page("lead_a\tx", total=1)],
        [page(7, total=1)],
        [page("lead_a", cursor="c", total=3)],
        [page("lead_a", cursor=7, total=3)],
        [httpx.Response(200, json={"data": None, "count": {"total": 1, "limited": 1}})],
        [page("lead_a", cursor="c", total=2), httpx.Response(200, json=[])],
    ],
    ids=["no count", "no such count", "no lead", "no ID", "number", "one cursor for ever", "odd", "no data", "a list"],
)
async def test_a_listing_that_cannot_be_trusted_is_a_bad_answer(answers):
    handler, _ = script(*answers)
    async with reader_over(handler) as reader:
        with pytest.raises(BadAnswerError):
            assert [lead async for page in reader.list_lead_ids(LEADS) for lead in page]


async def test_a_listing_that_never_ends_is_a_bad_answer():
    asked = []

    def handle(request):
        asked.append(request)
        return page(f"lead_{len(asked)}", cursor=f"c{len(asked)}", total=3)

    async with reader_over(handle) as reader:
        with pytest.raises(BadAnswerError, match="more pages"):
            assert [lead async for page in reader.list_lead_ids(LEADS) for lead in page]
    assert len(asked) < 100


async def test_the_length_of_a_chain_that_close_documents_is_no_wall():
    lab = Lab(n_leads=10_300, chain_length=10_000)
    lab.bounds = ListingBounds()
    found = [lead.id for lead in await lab.list()]
    assert sorted(found) == lab.ids
    assert len(lab.watched.bodies) < 60
