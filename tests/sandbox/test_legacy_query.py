"""The old text search of leads: understood in part, and otherwise refused rather than ignored."""

import pytest


def found(client, query, **more):
    page = client.get("/lead/", query=query, _limit=200, **more)
    assert page["total_results"] == len(page["data"])
    return [lead["id"] for lead in page["data"]]


def ids(client, sql, *params):
    return [lead_id for (lead_id,) in client.rows(f"SELECT id FROM lead WHERE {sql}", *params)]  # noqa: S608


def test_a_status_a_date_and_a_sort_are_understood(client):
    customer = client.status_id("Customer")
    assert sorted(found(client, "status:Customer")) == sorted(ids(client, "status_id = ?", customer))
    assert found(client, 'lead_status:"Bad Fit"') == ids(client, "status_id = ?", client.status_id("Bad Fit"))
    since = "2025-06-01T00:00"
    recent = ids(client, "date_updated >= '2025-06-01' ORDER BY date_updated")
    assert found(client, f'date_updated>="{since}" sort:date_updated') == recent
    assert found(client, f"updated>={since} sort:-updated") == recent[::-1]
    assert sorted(found(client, f"date_updated<{since}")) == sorted(set(client.lead_ids()) - set(recent))


def test_words_are_searched_for(client):
    lead = client.ok("POST", "/lead/", {"name": "Unheardof Blue Works"})
    assert found(client, "unheardof") == found(client, '"blue works" unheardof') == [lead["id"]]
    assert found(client, 'name:"unheardof works"') == found(client, f"id:{lead['id']}") == [lead["id"]]
    assert found(client, "*") == client.lead_ids()


@pytest.mark.parametrize(
    "query",
    [
        "a or b",
        "not a",
        "(a)",
        "custom.Plan:Free",
        "status>Customer",
        "date_created:today",
        "-a",
        'a "',
        "sort:nonsense",
    ],
)
def test_what_is_not_understood_is_refused(client, query):
    assert client.refused("GET", "/lead/", query={"query": query})["error"]
