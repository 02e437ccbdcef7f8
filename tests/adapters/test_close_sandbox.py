"""The client against the sandbox, in process and over HTTP: one suite for both."""

import threading
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from adapters.close_fakes import quick_retries

from bulkplan.adapters.clock import SystemClock
from bulkplan.adapters.close_connection import Connection, Patience
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.close_send import open_session
from bulkplan.adapters.close_writer import open_writer
from bulkplan.adapters.secret import Secret
from bulkplan.errors import BadRequestError, NotAuthorizedError, NotFoundError, TryLaterError
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.remote import MatchCount
from bulkplan.sandbox.faults import FaultKind, FaultRule
from bulkplan.sandbox.serve import SandboxServer
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.settings import SandboxSettings
from bulkplan.sandbox.transport import SandboxTransport

LEADS = 60
EVERY_LEAD = {"type": "object_type", "object_type": "lead"}
KEY = "api_sandbox.canary0123456789"
PATH = "/bulk_action/edit/"


@contextmanager
def served(sandbox):
    ready = threading.Event()
    server = SandboxServer(sandbox, on_ready=lambda port: ready.set())
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(10)
        yield server.port
    finally:
        server.stop()
        thread.join(10)


@pytest.fixture
def sandbox():
    settings = SandboxSettings(api_keys=(KEY,), leads_per_second=1.0, loading_seconds=0.0)
    opened = Sandbox.open(None, leads=LEADS, settings=settings)
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
async def reading(connection):
    with quick_retries():
        async with open_reader(connection) as reader:
            yield reader


async def post(connection, body):
    with quick_retries():
        async with open_session(connection, clock=SystemClock(), patience=Patience(post_s=5.0)) as session:
            return await session.post(PATH, body)


async def edit(reader):
    catalog = await reader.fetch_catalog(frozenset({CatalogKind.LEAD_STATUSES}))
    return {"type": "set_lead_status", "lead_status_id": catalog.lead_statuses[0].id, "s_query": EVERY_LEAD}


def posts(sandbox):
    return [request for request in sandbox.requests if request.method == "POST" and request.path.endswith(PATH)]


async def test_reading_identity_counts_and_names(connection):
    async with reading(connection) as reader:
        identity = await reader.fetch_identity()
        assert identity.organization_id.startswith("orga_")
        assert await reader.count(EVERY_LEAD) == MatchCount(total=LEADS, limited=LEADS)
        assert await reader.count(EVERY_LEAD, results_limit=7) == MatchCount(total=LEADS, limited=7)
        catalog = await reader.fetch_catalog(frozenset(CatalogKind))
    assert catalog.lead_statuses
    assert catalog.lead_fields
    assert catalog.templates
    assert catalog.templates[0].body
    assert catalog.sequences
    assert catalog.users
    assert catalog.smart_views
    assert catalog.senders


async def test_errors_come_in_the_words_of_close(connection):
    async with reading(connection) as reader:
        with pytest.raises(NotFoundError):
            await reader.fetch_action("edit", "bulkedit_0A")
        with pytest.raises(BadRequestError):
            await reader.count({"type": "nonsense"})


async def test_a_wrong_key_is_refused(connection):
    wrong = Connection(connection.base_url, Secret("api_wrong.0123456789"), "$KEY", transport=connection.transport)
    async with reading(wrong) as reader:
        with pytest.raises(NotAuthorizedError, match=r"\$KEY"):
            await reader.fetch_identity()


async def test_an_action_is_sent_once_then_listed_fetched_paused_and_resumed(connection, sandbox):
    since = datetime.now(UTC) - timedelta(minutes=5)
    async with reading(connection) as reader, open_writer(connection) as writer:
        answer = await post(connection, await edit(reader))
        assert answer.status == 200
        assert answer.failure is None
        action_id = answer.body["id"]
        assert [action.id async for action in reader.list_actions("edit") if action.id == action_id] == [action_id]
        logged = [action async for action in reader.list_created_actions("edit", since=since)]
        assert action_id in [action.id for action in logged]
        assert next(action for action in logged if action.id == action_id).s_query == EVERY_LEAD
        assert (await writer.pause("edit", action_id)).status == "paused"
        assert (await writer.pause("edit", action_id)).status == "paused"
        assert (await writer.resume("edit", action_id)).status in {"resuming", "processing"}
        assert (await reader.fetch_action("edit", action_id)).n_leads == LEADS
    assert len(posts(sandbox)) == 1


@pytest.mark.parametrize("kind", [FaultKind.LOSE_ANSWER, FaultKind.HALF_BODY])
async def test_an_action_whose_answer_is_lost_is_found_in_the_listing_and_not_sent_again(connection, sandbox, kind):
    async with reading(connection) as reader:
        body = await edit(reader)
        before = {action.id async for action in reader.list_actions("edit")}
        sandbox.add_faults([FaultRule(kind, method="POST", path="/bulk_action/*")])
        answer = await post(connection, body)
        assert answer.handed_over
        assert answer.failure
        assert answer.status is None
        assert len([action.id async for action in reader.list_actions("edit") if action.id not in before]) == 1
    assert len(posts(sandbox)) == 1


async def test_reads_get_over_passing_faults_and_give_up_on_lasting_ones(connection, sandbox):
    async with reading(connection) as reader:
        sandbox.add_faults([FaultRule(FaultKind.STATUS, path="/me/", status=503, times=2)])
        await reader.fetch_identity()
        sandbox.add_faults([FaultRule(FaultKind.DROP, path="/me/", times=None)])
        with pytest.raises(TryLaterError):
            await reader.fetch_identity()
