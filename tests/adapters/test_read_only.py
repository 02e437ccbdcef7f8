import base64

import httpx
import pytest
from adapters.close_fakes import KEY, connection_to

from bulkplan.adapters.close_connection import Patience
from bulkplan.adapters.close_http import open_client
from bulkplan.adapters.read_only import PauseTransport, ReadOnlyTransport, SinglePostTransport
from bulkplan.errors import CloseError, ReadOnlyError


def listening(sent):
    def handle(request):
        sent.append(request)
        return httpx.Response(200, json={})

    return connection_to(handle)


WRITES = [
    ("POST", "/bulk_action/edit/"),
    ("POST", "/bulk_action/delete/"),
    ("PUT", "/bulk_action/edit/bulkedit_1/"),
    ("DELETE", "/lead/lead_1/"),
    ("PUT", "/lead/lead_1/"),
    ("PATCH", "/lead/lead_1/"),
    ("POST", "/lead/"),
    ("POST", "/data/search"),
    ("POST", "/data/search/x/"),
    ("POST", "/data/search/?x=1"),
    ("POST", "/bulk_action/delete/data/search/"),
    ("PUT", "/data/search/"),
    ("DELETE", "/data/search/"),
    ("post", "/lead/"),
    ("OPTIONS", "/lead/"),
    ("BREW", "/lead/"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_reading_client_sends_nothing_that_could_change_close(method, path):
    sent = []
    async with open_client(listening(sent), patience=Patience(), guard=ReadOnlyTransport) as client:
        with pytest.raises(ReadOnlyError):
            await client.request(method, path, json={})
    assert sent == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/lead/"), ("HEAD", "/me/"), ("POST", "/data/search/")])
async def test_reads_pass(method, path):
    sent = []
    async with open_client(listening(sent), patience=Patience(), guard=ReadOnlyTransport) as client:
        await client.request(method, path)
    assert len(sent) == 1


@pytest.mark.parametrize("guard", [ReadOnlyTransport, PauseTransport, SinglePostTransport])
async def test_a_method_override_never_passes(guard):
    sent = []
    async with open_client(listening(sent), patience=Patience(), guard=guard) as client:
        with pytest.raises(ReadOnlyError):
            await client.request("POST", "/data/search/", headers={"X-HTTP-Method-Override": "DELETE"})
        with pytest.raises(ReadOnlyError):
            await client.request("GET", "/lead/", headers={"x-http-method-override": "DELETE"})
    assert sent == []


async def test_a_client_for_pausing_cannot_start_an_action():
    sent = []
    async with open_client(listening(sent), patience=Patience(), guard=PauseTransport) as client:
        await client.put("/bulk_action/edit/bulkedit_1/", json={"status": "paused"})
        for method, path in [("POST", "/bulk_action/edit/"), ("PUT", "/lead/lead_1/"), ("DELETE", "/lead/lead_1/")]:
            with pytest.raises(ReadOnlyError):
                await client.request(method, path)
    assert len(sent) == 1


async def test_the_transport_of_a_session_lets_one_post_through_in_its_life():
    sent = []
    async with open_client(listening(sent), patience=Patience(), guard=SinglePostTransport) as client:
        await client.get("/me/")
        with pytest.raises(ReadOnlyError):
            await client.post("/lead/")
        await client.post("/bulk_action/edit/", json={})
        with pytest.raises(ReadOnlyError):
            await client.post("/bulk_action/edit/", json={})
    assert [request.method for request in sent] == ["GET", "POST"]


async def test_the_key_goes_to_its_own_origin_only():
    sent = []
    async with open_client(listening(sent), patience=Patience(), guard=ReadOnlyTransport) as client:
        await client.get("/me/")
        for url in (
            "https://evil.test/api/v1/me/",
            "http://close.test/api/v1/me/",
            "https://close.test:444/api/v1/me/",
        ):
            with pytest.raises(CloseError):
                await client.get(url)
    assert len(sent) == 1


async def test_the_key_is_added_on_the_way_out_and_stands_in_no_request_that_others_see():
    sent = []
    async with open_client(listening(sent), patience=Patience(), guard=ReadOnlyTransport) as client:
        response = await client.get("/me/")
    credentials = base64.b64encode(f"{KEY}:".encode()).decode()
    assert sent[0].headers["authorization"] == f"Basic {credentials}"
    assert "authorization" not in response.request.headers
    assert sent[0].headers["user-agent"].startswith("bulkplan/")
