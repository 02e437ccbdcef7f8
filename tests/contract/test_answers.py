"""Every answer of the sandbox is one that the contract document describes."""

import re

import pytest
from contract.asking import BULK_KINDS, Ask, bulk_body
from contract.asks import ASKS
from support.sandbox_client import EVERY_LEAD, SandboxClient, basic

from bulkplan.sandbox import SandboxSettings
from bulkplan.sandbox.endpoints.table import ROUTES
from bulkplan.sandbox.http import MAX_BODY_BYTES
from bulkplan.sandbox.settings import OpenQuestions, RateLimit, RateLimits

OPERATIONS = [(route.method, route.pattern) for route in ROUTES]
PAUSED_BY_POST = {("POST", f"/bulk_action/{kind}/{{id}}/") for kind in BULK_KINDS}
RATE_LIMIT = re.compile(r"limit=\d+, remaining=\d+, reset=\d+(\.\d+)?")
ERROR = {"$ref": "#/components/schemas/Error"}


def filled(pattern):
    """The path with ids that nothing has."""
    return pattern.replace("{object_type}", "lead").replace("{id}", "nothing_0")


def of_method(*methods):
    return [operation for operation in OPERATIONS if operation[0] in methods]


@pytest.fixture
def check(document, client):
    """Sends a request and holds the answer against the document."""

    def send(operation, ask, *, status, partial=False, given=None, headers=()):
        answer = (given or client).send(operation[0], ask.path, ask.body, ask.query, headers)
        assert answer.status == status, answer.body
        body = answer.json() if answer.body else None
        assert document.problems(*operation, answer.status, body, partial=partial) == []
        return answer

    return send


def test_every_operation_is_asked():
    assert set(OPERATIONS) - PAUSED_BY_POST == ASKS.keys()


@pytest.mark.parametrize("operation", ASKS, ids=" ".join)
def test_success_is_as_documented(check, client, operation):
    ask = ASKS[operation](client)
    answer = check(operation, ask, status=ask.status)
    assert answer.header("content-type") == (None if ask.status == 204 else "application/json")
    assert RATE_LIMIT.fullmatch(answer.header("ratelimit"))


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_a_missing_key_is_refused_as_documented(check, operation):
    check(operation, Ask(filled(operation[1])), status=401, headers={"authorization": "Basic"})


@pytest.mark.parametrize("operation", [item for item in OPERATIONS if "{id}" in item[1]], ids=" ".join)
def test_an_unknown_object_is_not_found_as_documented(check, operation):
    status = 405 if operation in PAUSED_BY_POST else 404
    check(operation, Ask(filled(operation[1]), {}), status=status)


@pytest.mark.parametrize("operation", of_method("POST", "PUT"), ids=" ".join)
def test_a_body_of_another_kind_is_refused_as_documented(check, client, operation):
    form = {"content-type": "application/x-www-form-urlencoded"}
    check(operation, Ask(filled(operation[1]), b"name=x"), status=415, headers=form)


@pytest.mark.parametrize("operation", of_method("POST"), ids=" ".join)
def test_a_body_that_is_no_json_is_refused_as_documented(check, operation):
    if operation not in PAUSED_BY_POST and "{id}" not in operation[1]:
        check(operation, Ask(filled(operation[1]), b'{"s_query": '), status=400)


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_too_many_requests_are_refused_as_documented(document, check, operation):
    none = RateLimit(1, 60.0)
    client = SandboxClient(leads=1, settings=SandboxSettings(rate_limits=RateLimits(none, none)))
    client.send(operation[0], filled(operation[1]), {})
    answer = check(operation, Ask(filled(operation[1]), {}), status=429, given=client)
    assert answer.header("retry-after").isdigit()
    assert RATE_LIMIT.fullmatch(answer.header("ratelimit"))
    client.sandbox.close()


def lists(document):
    """The lists that take `_limit`."""
    for operation in document.operations:
        names = {each["name"] for each in document.parameters(*operation)}
        if operation[0] == "GET" and "_limit" in names:
            yield operation


def test_a_limit_that_is_no_number_is_refused_as_documented(document, check):
    asked = list(lists(document))
    assert len(asked) > 10
    for operation in asked:
        check(operation, Ask(filled(operation[1]), query={"_limit": "many"}), status=400)


def test_a_list_gives_the_named_fields_alone(document, check, client):
    for operation in lists(document):
        names = {each["name"] for each in document.parameters(*operation)}
        if "_fields" in names:
            ask = ASKS[operation](client)
            whole = check(operation, ask, status=200).json()["data"]
            name = next(iter(whole[0]), "id") if whole else "id"
            answer = check(operation, Ask(ask.path, query={**ask.query, "_fields": name}), status=200, partial=True)
            assert all(item.keys() == {name} for item in answer.json()["data"]), operation


@pytest.mark.parametrize("kind", BULK_KINDS)
def test_a_bulk_action_is_as_documented_in_every_status(check, kind):
    settings = SandboxSettings(leads_per_second=1.0, loading_seconds=2.0)
    client = SandboxClient(leads=30, settings=settings)
    path = f"/bulk_action/{kind}/"
    started = check(("POST", path), Ask(path, bulk_body(client, kind)), status=200, given=client).json()
    one, seen = Ask(f"{path}{started['id']}/"), [started["status"]]
    for _ in range(12):
        client.clock.advance(0.5)
        check(("GET", path), Ask(path), status=200, given=client)
        seen.append(check(("GET", path + "{id}/"), one, status=200, given=client).json()["status"])
    assert list(dict.fromkeys(seen)) == ["created", "loading", "processing", "done"]
    client.sandbox.close()


@pytest.mark.parametrize("kind", BULK_KINDS)
def test_pausing_by_post_is_as_documented_where_that_is_the_way(check, kind):
    settings = SandboxSettings(leads_per_second=1.0, open_questions=OpenQuestions(pause_by_put=False))
    client = SandboxClient(leads=30, settings=settings)
    path = f"/bulk_action/{kind}/"
    action = client.ok("POST", path, bulk_body(client, kind))
    one = f"{path}{action['id']}/"
    check(("POST", path + "{id}/"), Ask(one, {"status": "paused"}), status=200, given=client)
    check(("PUT", path + "{id}/"), Ask(one, {"status": "resuming"}), status=405, given=client)
    client.sandbox.close()


def test_the_events_of_all_that_can_be_written_are_as_documented(check, client):
    for operation in of_method("POST", "PUT", "DELETE"):
        if operation in ASKS:
            ask = ASKS[operation](client)
            client.send(operation[0], ask.path, ask.body, ask.query)
            client.clock.advance(60.0)
    client.clock.advance(3600.0)
    found = client.events()
    assert {"lead", "saved_search", "bulk_action.edit"} <= {event["object_type"] for event in found}
    cursor = None
    while True:
        page = check(("GET", "/event/"), Ask("/event/", query={"_cursor": cursor} if cursor else {}), status=200).json()
        cursor = page["cursor_next"]
        if cursor is None:
            break


def test_a_path_that_nobody_knows_is_not_found_as_documented(document, client):
    answer = client.send("GET", "/nothing/here/")
    assert answer.status == 404
    assert list(document.violations(ERROR, answer.json())) == []


@pytest.mark.parametrize("pattern", sorted({pattern for _, pattern in OPERATIONS}))
def test_a_method_that_a_path_does_not_know_is_refused_as_documented(document, client, pattern):
    answer = client.send("PATCH", filled(pattern), {})
    assert answer.status == 405
    assert list(document.violations(ERROR, answer.json())) == []


def test_a_body_that_is_too_large_is_refused_as_documented(check):
    for operation in (("POST", "/lead/"), ("PUT", "/lead/{id}/"), ("POST", "/data/search/")):
        check(operation, Ask(filled(operation[1]), b" " * (MAX_BODY_BYTES + 1)), status=413)


QUERY_MISTAKES = [
    {},
    {"query": None},
    {"query": {"type": "nonsense"}},
    {"query": EVERY_LEAD, "_limit": 201},
    {"query": EVERY_LEAD, "cursor": "stale"},
    {"query": EVERY_LEAD, "results_limit": -1},
    {"query": EVERY_LEAD, "sort": [{"direction": "up", "field": 3}]},
]


@pytest.mark.parametrize("body", QUERY_MISTAKES, ids=str)
def test_a_search_that_cannot_be_run_is_refused_as_documented(check, body):
    check(("POST", "/data/search/"), Ask("/data/search/", body), status=400)


def test_a_wrong_key_is_refused_as_documented(check):
    client = SandboxClient(leads=1, settings=SandboxSettings(api_keys=("api_right.1",)))
    headers = {"authorization": basic("api_wrong.1")}
    check(("GET", "/me/"), Ask("/me/"), status=401, given=client, headers=headers)
    client.sandbox.close()
