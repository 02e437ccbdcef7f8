"""The whole job as a user does it: plan, apply, plan again, status; embedded and over HTTP."""

from __future__ import annotations

import base64
import re

import pytest
from e2e.project import API_KEY, EXAMPLES, leaks, spec


def _do_the_job(project):
    """Plan, apply, plan again; returns the run keys."""
    plan = project.run("plan")
    assert plan.code == 0
    assert plan.out.endswith("Nothing was sent to Close.\n")
    keys = [change["key"] for change in project.run("plan", "--format", "json").json["plan"]["changes"]]
    assert {key.partition("@")[0].partition("[")[0] for key in keys} == _example_names()
    assert all(f"+ {key}  run" in plan.out for key in keys)
    assert project.run("plan", "--detailed-exitcode").code == 2

    apply = project.run("apply", "--auto-approve")
    assert apply.code == 0
    assert f"{len(keys)} bulk actions were sent to Close." in apply.out

    again = project.run("plan", "--detailed-exitcode")
    assert again.code == 0
    assert f"nothing to run, {len(keys)} no-op" in again.out
    return keys


def _example_names():
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.yaml")]
    return {name for text in texts for name in re.findall(r"^name: (\S+)$", text, re.MULTILINE)}


def _check_status(project, keys):
    outcome = project.run("status", "--format", "json")
    assert outcome.code == 0
    assert [run["key"] for run in outcome.json["runs"]] == sorted(keys)
    for run in outcome.json["runs"]:
        assert run["key"] == f"{run['name']}@{run['version']}"
        assert (run["state"], run["remote_status"]) == ("done", "done")
        assert run["remote_id"].startswith("bulk")
        counts = run["counts"]
        assert counts["approved"] == counts["n_leads"] == counts["n_leads_processed"] > 0


def test_the_examples_run_on_the_embedded_sandbox_and_then_there_is_nothing_to_do(make_project):
    project = make_project()
    project.configure({"sandbox": "{sandbox: {leads: 1000, seed: 7}}"})
    project.add_examples()
    keys = _do_the_job(project)
    _check_status(project, keys)


def test_without_a_project_file_the_embedded_sandbox_is_used(make_project):
    project = make_project()
    project.add_examples()
    assert project.run("plan", "--detailed-exitcode").code == 2


@pytest.mark.slow
def test_the_examples_run_over_http_and_each_is_started_once(make_project, sandbox, whole_world):
    served = sandbox("--leads-per-second", "100000", world=whole_world)
    project = make_project()
    project.configure({"served": served.target})
    project.add_examples()
    assert project.run("plan").code == 0
    assert served.writes() == []
    keys = _do_the_job(project)
    _check_status(project, keys)
    assert served.starts() == len(keys)
    assert served.actions_of(project, *keys) == dict.fromkeys(keys, 1)


def test_plan_show_and_status_write_nothing_to_close(project, served):
    project.write("specs/mark.yaml", spec("mark"))
    for words in (["plan", "--out", "plan.json"], ["plan", "--payload"], ["show", "plan.json"], ["status"]):
        assert project.run(*words).code == 0
    assert project.run("validate").code == 0
    assert served.writes() == []


def test_machine_readable_output_is_one_document_and_nothing_else(project):
    project.write("specs/mark.yaml", spec("mark"))
    assert project.run("plan", "--format", "json").json["plan"]["changes"][0]["key"] == "mark@1"
    assert project.run("status", "--format", "json").json["runs"] == []
    assert project.run("state", "list", "--format", "json").json["runs"] == []
    assert project.run("validate", "--format", "json").json["problems"] == []


def test_what_a_run_does_is_what_the_plan_said(make_project, own_served):
    served, project = own_served, make_project()
    project.configure({"served": served.target})
    project.write(
        "specs/mark.yaml", spec("mark", status="Churned", action="{type: set_lead_status, status: Contacted}")
    )
    before = {lead["id"]: lead["status_label"] for lead in served.pages("/lead/")}
    assert project.run("apply", "--auto-approve").code == 0
    after = {lead["id"]: lead["status_label"] for lead in served.pages("/lead/")}
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {key for key, status in before.items() if status == "Churned"} != set()
    assert {after[key] for key in changed} == {"Contacted"}


def test_a_secret_is_noticed_wherever_it_stands(addresses):
    someone = min(addresses)
    assert leaks(f"sent {API_KEY} on".encode(), addresses) == ["key"]
    assert leaks(b"Authorization: Basic " + base64.b64encode(f"{API_KEY}:".encode()), addresses) == ["header"]
    assert leaks(b"\x00to " + someone.encode() + b".", addresses) == [someone]
    assert leaks(b"from dana@example.com", addresses) == []
