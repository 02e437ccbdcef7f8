import json
from contextlib import asynccontextmanager

import httpx
import pytest
from adapters.close_fakes import (
    KEY,
    ME,
    QUICK,
    ScriptedServer,
    SteppedClock,
    connection_to,
    http_answer,
    json_answer,
    quick_retries,
    sends,
)

from bulkplan.adapters.close_connection import Patience
from bulkplan.adapters.close_send import open_session
from bulkplan.errors import NotAuthorizedError, TryLaterError, WrongOrganizationError
from bulkplan.model.remote import Answer

BODY = {"type": "set_lead_status", "s_query": {"type": "match_all"}, "name": "Zürich"}
PATH = "/bulk_action/edit/"
ACTION = {"id": "bulkedit_1", "organization_id": "orga_1", "status": "created"}


@asynccontextmanager
async def session_with(server: ScriptedServer, *, patience: Patience | None = None, organization_id: str | None = None):
    connection = connection_to(base_url=server.base_url, organization_id=organization_id)
    with quick_retries():
        async with open_session(connection, clock=SteppedClock(), patience=patience or Patience()) as session:
            yield session


async def answer_to(on_post, *, patience: Patience | None = None) -> tuple[Answer, ScriptedServer]:
    async with ScriptedServer(on_post=on_post).running() as server, session_with(server, patience=patience) as session:
        return await session.post(PATH, BODY), server


async def test_a_whole_answer_is_status_and_json_on_the_connection_that_was_asked_whose_key_it_is():
    answer, server = await answer_to(sends(json_answer(ACTION)))
    assert answer == Answer(handed_over=True, status=200, body=ACTION)
    assert [line.split()[0] for line, _, _ in server.requests] == ["GET", "POST"]
    assert server.connections == 1
    assert json.loads(server.posts[0]) == BODY
    assert b"content-type: application/json" in server.requests[1][1].lower()


async def test_the_identity_is_the_one_of_this_connection():
    async with ScriptedServer().running() as server, session_with(server) as session:
        assert (await session.fetch_identity()).organization_id == "orga_1"
        assert (server.connections, len(server.requests)) == (1, 1)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422, 500, 502, 503, 504, 301, 303, 307, 308])
async def test_every_status_is_told_and_never_acted_upon(status):
    body = json.dumps({"error": "x"}).encode()
    answer, server = await answer_to(sends(http_answer(status, body, "location: /api/v1/bulk_action/edit/")))
    assert answer == Answer(handed_over=True, status=status, body={"error": "x"})
    assert len(server.posts) == 1


async def test_a_429_says_how_long_to_wait_and_is_not_tried_again():
    limited = http_answer(429, b"{}", "ratelimit: limit=1; remaining=0; reset=7.5", "retry-after: 8")
    answer, server = await answer_to(sends(limited))
    assert (answer.status, answer.retry_after_s) == (429, 8)
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"id": "bulkedit_1"', b"[NaN]", b"[" * 500 + b"]" * 500, b'"\xff"'], ids=repr
)
async def test_a_whole_answer_that_is_no_json_keeps_its_status_only(body):
    answer, server = await answer_to(sends(http_answer(200, body)))
    assert answer == Answer(handed_over=True, status=200)
    assert len(server.posts) == 1


@pytest.mark.parametrize("ending", ["close", "reset"])
async def test_an_answer_cut_at_any_byte_is_a_failure_and_never_a_second_request(ending):
    whole = json_answer(ACTION)
    for length in range(len(whole)):
        answer, server = await answer_to(sends(whole[:length], then=ending))
        assert answer.handed_over
        assert answer.failure
        assert answer.status is None
        assert answer.body is None
        assert len(server.posts) == 1


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\n", http_answer(200, b"{}")[:-1]], ids=["none", "head", "half"]
)
async def test_an_answer_that_does_not_come_in_time_is_a_failure(sent):
    answer, server = await answer_to(sends(sent, then="stall"), patience=QUICK)
    assert answer == Answer(handed_over=True, failure="no complete answer within 0.2 s")
    assert len(server.posts) == 1


async def test_an_answer_that_is_too_large_is_a_failure():
    answer, server = await answer_to(sends(http_answer(200, b" " * (1024 * 1024 + 1)), then="close"))
    assert answer == Answer(handed_over=True, failure="the answer is too large")
    assert len(server.posts) == 1


async def test_what_is_not_http_is_a_failure_shown_safely():
    answer, server = await answer_to(sends(b"\x1b[31mnope\r\n\r\n", then="close"))
    assert answer.handed_over
    assert answer.failure
    assert "\x1b" not in answer.failure
    assert len(server.posts) == 1


async def test_a_connection_that_close_has_ended_is_not_replaced():
    once = sends(http_answer(200, json.dumps(ME).encode(), "connection: close"), then="close")
    async with ScriptedServer(on_get=once).running() as server, session_with(server) as session:
        answer = await session.post(PATH, BODY)
    assert not answer.handed_over
    assert "before the request was sent" in answer.failure
    assert server.posts == []
    assert server.connections == 1


async def test_a_second_post_is_a_fault_and_sends_nothing():
    async with ScriptedServer().running() as server, session_with(server) as session:
        await session.post(PATH, BODY)
        with pytest.raises(RuntimeError):
            await session.post(PATH, BODY)
    assert len(server.posts) == 1


async def test_a_body_that_cannot_be_written_is_not_handed_over():
    async with ScriptedServer().running() as server, session_with(server) as session:
        answer = await session.post(PATH, {"x": float("nan")})
    assert not answer.handed_over
    assert server.posts == []


async def test_entering_raises_when_there_is_no_connection():
    async with ScriptedServer().running() as server:
        pass
    with pytest.raises(TryLaterError, match="no connection"):
        async with session_with(server):
            pass


async def test_entering_raises_when_the_key_is_refused_or_another_organizations():
    async with ScriptedServer(on_get=sends(json_answer({}, status=401))).running() as server:
        with pytest.raises(NotAuthorizedError):
            async with session_with(server):
                pass
    async with ScriptedServer().running() as server:
        with pytest.raises(WrongOrganizationError):
            async with session_with(server, organization_id="orga_9"):
                pass
    assert server.posts == []


@pytest.mark.parametrize(
    ("failure", "handed_over"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout(""), False),
        (httpx.PoolTimeout(""), False),
        (httpx.WriteError("broken pipe"), True),
        (httpx.WriteTimeout(""), True),
        (httpx.ReadError("reset"), True),
        (httpx.ReadTimeout(""), True),
        (httpx.RemoteProtocolError("early end"), True),
        (httpx.ProxyError("?"), True),
        (OSError("?"), True),
    ],
)
async def test_only_failures_before_the_first_byte_count_as_not_handed_over(failure, handed_over):
    posts = []

    def handle(request):
        if request.method == "GET":
            return httpx.Response(200, json=ME)
        posts.append(request)
        raise failure

    with quick_retries():
        async with open_session(connection_to(handle), clock=SteppedClock(), patience=Patience()) as session:
            answer = await session.post(PATH, BODY)
    assert answer.handed_over is handed_over
    assert answer.failure
    assert answer.status is None
    assert len(posts) == 1


async def test_no_answer_holds_the_key():
    answer, _ = await answer_to(sends(json_answer({"error": f"the key {KEY} is bad"}, status=400)))
    assert answer.body == {"error": "the key *** is bad"}
    answer, _ = await answer_to(sends(f"bad {KEY}\r\n\r\n".encode(), then="close"))
    assert KEY not in answer.failure
