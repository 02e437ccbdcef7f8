"""Leads: read with `_fields`, make, change, remove; and what the event log says of it."""

import pytest

TAGS, INDUSTRY, EMPLOYEES, RENEWAL, OWNER = "Tags", "Industry", "Employees", "Renewal Date", "Account Owner"


def lead_id_of(client):
    return client.lead_ids()[0]


def key(client, name):
    return f"custom.{client.field_id(name)}"


def test_a_list_of_leads_says_how_many_there_are(client):
    page = client.get("/lead/", _limit=10)
    assert (len(page["data"]), page["has_more"], page["total_results"]) == (10, True, 60)


def test_a_full_lead_has_its_children(client):
    lead_id = client.value("SELECT lead_id FROM opportunity LIMIT 1")
    lead = client.get(f"/lead/{lead_id}/")
    required = {
        "id",
        "name",
        "url",
        "html_url",
        "status_id",
        "contact_ids",
        "organization_id",
        "created_by",
        "updated_by",
        "date_created",
        "date_updated",
    }
    assert required <= lead.keys()
    assert lead["contact_ids"] == [contact["id"] for contact in lead["contacts"]]
    assert {item["lead_id"] for item in lead["opportunities"]} == {lead_id}


def test_fields_choose_custom_and_computed_ones(client):
    lead_id, field_id = client.rows(
        "SELECT object_id, custom_field_id FROM custom_value JOIN lead ON lead.id = object_id"
    )[0]
    one = client.get(f"/lead/{lead_id}/", _fields=f"id,custom.{field_id},num_emails")
    assert set(one) == {"id", f"custom.{field_id}", "num_emails"}
    custom = client.get(f"/lead/{lead_id}/", _fields="custom")
    assert f"custom.{field_id}" in custom
    assert "name" not in custom
    assert {"name", "num_emails", "contacts"} <= client.get(f"/lead/{lead_id}/", _fields="_all").keys()


def test_a_new_lead_gets_the_first_status_and_its_nested_parts(client):
    lead = client.ok(
        "POST",
        "/lead/",
        {
            "name": "Harbour Tools",
            "contacts": [{"name": "Ines", "emails": [{"email": "Ines@example.com", "type": "office"}], "phones": []}],
            "addresses": [{"city": "Porto", "country": "PT"}],
            key(client, TAGS): ["vip", "partner"],
            key(client, OWNER): "Milan Novak",
        },
    )
    assert lead["status_label"] == "Potential"
    assert lead["contacts"][0]["emails"] == [{"email": "ines@example.com", "type": "office", "is_unsubscribed": False}]
    assert lead["addresses"][0]["city"] == "Porto"
    assert lead[key(client, TAGS)] == ["vip", "partner"]
    assert lead[key(client, OWNER)].startswith("user_")
    assert lead["custom"][TAGS] == ["vip", "partner"]
    assert client.get("/lead/", _limit=1)["data"][0]["id"] == lead["id"]
    actions = [(event["object_type"], event["action"]) for event in client.events(lead_id=lead["id"])]
    assert sorted(actions) == [("contact", "created"), ("lead", "created")]


def test_a_bad_contact_leaves_no_half_made_lead(client):
    errors = client.refused("POST", "/lead/", {"name": "X", "contacts": [{"name": "A"}, {"emails": [{"email": 1}]}]})
    assert list(errors["field-errors"]) == ["contacts.1.emails"]
    assert client.get("/lead/", _limit=1)["total_results"] == 60


def test_what_is_left_out_of_a_change_stays(client):
    lead_id = lead_id_of(client)
    before = client.get(f"/lead/{lead_id}/")
    client.clock.advance(60)
    after = client.ok("PUT", f"/lead/{lead_id}/", {"description": "Changed"})
    assert after == {
        **before,
        "description": "Changed",
        "date_updated": after["date_updated"],
        "updated_by": after["updated_by"],
    }
    assert after["date_updated"] > before["date_updated"]


@pytest.mark.parametrize("by", ["status", "status_id"])
def test_a_change_of_status_leaves_an_activity_and_events(client, by):
    lead_id = client.value(
        "SELECT lead.id FROM lead JOIN lead_status AS s ON s.id = status_id WHERE label = 'Potential'"
    )
    value = "Qualified" if by == "status" else client.status_id("Qualified")
    lead = client.ok("PUT", f"/lead/{lead_id}/", {by: value})
    assert lead["status_label"] == "Qualified"
    newest = client.get("/activity/status_change/lead/", lead_id=lead_id)["data"][0]
    assert (newest["old_status_label"], newest["new_status_label"]) == ("Potential", "Qualified")
    kinds = {event["object_type"]: event for event in client.events(lead_id=lead_id)}
    assert kinds.keys() == {"lead", "activity.lead_status_change"}
    assert kinds["lead"]["changed_fields"] == ["status_id", "status_label"]
    assert kinds["lead"]["previous_data"]["status_label"] == "Potential"
    assert kinds["lead"]["meta"] == {"request_method": "PUT", "request_path": f"/api/v1/lead/{lead_id}/"}
    assert client.get(f"/lead/{lead_id}/", _fields="last_lead_status_change_date") == {
        "last_lead_status_change_date": lead["date_updated"]
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "Churned", "status_id": "stat_x"}, "status"),
        ({"status": "Nonsense"}, "status"),
        ({"status_id": "stat_x"}, "status_id"),
        ({"status_id": None}, "status_id"),
        ({"contacts": []}, "contacts"),
        ({"name": 5}, "name"),
        ({"addresses": "x"}, "addresses"),
        ({"custom.cf_unknown": "x"}, "custom.cf_unknown"),
    ],
)
def test_a_wrong_key_is_named(client, body, field):
    assert list(client.refused("PUT", f"/lead/{lead_id_of(client)}/", body)["field-errors"]) == [field]


def test_an_opportunity_status_is_no_lead_status(client):
    status_id = client.value("SELECT id FROM opportunity_status LIMIT 1")
    client.refused("PUT", f"/lead/{lead_id_of(client)}/", {"status_id": status_id})


def test_members_are_added_to_and_removed_from_a_field(client):
    path, tags = f"/lead/{lead_id_of(client)}/", key(client, TAGS)
    assert client.ok("PUT", path, {tags: ["vip", "partner"]})[tags] == ["vip", "partner"]
    assert client.ok("PUT", path, {f"{tags}.add": "newsletter"})[tags] == ["vip", "partner", "newsletter"]
    assert client.ok("PUT", path, {f"{tags}.add": "vip"})[tags] == ["vip", "partner", "newsletter"]
    assert client.ok("PUT", path, {f"{tags}.remove": ["vip"]})[tags] == ["partner", "newsletter"]
    assert tags not in client.ok("PUT", path, {tags: None})


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        (EMPLOYEES, 12, 12),
        (EMPLOYEES, 12.5, 12.5),
        (EMPLOYEES, "40", 40),
        (RENEWAL, "2026-12-24", "2026-12-24"),
        ("Last Login", "2026-12-24T10:00:00+02:00", "2026-12-24T08:00:00.000000+00:00"),
        (INDUSTRY, "SaaS", "SaaS"),
        ("Source", "fair", "fair"),
    ],
)
def test_values_come_back_in_the_form_of_their_type(client, field, value, stored):
    assert client.ok("PUT", f"/lead/{lead_id_of(client)}/", {key(client, field): value})[key(client, field)] == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (EMPLOYEES, "many"),
        (EMPLOYEES, True),
        (RENEWAL, "24.12.2026"),
        (RENEWAL, "2026-13-01"),
        ("Last Login", "noon"),
        (INDUSTRY, "Astrology"),
        (INDUSTRY, ["SaaS", "Retail"]),
        (OWNER, "Nobody"),
        (TAGS, ["vip", "unheard-of"]),
        ("Main Contact", "cont_x"),
        ("Source", 7),
        ("Source", ""),
        (f"{INDUSTRY}.add", "SaaS"),
    ],
)
def test_a_value_that_does_not_suit_its_field_is_refused(client, field, value):
    name, _, suffix = field.partition(".")
    written = key(client, name) + (f".{suffix}" if suffix else "")
    assert written in client.refused("PUT", f"/lead/{lead_id_of(client)}/", {written: value})["field-errors"]


def test_changes_close_together_are_one_event(client):
    lead_id = lead_id_of(client)
    former = client.get(f"/lead/{lead_id}/")["description"]
    client.ok("PUT", f"/lead/{lead_id}/", {"description": "One"})
    client.clock.advance(2)
    client.ok("PUT", f"/lead/{lead_id}/", {"description": "Two", "url": "https://two.example.com"})
    (event,) = client.events(lead_id=lead_id)
    assert event["previous_data"]["description"] == former
    assert event["data"]["description"] == "Two"
    assert event["changed_fields"] == ["description", "url"]
    assert event["date_created"] < event["date_updated"]
    client.clock.advance(60)
    client.ok("PUT", f"/lead/{lead_id}/", {"description": "Three"})
    assert len(client.events(lead_id=lead_id)) == 2


def test_a_change_that_changes_nothing_is_no_event(client):
    lead_id = lead_id_of(client)
    client.ok("PUT", f"/lead/{lead_id}/", {"name": client.get(f"/lead/{lead_id}/")["name"]})
    assert client.events(lead_id=lead_id) == []


def test_a_removed_lead_takes_its_children_with_it(client):
    lead_id = client.value("SELECT lead_id FROM opportunity LIMIT 1")
    lead = client.get(f"/lead/{lead_id}/")
    n_activities = client.value("SELECT count(*) FROM activity WHERE lead_id = ?", lead_id)
    assert client.ok("DELETE", f"/lead/{lead_id}/") == {}
    client.refused("GET", f"/lead/{lead_id}/", status=404)
    client.refused("DELETE", f"/lead/{lead_id}/", status=404)
    events = client.events(lead_id=lead_id)
    assert {event["action"] for event in events} == {"deleted"}
    of_kind = [event["object_type"].partition(".")[0] for event in events]
    assert of_kind.count("contact") == len(lead["contacts"])
    assert of_kind.count("opportunity") == len(lead["opportunities"])
    assert of_kind.count("activity") == n_activities
    removed = next(event for event in events if event["object_type"] == "lead")
    assert removed["previous_data"]["name"] == lead["name"]
    assert client.value("SELECT count(*) FROM contact WHERE lead_id = ?", lead_id) == 0
