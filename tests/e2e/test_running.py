"""Runs that take a while: not waiting for them, watching, pausing, resuming and interrupting."""

from __future__ import annotations

import signal

import pytest
from e2e.project import spec, until


@pytest.fixture
def slow(sandbox):
    """A served sandbox that takes half a minute for a run."""
    return sandbox("--leads-per-second", "1")


@pytest.fixture
def project(make_project, slow):
    made = make_project()
    made.configure({"served": slow.target})
    made.write("specs/mark.yaml", spec("mark"))
    return made


def _mark(project):
    return project.status()["mark@1"]


def _processed(project):
    return _mark(project)["counts"]["n_leads_processed"] or 0


def test_without_waiting_apply_returns_and_a_later_one_finishes(project, slow):
    outcome = project.run("apply", "--auto-approve", "--no-wait")
    assert outcome.code == 0
    assert "still running in Close" in outcome.words
    assert _mark(project)["state"] == "submitted"
    until(lambda: _processed(project) > 0, "leads are processed")
    assert "mark@1" in project.run("status").out
    assert project.run("plan", "--detailed-exitcode").code == 0

    slow.advance(600)
    assert project.run("apply", "--auto-approve").code == 0
    assert _mark(project)["state"] == "done"
    assert slow.starts() == 1


def test_waiting_ends_when_its_time_is_over(project, slow):
    outcome = project.run("apply", "--auto-approve", "--wait-timeout", "1s")
    assert (outcome.code, _mark(project)["state"]) == (0, "submitted")
    assert slow.starts() == 1


def test_a_run_is_paused_and_resumed_by_name(project, slow):
    assert project.run("apply", "--auto-approve", "--no-wait").code == 0
    until(lambda: _processed(project) > 0, "leads are processed")
    assert project.run("pause", "mark").code == 0
    paused = _mark(project)
    assert (paused["state"], paused["remote_status"]) == ("submitted", "paused")
    slow.advance(3600)
    assert _mark(project)["counts"] == paused["counts"]
    plan = project.run("plan")
    assert (plan.code, "mark@1  paused" in plan.out) == (0, True)
    assert "bulkplan resume" in plan.words
    assert project.run("apply", "--auto-approve").code == 0
    assert _mark(project)["remote_status"] == "paused"

    assert project.run("resume", "mark@1").code == 0
    again = project.run("resume", "mark")
    assert (again.code, "mark@1 was not paused: it runs already." in again.words) == (0, True)
    slow.advance(600)
    assert project.run("apply", "--auto-approve").code == 0
    assert _mark(project)["state"] == "done"
    assert project.run("pause", "mark").code == 3
    assert slow.starts() == 1


def test_what_a_run_depends_on_comes_first_also_across_applies(project, slow):
    project.write("specs/after.yaml", spec("after", status="Churned", more="depends_on: [mark]\n"))
    early = project.run("apply", "--auto-approve", "--no-wait")
    assert early.code in (0, 75)
    assert "depends on mark@1" in early.words
    assert slow.actions_of(project, "mark@1", "after@1") == {"mark@1": 1, "after@1": 0}
    slow.advance(600)
    assert project.run("apply", "--auto-approve", "--no-wait").code == 0
    assert slow.actions_of(project, "mark@1", "after@1") == {"mark@1": 1, "after@1": 1}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_apply_in_order(project, slow, number, code):
    with project.started("apply", "--auto-approve") as process:
        until(lambda: slow.starts() == 1, "the action is started")
        process.send_signal(number)
        outcome = project.ended(process)
    assert outcome.code == code
    assert "sends nothing twice" in outcome.words
    assert _mark(project)["state"] == "submitted"
    slow.advance(600)
    assert project.run("apply", "--auto-approve").code == 0
    assert slow.starts() == 1
