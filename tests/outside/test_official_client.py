"""Close's own Python client, as it is published, against a served sandbox: only the base URL is given."""

from __future__ import annotations

from contextlib import closing

import pytest
from outside.serving import API_KEY, N_LEADS, missing, serve

try:
    import closeio_api
except ImportError:
    missing("closeio")
import requests

EVERY_LEAD = {"type": "object_type", "object_type": "lead"}
IN_STATUS = {"type": "regular_field", "object_type": "lead", "field_name": "status_id"}


@pytest.fixture(scope="module")
def base_url():
    with serve() as url:
        yield url


@pytest.fixture
def api(base_url):
    api = closeio_api.API(f"{base_url}/", API_KEY)
    with closing(api.session):
        yield api


def leads_in(status_id):
    condition = {"type": "reference", "reference_type": "status.lead", "object_ids": [status_id]}
    clause = {"type": "field_condition", "field": IN_STATUS, "condition": condition}
    return {"type": "and", "queries": [EVERY_LEAD, clause]}


def followed(api, path):
    """What stands at a path once it is done."""
    for _ in range(2000):
        found = api.get(path)
        if found["status"] in ("done", "error"):
            return found
    raise AssertionError(f"{path} does not end: {found}")


def count(api, query):
    return api.post("data/search", {"query": query, "include_counts": True, "results_limit": 0})["count"]["total"]


def test_a_key_belongs_to_a_person_and_an_organization(api):
    me = api.get("me")
    organization = api.get(f"organization/{me['organizations'][0]['id']}", params={"_fields": "id,name"})
    assert organization == {key: me["organizations"][0][key] for key in ("id", "name")}
    assert me["memberships"][0]["user_id"] == me["id"]
    assert me["id"] in [user["id"] for user in api.get("user")["data"]]


def test_leads_are_paged_to_the_end(api):
    found, has_more = [], True
    while has_more:
        page = api.get("lead", params={"_skip": len(found), "_limit": 50, "_fields": "id,contacts"})
        found, has_more = found + page["data"], page["has_more"]
    assert len({lead["id"] for lead in found}) == len(found) == page["total_results"] == N_LEADS


def test_a_search_follows_its_cursor_to_the_end(api):
    body = {"query": EVERY_LEAD, "_limit": 60, "_fields": {"lead": ["id", "display_name", "status_label"]}}
    found, cursor = [], None
    while True:
        page = api.post("data/search", {**body, "cursor": cursor} if cursor else body)
        found, cursor = found + page["data"], page["cursor"]
        if cursor is None:
            break
    assert len({lead["id"] for lead in found}) == N_LEADS == count(api, EVERY_LEAD)
    assert all(lead["display_name"] and lead["status_label"] for lead in found)


def test_a_lead_is_made_changed_and_removed(api):
    person = {"name": "Ada Mills", "emails": [{"email": "ada@example.com", "type": "office"}]}
    lead = api.post("lead", {"name": "Harbour Mills", "contacts": [person]})
    assert [contact["name"] for contact in lead["contacts"]] == ["Ada Mills"]
    status = api.get("status/lead")["data"][-1]
    changed = api.put(f"lead/{lead['id']}", {"status_id": status["id"], "description": "Met in Leeds"})
    assert (changed["name"], changed["status_label"]) == ("Harbour Mills", status["label"])
    changes = api.get("activity/status_change/lead", params={"lead_id": lead["id"]})["data"]
    assert [change["new_status_id"] for change in changes] == [status["id"]]
    assert api.delete(f"lead/{lead['id']}") == {}
    with pytest.raises(closeio_api.APIError) as refusal:
        api.get(f"lead/{lead['id']}")
    assert refusal.value.response.status_code == 404


def test_custom_fields_are_set_by_id_and_cleared(api):
    fields = {field["name"]: field for field in api.get("custom_field_schema/lead")["fields"]}
    industry = fields["Industry"]
    key = f"custom.{industry['id']}"
    lead = api.post("lead", {"name": "Field Day", key: industry["choices"][0]})
    assert api.get(f"lead/{lead['id']}")[key] == industry["choices"][0]
    assert key not in api.put(f"lead/{lead['id']}", {key: None})
    api.delete(f"lead/{lead['id']}")


def test_a_bulk_edit_is_started_followed_and_seen_in_the_event_log(api):
    old, new = (status["id"] for status in api.get("status/lead")["data"][:2])
    n_old, n_new = count(api, leads_in(old)), count(api, leads_in(new))
    body = {"type": "set_lead_status", "lead_status_id": new, "s_query": leads_in(old), "results_limit": 3}
    action = api.post("bulk_action/edit", {**body, "send_done_email": False})
    done = followed(api, f"bulk_action/edit/{action['id']}")
    assert (done["status"], done["n_leads"], done["n_leads_processed"]) == ("done", 3, 3)
    assert (count(api, leads_in(old)), count(api, leads_in(new))) == (n_old - 3, n_new + 3)
    events = api.get("event", params={"object_type": "lead", "action": "updated"})["data"]
    assert sum(event["meta"].get("bulk_action_id") == action["id"] for event in events) == 3
    assert action["id"] in [each["id"] for each in api.get("bulk_action/edit")["data"]]


def test_the_old_text_query_finds_what_the_structured_one_does(api):
    status = api.get("status/lead")["data"][2]
    found = api.get("lead", params={"query": f'status:"{status["label"]}" sort:updated', "_fields": "id,status_id"})
    assert found["total_results"] == count(api, leads_in(status["id"])) > 0
    assert {lead["status_id"] for lead in found["data"]} == {status["id"]}


def test_opportunities_come_in_the_order_asked_for(api):
    found = api.get("opportunity", params={"_order_by": "-date_updated", "_limit": 5})["data"]
    moments = [opportunity["date_updated"] for opportunity in found]
    assert len(moments) == 5
    assert moments == sorted(moments, reverse=True)


def test_a_bulk_delete_removes_what_the_query_finds(api):
    marked = [api.post("lead", {"name": f"Zzyzx Deletable {n}"})["id"] for n in range(3)]
    query = {
        "type": "and",
        "queries": [EVERY_LEAD, {"type": "or", "queries": [{"type": "id", "value": i} for i in marked]}],
    }
    action = api.post("bulk_action/delete", {"s_query": query, "results_limit": 3})
    assert followed(api, f"bulk_action/delete/{action['id']}")["n_leads_processed"] == 3
    assert count(api, query) == 0


def test_an_export_is_made_followed_and_downloaded(api):
    export = api.post("export/lead", {"format": "json", "type": "leads", "s_query": EVERY_LEAD, "results_limit": 5})
    done = followed(api, f"export/{export['id']}")
    leads = api.session.get(done["download_url"]).json()
    assert len(leads) == done["n_docs"] == 5
    assert all(lead["id"].startswith("lead_") for lead in leads)


def test_mistakes_come_as_the_errors_that_the_client_knows(api):
    with pytest.raises(closeio_api.ValidationError) as refusal:
        api.post("bulk_action/edit", {"type": "set_lead_status", "s_query": EVERY_LEAD})
    assert "lead_status_id" in refusal.value.field_errors
    with pytest.raises(closeio_api.ValidationError):
        api.post("data/search", {"query": {"type": "nonsense"}})
    with pytest.raises(closeio_api.APIError) as refusal:
        api.get("nothing_here")
    assert refusal.value.response.status_code == 404


def test_another_key_is_refused(base_url):
    api = closeio_api.API(f"{base_url}/", "api_wrong.key")
    with closing(api.session), pytest.raises(closeio_api.APIError) as refusal:
        api.get("me")
    assert refusal.value.response.status_code == 401


def test_a_relative_date_follows_the_offset_that_the_client_sends(base_url):
    """The client sends `X-TZ-Offset` with each request; a local day of 24 hours before is another one elsewhere."""
    api = closeio_api.API(f"{base_url}/", API_KEY, tz_offset=-11)
    moment = {"type": "fixed_local_date", "value": "2020-01-01", "which": "start"}
    condition = {"type": "moment_range", "on_or_after": moment}
    field = {"type": "regular_field", "object_type": "lead", "field_name": "date_created"}
    clause = {"type": "field_condition", "field": field, "condition": condition}
    with closing(api.session):
        assert count(api, {"type": "and", "queries": [EVERY_LEAD, clause]}) == N_LEADS


def test_a_limit_is_told_in_the_words_that_the_client_reads(base_url):
    """Its own pattern for the header, which it needs to wait as long as is asked."""
    answer = requests.get(f"{base_url}/me/", auth=(API_KEY, ""), timeout=20)
    api = closeio_api.API(f"{base_url}/", API_KEY)
    with closing(api.session):
        assert 0 <= api._get_rate_limit_sleep_time(answer) <= 8
