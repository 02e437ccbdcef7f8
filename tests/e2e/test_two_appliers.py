"""Two applies at once, on one project and one Close."""

from __future__ import annotations

import pytest
from e2e.project import spec

STATUSES = {"a": "Potential", "b": "Contacted", "c": "Qualified", "d": "Customer"}
KEYS = tuple(f"{name}@1" for name in STATUSES)


def _both(project, *words):
    with project.started(*words) as one, project.started(*words) as other:
        return project.ended(one), project.ended(other)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(2))
def test_two_applies_at_once_start_each_run_once(make_project, served, attempt):
    project = make_project()
    project.configure({"served": served.target})
    for name, status in STATUSES.items():
        project.write(f"specs/{name}.yaml", spec(name, status=status))
    outcomes = _both(project, "apply", "--auto-approve", "--keep-going")
    assert served.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
    assert {outcome.code for outcome in outcomes} <= {0, 1, 5, 75}, outcomes
    assert served.starts() == len(KEYS)

    last = project.run("apply", "--auto-approve")
    assert last.code == 0, last
    assert {key: run["state"] for key, run in project.status().items()} == dict.fromkeys(KEYS, "done")


def test_two_applies_of_one_saved_plan_start_each_run_once(make_project, served):
    project = make_project()
    project.configure({"served": served.target})
    for name, status in STATUSES.items():
        project.write(f"specs/{name}.yaml", spec(name, status=status))
    assert project.run("plan", "--out", "plan.json").code == 0
    outcomes = _both(project, "apply", "plan.json")
    assert served.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
    assert 0 in {outcome.code for outcome in outcomes}
    assert {outcome.code for outcome in outcomes} <= {0, 4, 5}, outcomes
    assert project.run("apply", "plan.json").code == 0


def test_two_projects_with_one_close_do_not_take_each_others_runs(make_project, served):
    for name in ("one", "other"):
        project = make_project(name)
        project.configure({"served": served.target})
        project.write("specs/mark.yaml", spec("mark"))
        assert project.run("apply", "--auto-approve").code == 0
        assert served.actions_of(project, "mark@1") == {"mark@1": 1}
    assert len(served.actions()) == 2
