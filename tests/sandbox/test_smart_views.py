"""Saved searches: listed by type, made, changed, removed."""

import pytest
from support.sandbox_client import EVERY_LEAD

REQUIRED = {
    "id",
    "name",
    "type",
    "description",
    "query",
    "s_query",
    "is_shared",
    "is_user_dependent",
    "user_id",
    "organization_id",
    "date_created",
    "date_updated",
}


def test_leads_are_the_default_type(client):
    views = client.get("/saved_search/")["data"]
    assert {view["type"] for view in views} == {"lead"}
    assert all(set(view) >= REQUIRED for view in views)
    both = client.get("/saved_search/", type__in="lead,contact")["data"]
    assert len(both) == len(views) + 1
    assert [view["name"] for view in client.get("/saved_search/", type="contact")["data"]] == ["Executives"]


def test_a_view_has_a_wrapped_query_or_a_legacy_text(client):
    for view in client.get("/saved_search/")["data"]:
        assert (view["s_query"] is None) is (view["query"] is not None)
        assert view["s_query"] is None or "query" in view["s_query"]


def test_a_view_is_made_changed_and_removed(client):
    made = client.ok("POST", "/saved_search/", {"name": "All", "s_query": {"query": EVERY_LEAD}})
    assert made["s_query"] == {"query": EVERY_LEAD, "results_limit": None, "sort": []}
    assert client.get("/saved_search/")["data"][-1] == made
    renamed = client.ok("PUT", f"/saved_search/{made['id']}/", {"name": "Everyone"})
    assert (renamed["name"], renamed["s_query"]) == ("Everyone", made["s_query"])
    client.ok("DELETE", f"/saved_search/{made['id']}/")
    client.refused("GET", f"/saved_search/{made['id']}/", status=404)
    assert [event["action"] for event in client.events(object_id=made["id"], object_type="saved_search")] == [
        "deleted",
        "updated",
        "created",
    ]


def test_a_legacy_view_keeps_its_text_when_renamed(client):
    old = next(view for view in client.get("/saved_search/")["data"] if view["query"])
    assert client.ok("PUT", f"/saved_search/{old['id']}/", {"name": "Renamed"})["query"] == old["query"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"s_query": {"query": EVERY_LEAD}}, "name"),
        ({"name": "X"}, "s_query"),
        ({"name": "X", "s_query": EVERY_LEAD}, "s_query"),
        ({"name": "X", "s_query": {"query": EVERY_LEAD}, "type": "nonsense"}, "type"),
        ({"name": "X", "s_query": {"query": EVERY_LEAD}, "is_shared": "yes"}, "is_shared"),
    ],
)
def test_a_bad_view_is_refused_by_key(client, body, field):
    assert field in client.refused("POST", "/saved_search/", body)["field-errors"]


def test_a_view_with_a_bad_query_is_refused(client):
    client.refused("POST", "/saved_search/", {"name": "X", "s_query": {"query": {"type": "nonsense"}}})
