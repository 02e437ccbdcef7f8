"""Twelve runs side by side, and what goes wrong in the midst of them: each ends as it is told, and ran once."""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from e2e.project import spec, until

START = {"method": "POST", "path": "/bulk_action/edit/"}
NAMES = tuple(f"run-{number:02}" for number in range(12))
KEYS = tuple(f"{name}@1" for name in NAMES)
APPLY = ("apply", "--auto-approve", "--settle-timeout", "0s", "--report", "report.json")


@pytest.fixture
def twelve(make_project):
    """Makes a project of twelve runs that share nothing."""

    def make(served):
        project = make_project()
        project.configure({"served": served.target})
        for name in NAMES:
            project.write(f"specs/{name}.yaml", spec(name))
        return project

    return make


def _states(project):
    return {key: run["state"] for key, run in project.status("--no-refresh").items()}


def _check(project, served, outcome):
    """Every run is told as it is, on the screen and on record; returns how many are in which state."""
    states, actions = _states(project), served.actions_of(project, *KEYS)
    assert max(actions.values()) == 1, outcome
    for key in KEYS:
        state = states.get(key)
        assert actions[key] == (state == "done"), (key, state, outcome)
        assert (f"✓ {key}" in outcome.out) == (state == "done"), (key, state, outcome)
        assert (f"? {key}" in outcome.out) == (state == "unknown"), (key, state, outcome)
    return Counter(states.get(key) for key in KEYS)


def test_limits_and_lost_answers_in_the_midst_leave_every_run_done_once(twelve, served):
    project = twelve(served)
    for nth in (4, 6):
        served.fault("status", **START, nth=nth, status=429)
    served.fault("lose_answer", **START, nth=5)
    served.fault("half_body", **START, nth=9)
    served.fault("status", **START, nth=11, status=502, is_processed=True)
    outcome = project.run(*APPLY, timeout_s=120)
    assert outcome.code == 0, outcome
    assert _check(project, served, outcome) == {"done": 12}
    assert served.starts() == 12 + 2


def test_what_nobody_can_tell_about_stops_those_that_have_not_begun_and_hides_none(twelve, served):
    project = twelve(served)
    served.fault("drop", **START, nth=6)
    outcome = project.run(*APPLY, timeout_s=120)
    assert outcome.code == 5, outcome
    found = _check(project, served, outcome)
    assert found["unknown"] == 1
    assert found["done"] + 1 == served.starts() >= 6
    assert found[None] == 12 - served.starts()
    assert outcome.out.count("not started, because") == found[None]

    again = project.run(*APPLY, "--keep-going", timeout_s=120)
    assert again.code == 5, again
    assert Counter(_states(project).values()) == {"done": 11, "unknown": 1}
    assert served.starts() == 12


def test_a_request_that_is_late_beside_others_is_found_once_it_shows(twelve, own_served):
    served, project = own_served, twelve(own_served)
    served.fault("accept_late", **START, nth=6, seconds=3600)
    outcome = project.run(*APPLY, "--keep-going", timeout_s=120)
    assert outcome.code == 5, outcome
    assert _check(project, served, outcome) == {"done": 11, "unknown": 1}

    served.advance(3601)
    assert project.run(*APPLY, timeout_s=120).code == 0
    assert Counter(_states(project).values()) == {"done": 12}
    assert set(served.actions_of(project, *KEYS).values()) == {1}
    assert served.starts() == 12


def test_a_signal_while_several_are_on_their_way_lets_them_end_and_begins_no_other(twelve, served):
    project = twelve(served)
    served.fault("latency", **START, nth=4, times=None, seconds=2)
    with project.started(*APPLY, "--no-wait") as process:
        until(lambda: served.starts() >= 5, "two requests are on their way")
        process.send_signal(signal.SIGINT)
        outcome = project.ended(process)
    assert outcome.code == 130, outcome
    states, actions = _states(project), served.actions_of(project, *KEYS)
    assert set(states.values()) == {"submitted"}, outcome
    assert {key for key in KEYS if actions[key]} == set(states), outcome
    assert 5 <= len(states) == served.starts() < 12
    assert outcome.out.count("not started: interrupted") == 12 - len(states)

    served.heal()
    assert project.run(*APPLY, timeout_s=120).code == 0
    assert set(served.actions_of(project, *KEYS).values()) == {1}
    assert served.starts() == 12
