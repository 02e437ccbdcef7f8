"""Tasks: made, done, listed by view."""

import pytest


@pytest.fixture
def lead_id(client):
    return client.value("SELECT id FROM lead WHERE id NOT IN (SELECT lead_id FROM task) LIMIT 1")


def test_a_new_task_is_the_callers_and_stands_in_its_lead(client, lead_id):
    task = client.ok("POST", "/task/", {"_type": "lead", "lead_id": lead_id, "text": "Call", "date": "2026-11-01"})
    assert (task["assigned_to_name"], task["view"], task["is_complete"]) == ("Dana Reyes", "inbox", False)
    assert [item["id"] for item in client.get(f"/lead/{lead_id}/")["tasks"]] == [task["id"]]
    assert client.get(f"/task/{task['id']}/") == task


def test_a_task_that_is_done_leaves_its_lead_and_says_so(client, lead_id):
    task = client.ok("POST", "/task/", {"lead_id": lead_id, "text": "Call"})
    client.clock.advance(60)
    done = client.ok("PUT", f"/task/{task['id']}/", {"is_complete": True})
    assert (done["is_complete"], done["view"]) == (True, "archive")
    assert client.get(f"/lead/{lead_id}/")["tasks"] == []
    actions = [event["action"] for event in client.events(object_type="task.lead", object_id=task["id"])]
    assert sorted(actions) == ["completed", "created", "updated"]


def test_views_part_the_tasks_by_day(client, lead_id):
    for day in ("2026-11-02", "2026-11-03", None):
        client.ok("POST", "/task/", {"lead_id": lead_id, "text": "x", "date": day})
    of_lead = {"lead_id": lead_id}
    assert [task["date"] for task in client.get("/task/", view="inbox", _order_by="date", **of_lead)["data"]] == [
        None,
        "2026-11-02",
    ]
    assert [task["date"] for task in client.get("/task/", view="future", **of_lead)["data"]] == ["2026-11-03"]
    assert client.get("/task/", view="archive", **of_lead)["data"] == []
    later = client.ok("GET", "/task/", query={**of_lead, "date__gt": "2026-11-02"})["data"]
    assert [task["date"] for task in later] == ["2026-11-03"]
    assert len(client.get("/task/", is_complete="false", **of_lead)["data"]) == 3
    assert client.get("/task/", _type="missed_call")["data"] == []


def test_a_removed_task_is_gone(client, lead_id):
    task = client.ok("POST", "/task/", {"lead_id": lead_id, "text": "Call"})
    assert client.ok("DELETE", f"/task/{task['id']}/") == {}
    client.refused("GET", f"/task/{task['id']}/", status=404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "lead_id"),
        ({"date": "soon"}, "date"),
        ({"text": None}, "text"),
        ({"is_complete": "yes"}, "is_complete"),
        ({"assigned_to": "user_x"}, "assigned_to"),
        ({"_type": "voicemail"}, "_type"),
    ],
)
def test_a_wrong_key_is_named(client, lead_id, body, field):
    given = body if field == "lead_id" else {"lead_id": lead_id, **body}
    assert list(client.refused("POST", "/task/", given)["field-errors"]) == [field]
    if field == "lead_id":
        client.refused("GET", "/task/", query={"view": "someday"})
        client.refused("GET", "/task/", query={"_order_by": "text"})
