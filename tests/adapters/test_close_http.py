import logging

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
    quick_retries,
    reader_over,
    script,
    sends,
)

from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.secret import Secret
from bulkplan.errors import BadAnswerError, CloseError, TryLaterError

GOOD = httpx.Response(200, json=ME)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(429, headers={"retry-after": "1"}),
        httpx.Response(502, html="<html>bad gateway"),
        httpx.Response(503),
        httpx.Response(504),
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("early end"),
    ],
)
async def test_a_read_is_tried_again_after_what_may_pass(failure):
    handler, asked = script(failure, failure, GOOD)
    async with reader_over(handler) as reader:
        assert (await reader.fetch_identity()).user_id == "user_1"
    assert len(asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 302])
async def test_a_read_is_not_tried_again_after_what_will_not_pass(status):
    handler, asked = script(httpx.Response(status, json={}), GOOD)
    async with reader_over(handler) as reader:
        with pytest.raises(Exception, match=r"."):
            await reader.fetch_identity()
    assert len(asked) == 1


async def test_a_429_is_waited_for_as_long_as_close_asks():
    clock = SteppedClock()
    limited = httpx.Response(429, headers={"ratelimit": "limit=10; remaining=0; reset=7.5", "retry-after": "8"})
    handler, _ = script(limited, GOOD)
    async with reader_over(handler, clock=clock) as reader:
        await reader.fetch_identity()
    assert sum(clock.slept) == pytest.approx(8)


async def test_a_wait_past_the_budget_is_not_begun():
    handler, asked = script(httpx.Response(429, headers={"retry-after": "900"}), GOOD)
    async with reader_over(handler) as reader:
        with pytest.raises(TryLaterError, match="wait 900 s"):
            await reader.fetch_identity()
    assert len(asked) == 1


@pytest.mark.parametrize("headers", [{}, {"retry-after": "junk"}, {"retry-after": "0", "ratelimit": "reset=0"}])
async def test_a_storm_of_429_ends_within_the_budget(headers):
    clock = SteppedClock()
    handler, asked = script(httpx.Response(429, headers=headers))
    async with reader_over(handler, clock=clock) as reader:
        with pytest.raises(TryLaterError, match="limits the rate"):
            await reader.fetch_identity()
    assert 5 < len(asked) <= 21
    assert clock.at <= 1180


async def test_no_connection_is_told_with_the_host_after_a_few_tries():
    handler, asked = script(httpx.ConnectError("All connection attempts failed"))
    async with reader_over(handler) as reader:
        with pytest.raises(TryLaterError, match=r"no connection to close\.test: All connection"):
            await reader.fetch_identity()
    assert len(asked) == 4


async def test_a_certificate_that_is_not_accepted_is_not_tried_again():
    handler, asked = script(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"))
    async with reader_over(handler) as reader:
        with pytest.raises(CloseError, match="certificate"):
            await reader.fetch_identity()
    assert len(asked) == 1


async def test_an_answer_that_is_too_large_is_refused():
    handler, asked = script(httpx.Response(200, content=b" " * (32 * 1024 * 1024 + 1)))
    async with reader_over(handler) as reader:
        with pytest.raises(BadAnswerError, match="too large"):
            await reader.fetch_identity()
    assert len(asked) == 1


async def test_a_plain_http_address_elsewhere_is_refused_before_anything_is_sent():
    with pytest.raises(CloseError, match="https"):
        async with open_reader(connection_to(base_url="http://api.close.com/api/v1")):
            pass


async def test_the_environment_decides_nothing(monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login evil password evil\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with (
        ScriptedServer().running() as server,
        open_reader(connection_to(base_url=server.base_url)) as reader,
    ):
        await reader.fetch_identity()
    assert Secret(KEY).basic_credentials().encode().lower() in server.requests[0][1].lower()


async def test_a_stalled_answer_ends_by_its_deadline():
    server = ScriptedServer(on_get=sends(http_answer(200, b"{}")[:-1], then="stall"))
    with quick_retries():
        async with server.running(), open_reader(connection_to(base_url=server.base_url), patience=QUICK) as reader:
            with pytest.raises(TryLaterError, match=r"longer than 0\.2 s"):
                await reader.fetch_identity()


async def test_nothing_that_is_logged_holds_the_key(caplog):
    caplog.set_level(logging.DEBUG)
    server = ScriptedServer(on_get=sends(http_answer(503, f"bad key {KEY}".encode())))
    with quick_retries():
        async with server.running(), open_reader(connection_to(base_url=server.base_url)) as reader:
            with pytest.raises(TryLaterError):
                await reader.fetch_identity()
    everything = caplog.text + repr([vars(record) for record in caplog.records])
    assert "httpcore" in everything
    assert KEY not in everything
    assert Secret(KEY).basic_credentials().removeprefix("Basic ") not in everything
