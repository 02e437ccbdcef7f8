"""The event log: filters that may stand together, pages, age."""

import pytest


def rename(client, n):
    lead_ids = client.lead_ids()[:n]
    for number, lead_id in enumerate(lead_ids):
        client.clock.advance(1)
        client.ok("PUT", f"/lead/{lead_id}/", {"description": f"Event {number}"})
    return lead_ids


def test_events_come_newest_first_in_pages(client):
    lead_ids = rename(client, 12)
    first = client.get("/event/", _limit=5)
    assert [event["object_id"] for event in first["data"]] == lead_ids[::-1][:5]
    assert first["cursor_previous"] is None
    second = client.get("/event/", _limit=5, _cursor=first["cursor_next"])
    assert [event["object_id"] for event in second["data"]] == lead_ids[::-1][5:10]
    back = client.get("/event/", _limit=5, _cursor=second["cursor_previous"])
    assert back["data"] == first["data"]
    assert len(client.events(_limit=5)) == 12


def test_a_limit_over_fifty_is_refused(client):
    client.refused("GET", "/event/", query={"_limit": 51})
    client.refused("GET", "/event/", query={"_skip": 1})


@pytest.mark.parametrize(
    "names",
    [
        "object_type action",
        "object_type object_id",
        "object_id action",
        "lead_id",
        "lead_id object_type action",
        "user_id",
        "user_id object_type",
        "lead_id user_id",
        "request_id",
        "",
    ],
)
def test_filters_narrow_the_list(client, names):
    rename(client, 3)
    event = client.events()[0]
    found = client.events(**{name: event[name] for name in names.split()})
    assert event in found
    assert all(other[name] == event[name] for other in found for name in names.split())


@pytest.mark.parametrize("names", ["object_type", "action", "object_id", "lead_id action", "request_id lead_id"])
def test_filters_that_may_not_stand_together_are_refused(client, names):
    client.refused("GET", "/event/", query=dict.fromkeys(names.split(), "x"))


def test_dates_bound_the_list(client):
    rename(client, 4)
    moments = [event["date_updated"] for event in client.events()]
    assert [e["date_updated"] for e in client.events(date_updated__gte=moments[1])] == moments[:2]
    assert [e["date_updated"] for e in client.events(date_updated__gt=moments[1] + "+00:00")] == moments[:1]
    assert [e["date_updated"] for e in client.events(date_updated__lt=moments[1] + "Z")] == moments[2:]
    client.refused("GET", "/event/", query={"date_updated__gt": "soon"})


def test_a_cursor_of_another_request_is_refused(client):
    rename(client, 3)
    cursor = client.get("/event/", _limit=1)["cursor_next"]
    client.refused("GET", "/event/", query={"_limit": 1, "object_type": "lead", "action": "updated", "_cursor": cursor})
    client.refused("GET", "/event/", query={"_cursor": "nonsense"})


def test_an_event_can_be_fetched_until_it_is_thirty_days_old(client):
    rename(client, 1)
    (event,) = client.events()
    assert client.get(f"/event/{event['id']}/") == event
    assert not event["date_created"].endswith("+00:00")
    client.clock.advance(31 * 86_400)
    assert client.events() == []
    client.refused("GET", f"/event/{event['id']}/", status=404)
