"""The client against a sandbox that limits, delays and is asked by many at once, in process and over HTTP."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from adapters.close_fakes import quick_retries
from adapters.test_close_sandbox import EVERY_LEAD, KEY, LEADS, served

from bulkplan.adapters.close_connection import Connection, Patience
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.close_writer import open_writer
from bulkplan.adapters.secret import Secret
from bulkplan.errors import CloseError, TryLaterError, WrongOrganizationError
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.remote import MatchCount
from bulkplan.sandbox.clock import SteppedClock
from bulkplan.sandbox.faults import FaultKind, FaultRule
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.settings import AS_OBSERVED, SandboxSettings
from bulkplan.sandbox.transport import SandboxTransport

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEARCHES_PER_S = AS_OBSERVED.search.limit


class SharedClock:
    """The client's time is the sandbox's: who waits moves it on, to where the wait ends and no further."""

    def __init__(self, stepped):
        self.stepped = stepped

    def now(self):
        return self.stepped.now()

    def monotonic(self):
        return (self.stepped.now() - NOON).total_seconds()

    async def sleep(self, seconds):
        until = self.stepped.now() + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        left = (until - self.stepped.now()).total_seconds()
        if left > 0:
            self.stepped.advance(left)


@pytest.fixture
def clock():
    return SharedClock(SteppedClock(NOON))


@pytest.fixture
def sandbox(clock):
    settings = SandboxSettings(
        api_keys=(KEY,), leads_per_second=10.0, loading_seconds=0.0, rate_limits=AS_OBSERVED, event_merge_seconds=0.0
    )
    opened = Sandbox.open(None, leads=LEADS, settings=settings, clock=clock.stepped)
    yield opened
    opened.close()


@pytest.fixture(params=["in process", "over HTTP"])
def connection(request, sandbox):
    if request.param == "in process":
        yield Connection("http://localhost/api/v1", Secret(KEY), "$KEY", transport=SandboxTransport(sandbox))
        return
    with served(sandbox) as port:
        yield Connection(f"http://127.0.0.1:{port}/api/v1", Secret(KEY), "$KEY")


@asynccontextmanager
async def reading(connection, clock, **patience):
    with quick_retries():
        async with open_reader(connection, clock=clock, patience=Patience(**patience)) as reader:
            yield reader


@asynccontextmanager
async def writing(connection, clock):
    with quick_retries():
        async with open_writer(connection, clock=clock) as writer:
            yield writer


def statuses(sandbox):
    return Counter(request.status for request in sandbox.requests)


async def start_edits(reader, writer, n):
    """The ids of `n` bulk edits, started one after another."""
    catalog = await reader.fetch_catalog(frozenset({CatalogKind.LEAD_STATUSES}))
    body = {"type": "set_lead_status", "lead_status_id": catalog.lead_statuses[0].id, "s_query": EVERY_LEAD}
    ids = []
    for _ in range(n):
        async with writer.open_session("edit") as session:
            answer = await session.post("/bulk_action/edit/", body)
        assert answer.status == 200
        ids.append(answer.body["id"])
    return ids


async def test_more_counts_than_a_second_allows_are_spread_and_all_answered(connection, sandbox, clock):
    n = SEARCHES_PER_S * 3
    async with reading(connection, clock) as reader:
        counts = await asyncio.gather(*(reader.count(EVERY_LEAD) for _ in range(n)))
    assert counts == [MatchCount(total=LEADS, limited=LEADS)] * n
    assert clock.monotonic() >= 1.0
    assert statuses(sandbox)[200] == n


async def test_one_after_another_they_meet_no_refusal_at_all(connection, sandbox, clock):
    async with reading(connection, clock) as reader:
        for _ in range(SEARCHES_PER_S * 2 + 3):
            await reader.count(EVERY_LEAD)
    assert statuses(sandbox) == {200: SEARCHES_PER_S * 2 + 3}


async def test_two_clients_of_one_key_wait_out_each_others_429(connection, sandbox, clock):
    n = SEARCHES_PER_S
    async with reading(connection, clock) as one, reading(connection, clock) as other:
        counts = await asyncio.gather(*(reader.count(EVERY_LEAD) for reader in (one, other) for _ in range(n)))
    assert {count.total for count in counts} == {LEADS}
    assert statuses(sandbox)[200] == 2 * n
    assert statuses(sandbox)[429] > 0


async def test_a_429_is_waited_out_as_long_as_it_says(connection, sandbox, clock):
    headers = (("ratelimit", "limit=160, remaining=0, reset=20.5"), ("retry-after", "21"))
    sandbox.add_faults([FaultRule(FaultKind.STATUS, path="/me/", status=429, body={}, headers=headers, times=2)])
    async with reading(connection, clock) as reader:
        await reader.fetch_identity()
    assert statuses(sandbox) == {429: 2, 200: 1}
    assert clock.monotonic() >= 42.0


async def test_the_whole_catalog_is_read_under_the_limits(connection, sandbox, clock):
    async with reading(connection, clock) as reader:
        one, other = await asyncio.gather(*(reader.fetch_catalog(frozenset(CatalogKind)) for _ in range(2)))
    assert one == other
    assert statuses(sandbox)[200] == sum(statuses(sandbox).values())


async def test_an_answer_that_comes_late_is_asked_for_again(connection, sandbox, clock):
    sandbox.add_faults([FaultRule(FaultKind.LATENCY, path="/me/", seconds=0.3)])
    async with reading(connection, clock, attempt_s=0.15) as reader:
        await reader.fetch_identity()
    assert [request.path for request in sandbox.requests] == ["/api/v1/me/"] * 2


async def test_answers_that_all_come_late_end_in_try_later(connection, sandbox, clock):
    sandbox.add_faults([FaultRule(FaultKind.LATENCY, path="/me/", seconds=0.1, times=None)])
    async with reading(connection, clock, attempt_s=0.02) as reader:
        with pytest.raises(TryLaterError, match="took longer"):
            await reader.fetch_identity()


async def test_a_page_of_html_in_place_of_json_is_no_answer(connection, sandbox, clock):
    sandbox.add_faults([FaultRule(FaultKind.HTML, path="/status/lead/", status=200, times=None)])
    async with reading(connection, clock) as reader:
        with pytest.raises(CloseError, match="/status/lead/"):
            await reader.fetch_catalog(frozenset({CatalogKind.LEAD_STATUSES}))


async def test_the_key_of_another_organization_is_told_apart(connection, clock):
    elsewhere = Connection(
        connection.base_url, connection.api_key, "$KEY", organization_id="orga_0A", transport=connection.transport
    )
    async with reading(elsewhere, clock) as reader:
        with pytest.raises(WrongOrganizationError):
            await reader.fetch_identity()


async def test_the_event_log_counts_what_an_action_did(connection, sandbox, clock):
    since = clock.now() - timedelta(minutes=5)
    async with reading(connection, clock) as reader, writing(connection, clock) as writer:
        changed = await reader.count(EVERY_LEAD)
        (action_id,) = await start_edits(reader, writer, 1)
        clock.stepped.advance(60.0)
        done = await reader.fetch_action("edit", action_id)
        n = await reader.count_action_events(action_id, action="updated", since=since, max_events=1000)
        beyond = await reader.count_action_events(action_id, action="updated", since=since, max_events=3)
    assert (done.status, done.n_leads) == ("done", changed.total)
    assert n is not None
    assert 0 < n <= changed.total
    assert beyond is None


async def test_a_listing_of_more_than_a_page_gives_each_action_once(connection, sandbox, clock):
    near = Connection("http://localhost/api/v1", Secret(KEY), "$KEY", transport=SandboxTransport(sandbox))
    async with reading(connection, clock) as reader, writing(near, clock) as writer:
        started = set(await start_edits(reader, writer, 103))
        listed = [action.id async for action in reader.list_actions("edit")]
        logged = [action.id async for action in reader.list_created_actions("edit")]
    assert len(listed) == len(logged) == 103
    assert set(listed) == set(logged) == started


async def test_pauses_under_the_limits_are_made_one_by_one(connection, sandbox, clock):
    async with reading(connection, clock) as reader, writing(connection, clock) as writer:
        ids = await start_edits(reader, writer, 3)
        paused = await asyncio.gather(*(writer.pause("edit", action_id) for action_id in ids))
        assert {action.status for action in paused} == {"paused"}
        resumed = [await writer.resume("edit", action_id) for action_id in ids]
    assert {action.status for action in resumed} <= {"resuming", "processing"}
    assert set(statuses(sandbox)) == {200}
