"""What becomes of a run whose request was refused, lost, or never answered."""

from __future__ import annotations

import pytest
from e2e.project import API_KEY, spec

START = {"method": "POST", "path": "/bulk_action/edit/"}
KEYS = ("a@1", "b@1", "c@1")
APPLY = ("apply", "--auto-approve", "--settle-timeout", "0s")


@pytest.fixture
def three(project):
    """A project of three runs, `a`, `b` and `c`, started in that order."""
    for name, status in (("a", "Potential"), ("b", "Contacted"), ("c", "Customer")):
        project.write(f"specs/{name}.yaml", spec(name, status=status))
    return project


def _states(project):
    return {key: run["state"] for key, run in project.status().items()}


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("lose_answer", {}),
        ("half_body", {}),
        ("status", {"status": 502, "is_processed": True}),
    ],
)
def test_a_lost_answer_is_found_again_by_its_marker(three, served, kind, more):
    served.fault(kind, **START, nth=2, **more)
    outcome = three.run(*APPLY)
    assert outcome.code == 0, outcome
    assert "3 bulk actions were sent to Close." in outcome.out
    assert served.starts() == 3
    assert served.actions_of(three, *KEYS) == dict.fromkeys(KEYS, 1)
    assert _states(three) == dict.fromkeys(KEYS, "done")


def test_what_close_refuses_is_told_and_runs_the_next_time(three, served):
    served.fault("status", **START, nth=2, status=400, body={"error": "Not on Sundays."})
    outcome = three.run(*APPLY)
    assert outcome.code == 1
    assert "Not on Sundays." in outcome.words
    assert _states(three) == {"a@1": "done", "b@1": "refused", "c@1": "done"}

    plan = three.run("plan", "--detailed-exitcode")
    assert (plan.code, "1 to run" in plan.words) == (2, True)
    assert three.run(*APPLY).code == 0
    assert served.actions_of(three, *KEYS) == dict.fromkeys(KEYS, 1)


def test_a_refusal_that_every_run_would_meet_starts_no_further_one(three, served):
    served.fault("status", **START, nth=2, status=402, body={"error": "Your trial is over."})
    outcome = three.run(*APPLY)
    assert outcome.code == 1
    assert "not started, because b@1: Close answered 402: Your trial is over." in outcome.words
    assert _states(three) == {"a@1": "done", "b@1": "refused"}
    assert three.run(*APPLY).code == 0
    assert served.actions_of(three, *KEYS) == dict.fromkeys(KEYS, 1)


def test_a_rate_limit_is_waited_for(three, served):
    served.fault("status", **START, nth=2, status=429)
    assert three.run(*APPLY).code == 0
    assert served.starts() == 4
    assert served.actions_of(three, *KEYS) == dict.fromkeys(KEYS, 1)


def test_an_answer_that_tells_the_key_is_not_repeated(three, served):
    served.fault("status", **START, status=400, body={"error": f"The key {API_KEY} may not do that."})
    served.fault("status", path="/status/lead/", status=400, times=None, body={"error": f"No, {API_KEY}!"})
    assert three.run("plan").code == 1
    served.heal()
    served.fault("status", **START, status=400, body={"error": f"The key {API_KEY} may not do that."})
    assert three.run(*APPLY).code == 1
    three.run("state", "show", "a")


def test_what_nobody_can_tell_about_is_unknown_and_nothing_more_is_started(three, served):
    served.fault("status", **START, nth=2, status=500)
    outcome = three.run(*APPLY)
    assert outcome.code == 5
    assert "? b@1" in outcome.out
    assert "--keep-going" in outcome.words
    status = three.run("status", "--format", "json")
    assert {run["key"]: run["state"] for run in status.json["runs"]} == {"a@1": "done", "b@1": "unknown"}
    assert status.code == 5
    assert "b@1" in status.err
    assert three.run("plan").code == 0
    assert served.actions_of(three, *KEYS) == {"a@1": 1, "b@1": 0, "c@1": 0}
    assert three.run(*APPLY, "--select", "b").code == 5
    assert served.starts() == 2


def test_the_others_go_on_when_asked_to(three, served):
    served.fault("drop", **START, nth=2)
    assert three.run(*APPLY, "--keep-going").code == 5
    assert _states(three) == {"a@1": "done", "b@1": "unknown", "c@1": "done"}
    assert served.actions_of(three, *KEYS) == {"a@1": 1, "b@1": 0, "c@1": 1}


def test_a_run_that_may_still_arrive_is_not_released(three, served):
    served.fault("status", **START, status=500)
    assert three.run(*APPLY).code == 5
    early = three.run("state", "settle", "a@1", "--did-not-run", "--reason", "the proxy says so", "--yes", "a")
    assert early.code == 3
    assert "may still arrive" in early.words
    assert "say so in 15 min" in early.words
    assert three.run("state", "settle", "a@1", "--ran", "bulkedit_nothing").code == 3
    assert _states(three) == {"a@1": "unknown"}


def test_a_request_that_was_late_is_found_once_it_shows(three, own_served):
    served = own_served
    three.configure({"served": served.target})
    served.fault("accept_late", **START, nth=2, seconds=3600)
    assert three.run(*APPLY, "--keep-going").code == 5
    assert _states(three) == {"a@1": "done", "b@1": "unknown", "c@1": "done"}

    served.advance(3601)
    assert three.run(*APPLY).code == 0
    assert _states(three) == dict.fromkeys(KEYS, "done")
    assert served.starts() == 3
    assert served.actions_of(three, *KEYS) == dict.fromkeys(KEYS, 1)


def test_a_person_says_which_action_an_unmarked_run_is(three, served):
    served.fault("echo_stripped", **START)
    served.fault("lose_answer", **START)
    outcome = three.run(*APPLY)
    assert outcome.code == 5
    (action,) = served.actions()
    assert action["id"] in outcome.words + three.run("state", "show", "a@1").words

    assert three.run("state", "settle", "a@1", "--ran", action["id"]).code == 0
    assert three.run(*APPLY).code == 0
    assert _states(three) == dict.fromkeys(KEYS, "done")
    assert len(served.actions()) == 3
