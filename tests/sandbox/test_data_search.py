"""`POST /data/search/`: pages, counts, cursors, fields."""

import pytest
from support.sandbox_client import EVERY_LEAD, leads_with

BY_NAME = [
    {"direction": "asc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "display_name"}}
]


def pages(client, **body):
    cursor = None
    while True:
        page = client.search(EVERY_LEAD, cursor=cursor, **body)
        yield page
        cursor = page["cursor"]
        if cursor is None:
            return


def test_pages_give_every_lead_once(client):
    found = [item["id"] for page in pages(client, _limit=7) for item in page["data"]]
    assert found == client.lead_ids()


def test_without_fields_there_are_only_ids(client):
    (first, *_) = client.search(EVERY_LEAD)["data"]
    assert set(first) == {"id", "__object_type"}


def test_fields_may_be_own_custom_and_computed(client):
    field_id = client.field_id("Industry")
    wanted = ["display_name", "status_label", f"custom.{field_id}", "num_emails", "contacts"]
    found = client.search(EVERY_LEAD, _fields={"lead": wanted})["data"]
    assert all(
        {"id", "__object_type", "display_name", "status_label", "num_emails", "contacts"} <= set(item) for item in found
    )
    assert any(f"custom.{field_id}" in item for item in found)


@pytest.mark.parametrize(
    ("object_type", "field"),
    [("contact", "name"), ("opportunity", "value"), ("activity.email", "to"), ("sequence_subscription", "status")],
)
def test_other_objects_are_searched_too(client, object_type, field):
    found = client.search({"type": "object_type", "object_type": object_type}, _fields={object_type: [field]})["data"]
    assert found
    assert all(item["__object_type"] == object_type and field in item for item in found)


def test_counts_tell_the_total_from_the_limited(client):
    found = client.search(EVERY_LEAD, include_counts=True, results_limit=25, _limit=10)
    assert found["count"] == {"limited": 25, "total": 60}
    assert "count" not in client.search(EVERY_LEAD)


def test_a_limit_of_nothing_counts_and_gives_nothing(client):
    found = client.search(EVERY_LEAD, include_counts=True, results_limit=0)
    assert found == {"data": [], "cursor": None, "count": {"limited": 0, "total": 60}}


def test_the_limit_of_results_ends_the_chain(client):
    sizes = [len(page["data"]) for page in pages(client, _limit=10, results_limit=25)]
    assert sizes == [10, 10, 5]


def test_sort_decides_the_order(client):
    names = [
        item["display_name"]
        for item in client.search(EVERY_LEAD, sort=BY_NAME, _fields={"lead": ["display_name"]})["data"]
    ]
    assert names == sorted(names, key=str.lower)


def test_a_cursor_dies_after_thirty_seconds(client):
    cursor = client.search(EVERY_LEAD, _limit=5)["cursor"]
    client.clock.advance(30)
    client.search(EVERY_LEAD, _limit=5, cursor=cursor)
    client.clock.advance(0.1)
    refused = client.refused("POST", "/data/search/", {"query": EVERY_LEAD, "_limit": 5, "cursor": cursor})
    assert refused == {"error": "The cursor has expired."}


@pytest.mark.parametrize("cursor", ["", "x", "ä", 7, "AAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_foreign_cursor_is_refused(client, cursor):
    client.refused("POST", "/data/search/", {"query": EVERY_LEAD, "cursor": cursor})


def test_a_cursor_of_another_search_is_refused(client):
    cursor = client.search(EVERY_LEAD, _limit=5)["cursor"]
    client.refused("POST", "/data/search/", {"query": leads_with(*client.lead_ids()), "_limit": 5, "cursor": cursor})


def test_the_cursor_goes_by_its_name_without_underscore(client):
    first = client.search(EVERY_LEAD, _limit=5)
    assert client.search(EVERY_LEAD, _limit=5, _cursor=first["cursor"])["data"] == first["data"]


def test_a_chain_ends_at_ten_thousand_objects(client):
    with client.sandbox.world.transaction() as connection:
        connection.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10100)
            INSERT INTO lead (id, name, status_id, date_created, date_updated)
            SELECT 'lead_extra' || i, 'Extra', :status, :moment, :moment FROM n
            """,
            {"status": client.status_id("Potential"), "moment": "2026-10-01T00:00:00.000000+00:00"},
        )
    assert sum(len(page["data"]) for page in pages(client, _limit=200)) == 10_000
    assert client.search(EVERY_LEAD, include_counts=True, results_limit=0)["count"]["total"] == 10_160


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "required"),
        ({"query": {"type": "nonsense"}}, "nonsense"),
        ({"query": []}, "object"),
        ({"query": EVERY_LEAD, "_limit": 201}, "200"),
        ({"query": EVERY_LEAD, "_limit": 0}, "200"),
        ({"query": EVERY_LEAD, "results_limit": -1}, "negative"),
        ({"query": EVERY_LEAD, "sort": BY_NAME * 4}, "3"),
        ({"query": EVERY_LEAD, "_fields": {"lead": "name"}}, "_fields"),
    ],
)
def test_a_bad_search_is_refused_by_name(client, body, words):
    assert words in str(client.refused("POST", "/data/search/", body))


def test_a_bad_text_mode_is_answered_as_the_service_does(client):
    query = {"type": "text", "mode": "is", "value": "x"}
    assert client.refused("POST", "/data/search/", {"query": query}) == {"error": "Unknown text mode: is"}
