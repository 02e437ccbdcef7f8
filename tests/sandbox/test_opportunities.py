"""Opportunities: made, changed, removed; money, dates and the trail of their statuses."""

import pytest


@pytest.fixture
def lead_id(client):
    return client.value("SELECT id FROM lead WHERE id NOT IN (SELECT lead_id FROM opportunity) LIMIT 1")


def status_id(client, label):
    return client.value("SELECT id FROM opportunity_status WHERE label = ?", label)


def test_a_new_opportunity_starts_in_the_first_status_and_belongs_to_the_caller(client, lead_id):
    made = client.ok("POST", "/opportunity/", {"lead_id": lead_id, "value": 30_000, "value_period": "monthly"})
    assert (made["status_label"], made["status_type"], made["confidence"]) == ("Discovery", "active", 50)
    assert (made["user_name"], made["lead_name"]) == ("Dana Reyes", client.get(f"/lead/{lead_id}/")["display_name"])
    assert client.get(f"/lead/{lead_id}/")["opportunities"] == [made]
    (event,) = client.events(object_type="opportunity", action="created")
    assert (event["lead_id"], event["data"]["value"]) == (lead_id, 30_000)


def test_what_follows_from_the_value_is_worked_out(client, lead_id):
    body = {"lead_id": lead_id, "value": 10_050, "value_period": "monthly", "confidence": 50}
    made = client.ok("POST", "/opportunity/", body)
    assert (made["annualized_value"], made["expected_value"], made["annualized_expected_value"]) == (
        120_600,
        5_025,
        60_300,
    )
    assert made["value_formatted"] == "$100.50"
    unknown = client.ok("POST", "/opportunity/", {"lead_id": lead_id})
    assert [unknown[key] for key in ("value", "annualized_value", "expected_value", "value_formatted")] == [None] * 4


def test_a_won_opportunity_gets_its_date_and_leaves_an_activity(client, lead_id):
    made = client.ok("POST", "/opportunity/", {"lead_id": lead_id, "confidence": 80})
    client.clock.advance(3600)
    won = client.ok("PUT", f"/opportunity/{made['id']}/", {"status": "Won"})
    assert (won["status_type"], won["date_won"]) == ("won", "2026-11-02")
    (change,) = client.get("/activity/status_change/opportunity/", lead_id=lead_id)["data"]
    assert (change["old_status_label"], change["new_status_label"]) == ("Discovery", "Won")
    assert change["opportunity_id"] == made["id"]
    kinds = {event["object_type"]: event for event in reversed(client.events(lead_id=lead_id))}
    assert kinds["opportunity"]["previous_data"]["status_type"] == "active"
    assert "status_id" in kinds["opportunity"]["changed_fields"]
    assert kinds["activity.opportunity_status_change"]["data"] == change
    periods = client.rows(
        "SELECT status_id, ended_at FROM opportunity_status_period WHERE opportunity_id = ? ORDER BY started_at",
        made["id"],
    )
    assert [label for label, _ in periods] == [status_id(client, "Discovery"), status_id(client, "Won")]
    assert periods[0][1] == won["date_updated"]


def test_a_removed_opportunity_is_gone(client):
    opportunity_id, lead_id = client.rows("SELECT id, lead_id FROM opportunity LIMIT 1")[0]
    assert client.ok("DELETE", f"/opportunity/{opportunity_id}/") == {}
    client.refused("GET", f"/opportunity/{opportunity_id}/", status=404)
    (event,) = client.events(object_type="opportunity", action="deleted")
    assert (event["lead_id"], event["previous_data"]["id"]) == (lead_id, opportunity_id)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lead_id": None}, "lead_id"),
        ({"lead_id": "lead_x"}, "lead_id"),
        ({"value": "3000"}, "value"),
        ({"value": 2**70}, "value"),
        ({"confidence": 101}, "confidence"),
        ({"confidence": None}, "confidence"),
        ({"value_period": "weekly"}, "value_period"),
        ({"status_id": "stat_x"}, "status_id"),
        ({"status": "Nonsense"}, "status"),
        ({"date_won": "yesterday"}, "date_won"),
        ({"user_id": "user_x"}, "user_id"),
        ({"custom.Industry": "SaaS"}, "custom.Industry"),
    ],
)
def test_a_wrong_key_is_named(client, lead_id, body, field):
    errors = client.refused("POST", "/opportunity/", {"lead_id": lead_id, **body})
    assert list(errors["field-errors"]) == [field]


def test_a_lead_status_is_no_opportunity_status(client, lead_id):
    client.refused("POST", "/opportunity/", {"lead_id": lead_id, "status_id": client.status_id("Customer")})
