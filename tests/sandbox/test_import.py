"""A world made from a lead export: what it holds, and what is said of a file that cannot be used."""

import gzip
import json

import pytest
from support.sandbox_client import SandboxClient

from bulkplan.errors import InvalidFilesError
from bulkplan.sandbox import SandboxSettings
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.world import WorldError

AT_ONCE = SandboxSettings(loading_seconds=0.0, export_documents_per_second=float("inf"))
LEAD = {
    "id": "lead_1",
    "name": "Acme",
    "status_id": "stat_1",
    "status_label": "Hot",
    "created_by": "user_1",
    "date_created": "2025-01-02T03:04:05+00:00",
    "date_updated": "2025-02-02T03:04:05.123000+00:00",
    "organization_id": "orga_1",
    "custom": {"Industry": "SaaS", "Owner": "user_2"},
    "custom.cf_1": "SaaS",
    "custom.cf_2": "user_2",
    "addresses": [{"city": "Berlin", "country": "DE"}],
    "contacts": [
        {
            "id": "cont_1",
            "name": "Ada",
            "emails": [{"email": "Ada@example.com", "type": "office", "is_unsubscribed": True}],
            "phones": [{"phone": "+49", "type": "mobile"}],
        }
    ],
    "opportunities": [
        {
            "id": "oppo_1",
            "status_id": "stat_9",
            "status_label": "Open",
            "status_type": "active",
            "pipeline_id": "pipe_1",
            "pipeline_name": "Deals",
            "user_id": "user_2",
            "user_name": "Bea Voss",
            "value": 5000,
            "date_created": "2025-01-03T00:00:00+00:00",
        }
    ],
    "tasks": [{"id": "task_1", "text": "Call", "assigned_to": "user_1", "date": "2026-01-01"}],
    "activities": [
        {"_type": "Note", "id": "acti_1", "note": "Hi", "date_created": "2025-03-01T00:00:00+00:00"},
        {
            "_type": "Email",
            "id": "acti_2",
            "status": "sent",
            "direction": "outgoing",
            "to": ["a@example.com"],
            "date_sent": "2025-04-01T00:00:00+00:00",
        },
        {"_type": "SomethingNew", "id": "acti_3"},
    ],
}


def load(tmp_path, content, name="leads.json"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


@pytest.fixture
def open_export():
    opened = []

    def make(path):
        client = SandboxClient.__new__(SandboxClient)
        client.sandbox = Sandbox.open(None, export=path, settings=AT_ONCE)
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.sandbox.close()


def problems(path):
    with pytest.raises(InvalidFilesError) as caught:
        Sandbox.open(None, export=path)
    return caught.value.problems


def test_a_lead_comes_back_with_all_that_hangs_off_it(tmp_path, open_export):
    client = open_export(load(tmp_path, [LEAD]))
    lead = client.get("/lead/lead_1/")
    assert (lead["name"], lead["status_label"], lead["date_created"]) == (
        "Acme",
        "Hot",
        "2025-01-02T03:04:05.000000+00:00",
    )
    assert (lead["custom.cf_1"], lead["custom"]) == ("SaaS", {"Industry": "SaaS", "Owner": "user_2"})
    assert lead["addresses"][0]["city"] == "Berlin"
    assert lead["contacts"][0]["emails"] == [{"email": "ada@example.com", "type": "office", "is_unsubscribed": True}]
    assert (lead["opportunities"][0]["pipeline_name"], lead["opportunities"][0]["user_name"]) == ("Deals", "Bea Voss")
    assert lead["tasks"][0]["text"] == "Call"
    assert len(client.get("/activity/", lead_id="lead_1")["data"]) == 2
    assert client.get("/lead/lead_1/", _fields="last_communication_date") == {
        "last_communication_date": "2025-04-01T00:00:00.000000+00:00"
    }


def test_the_organization_is_made_from_what_the_leads_use(tmp_path, open_export):
    client = open_export(load(tmp_path, [LEAD]))
    me = client.get("/me/")
    assert (me["id"], me["organizations"][0]["id"]) == ("user_1", "orga_1")
    assert [status["label"] for status in me["organizations"][0]["lead_statuses"]] == ["Hot"]
    types = {field["name"]: field["type"] for field in client.get("/custom_field/lead/")["data"]}
    assert types == {"Industry": "text", "Owner": "user"}
    assert client.get("/email_template/")["data"]
    assert me["email_accounts"]


def test_types_of_fields_are_told_by_their_values(tmp_path, open_export):
    values = {
        "Plan": ["Free", "Team"],
        "Tags": [["a"], ["a", "b"]],
        "Size": [1, 2.5],
        "Day": ["2025-01-01", "2025-01-02"],
        "At": ["2025-01-01T10:00:00+00:00", "2025-01-01T11:00:00Z"],
        "Note": ["x", "y"],
    }
    leads = [
        {"status_label": "Hot", "custom": {name: given[number % 2] for name, given in values.items()} | extra}
        for number in range(4)
        for extra in ({"Note": f"text {number}"},)
    ]
    client = open_export(load(tmp_path, leads))
    fields = {field["name"]: field for field in client.get("/custom_field/lead/")["data"]}
    assert {name: field["type"] for name, field in fields.items()} == {
        "Plan": "choices",
        "Tags": "choices",
        "Size": "number",
        "Day": "date",
        "At": "datetime",
        "Note": "text",
    }
    assert (fields["Plan"]["choices"], fields["Tags"]["accepts_multiple_values"]) == (["Free", "Team"], True)
    assert client.get("/lead/")["total_results"] == 4


@pytest.mark.parametrize("packed", [True, False])
def test_an_export_of_a_sandbox_makes_the_same_leads_again(tmp_path, open_client, open_export, packed):
    first = open_client(settings=AT_ONCE)
    first.ok("POST", "/export/lead/", {"format": "json", "type": "leads", "include_activities": True})
    (export,) = first.get("/export/")["data"]
    (content,) = first.rows("SELECT content FROM export_file WHERE export_id = ?", export["id"])[0]
    second = open_export(load(tmp_path, content if packed else gzip.decompress(content)))
    for lead_id in first.lead_ids():
        before, after = first.get(f"/lead/{lead_id}/"), second.get(f"/lead/{lead_id}/")
        users = {"assigned_to_name", "user_name", "used_by"}
        assert plain(before, users) == plain(after, users)
    count = "SELECT count(*) FROM activity"
    assert second.value(count) == first.value(count)


def plain(value, without):
    if isinstance(value, dict):
        return {key: plain(item, without) for key, item in value.items() if key not in without}
    return [plain(item, without) for item in value] if isinstance(value, list) else value


def test_the_answer_of_a_list_of_leads_is_taken_too(tmp_path, open_export):
    client = open_export(load(tmp_path, {"has_more": False, "data": [LEAD]}))
    assert client.get("/lead/")["total_results"] == 1


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        (b'[\n{"id": "lead_1",}]', 2, 17, "not valid JSON"),
        (b"id,name\nlead_1,Acme\n", 1, 1, "not valid JSON"),
        (b"", 1, 1, "not valid JSON"),
        (b"[]", 1, 1, "no leads"),
        (b'{"lead": 1}', 1, 1, "no list of leads"),
        (b"[\n  7\n]", 2, 3, "must be an object"),
        (b'[\n\n {"id": "lead_7"}]', 3, 2, "status_label"),
        (b"\x1f\x8bxx", 1, 1, "cannot be read"),
        (b"\xff\xfe", 1, 1, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_the_place(tmp_path, content, line, column, words):
    path = load(tmp_path, content)
    (problem,) = problems(path)
    assert (problem.at.file, problem.at.line, problem.at.column) == (str(path), line, column)
    assert words in problem.message


def test_every_fault_of_every_lead_is_told(tmp_path):
    leads = [
        {**LEAD, "contacts": [{"emails": [{"email": 7}]}]},
        {**LEAD, "id": "lead_2", "date_created": "yesterday"},
        {**LEAD, "id": "lead_3"},
        {**LEAD, "id": "lead_3"},
    ]
    found = [problem.message for problem in problems(load(tmp_path, leads))]
    assert found[0] == "lead lead_1: contacts[0].emails[0].email must be text"
    assert "date_created" in found[1]
    assert "stands twice" in found[2]
    assert len(found) == 3


def test_a_missing_file_is_told(tmp_path):
    (problem,) = problems(tmp_path / "nowhere.json")
    assert "No such file" in problem.message


def test_an_export_is_not_loaded_over_a_world_that_is_there(tmp_path):
    world = tmp_path / "world.db"
    Sandbox.open(world, leads=1).close()
    with pytest.raises(WorldError, match="already"):
        Sandbox.open(world, export=load(tmp_path, [LEAD]))


def test_an_imported_world_lives_in_a_file_and_can_be_changed(tmp_path):
    world = tmp_path / "world.db"
    Sandbox.open(world, export=load(tmp_path, [LEAD])).close()
    client = SandboxClient(world)
    client.ok("PUT", "/lead/lead_1/", {"custom": {"Industry": "Retail"}})
    made = client.ok("POST", "/opportunity/", {"lead_id": "lead_1"})
    assert made["status_label"] == "Open"
    client.sandbox.close()
