"""E-mail templates: made, changed, removed, and what one looks like for a contact."""

import json

import pytest
from support.sandbox_client import EVERY_LEAD, leads_with


def make(client, **more):
    return client.ok("POST", "/email_template/", {"name": "T", "subject": "S", "body": "B", **more})


def test_a_template_is_made_changed_and_removed(client):
    made = make(client, is_shared=False)
    assert (made["is_shared"], made["is_archived"], made["used_by_sequences"]) == (False, False, [])
    client.clock.advance(60)
    after = client.ok("PUT", f"/email_template/{made['id']}/", {"is_archived": True})
    assert after == {**made, "is_archived": True, "date_updated": after["date_updated"]}
    assert client.ok("DELETE", f"/email_template/{made['id']}/") == {}
    client.refused("GET", f"/email_template/{made['id']}/", status=404)
    actions = [event["action"] for event in client.events(object_type="email_template", object_id=made["id"])]
    assert sorted(actions) == ["created", "deleted", "updated"]


def test_a_template_that_a_sequence_uses_stays(client):
    template_id = client.value("SELECT id FROM email_template WHERE name = 'Welcome aboard'")
    users = client.get(f"/email_template/{template_id}/")["used_by_sequences"]
    assert [sequence["name"] for sequence in users] == ["Trial onboarding"]
    client.refused("DELETE", f"/email_template/{template_id}/")


@pytest.mark.parametrize(("body", "field"), [({}, "name"), ({"name": "x", "body": 1}, "body")])
def test_a_wrong_key_is_named(client, body, field):
    assert list(client.refused("POST", "/email_template/", body)["field-errors"]) == [field]


def test_placeholders_are_filled_in_and_unknown_ones_are_empty(client):
    lead = client.ok(
        "POST",
        "/lead/",
        {
            "name": "Hay & Straw",
            "contacts": [{"name": "Ines Lopez", "emails": [{"email": "ines@example.com"}]}],
            "custom.Industry": "SaaS",
        },
    )
    template = make(
        client,
        subject="{{ contact.first_name }} at {{lead.display_name}}",
        body="{{ lead.name }}|{{ contact.last_name }}|{{ lead.custom['Industry'] }}|{{ user.first_name }}"
        '|{{ organization.name }}|{{ lead.nonsense }}|{{ contact.phone | default: "none" }}',
    )
    found = client.get(
        f"/email_template/{template['id']}/render/", lead_id=lead["id"], contact_id=lead["contact_ids"][0]
    )
    assert found == {
        "subject": "Ines at Hay & Straw",
        "body": "Hay &amp; Straw|Lopez|SaaS|Dana|Northwind Trading (sandbox)||none",
        "email": "ines@example.com",
        "lead_id": lead["id"],
        "lead_display_name": "Hay & Straw",
        "contact_id": lead["contact_ids"][0],
        "contact_display_name": "Ines Lopez",
    }


def test_a_search_is_gone_through_entry_by_entry(client):
    path = f"/email_template/{make(client)['id']}/render/"
    rows = client.rows(
        "SELECT c.lead_id, c.id FROM contact AS c WHERE EXISTS (SELECT 1 FROM contact_email WHERE contact_id = c.id)"
    )
    leads = {lead_id for lead_id, _ in rows}
    chosen = sorted(leads, key=lambda lead_id: -sum(row[0] == lead_id for row in rows))[:3]
    query = {"s_query": json.dumps(leads_with(*chosen))}
    found = [client.get(path, entry=number, **query) for number in range(4)]
    assert [item.get("lead_id") for item in found] == [*sorted(chosen, key=client.lead_ids().index), None]
    assert found[3] == {}
    n_contacts = sum(row[0] in chosen for row in rows)
    found = [client.get(path, entry=number, mode="contact", **query) for number in range(n_contacts + 1)]
    assert {item.get("contact_id") for item in found[:-1]} == {row[1] for row in rows if row[0] in chosen}
    assert found[-1] == {}
    assert client.get(path, query="*")["email"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"lead_id": "lead_x"},
        {"lead_id": "lead_x", "contact_id": "cont_x"},
        {"s_query": "{"},
        {"s_query": json.dumps({"type": "nonsense"})},
        {"s_query": json.dumps({"type": "object_type", "object_type": "contact"})},
        {"s_query": json.dumps(EVERY_LEAD), "entry": "100"},
        {"s_query": json.dumps(EVERY_LEAD), "entry": "-1"},
        {"s_query": json.dumps(EVERY_LEAD), "mode": "all"},
    ],
)
def test_a_preview_of_nobody_is_refused(client, query):
    client.refused("GET", f"/email_template/{make(client)['id']}/render/", query=query)
