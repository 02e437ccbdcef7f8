"""What others started over HTTP stands in the audit beside what apply did, and the audit itself starts nothing."""

from __future__ import annotations

import pytest
from e2e.project import spec

EVERY_LEAD = {"type": "object_type", "object_type": "lead"}
CLEAR = {"type": "clear_custom_field", "custom_field_name": "Industry"}


@pytest.fixture
def project(make_project, own_served):
    made = make_project()
    made.configure({"served": own_served.target})
    made.write("specs/mark.yaml", spec("mark"))
    assert made.run("apply", "--auto-approve").code == 0
    return made


def _origins(outcome) -> dict[str, str]:
    return {action["id"]: action["origin"] for action in outcome.json["actions"]}


def _start(served, s_query) -> str:
    """As any script would: with a client of its own."""
    answer = served.client.post("/bulk_action/edit/", json={"s_query": s_query, **CLEAR})
    return answer.raise_for_status().json()["id"]


def test_a_script_is_told_from_apply_and_a_twin_is_an_alarm(project, own_served):
    (ours,) = own_served.actions()
    by_script = _start(own_served, EVERY_LEAD)
    writes = own_served.writes()
    audit = project.run("audit", "--format", "json")
    assert (audit.code, _origins(audit)) == (0, {ours["id"]: "ours", by_script: "outside"})
    assert {action["user_name"] for action in audit.json["actions"]} == {"Dana Reyes"}
    assert project.run("audit", "--strict").code == 1

    twin = _start(own_served, ours["s_query"])
    audit = project.run("audit", "--format", "json")
    (alarm,) = audit.json["findings"]
    assert (audit.code, alarm["rule"]) == (5, "ran-more-than-once")
    assert set(alarm["action_ids"]) == {ours["id"], twin}
    assert len(own_served.writes()) == len(writes) + 1
    assert project.run("audit", "verify").code == 0
