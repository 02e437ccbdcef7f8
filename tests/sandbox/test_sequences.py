"""Sequences and subscriptions of them: made, changed, paused, resumed."""

import pytest

STEPS = [{"step_type": "call", "delay": 0}, {"delay": 86_400, "threading": "old_thread"}]


def sender(client):
    account_id = client.value("SELECT id FROM connected_account LIMIT 1")
    return {"sender_account_id": account_id, "sender_name": "Dana Reyes", "sender_email": "dana@example.com"}


@pytest.fixture
def sequence(client):
    return client.ok("POST", "/sequence/", {"name": "Winter", "steps": STEPS, "timezone": "Europe/Berlin"})


@pytest.fixture
def contact_id(client):
    return client.value("SELECT contact_id FROM contact_email LIMIT 1")


def test_a_new_sequence_is_active_and_its_steps_have_ids(client, sequence):
    assert (sequence["status"], [step["step_type"] for step in sequence["steps"]]) == ("active", ["call", "email"])
    assert len({step["id"] for step in sequence["steps"]}) == 2
    assert sequence["subscription_counts_by_status"]["active"] == 0
    assert client.get(f"/sequence/{sequence['id']}/") == sequence


def test_steps_that_are_left_out_are_gone_and_others_stay_as_they_are(client, sequence):
    call, mail = sequence["steps"]
    after = client.ok("PUT", f"/sequence/{sequence['id']}/", {"name": "Spring", "steps": [{"id": mail["id"]}]})
    assert (after["name"], after["steps"], after["timezone"]) == ("Spring", [mail], "Europe/Berlin")
    refused = client.refused("PUT", f"/sequence/{sequence['id']}/", {"steps": [{"id": call["id"]}]})
    assert list(refused["field-errors"]) == ["steps.0.id"]


def test_a_contact_is_subscribed_paused_and_resumed(client, sequence, contact_id):
    answer = client.send(
        "POST", "/sequence_subscription/", {"sequence_id": sequence["id"], "contact_id": contact_id, **sender(client)}
    )
    made = answer.json()
    assert (answer.status, made["status"], made["status_reason"]) == (201, "active", None)
    assert made["lead_id"] == client.get(f"/contact/{contact_id}/")["lead_id"]
    client.refused(
        "POST", "/sequence_subscription/", {"sequence_id": sequence["id"], "contact_id": contact_id, **sender(client)}
    )
    client.clock.advance(60)
    paused = client.ok("PUT", f"/sequence_subscription/{made['id']}/", {"status": "paused"})
    assert (paused["status"], paused["status_reason"]) == ("paused", "manual")
    resumed = client.ok("PUT", f"/sequence_subscription/{made['id']}/", {"status": "active"})
    assert (resumed["status"], resumed["status_reason"]) == ("active", None)
    assert client.get(f"/sequence/{sequence['id']}/")["subscription_counts_by_status"]["active"] == 1
    events = client.events(object_type="sequence_subscription", object_id=made["id"])
    assert {event["action"] for event in events} == {"created", "updated"}
    assert client.ok("DELETE", f"/sequence_subscription/{made['id']}/") == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sequence_id": "seq_x"}, "sequence_id"),
        ({"contact_id": "cont_x"}, "contact_id"),
        ({"contact_email": "other@example.com"}, "contact_email"),
        ({"sender_account_id": None}, "sender_account_id"),
        ({"calls_assigned_to": "me"}, "calls_assigned_to"),
    ],
)
def test_a_wrong_key_is_named(client, sequence, contact_id, change, field):
    body = {"sequence_id": sequence["id"], "contact_id": contact_id, **sender(client), **change}
    assert list(client.refused("POST", "/sequence_subscription/", body)["field-errors"]) == [field]


@pytest.mark.parametrize("body", [{}, {"name": "x", "steps": 1}, {"name": "x", "status": "running"}])
def test_a_wrong_sequence_is_refused(client, body):
    assert client.refused("POST", "/sequence/", body)["field-errors"]
