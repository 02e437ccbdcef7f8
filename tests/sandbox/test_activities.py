"""Notes, calls, e-mails and the list of everything that was done about a lead."""

import pytest


@pytest.fixture
def lead_id(client):
    return client.lead_ids()[0]


def test_a_note_keeps_its_rich_text_and_gives_it_plain(client, lead_id):
    rich = "<body><p>Asked for a <b>quote</b> &amp; more.</p><p>Call back.</p></body>"
    note = client.ok("POST", "/activity/note/", {"lead_id": lead_id, "note_html": rich})
    assert (note["_type"], note["note_html"], note["note"]) == (
        "Note",
        rich,
        "Asked for a quote & more.\nCall back.",
    )
    assert (note["user_name"], note["created_by"]) == ("Dana Reyes", note["user_id"])
    assert client.get(f"/activity/note/{note['id']}/") == note
    (event,) = client.events(object_type="activity.note", action="created")
    assert (event["lead_id"], event["data"]) == (lead_id, note)


def test_setting_one_form_of_a_note_overwrites_the_other(client, lead_id):
    note = client.ok("POST", "/activity/note/", {"lead_id": lead_id, "note_html": "<body><p>Old</p></body>"})
    client.clock.advance(60)
    after = client.ok("PUT", f"/activity/note/{note['id']}/", {"note": "a < b"})
    assert (after["note"], after["note_html"]) == ("a < b", "<body><p>a &lt; b</p></body>")
    (event,) = client.events(object_type="activity.note", action="updated")
    assert event["previous_data"]["note"] == "Old"


def test_a_logged_call_is_a_communication(client, lead_id):
    body = {"lead_id": lead_id, "direction": "inbound", "duration": 95, "phone": "+4930231250", "note": "Short"}
    call = client.ok("POST", "/activity/call/", body)
    assert (call["direction"], call["status"], call["disposition"]) == ("inbound", "completed", "answered")
    assert (call["duration"], call["phone"], call["note"]) == (95, "+4930231250", "Short")
    lead = client.get(f"/lead/{lead_id}/", _fields="last_communication_date")
    assert lead["last_communication_date"] == call["activity_at"]


def test_an_email_that_should_go_out_is_taken_as_sent(client, lead_id):
    body = {
        "lead_id": lead_id,
        "status": "outbox",
        "sender": "dana@example.com",
        "to": ["a@example.com"],
        "subject": "Hi",
        "body_text": "Hello",
    }
    mail = client.ok("POST", "/activity/email/", body)
    assert (mail["status"], mail["direction"], mail["to"]) == ("sent", "outgoing", ["a@example.com"])
    assert (mail["body_text"], mail["date_sent"]) == ("Hello", mail["activity_at"])
    client.refused("PUT", f"/activity/email/{mail['id']}/", {"subject": "Changed"})


def test_a_draft_can_be_changed_and_is_no_communication(client):
    lead_id = client.value("SELECT id FROM lead WHERE last_communication_date IS NULL LIMIT 1")
    template_id = client.value("SELECT id FROM email_template LIMIT 1")
    body = {"lead_id": lead_id, "status": "draft", "template_id": template_id}
    mail = client.ok("POST", "/activity/email/", body)
    assert mail["subject"] == client.get(f"/email_template/{template_id}/")["subject"]
    assert mail["body_html"]
    after = client.ok("PUT", f"/activity/email/{mail['id']}/", {"subject": "Changed"})
    assert (after["subject"], after["status"], after["date_sent"]) == ("Changed", "draft", None)
    assert client.get(f"/lead/{lead_id}/", _fields="last_communication_date")["last_communication_date"] is None
    assert client.ok("PUT", f"/activity/email/{mail['id']}/", {"status": "sent"})["date_sent"]


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("note", {}, "lead_id"),
        ("note", {"lead_id": "lead_x"}, "lead_id"),
        ("note", {"note": 7}, "note"),
        ("call", {"direction": "outgoing"}, "direction"),
        ("call", {"duration": -1}, "duration"),
        ("call", {"recording_url": "http://x.example"}, "recording_url"),
        ("email", {}, "status"),
        ("email", {"status": "outbox"}, "sender"),
        ("email", {"status": "sent", "to": "a@example.com"}, "to"),
        ("email", {"status": "sent", "template_id": "tmpl_x"}, "template_id"),
    ],
)
def test_a_wrong_key_is_named(client, lead_id, kind, body, field):
    given = body if field == "lead_id" else {"lead_id": lead_id, **body}
    assert list(client.refused("POST", f"/activity/{kind}/", given)["field-errors"]) == [field]


def test_the_list_of_everything_is_narrowed_by_lead_and_type(client):
    lead_id = client.value("SELECT lead_id FROM activity WHERE kind = 'note' LIMIT 1")
    client.ok("POST", "/activity/call/", {"lead_id": lead_id})
    found = client.get("/activity/", lead_id=lead_id)["data"]
    assert len(found) == client.value("SELECT count(*) FROM activity WHERE lead_id = ?", lead_id)
    assert [item["date_created"] for item in found] == sorted((i["date_created"] for i in found), reverse=True)
    some = client.get("/activity/", lead_id=lead_id, _type__in="Note,Call")["data"]
    assert {item["_type"] for item in some} == {"Note", "Call"}
    assert {item["_type"] for item in client.get("/activity/", _type="Email")["data"]} == {"Email"}
    client.refused("GET", "/activity/", query={"_type": "Fax"})


@pytest.mark.parametrize("kind", ["note", "call", "email", "meeting", "sms"])
def test_every_kind_has_a_list_and_its_own_path(client, kind):
    listed = client.get(f"/activity/{kind}/")["data"][0]
    assert client.get(f"/activity/{kind}/{listed['id']}/") == listed
    other = "note" if kind != "note" else "call"
    client.refused("GET", f"/activity/{other}/{listed['id']}/", status=404)


def test_removing_a_change_of_status_leaves_the_status_alone(client):
    lead_id = client.value(
        "SELECT lead.id FROM lead JOIN lead_status AS s ON s.id = status_id WHERE label = 'Potential'"
    )
    client.ok("PUT", f"/lead/{lead_id}/", {"status": "Qualified"})
    (change, *_) = client.get("/activity/status_change/lead/", lead_id=lead_id)["data"]
    assert client.ok("DELETE", f"/activity/status_change/lead/{change['id']}/") == {}
    assert client.get(f"/lead/{lead_id}/")["status_label"] == "Qualified"
    assert client.events(object_type="activity.lead_status_change", action="deleted")
    client.refused("DELETE", f"/activity/status_change/lead/{change['id']}/", status=404)
