"""Killed at any moment, and applied again: a run never happens twice, and is never forgotten."""

from __future__ import annotations

import random
import subprocess
import time

import pytest
from e2e.project import spec, until

STATUSES = {"a": "Potential", "b": "Contacted", "c": "Qualified", "d": "Customer"}
KEYS = tuple(f"{name}@1" for name in STATUSES)
SEEDS = (3, 5, 7, 11)
MOMENTS_PER_SEED = 5
APPLY = ("apply", "--auto-approve", "--no-wait")
AGAIN = (*APPLY, "--keep-going", "--settle-timeout", "2s")


@pytest.fixture
def new_project(make_project):
    """Makes projects of four runs each: to the one Close behind them they are strangers."""

    def new(name, served):
        project = make_project(name)
        project.configure({"served": served.target})
        for run, status in STATUSES.items():
            project.write(f"specs/{run}.yaml", spec(run, status=status))
        return project

    return new


def _applied_and_killed(project, after_s):
    """Start an apply, and kill it after so many seconds unless it has ended."""
    with project.started(*APPLY) as process:
        try:
            process.wait(timeout=after_s)
        except subprocess.TimeoutExpired:
            process.kill()
        project.ended(process)


def _check(project, served, *, also_status=True):
    """Apply again, and hold what is then against the promises; returns how many runs are left unknown."""
    outcome = project.run(*AGAIN)
    n_actions = served.actions_of(project, *KEYS)
    rows = outcome.out.rpartition("\nPlan: ")[2]  # what apply came to, below the plan it made
    unknown = [key for key in KEYS if f"? {key}" in rows]
    assert outcome.code == (5 if unknown else 0), outcome
    for key in KEYS:
        assert n_actions[key] <= 1, (key, outcome)
        assert n_actions[key] == 1 or key in unknown, (key, outcome)
    if unknown or also_status:
        status = project.run("status", "--no-refresh", "--format", "json")
        states = {run["key"]: run["state"] for run in status.json["runs"]}
        assert [key for key in KEYS if states[key] == "unknown"] == unknown
        assert all(states[key] in ("submitted", "done") for key in KEYS if key not in unknown), states
        assert status.code == outcome.code
        assert all(key in status.err for key in unknown)
    return len(unknown)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_moments_no_run_happens_twice(new_project, own_served, seed):
    project = new_project("measured", own_served)
    begin = time.monotonic()
    assert project.run(*APPLY).code == 0
    whole_s = time.monotonic() - begin
    chance = random.Random(seed)
    # The first half of an apply is mostly Python starting; most moments are to fall where requests go out.
    shares = [chance.uniform(0.1, 0.5), *(chance.uniform(0.5, 1.0) for _ in range(MOMENTS_PER_SEED - 1))]
    for number, share in enumerate(shares):
        project = new_project(f"killed-{number}", own_served)
        _applied_and_killed(project, whole_s * share)
        _check(project, own_served, also_status=number == 0)


@pytest.mark.parametrize("nth", [1, 3])
def test_killed_between_request_and_answer_the_action_is_found(new_project, served, nth):
    """The worst moment: Close has taken the action, and nobody was left to hear of it."""
    project = new_project("killed", served)
    served.fault("latency", method="POST", path="/bulk_action/edit/", nth=nth, seconds=3)
    with project.started(*APPLY) as process:
        until(lambda: served.starts() == nth, "the request has come in")
        process.kill()
        project.ended(process)
    assert project.run("status").code == 0
    assert _check(project, served) == 0
    assert served.starts() == len(KEYS)


def test_killed_before_close_takes_the_request_it_is_unknown_and_never_sent_blindly(new_project, served):
    project = new_project("killed", served)
    served.fault("accept_late", method="POST", path="/bulk_action/edit/", nth=2, seconds=86_400)
    served.fault("latency", method="POST", path="/bulk_action/edit/", nth=2, seconds=3)
    with project.started(*APPLY) as process:
        until(lambda: served.starts() == 2, "the request has come in")
        process.kill()
        project.ended(process)
    assert _check(project, served) == 1
    assert served.starts() == len(KEYS)
    assert project.status()["b@1"]["state"] == "unknown"
