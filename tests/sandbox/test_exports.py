"""Exports: their life, their file, its forms."""

import csv
import gzip
import io
import json

import httpx
import pytest
from support.sandbox_client import EVERY_LEAD, leads_with

from bulkplan.sandbox import SandboxRequest, SandboxSettings
from bulkplan.sandbox.transport import SandboxTransport

SLOW = SandboxSettings(loading_seconds=2.0, export_documents_per_second=10.0)
AT_ONCE = SandboxSettings(loading_seconds=0.0, export_documents_per_second=float("inf"))


@pytest.fixture
def quick(open_client):
    return open_client(settings=AT_ONCE)


def start(client, **body):
    return client.ok("POST", "/export/lead/", {"format": "json", "type": "leads", **body})


def download(client, export):
    path = "/_export" + export["download_url"].partition("/_export")[2]
    return client.sandbox.handle(SandboxRequest("GET", path))


def content(client, export):
    done = client.get(f"/export/{export['id']}/")
    assert done["status"] == "done", done
    answer = download(client, done)
    assert answer.status == 200
    return gzip.decompress(answer.body).decode()


def leads_of(client, **body):
    return json.loads(content(client, start(client, **body)))


def rows_of(client, **body):
    return list(csv.DictReader(io.StringIO(content(client, start(client, format="csv", **body)))))


def test_an_export_goes_through_its_statuses(open_client):
    client = open_client(settings=SLOW)
    export = start(client)
    assert (export["status"], export["n_docs"], export["n_docs_processed"]) == ("created", None, 0)
    assert export["download_url"] is None
    seen = []
    for seconds in (1, 3, 2, 4):
        client.clock.advance(seconds)
        now = client.get(f"/export/{export['id']}/")
        seen.append((now["status"], now["n_docs"], now["n_docs_processed"], now["download_url"] is not None))
    assert seen == [
        ("started", None, 0, False),
        ("in_progress", 60, 20, False),
        ("in_progress", 60, 40, False),
        ("done", 60, 60, True),
    ]
    assert client.get("/export/")["data"][0]["id"] == export["id"]
    actions = [event["action"] for event in client.events(object_type="export.lead", object_id=export["id"])]
    assert {"created", "updated", "completed"} == set(actions)


def test_a_json_export_holds_every_lead_as_the_api_answers_it(quick):
    leads = leads_of(quick)
    assert [lead["id"] for lead in leads] == quick.lead_ids()
    assert leads[0] == quick.get(f"/lead/{leads[0]['id']}/")


def test_a_query_a_limit_and_a_sort_choose_the_leads(quick):
    chosen = quick.lead_ids()[:3]
    sort = [
        {"direction": "asc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "date_created"}}
    ]
    leads = leads_of(quick, s_query=leads_with(*chosen), sort=sort, results_limit=2)
    assert [lead["id"] for lead in leads] == [chosen[2], chosen[1]]


def test_activities_and_smart_fields_come_when_asked_for(quick):
    lead_id = quick.value("SELECT lead_id FROM activity WHERE kind = 'email' LIMIT 1")
    (lead,) = leads_of(quick, s_query=leads_with(lead_id), include_activities=True, include_smart_fields=True)
    assert len(lead["activities"]) == quick.value("SELECT count(*) FROM activity WHERE lead_id = ?", lead_id)
    assert lead["num_emails"] >= 1
    (plain,) = leads_of(quick, s_query=leads_with(lead_id))
    assert not {"activities", "num_emails"} & plain.keys()
    (few,) = leads_of(quick, s_query=leads_with(lead_id), fields=["id", "status_label"])
    assert set(few) == {"id", "status_label"}


def test_a_csv_export_has_a_row_for_each_lead_contact_or_opportunity(quick):
    leads = rows_of(quick, type="leads")
    assert [row["id"] for row in leads] == quick.lead_ids()
    assert {"display_name", "status_label", "custom.Industry", "custom.Tags"} <= leads[0].keys()
    assert len(rows_of(quick, type="contacts")) == quick.value("SELECT count(*) FROM contact")
    opportunities = rows_of(quick, type="lead_opps")
    assert len(opportunities) == quick.value("SELECT count(*) FROM opportunity")
    assert opportunities[0]["value_formatted"].startswith("$")
    assert quick.get("/export/")["data"][0]["n_docs"] == len(opportunities)


def test_text_is_written_as_it_is(quick):
    lead = quick.ok("POST", "/lead/", {"name": '=1+1, "quoted"\nÜber'})
    (row,) = rows_of(quick, type="leads", s_query=leads_with(lead["id"]))
    assert row["name"] == '=1+1, "quoted"\nÜber'


@pytest.mark.parametrize(
    ("date_format", "written"),
    [
        ("original", "2026-11-02 12:00:00.000000+00:00"),
        ("iso8601", "2026-11-02T12:00:00+00:00"),
        ("excel", "2026-11-02 12:00:00 PM"),
    ],
)
def test_dates_are_written_in_the_form_asked_for(quick, date_format, written):
    lead = quick.ok("POST", "/lead/", {"name": "X"})
    (row,) = rows_of(quick, type="leads", s_query=leads_with(lead["id"]), date_format=date_format)
    assert row["date_created"] == written


def test_a_link_dies_and_is_made_anew(quick):
    export = start(quick)
    done = quick.get(f"/export/{export['id']}/")
    answer = download(quick, done)
    assert answer.header("content-encoding") == "gzip"
    assert answer.header("content-type") == "application/json"
    quick.clock.advance(3600)
    assert download(quick, done).status == 403
    assert download(quick, quick.get(f"/export/{export['id']}/")).status == 200
    assert download(quick, {"download_url": "/_export/nonsense/x.json"}).status == 403


async def test_a_client_in_process_follows_the_link(quick):
    export = start(quick)
    url = "https://close.test/api/v1"
    async with httpx.AsyncClient(transport=SandboxTransport(quick.sandbox), auth=("key", "")) as client:
        done = (await client.get(f"{url}/export/{export['id']}/")).json()
        assert done["download_url"].startswith("https://close.test/_export/")
        leads = (await client.get(done["download_url"])).json()
    assert len(leads) == 60


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": None}, "format"),
        ({"format": "xlsx"}, "format"),
        ({"type": "users"}, "type"),
        ({"date_format": "us"}, "date_format"),
        ({"fields": "id"}, "fields"),
        ({"include_activities": True, "format": "csv"}, "include_activities"),
        ({"include_smart_fields": True, "type": "contacts"}, "include_smart_fields"),
        ({"send_done_email": "no"}, "send_done_email"),
    ],
)
def test_a_wrong_key_is_named(client, body, field):
    errors = client.refused("POST", "/export/lead/", {"format": "json", "type": "leads", **body})
    assert list(errors["field-errors"]) == [field]


def test_a_query_that_is_wrong_or_not_about_leads_is_refused(client):
    for node in ({"type": "nonsense"}, {**EVERY_LEAD, "object_type": "contact"}):
        assert client.refused("POST", "/export/lead/", {"format": "json", "type": "leads", "s_query": node})["error"]
    client.refused("GET", "/export/expo_x/", status=404)


def test_a_query_that_became_invalid_ends_the_export_in_error(open_client):
    client = open_client(settings=SLOW)
    industry = client.field_id("Industry")
    condition = {"type": "term", "values": ["SaaS"]}
    field = {"type": "custom_field", "custom_field_id": industry}
    node = {"type": "and", "queries": [EVERY_LEAD, {"type": "field_condition", "field": field, "condition": condition}]}
    export = start(client, s_query=node)
    client.ok("DELETE", f"/custom_field/lead/{industry}/")
    client.clock.advance(60)
    done = client.get(f"/export/{export['id']}/")
    assert (done["status"], done["download_url"]) == ("error", None)
