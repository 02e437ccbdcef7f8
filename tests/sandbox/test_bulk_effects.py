"""What bulk actions leave behind: changed leads, activities, mails, subscriptions, events."""

import pytest
from support.sandbox_client import EVERY_LEAD, leads_with

ALL_EMAILS = """
    SELECT c.lead_id, c.id, e.email FROM contact AS c JOIN contact_email AS e ON e.contact_id = c.id
    WHERE e.email NOT IN (SELECT email FROM unsubscribed_email)
"""


@pytest.fixture
def lead_id(client):
    """A lead with two contacts who have addresses, and nothing unsubscribed."""
    return client.value(f"SELECT lead_id FROM ({ALL_EMAILS}) GROUP BY lead_id HAVING count(DISTINCT id) >= 2")  # noqa: S608 - fixed text


def tagged(client, lead_id):
    return client.get(f"/lead/{lead_id}/")["custom"].get("Tags")


def set_tags(client, lead_id, operation, *values):
    body = {"custom_field_name": "Tags", "custom_field_values": list(values), "custom_field_operation": operation}
    return client.run("edit", type="set_custom_field", **body, s_query=leads_with(lead_id))


def test_a_status_is_set_where_it_differs(client):
    bad_fit = client.status_id("Bad Fit")
    former = dict(client.rows("SELECT id, status_id FROM lead"))
    differing = {lead_id for lead_id, status_id in former.items() if status_id != bad_fit}
    action = client.run("edit", type="set_lead_status", lead_status_id=bad_fit)
    assert client.value("SELECT count(*) FROM lead WHERE status_id = ?", bad_fit) == 60
    events = client.events(object_type="lead", action="updated")
    assert {event["object_id"] for event in events} == differing
    for event in events:
        assert event["meta"] == {"bulk_action_id": action["id"]}
        assert event["previous_data"]["status_id"] == former[event["object_id"]]
        assert event["data"]["status_id"] == bad_fit
        assert event["changed_fields"] == ["status_id", "status_label"]
        assert event["user_id"] == client.sandbox.world.owner_user_id
    changes = client.events(object_type="activity.lead_status_change", action="created")
    assert {event["lead_id"] for event in changes} == differing
    newest = client.get("/activity/status_change/lead/", lead_id=next(iter(differing)))["data"][0]
    assert newest["new_status_label"] == "Bad Fit"


def test_the_event_of_a_lead_is_the_lead_afterwards(client, lead_id):
    client.run("edit", type="set_lead_status", lead_status_id=client.status_id("Bad Fit"), s_query=leads_with(lead_id))
    lead = client.get(f"/lead/{lead_id}/")
    (event,) = client.events(lead_id=lead_id, object_type="lead")
    assert {key: lead[key] for key in event["data"]} == event["data"]


def test_several_values_are_replaced_added_and_removed(client, lead_id):
    set_tags(client, lead_id, "replace", "vip", "partner")
    assert tagged(client, lead_id) == ["vip", "partner"]
    set_tags(client, lead_id, "add", "vip", "newsletter")
    assert tagged(client, lead_id) == ["vip", "partner", "newsletter"]
    set_tags(client, lead_id, "remove", "partner", "churn-risk")
    assert tagged(client, lead_id) == ["vip", "newsletter"]
    client.run("edit", type="clear_custom_field", custom_field_name="Tags", s_query=leads_with(lead_id))
    assert tagged(client, lead_id) is None


def test_an_edit_tells_old_and_new_value(client, lead_id):
    set_tags(client, lead_id, "replace", "vip")
    action = set_tags(client, lead_id, "replace", "partner")
    key = f"custom.{client.field_id('Tags')}"
    event = client.events(lead_id=lead_id)[0]
    assert (event["previous_data"][key], event["data"][key]) == (["vip"], ["partner"])
    assert event["changed_fields"] == [key]
    assert event["meta"]["bulk_action_id"] == action["id"]


def test_the_same_value_again_is_counted_but_no_event(client, lead_id):
    set_tags(client, lead_id, "replace", "vip")
    updated = client.get(f"/lead/{lead_id}/")["date_updated"]
    n_events = len(client.events(lead_id=lead_id))
    action = set_tags(client, lead_id, "add", "vip")
    assert (action["n_leads_processed"], action["n_objects_processed"]) == (1, 1)
    assert len(client.events(lead_id=lead_id)) == n_events
    assert client.get(f"/lead/{lead_id}/")["date_updated"] == updated


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [("Employees", 12, 12), ("Renewal Date", "2027-01-31", "2027-01-31"), ("Region", "APAC", "APAC")],
)
def test_a_single_value_is_set_and_can_be_searched(client, name, value, stored):
    client.run("edit", type="set_custom_field", custom_field_name=name, custom_field_value=value)
    assert {client.get(f"/lead/{lead_id}/")["custom"][name] for lead_id in client.lead_ids()[:5]} == {stored}
    exists = {
        "type": "field_condition",
        "field": {"type": "custom_field", "custom_field_id": client.field_id(name)},
        "condition": {"type": "exists"},
    }
    assert client.search(exists, include_counts=True)["count"]["total"] == 60


def test_a_delete_leaves_nothing_but_events(client):
    doomed = client.lead_ids()[:10]
    leads = {lead_id: client.get(f"/lead/{lead_id}/") for lead_id in doomed}
    action = client.run("delete", s_query=leads_with(*doomed))
    assert (action["n_leads"], action["n_objects_processed"]) == (10, 10)
    assert not set(client.lead_ids()) & set(doomed)
    for table in ("contact", "opportunity", "activity", "task", "sequence_subscription"):
        orphans = f"SELECT count(*) FROM {table} WHERE lead_id NOT IN (SELECT id FROM lead)"  # noqa: S608 - fixed names
        assert client.value(orphans) == 0
    events = client.events(object_type="lead", action="deleted")
    assert {event["object_id"] for event in events} == set(doomed)
    for event in events:
        assert event["meta"] == {"bulk_action_id": action["id"]}
        assert event["previous_data"]["contacts"] == leads[event["object_id"]]["contacts"]
        assert event["data"] is None
    n_contacts = sum(len(lead["contacts"]) for lead in leads.values())
    assert len(client.events(object_type="contact", action="deleted")) == n_contacts


def first_addresses(client, preference):
    """Whom a mail goes to, worked out from what the API answers."""
    found = set()
    for lead_id in client.lead_ids():
        reachable = [contact for contact in client.get(f"/lead/{lead_id}/")["contacts"] if contact["emails"]]
        for contact in reachable[:1] if preference == "lead" else reachable:
            if not contact["emails"][0]["is_unsubscribed"]:
                found.add((lead_id, contact["id"], contact["emails"][0]["email"]))
    return found


@pytest.mark.parametrize("preference", ["lead", "contact"])
def test_mails_go_to_first_addresses_that_are_not_unsubscribed(client, preference):
    with client.sandbox.world.transaction() as connection:
        rows = connection.execute("SELECT DISTINCT email FROM contact_email ORDER BY email LIMIT 15").fetchall()
        connection.executemany("INSERT OR IGNORE INTO unsubscribed_email VALUES (?, '')", rows)
    expected = first_addresses(client, preference)
    template_id = client.value("SELECT id FROM email_template ORDER BY position")
    action = client.run("email", template_id=template_id, contact_preference=preference)
    assert action["n_objects"] == action["n_objects_processed"] == len(expected)
    assert action["n_leads_processed"] == 60
    mails = client.get("/activity/email/", bulk_email_action_id=action["id"], _limit=100)["data"]
    assert {(mail["lead_id"], mail["contact_id"], *mail["to"]) for mail in mails} == expected
    assert {(mail["status"], mail["direction"], mail["template_id"]) for mail in mails} == {
        ("sent", "outgoing", template_id)
    }


def test_a_mail_is_a_communication_and_an_event(client, lead_id):
    template_id = client.value("SELECT id FROM email_template ORDER BY position")
    action = client.run("email", template_id=template_id, contact_preference="lead", s_query=leads_with(lead_id))
    (mail,) = [
        m for m in client.get("/activity/email/", lead_id=lead_id)["data"] if m["bulk_email_action_id"] == action["id"]
    ]
    lead = client.get(f"/lead/{lead_id}/", _fields="last_communication_date")
    assert lead["last_communication_date"] == mail["date_sent"]
    (event,) = client.events(lead_id=lead_id)
    assert (event["object_type"], event["action"], event["data"]) == ("activity.email", "created", mail)
    assert event["meta"] == {"bulk_action_id": action["id"]}


@pytest.fixture
def sequence_id(client):
    return client.value("SELECT id FROM sequence WHERE name = 'Trial onboarding'")


def subscribing(client, sequence_id, preference="contact"):
    return {
        "action_type": "subscribe",
        "sequence_id": sequence_id,
        "sender_account_id": client.value("SELECT id FROM connected_account ORDER BY position"),
        "sender_name": "Dana Reyes",
        "sender_email": "dana@example.com",
        "contact_preference": preference,
        "calls_assigned_to": [client.sandbox.world.owner_user_id],
    }


def statuses(client, sequence_id):
    return dict(client.rows("SELECT contact_id, status FROM sequence_subscription WHERE sequence_id = ?", sequence_id))


def test_contacts_that_never_had_the_sequence_are_subscribed(client, sequence_id):
    had = statuses(client, sequence_id)
    expected = {contact_id for _, contact_id, _ in first_addresses(client, "contact")} - had.keys()
    action = client.run("sequence_subscription", **subscribing(client, sequence_id))
    assert action["n_objects"] == len(expected) > 0
    new = client.rows("SELECT contact_id FROM sequence_subscription WHERE bulk_action_id = ?", action["id"])
    assert {contact_id for (contact_id,) in new} == expected
    listed = client.get("/sequence_subscription/", contact_id=new[0][0], sequence_id=sequence_id)["data"][0]
    assert (listed["status"], listed["status_reason"]) == ("active", "bulk-action")
    assert (listed["sender_name"], listed["calls_assigned_to"]) == ("Dana Reyes", [client.sandbox.world.owner_user_id])
    again = client.run("sequence_subscription", **subscribing(client, sequence_id))
    assert (again["n_leads"], again["n_objects"]) == (60, 0)


@pytest.mark.parametrize(
    ("action_type", "taken", "becomes"),
    [("pause", "active", "paused"), ("resume", "paused", "active"), ("resume_finished", "finished", "active")],
)
def test_subscriptions_in_one_status_are_taken_and_others_left(client, sequence_id, action_type, taken, becomes):
    client.run("sequence_subscription", **subscribing(client, sequence_id))
    with client.sandbox.world.transaction() as connection:
        rows = connection.execute("SELECT id FROM sequence_subscription ORDER BY sequence_id, id").fetchall()
        connection.executemany(
            "UPDATE sequence_subscription SET status = ? WHERE id = ?",
            [(("active", "paused", "finished")[number % 3], row[0]) for number, row in enumerate(rows)],
        )
    before = statuses(client, sequence_id)
    action = client.run("sequence_subscription", action_type=action_type, sequence_id=sequence_id)
    assert action["n_objects"] == sum(status == taken for status in before.values()) > 0
    after = statuses(client, sequence_id)
    assert after == {contact_id: becomes if status == taken else status for contact_id, status in before.items()}
    touched = client.rows(
        "SELECT DISTINCT status, status_reason FROM sequence_subscription WHERE bulk_action_id = ?", action["id"]
    )
    assert touched == [(becomes, "bulk-action")]


def test_without_a_sequence_all_are_paused(client):
    n_active = client.value("SELECT count(*) FROM sequence_subscription WHERE status = 'active'")
    action = client.run("sequence_subscription", action_type="pause", s_query=EVERY_LEAD)
    assert action["n_objects"] == n_active > 0
    assert client.value("SELECT count(*) FROM sequence_subscription WHERE status = 'active'") == 0


def test_every_subscription_that_a_bulk_action_touches_has_its_event(client):
    n_active = client.value("SELECT count(*) FROM sequence_subscription WHERE status = 'active'")
    done = client.run("sequence_subscription", action_type="pause")
    events = client.events(object_type="sequence_subscription", action="updated")
    assert n_active == len(events) == done["n_objects_processed"] > 0
    assert {event["meta"]["bulk_action_id"] for event in events} == {done["id"]}
    assert all(event["previous_data"]["status"] == "active" for event in events)
