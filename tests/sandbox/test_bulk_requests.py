"""Which bulk actions are accepted, and what the answer holds."""

import pytest
from support.sandbox_client import EVERY_LEAD

from bulkplan.sandbox import OpenQuestions, SandboxSettings

COMMON = {
    "id",
    "organization_id",
    "status",
    "n_leads",
    "n_objects",
    "n_leads_processed",
    "n_objects_processed",
    "s_query",
    "sort",
    "results_limit",
    "query",
    "send_done_email",
    "created_by",
    "updated_by",
    "date_created",
    "date_updated",
}
OWN = {
    "edit": {"type", "lead_status_id", "custom_field_name", "custom_field_value"},
    "delete": {"bulk_object_type"},
    "email": {"template_id", "contact_preference", "email_account_id", "sender"},
    "sequence_subscription": {
        "action_type",
        "sequence_id",
        "contact_preference",
        "sender_account_id",
        "sender_name",
        "sender_email",
        "from_phone_number_id",
        "calls_assigned_to",
    },
}


def subscribe(client):
    return {
        "action_type": "subscribe",
        "sequence_id": client.value("SELECT id FROM sequence ORDER BY position"),
        "sender_account_id": client.value("SELECT id FROM connected_account ORDER BY position"),
        "sender_name": "Dana",
        "sender_email": "dana@example.com",
        "contact_preference": "lead",
    }


def good(client, kind):
    return {
        "edit": lambda: {"type": "set_lead_status", "lead_status_id": client.status_id("Churned")},
        "delete": dict,
        "email": lambda: {
            "template_id": client.value("SELECT id FROM email_template ORDER BY position"),
            "contact_preference": "lead",
        },
        "sequence_subscription": lambda: subscribe(client),
    }[kind]()


@pytest.mark.parametrize("kind", OWN)
def test_an_answer_has_every_key_of_its_kind_and_no_other(client, kind):
    sort = [{"direction": "asc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "name"}}]
    action = client.start(kind, **good(client, kind), results_limit=5, sort=sort, send_done_email=False)
    assert set(action) == COMMON | OWN[kind]
    assert (action["n_leads"], action["n_objects"], action["query"]) == (None, None, None)
    assert (action["sort"], action["results_limit"], action["send_done_email"]) == (sort, 5, False)
    assert action["s_query"] == EVERY_LEAD
    assert client.get(f"/bulk_action/{kind}/{action['id']}/") == action
    assert client.get(f"/bulk_action/{kind}/")["data"] == [action]


def test_defaults_are_no_limit_no_sort_and_a_mail_when_done(client):
    action = client.start("delete")
    assert (action["results_limit"], action["sort"], action["send_done_email"]) == (None, [], True)
    assert action["bulk_object_type"] == "lead"


def test_an_edit_by_field_id_comes_back_by_name(client):
    body = {"type": "set_custom_field", "custom_field_id": client.field_id("Industry"), "custom_field_value": "SaaS"}
    action = client.start("edit", **body)
    assert (action["custom_field_name"], action["custom_field_value"]) == ("Industry", "SaaS")
    numbers = client.start("edit", type="set_custom_field", custom_field_name="Employees", custom_field_value=12)
    assert numbers["custom_field_value"] == "12"


def test_a_mail_is_sent_by_the_owner_unless_said_otherwise(client):
    action = client.start("email", **good(client, "email"))
    assert action["sender"] == "Dana Reyes <dana@example.com>"
    assert action["email_account_id"].startswith("emailacct_")


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize(
    "selection",
    [
        {"s_query": None},
        {"s_query": []},
        {"s_query": {}},
        {"s_query": {"query": EVERY_LEAD}},
        {"s_query": {"type": "nonsense"}},
        {"s_query": {"type": "object_type", "object_type": "contact"}},
        {"results_limit": -1},
        {"results_limit": "5"},
        {"results_limit": 1.5},
        {"sort": {}},
        {"sort": [{"direction": "up"}]},
        {"send_done_email": "no"},
    ],
)
def test_a_bad_selection_is_refused_and_starts_nothing(client, kind, selection):
    client.refused("POST", f"/bulk_action/{kind}/", {"s_query": EVERY_LEAD, **good(client, kind), **selection})
    assert client.get(f"/bulk_action/{kind}/")["data"] == []


def test_a_missing_query_is_named(client):
    errors = client.refused("POST", "/bulk_action/delete/", {"query": "old text search"})
    assert errors == {"errors": [], "field-errors": {"s_query": "This field is required."}}


def field(name, **value):
    return {"type": "set_custom_field", "custom_field_name": name, **value}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "type"),
        ({"type": "set_contact_custom_field"}, "type"),
        ({"type": "set_lead_status"}, "lead_status_id"),
        ({"type": "set_lead_status", "lead_status_id": "stat_x"}, "lead_status_id"),
        ({"type": "set_lead_status", "lead_status_id": 7}, "lead_status_id"),
        ({"type": "clear_custom_field"}, "custom_field_id"),
        ({"type": "clear_custom_field", "custom_field_id": "cf_x"}, "custom_field_id"),
        ({"type": "clear_custom_field", "custom_field_name": "industry"}, "custom_field_name"),
        ({"type": "clear_custom_field", "custom_field_name": "Department"}, "custom_field_name"),
        (field("Industry"), "custom_field_value"),
        (field("Industry", custom_field_value="SaaS", custom_field_values=["SaaS"]), "custom_field_value"),
        (field("Industry", custom_field_value="Astrology"), "custom_field_value"),
        (field("Industry", custom_field_values=["SaaS", "Retail"]), "custom_field_values"),
        (field("Industry", custom_field_value="SaaS", custom_field_operation="add"), "custom_field_operation"),
        (field("Tags", custom_field_values=["vip"], custom_field_operation="toggle"), "custom_field_operation"),
        (field("Tags", custom_field_values=[]), "custom_field_values"),
        (field("Employees", custom_field_value="many"), "custom_field_value"),
    ],
)
def test_a_bad_edit_names_its_key(client, body, wrong):
    errors = client.refused("POST", "/bulk_action/edit/", {"s_query": EVERY_LEAD, **body})
    assert list(errors["field-errors"]) == [wrong]


def test_the_status_of_an_opportunity_is_no_lead_status(client):
    status_id = client.value("SELECT id FROM opportunity_status")
    body = {"s_query": EVERY_LEAD, "type": "set_lead_status", "lead_status_id": status_id}
    assert "lead_status_id" in client.refused("POST", "/bulk_action/edit/", body)["field-errors"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("template_id", None),
        ("template_id", "tmpl_x"),
        ("contact_preference", None),
        ("contact_preference", "all"),
        ("email_account_id", "emailacct_x"),
        ("sender", "nobody"),
    ],
)
def test_a_bad_mail_names_its_key(client, key, value):
    body = {"s_query": EVERY_LEAD, **good(client, "email"), key: value}
    assert list(client.refused("POST", "/bulk_action/email/", body)["field-errors"]) == [key]


def test_an_archived_template_is_not_sent(client):
    template_id = client.value("SELECT id FROM email_template WHERE is_archived")
    body = {"s_query": EVERY_LEAD, "template_id": template_id, "contact_preference": "lead"}
    assert "template_id" in client.refused("POST", "/bulk_action/email/", body)["field-errors"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("action_type", "reassign"),
        ("sequence_id", None),
        ("sequence_id", "seq_x"),
        ("sender_account_id", None),
        ("sender_name", None),
        ("sender_email", None),
        ("contact_preference", None),
        ("contact_preference", "all"),
        ("from_phone_number_id", "phon_x"),
        ("calls_assigned_to", ["user_x"]),
        ("calls_assigned_to", "user_x"),
    ],
)
def test_a_bad_subscription_names_its_key(client, key, value):
    body = {"s_query": EVERY_LEAD, **subscribe(client), key: value}
    assert list(client.refused("POST", "/bulk_action/sequence_subscription/", body)["field-errors"]) == [key]


def test_pausing_needs_no_sequence(client):
    assert client.start("sequence_subscription", action_type="pause")["sequence_id"] is None


def test_unknown_keys_are_ignored_unless_settings_say_otherwise(client, open_client):
    assert "label" not in client.start("delete", label="mine")
    strict = open_client(settings=SandboxSettings(open_questions=OpenQuestions(unknown_keys_are_refused=True)))
    errors = strict.refused("POST", "/bulk_action/delete/", {"s_query": EVERY_LEAD, "label": "mine"})
    assert list(errors["field-errors"]) == ["label"]


def test_choices_can_be_left_open(open_client):
    client = open_client(settings=SandboxSettings(open_questions=OpenQuestions(choices_are_enforced=False)))
    action = client.run("edit", **field("Industry", custom_field_value="Astrology"))
    assert action["status"] == "done"


def test_mails_can_be_listed_by_template(client):
    action = client.start("email", **good(client, "email"))
    assert client.get("/bulk_action/email/", template_id=action["template_id"])["data"] == [action]
    assert client.get("/bulk_action/email/", template_id="tmpl_x")["data"] == []
