"""Statuses of leads and opportunities: made, renamed, removed while nobody has them."""

import pytest

KINDS = {"lead": {"label": "Nurture"}, "opportunity": {"label": "Legal", "type": "active"}}


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_is_made_renamed_and_removed(client, kind):
    made = client.ok("POST", f"/status/{kind}/", KINDS[kind])
    assert made["id"] == client.get(f"/status/{kind}/")["data"][-1]["id"]
    renamed = client.ok("PUT", f"/status/{kind}/{made['id']}/", {"label": "Renamed"})
    assert renamed == {**made, "label": "Renamed"} == client.get(f"/status/{kind}/{made['id']}/")
    assert client.ok("DELETE", f"/status/{kind}/{made['id']}/") == {}
    client.refused("GET", f"/status/{kind}/{made['id']}/", status=404)
    actions = [event["action"] for event in client.events(object_id=made["id"], object_type=f"status.{kind}")]
    assert sorted(actions) == ["created", "deleted", "updated"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_in_use_stays(client, kind):
    used = client.value(f"SELECT status_id FROM {'lead' if kind == 'lead' else 'opportunity'} LIMIT 1")  # noqa: S608
    client.refused("DELETE", f"/status/{kind}/{used}/")
    client.refused("DELETE", f"/status/{kind}/stat_x/", status=404)


def test_a_lead_can_have_a_new_status_at_once(client):
    client.ok("POST", "/status/lead/", {"label": "Nurture"})
    lead = client.ok("PUT", f"/lead/{client.lead_ids()[0]}/", {"status": "Nurture"})
    assert lead["status_label"] == "Nurture"


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("lead", {}, "label"),
        ("lead", {"label": 7}, "label"),
        ("opportunity", {"label": "x"}, "type"),
        ("opportunity", {"label": "x", "type": "open"}, "type"),
        ("opportunity", {"label": "x", "type": "won", "pipeline_id": "pipe_x"}, "pipeline_id"),
    ],
)
def test_a_wrong_key_is_named(client, kind, body, field):
    assert list(client.refused("POST", f"/status/{kind}/", body)["field-errors"]) == [field]


def test_pipelines_hold_the_new_status(client):
    made = client.ok("POST", "/status/opportunity/", KINDS["opportunity"])
    (pipeline,) = client.get("/pipeline/")["data"]
    assert pipeline["statuses"][-1]["id"] == made["id"]
    assert client.get("/me/")["organizations"][0]["pipelines"] == [pipeline]
