"""Contacts: made, changed, removed; and what their lead hears of it."""

import pytest


@pytest.fixture
def lead_id(client):
    return client.lead_ids()[0]


def make(client, lead_id, **more):
    body = {"lead_id": lead_id, "name": "Ines Lopez", "emails": [{"email": "Ines@example.com", "type": "office"}]}
    return client.ok("POST", "/contact/", {**body, **more})


def test_a_new_contact_stands_last_in_its_lead(client, lead_id):
    before = client.get(f"/lead/{lead_id}/")["contact_ids"]
    contact = make(client, lead_id, title="CTO", phones=[{"phone": "+4930231250"}], urls=[{"url": "https://x.example"}])
    assert (contact["lead_id"], contact["display_name"], contact["title"]) == (lead_id, "Ines Lopez", "CTO")
    assert contact["emails"] == [{"email": "ines@example.com", "type": "office", "is_unsubscribed": False}]
    assert (contact["phones"][0]["type"], contact["urls"][0]["type"]) == ("office", "url")
    assert client.get(f"/lead/{lead_id}/")["contact_ids"] == [*before, contact["id"]]
    assert client.get(f"/contact/{contact['id']}/") == contact


def test_the_lead_says_in_its_event_that_a_contact_came(client, lead_id):
    before = client.get(f"/lead/{lead_id}/")
    contact = make(client, lead_id)
    events = {event["object_type"]: event for event in client.events(lead_id=lead_id)}
    assert (events["contact"]["action"], events["contact"]["data"]) == ("created", contact)
    assert events["lead"]["changed_fields"] == ["contact_ids"]
    assert events["lead"]["previous_data"]["contact_ids"] == before["contact_ids"]


def test_a_contact_without_a_lead_gets_a_lead_of_its_name(client):
    contact = client.ok("POST", "/contact/", {"name": "Ada Byron"})
    lead = client.get(f"/lead/{contact['lead_id']}/")
    assert (lead["name"], lead["contact_ids"]) == ("Ada Byron", [contact["id"]])


def test_a_list_that_is_named_replaces_the_one_before_and_others_stay(client, lead_id):
    contact = make(client, lead_id, phones=[{"phone": "+4930231250", "type": "mobile"}])
    client.clock.advance(60)
    field = f"custom.{client.field_id('Persona')}"
    after = client.ok("PUT", f"/contact/{contact['id']}/", {"emails": [{"email": "b@example.com"}], field: "Champion"})
    assert [item["email"] for item in after["emails"]] == ["b@example.com"]
    assert (after["phones"], after["name"], after[field]) == (contact["phones"], "Ines Lopez", "Champion")
    assert after["date_updated"] > contact["date_updated"]
    (event,) = client.events(object_type="contact", action="updated")
    assert event["changed_fields"] == [field, "emails"]
    assert event["previous_data"]["emails"] == contact["emails"]


def test_a_change_that_changes_nothing_is_no_event(client, lead_id):
    contact = make(client, lead_id)
    assert client.ok("PUT", f"/contact/{contact['id']}/", {"name": "Ines Lopez"}) == contact
    assert client.events(object_type="contact", action="updated") == []


def test_a_removed_contact_is_gone_from_its_lead(client, lead_id):
    contact = make(client, lead_id)
    assert client.ok("DELETE", f"/contact/{contact['id']}/") == {}
    client.refused("GET", f"/contact/{contact['id']}/", status=404)
    assert contact["id"] not in client.get(f"/lead/{lead_id}/")["contact_ids"]
    (event,) = client.events(object_type="contact", action="deleted")
    assert event["previous_data"]["name"] == "Ines Lopez"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lead_id": "lead_x"}, "lead_id"),
        ({"name": 7}, "name"),
        ({"emails": "a@example.com"}, "emails"),
        ({"phones": [{"number": "+49"}]}, "phones"),
        ({"custom.cf_unknown": "x"}, "custom.cf_unknown"),
    ],
)
def test_a_wrong_key_is_named_and_nothing_is_made(client, body, field):
    n_leads = len(client.lead_ids())
    assert list(client.refused("POST", "/contact/", body)["field-errors"]) == [field]
    assert len(client.lead_ids()) == n_leads
