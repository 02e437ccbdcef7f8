"""What every request meets before its endpoint: keys, paths, methods, bodies, headers."""

import pytest
from support.sandbox_client import EVERY_LEAD, basic

from bulkplan.sandbox import OpenQuestions, RateLimit, RateLimits, SandboxSettings, served_settings


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Bearer abc", basic(""), basic("key", "password"), "Basic a2V5"],
)
def test_without_a_key_alone_nothing_is_answered(client, header):
    answer = client.send("GET", "/me/", headers=(("authorization", header),))
    assert answer.status == 401
    assert answer.json() == {"error": "The API key is not valid."}


def test_only_the_keys_of_the_settings_are_taken(open_client):
    client = open_client(settings=SandboxSettings(api_keys=("right",)))
    assert client.send("GET", "/me/", headers=(("authorization", basic("right")),)).status == 200
    assert client.send("GET", "/me/", headers=(("authorization", basic("wrong")),)).status == 401


def test_settings_do_not_show_their_keys():
    assert "secret" not in repr(served_settings(api_keys=("secret",)))


@pytest.mark.parametrize("path", ["/me", "/nope/", "/lead", "/report/", "/bulk_action/", "/custom_field_schema/call/"])
def test_an_unknown_path_is_not_found(client, path):
    assert client.refused("GET", path, status=404) == {"error": "Not found."}


def test_a_path_without_its_slash_can_be_allowed(open_client):
    client = open_client(settings=SandboxSettings(open_questions=OpenQuestions(path_without_slash_is_found=True)))
    assert client.get("/me")["email"] == "dana@example.com"


@pytest.mark.parametrize(
    ("method", "path"),
    [("HEAD", "/me/"), ("POST", "/me/"), ("DELETE", "/lead/"), ("PATCH", "/lead/"), ("GET", "/data/search/")],
)
def test_another_method_is_not_allowed(client, method, path):
    client.refused(method, path, {}, status=405)


def test_writes_must_be_json(client):
    answer = client.send("POST", "/lead/", b"name=x", headers=(("content-type", "application/x-www-form-urlencoded"),))
    assert answer.status == 415


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"name": NaN}', b'{"x": 1e999}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(client, body):
    client.refused("POST", "/lead/", body)


@pytest.mark.parametrize("name", ["\ud800", 7, ["x"]])
def test_a_name_that_cannot_be_stored_is_refused(client, name):
    client.refused("POST", "/lead/", {"name": name})


def test_every_answer_says_what_is_left_of_the_limit(open_client):
    client = open_client(settings=SandboxSettings(rate_limits=RateLimits(RateLimit(2, 8.0), RateLimit(1, 1.0))))
    assert client.send("GET", "/me/").header("ratelimit") == "limit=2, remaining=1, reset=8"
    client.clock.advance(2.5)
    assert client.send("GET", "/me/").header("ratelimit") == "limit=2, remaining=0, reset=5.5"


def test_past_the_limit_a_group_must_wait_and_others_go_on(open_client):
    client = open_client(settings=SandboxSettings(rate_limits=RateLimits(RateLimit(2, 8.0), RateLimit(1, 1.0))))
    client.get("/me/")
    client.get("/me/")
    refused = client.send("GET", "/me/")
    assert (refused.status, refused.header("retry-after")) == (429, "8")
    client.get("/user/")
    client.clock.advance(8)
    client.get("/me/")


def test_searches_have_a_limit_of_their_own(open_client):
    client = open_client(settings=SandboxSettings(rate_limits=RateLimits(RateLimit(9, 8.0), RateLimit(1, 1.0))))
    client.search(EVERY_LEAD)
    assert client.send("POST", "/data/search/", {"query": EVERY_LEAD}).status == 429


def test_the_organization_has_three_times_the_limit_of_a_key(open_client):
    client = open_client(settings=SandboxSettings(rate_limits=RateLimits(RateLimit(1, 8.0), RateLimit(1, 1.0))))
    codes = [client.send("GET", "/me/", headers=(("authorization", basic(f"key{n}")),)).status for n in range(4)]
    assert codes == [200, 200, 200, 429]


def test_in_process_nobody_is_slowed_down(client):
    assert all(client.send("GET", "/me/").status == 200 for _ in range(200))


@pytest.mark.parametrize("offset", ["abc", "nan", "15", ""])
def test_an_offset_that_is_none_is_refused(client, offset):
    assert client.send("GET", "/me/", headers=(("x-tz-offset", offset),)).status == 400


def test_the_offset_moves_local_days(client):
    (newest, *_) = client.lead_ids()
    with client.sandbox.world.transaction() as connection:
        connection.execute("UPDATE lead SET date_created = '2026-11-01T23:30:00.000000+00:00' WHERE id = ?", (newest,))
    day = {"type": "fixed_local_date", "value": "2026-11-02", "which": "start"}
    query = {
        "type": "field_condition",
        "field": {"type": "regular_field", "object_type": "lead", "field_name": "date_created"},
        "condition": {"type": "moment_range", "on_or_after": day, "before": None},
    }
    body = {"query": query, "include_counts": True, "results_limit": 0}
    totals = [
        client.send("POST", "/data/search/", body, headers=(("x-tz-offset", offset),)).json()["count"]["total"]
        for offset in ("0", "1", "-4")
    ]
    assert totals == [0, 1, 0]


def test_a_post_can_stand_for_a_get_with_many_parameters(client):
    found = client.send(
        "POST",
        "/user/",
        {"_params": {"_limit": 2, "_fields": ["id", "email"]}},
        headers=(("x-http-method-override", "GET"),),
    ).json()
    assert [sorted(user) for user in found["data"]] == [["email", "id"]] * 2
    assert found["has_more"] is True


def test_a_post_can_stand_for_a_put(client):
    lead_id = client.lead_ids()[0]
    answer = client.send("POST", f"/lead/{lead_id}/", {"name": "Renamed"}, headers=(("x-http-method-override", "PUT"),))
    assert answer.json()["name"] == "Renamed"


def test_the_control_paths_are_off_unless_switched_on(client):
    assert client.send("GET", "/_sandbox/requests").status == 404
