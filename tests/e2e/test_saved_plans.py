"""A saved plan runs what was reviewed, once, or is refused with the reason."""

from __future__ import annotations

import json

import pytest
from e2e.project import spec
from e2e.served import serve


@pytest.fixture
def reviewed(project):
    """A project with a saved plan of two runs."""
    project.write("specs/mark.yaml", spec("mark"))
    project.write("specs/news.yaml", spec("news", status="Customer", action=_EMAIL))
    assert project.run("plan", "--out", "plan.json").code == 0
    return project


_EMAIL = (
    "{type: email, template: Product news November, sender: Dana Reyes <dana@example.com>, contact_preference: lead}"
)


def test_a_saved_plan_runs_once(reviewed, served):
    outcome = reviewed.run("apply", "plan.json")
    assert outcome.code == 0
    assert "2 bulk actions were sent to Close." in outcome.out
    again = reviewed.run("apply", "plan.json")
    assert again.code == 0
    assert "Nothing was sent to Close." in again.out
    assert served.starts() == 2
    assert reviewed.run("plan", "--detailed-exitcode").code == 0


def test_what_is_applied_is_what_was_saved_to_the_last_key(reviewed, served):
    saved = json.loads((reviewed.root / "plan.json").read_text())["plan"]["changes"]
    assert reviewed.run("apply", "plan.json").code == 0
    sent = {action["id"]: action for action in served.actions()}
    status = reviewed.status()
    for change in saved:
        action, body = sent[status[change["key"]]["remote_id"]], change["request"]["body"]
        assert action["s_query"]["queries"][0] == body["s_query"]
        assert action["results_limit"] == change["matches"]["total"] == body["results_limit"]
        assert action["sort"] == body["sort"]


def _refused(project, served, *facts):
    outcome = project.run("apply", "plan.json")
    assert outcome.code == 4, outcome
    for fact in facts:
        assert fact in outcome.words
    assert served.starts() == 0


def test_an_altered_plan_is_refused_whatever_was_altered(reviewed, served):
    text = (reviewed.root / "plan.json").read_text()
    for old, new in (
        ('"vip"', '"partner"'),
        ('"is_ok": true', '"is_ok": false'),
        ('"expires_at": "20', '"expires_at": "30'),
        ('"digest": "sha256:', '"digest": "sha256:0'),
    ):
        reviewed.write("plan.json", text)
        reviewed.edit("plan.json", old, new)
        _refused(reviewed, served, "altered")


def test_what_is_no_plan_is_refused(reviewed, served):
    for content in (b"", b"{}", b"[1]", b"\xff\xfe", b'{"schema": "bulkplan/plan/v9"}'):
        reviewed.write("plan.json", content)
        _refused(reviewed, served)


def test_a_plan_whose_specs_were_edited_is_refused(reviewed, served):
    reviewed.edit("specs/mark.yaml", "vip", "partner")
    _refused(reviewed, served, "the spec of mark@1 was edited")


def test_a_plan_whose_spec_is_gone_is_refused(reviewed, served):
    (reviewed.root / "specs" / "mark.yaml").unlink()
    _refused(reviewed, served, "mark@1")


def test_a_plan_for_another_target_is_refused(reviewed, served):
    reviewed.configure({"elsewhere": served.target})
    _refused(reviewed, served, "elsewhere", "served")


def test_a_plan_for_another_organization_is_refused(reviewed, served, tmp_path):
    with serve(tmp_path / "other.db", "--leads", "5", "--seed", "99") as other:
        reviewed.configure({"served": other.target})
        ids = {server.get("/me/")["organizations"][0]["id"] for server in (served, other)}
        _refused(reviewed, other, *ids)


def test_leads_that_enter_between_plan_and_apply_are_not_touched(project, own_served):
    """Within the drift that the guard allows, the limit that the request carries keeps to what was approved."""
    served = own_served
    project.configure({"served": served.target})
    project.write("specs/mark.yaml", spec("mark", more="options: {sort: [date_created]}\n"))
    assert project.run("plan", "--out", "plan.json").code == 0
    leads = {lead["id"]: lead for lead in served.pages("/lead/")}
    (status_id,) = {lead["status_id"] for lead in leads.values() if lead["status_label"] == "Potential"}
    approved = {key for key, lead in leads.items() if lead["status_label"] == "Potential"}
    newest = max((lead for key, lead in leads.items() if key not in approved), key=lambda lead: lead["date_created"])
    served.client.put(f"/lead/{newest['id']}/", json={"status_id": status_id}).raise_for_status()

    assert project.run("apply", "plan.json").code == 0
    assert [action["n_leads"] for action in served.actions()] == [len(approved)]


def test_a_plan_is_refused_when_its_leads_drifted(reviewed, own_served):
    served = own_served  # a copy of the same world: the same organization, the same leads
    reviewed.configure({"served": served.target})
    (status_id,) = [status["id"] for status in served.get("/status/lead/")["data"] if status["label"] == "Bad Fit"]
    customers = [lead for lead in served.pages("/lead/") if lead["status_label"] == "Customer"]
    for lead in customers[1:]:
        served.client.put(f"/lead/{lead['id']}/", json={"status_id": status_id}).raise_for_status()
    _refused(reviewed, served, "news@1", str(len(customers)))


def test_a_plan_is_refused_when_one_of_its_runs_has_run_meanwhile(reviewed, served):
    assert reviewed.run("apply", "--auto-approve", "--select", "mark").code == 0
    outcome = reviewed.run("apply", "plan.json")
    assert outcome.code == 4
    assert "mark@1" in outcome.words
    assert served.starts() == 1


def test_a_signed_plan_is_demanded_where_there_is_a_key(reviewed, served):
    outcome = reviewed.run("apply", "plan.json", BULKPLAN_PLAN_KEY="a secret of the team")
    assert outcome.code == 4
    assert served.starts() == 0
    assert reviewed.run("plan", "--out", "plan.json", BULKPLAN_PLAN_KEY="a secret of the team").code == 0
    assert reviewed.run("apply", "plan.json", BULKPLAN_PLAN_KEY="another").code == 4
    assert reviewed.run("apply", "plan.json", BULKPLAN_PLAN_KEY="a secret of the team").code == 0
    assert b"a secret of the team" not in b"".join(path.read_bytes() for path in reviewed.files())


def test_a_saved_plan_is_demanded_where_the_project_says_so(reviewed, served):
    reviewed.configure({"served": served.target}, more="require_saved_plan: true\n")
    assert reviewed.run("apply", "--auto-approve").code == 3
    assert served.starts() == 0
    assert reviewed.run("apply", "plan.json").code == 0
