"""Custom fields: made, changed, removed; shared ones given to object types."""

import pytest


def lead_path(client):
    return f"/lead/{client.lead_ids()[0]}/"


def test_a_new_field_can_be_written_at_once(client):
    field = client.ok("POST", "/custom_field/lead/", {"name": "Tier", "type": "choices", "choices": ["A", "B"]})
    assert (field["choices"], field["accepts_multiple_values"], field["is_shared"]) == (["A", "B"], False, False)
    assert field in client.get("/custom_field_schema/lead/")["fields"]
    lead = client.ok("PUT", lead_path(client), {f"custom.{field['id']}": "A"})
    assert (lead[f"custom.{field['id']}"], lead["custom"]["Tier"]) == ("A", "A")
    client.refused("PUT", lead_path(client), {f"custom.{field['id']}": "C"})
    (event,) = client.events(object_type="custom_fields.lead", action="created")
    assert event["data"] == field


def test_a_choice_that_goes_takes_its_values_with_it(client):
    industry = client.field_id("Industry")
    n_others = client.value(
        "SELECT count(*) FROM custom_value WHERE custom_field_id = ? AND text_value <> 'SaaS'", industry
    )
    field = client.ok("PUT", f"/custom_field/lead/{industry}/", {"choices": ["SaaS"], "name": "Branch"})
    assert (field["name"], field["choices"], field["type"]) == ("Branch", ["SaaS"], "choices")
    assert n_others > 0
    left = client.rows("SELECT DISTINCT text_value FROM custom_value WHERE custom_field_id = ?", industry)
    assert left == [("SaaS",)]
    (event,) = client.events(object_type="custom_fields.lead", action="updated")
    assert event["changed_fields"] == ["choices", "name"]


def test_a_removed_field_is_gone_from_leads(client):
    industry = client.field_id("Industry")
    assert client.ok("DELETE", f"/custom_field/lead/{industry}/") == {}
    client.refused("GET", f"/custom_field/lead/{industry}/", status=404)
    assert all(f"custom.{industry}" not in lead for lead in client.get("/lead/")["data"])


def test_a_shared_field_is_given_to_object_types_and_taken_away(client):
    field = client.ok("POST", "/custom_field/shared/", {"name": "Segment", "type": "text"})
    assert field["associations"] == []
    path = f"/custom_field/shared/{field['id']}/association/"
    answer = client.send("POST", path, {"object_type": "lead"})
    assert (answer.status, answer.json()["object_type"]) == (201, "lead")
    client.refused("POST", path, {"object_type": "lead"})
    assert client.get(path + "lead/")["required"] is False
    key = f"custom.{field['id']}"
    assert client.ok("PUT", lead_path(client), {key: "Top"})[key] == "Top"
    gone = client.send("DELETE", path + "lead/")
    assert (gone.status, gone.body) == (204, b"")
    assert key not in client.get(lead_path(client))
    client.refused("GET", path + "lead/", status=404)
    assert len(client.events(object_type="custom_fields.shared", action="created")) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "text"}, "name"),
        ({"name": "X"}, "type"),
        ({"name": "X", "type": "formula"}, "type"),
        ({"name": "X", "type": "text", "choices": ["a"]}, "choices"),
        ({"name": "X", "type": "number", "accepts_multiple_values": True}, "accepts_multiple_values"),
        ({"name": "X", "type": "text", "description": "x" * 281}, "description"),
    ],
)
def test_a_wrong_key_is_named(client, body, field):
    assert list(client.refused("POST", "/custom_field/contact/", body)["field-errors"]) == [field]


def test_the_type_of_a_field_stays(client):
    path = f"/custom_field/lead/{client.field_id('Source')}/"
    assert "type" in client.refused("PUT", path, {"type": "number"})["field-errors"]
    assert client.ok("PUT", path, {"type": "text", "description": None})["description"] is None
    tags = f"/custom_field/lead/{client.field_id('Tags')}/"
    assert "accepts_multiple_values" in client.refused("PUT", tags, {"accepts_multiple_values": False})["field-errors"]


def test_an_unknown_object_type_is_not_found(client):
    client.refused("POST", "/custom_field/call/", {"name": "X", "type": "text"}, status=404)


def test_the_older_ways_to_name_a_field_are_taken(client):
    path = lead_path(client)
    lead = client.ok("PUT", path, {"custom.Do Not Contact": "Yes", "custom": {"Industry": "Retail"}})
    assert (lead["custom"]["Do Not Contact"], lead["custom"]["Industry"]) == ("Yes", "Retail")
    assert client.ok("PUT", path, {"custom.Tags": ["vip"]})["custom"]["Tags"] == ["vip"]
    assert client.ok("PUT", path, {"custom.Tags.add": "partner"})["custom"]["Tags"] == ["vip", "partner"]
    assert "custom.Nonsense" in client.refused("PUT", path, {"custom": {"Nonsense": 1}})["field-errors"]
    assert "custom" in client.refused("PUT", path, {"custom": [1]})["field-errors"]
