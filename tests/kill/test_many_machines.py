"""Four machines, one project, one shared state: with and without shards, every run exactly once and on record."""

from __future__ import annotations

import shutil

import pytest
from e2e.project import spec
from kill.states import States
from kill.together import together

from bulkplan.core.codec import load_record

MACHINES = 4
N_RUNS = 40
KEYS = tuple(f"mark[{number}]@1" for number in range(N_RUNS))
APPLY = ("apply", "--auto-approve", "--no-wait")


@pytest.fixture(params=["git", "postgres"])
def machines(request, make_project, served, tmp_path):
    """A project with shared state, and a folder of it for each machine, as a checkout would be."""
    is_git = request.param == "git"
    server = "" if is_git else request.getfixturevalue("postgres_server").url("state")
    states = States(request.param, served.base_url, server)
    project = make_project("project", served.target)
    states.give(project)
    numbers = ", ".join(str(number) for number in range(N_RUNS))
    project.write("specs/mark.yaml", spec("mark", more=f"for_each: {{n: [{numbers}]}}\n"))
    roots = [tmp_path / f"machine-{number}" for number in range(MACHINES)]
    for root in roots:
        shutil.copytree(project.root, root)
    return project, states, roots


def _check(project, states, served):
    assert served.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
    assert served.starts() == N_RUNS
    with states.opened(project) as store:
        records = [load_record(slot) for slot in store.list("run/")]
    assert sorted(str(record.key) for record in records) == sorted(KEYS)
    assert all(record.remote_id for record in records)


@pytest.mark.slow
def test_four_jobs_of_a_matrix_share_the_runs_and_start_each_once(machines, served, tmp_path):
    project, states, roots = machines
    outcomes = together(project, tmp_path / "said", roots, *APPLY, "--shard", "NUMBER/4")
    assert [outcome.code for outcome in outcomes] == [0] * MACHINES, outcomes
    _check(project, states, served)
    shown = [project.status("--no-refresh", "--shard", f"{number}/4") for number in range(1, MACHINES + 1)]
    assert sorted(key for part in shown for key in part) == sorted(KEYS)


@pytest.mark.slow
def test_four_appliers_of_everything_start_each_run_once(machines, served, tmp_path):
    project, states, roots = machines
    outcomes = together(project, tmp_path / "said", roots, *APPLY, "--keep-going")
    assert {outcome.code for outcome in outcomes} <= {0, 1, 5, 75}, outcomes
    assert project.run(*APPLY).code == 0
    _check(project, states, served)
