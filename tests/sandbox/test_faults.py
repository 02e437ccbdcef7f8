"""Faults that are switched on: on the wire, in the service, and over the control paths."""

import httpx
import pytest
from support.sandbox_client import EVERY_LEAD, basic, request

from bulkplan.sandbox import Echo, FaultKind, FaultRule, SandboxSettings
from bulkplan.sandbox.transport import SandboxTransport

MARKER = {
    "type": "field_condition",
    "negate": True,
    "field": {"type": "regular_field", "object_type": "lead", "field_name": "name"},
    "condition": {"type": "text", "mode": "phrase", "value": "bp1abc"},
}
MARKED = {"type": "and", "queries": [{"type": "and", "queries": [EVERY_LEAD]}, MARKER]}
POST = {"method": "POST", "path": "/bulk_action/*"}


@pytest.fixture
async def http(client):
    base_url = "https://sandbox.test/api/v1"
    transport = SandboxTransport(client.sandbox)
    async with httpx.AsyncClient(transport=transport, base_url=base_url, headers={"authorization": basic()}) as http:
        yield http


async def post(http):
    return await http.post("/bulk_action/delete/", json={"s_query": EVERY_LEAD})


def n_actions(client):
    return len(client.get("/bulk_action/delete/")["data"])


async def test_without_faults_a_client_is_answered(http, client):
    answer = await post(http)
    assert (answer.status_code, answer.json()["status"]) == (200, "created")
    assert answer.headers["ratelimit"].startswith("limit=")
    found = await http.get("/user/", params={"_limit": 2, "_fields": "id"})
    assert [list(user) for user in found.json()["data"]] == [["id"], ["id"]]


@pytest.mark.parametrize(
    ("rule", "error", "n_taken"),
    [
        (FaultRule(FaultKind.LOSE_ANSWER, **POST), httpx.ReadError, 1),
        (FaultRule(FaultKind.DROP, **POST), httpx.RemoteProtocolError, 0),
        (FaultRule(FaultKind.REFUSE, **POST), httpx.ConnectError, 0),
        (FaultRule(FaultKind.HALF_BODY, **POST), httpx.RemoteProtocolError, 1),
        (FaultRule(FaultKind.TIME_OUT, **POST), httpx.ReadTimeout, 0),
        (FaultRule(FaultKind.TIME_OUT, **POST, is_processed=True), httpx.ReadTimeout, 1),
    ],
)
async def test_a_cut_connection_raises_as_a_real_one(http, client, rule, error, n_taken):
    client.sandbox.add_faults([rule])
    with pytest.raises(error):
        await post(http)
    assert n_actions(client) == n_taken
    assert (await post(http)).status_code == 200


@pytest.mark.parametrize(("is_processed", "n_taken"), [(False, 0), (True, 1)])
async def test_an_error_may_come_before_or_after_the_work(http, client, is_processed, n_taken):
    client.sandbox.add_faults([FaultRule(FaultKind.STATUS, status=502, body={"error": "x"}, is_processed=is_processed)])
    answer = await post(http)
    assert (answer.status_code, answer.json()) == (502, {"error": "x"})
    assert n_actions(client) == n_taken


async def test_an_injected_429_says_when_to_come_back(http, client):
    client.sandbox.add_faults([FaultRule(FaultKind.STATUS, status=429)])
    answer = await post(http)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


async def test_a_page_of_html_may_come_instead(http, client):
    client.sandbox.add_faults([FaultRule(FaultKind.HTML)])
    answer = await post(http)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_latency_leaves_the_answer_as_it_is(http, client):
    client.sandbox.add_faults([FaultRule(FaultKind.LATENCY, seconds=0.001)])
    assert (await post(http)).status_code == 200


async def test_a_rule_strikes_from_the_nth_match_so_many_times(http, client):
    client.sandbox.add_faults([FaultRule(FaultKind.STATUS, path="/user/*", nth=2, times=2)])
    codes = [(await http.get(path)).status_code for path in ("/user/", "/me/", "/user/", "/user/", "/user/")]
    assert codes == [200, 200, 503, 503, 200]


async def test_a_rule_without_end_strikes_until_faults_are_cleared(http, client):
    client.sandbox.add_faults([FaultRule(FaultKind.STATUS, times=None)])
    assert {(await http.get("/me/")).status_code for _ in range(3)} == {503}
    client.sandbox.clear_faults()
    assert (await http.get("/me/")).status_code == 200


async def test_an_action_may_be_taken_late(http, client):
    client.sandbox.add_faults([FaultRule(FaultKind.ACCEPT_LATE, **POST, seconds=30)])
    with pytest.raises(httpx.ReadTimeout):
        await post(http)
    client.clock.advance(29)
    assert n_actions(client) == 0
    assert client.events(object_type="bulk_action.delete", action="created") == []
    client.clock.advance(2)
    (action,) = client.get("/bulk_action/delete/")["data"]
    assert len(client.events(object_type="bulk_action.delete", action="created")) == 1
    assert client.finish(action)["status"] == "done"


async def test_listings_may_lag(http, client):
    client.sandbox.add_faults([FaultRule(FaultKind.LISTING_LAG, method="GET", times=None, seconds=60)])
    action_id = (await post(http)).json()["id"]
    client.clock.advance(59)
    assert (await http.get("/bulk_action/delete/")).json()["data"] == []
    events = {"object_type": "bulk_action.delete", "action": "created"}
    assert (await http.get("/event/", params=events)).json()["data"] == []
    assert (await http.get(f"/bulk_action/delete/{action_id}/")).status_code == 200
    client.clock.advance(1)
    assert [item["id"] for item in (await http.get("/bulk_action/delete/")).json()["data"]] == [action_id]
    assert len((await http.get("/event/", params=events)).json()["data"]) == 1


@pytest.mark.parametrize(
    ("kind", "status", "n_done"), [(FaultKind.FAIL_AFTER, "error", 20), (FaultKind.STICK_AFTER, "processing", 20)]
)
async def test_an_action_may_fail_or_get_stuck(http, client, kind, status, n_done):
    client.sandbox.add_faults([FaultRule(kind, **POST, leads=20)])
    action = client.finish((await post(http)).json())
    assert (action["status"], action["n_leads"], action["n_leads_processed"]) == (status, 60, n_done)
    assert len(client.lead_ids()) == 40
    assert client.finish(action)["n_leads_processed"] == n_done


NORMALIZED = {
    "negate": False,
    "type": "and",
    "queries": [
        {"negate": False, "type": "and", "queries": [{"negate": False, **EVERY_LEAD}]},
        MARKER,
    ],
}
STRIPPED = {"type": "and", "queries": [{"type": "and", "queries": [EVERY_LEAD]}]}


@pytest.mark.parametrize(
    ("kind", "echo", "expected"),
    [(FaultKind.ECHO_NORMALIZED, Echo.NORMALIZED, NORMALIZED), (FaultKind.ECHO_STRIPPED, Echo.STRIPPED, STRIPPED)],
)
async def test_a_query_may_come_back_altered(http, client, open_client, kind, echo, expected):
    client.sandbox.add_faults([FaultRule(kind, **POST)])
    answer = await http.post("/bulk_action/delete/", json={"s_query": MARKED})
    assert answer.json()["s_query"] == expected
    by_setting = open_client(settings=SandboxSettings(echo=echo))
    action = by_setting.start("delete", s_query=MARKED)
    assert action["s_query"] == expected
    assert by_setting.finish(action)["n_leads"] == 60


@pytest.fixture
def controlled(open_client):
    return open_client(settings=SandboxSettings(control=True))


def deliver(client, *parts):
    return client.sandbox.deliver(request(*parts))


def test_faults_are_set_and_cleared_over_http(controlled):
    rules = {"rules": [{"kind": "lose_answer", "method": "POST", "path": "/bulk_action/*", "times": None}]}
    assert deliver(controlled, "POST", "/_sandbox/faults", rules).response.json() == {"added": 1}
    assert deliver(controlled, "POST", "/bulk_action/delete/", {"s_query": EVERY_LEAD}).response is None
    assert deliver(controlled, "DELETE", "/_sandbox/faults").response.status == 200
    assert deliver(controlled, "POST", "/bulk_action/delete/", {"s_query": EVERY_LEAD}).response.status == 200
    assert n_actions(controlled) == 2


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "drop", "nth": "x"},
        {"kind": "drop", "nonsense": 1},
        {"kind": "drop", "method": 1},
        {"kind": "latency", "seconds": -1},
        {"kind": "status", "headers": []},
        7,
    ],
)
def test_a_bad_rule_is_refused(controlled, rule):
    answer = controlled.send("POST", "/_sandbox/faults", {"rules": [rule]})
    assert answer.status == 400
    assert next(iter(answer.json()["field-errors"])).startswith("rules.0")


def test_the_clock_is_moved_over_http(controlled):
    action = controlled.start("delete")
    controlled.send("POST", "/_sandbox/clock", {"advance_seconds": 3600})
    assert controlled.get(f"/bulk_action/delete/{action['id']}/")["status"] == "done"
    for seconds in (-1, "x", True, None, 1e12):
        assert controlled.send("POST", "/_sandbox/clock", {"advance_seconds": seconds}).status == 400


def test_the_log_of_requests_holds_no_bodies_and_no_keys(controlled):
    controlled.get("/me/")
    controlled.refused("GET", "/nope/", status=404)
    log = controlled.send("GET", "/_sandbox/requests").json()["data"]
    assert log == [
        {"method": "GET", "path": "/api/v1/me/", "status": 200},
        {"method": "GET", "path": "/api/v1/nope/", "status": 404},
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/_sandbox/nope", 404), ("GET", "/_sandbox/clock", 405)]
)
def test_other_control_paths_are_refused(controlled, method, path, status):
    assert controlled.send(method, path).status == status


def test_the_log_of_requests_is_emptied_over_http(controlled):
    controlled.get("/me/")
    assert controlled.send("DELETE", "/_sandbox/requests").status == 200
    controlled.get("/user/")
    assert [entry["path"] for entry in controlled.send("GET", "/_sandbox/requests").json()["data"]] == ["/api/v1/user/"]
