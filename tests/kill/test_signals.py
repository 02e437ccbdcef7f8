"""A signal at any moment of an apply: in order, with the state true, and said in words."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from e2e.project import Outcome, spec, until

SIGNALS = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
START = {"method": "POST", "path": "/bulk_action/edit/"}
APPLY = ("apply", "--auto-approve")
KEYS = ("a@1", "b@1")


@pytest.fixture
def project(make_project, served):
    """A project of two runs, `a` and `b`, started in that order."""
    made = make_project("project", served.target)
    for name, status in (("a", "Potential"), ("b", "Contacted")):
        made.write(f"specs/{name}.yaml", spec(name, status=status))
    return made


def _asked(served, path, times=1):
    """Whether a path was asked so often."""
    return lambda: sum(n for (_, asked), n in served.requests().items() if asked == path) >= times


def _states(project):
    return {key: run["state"] for key, run in project.status("--no-refresh").items()}


def _once_more(project, served):
    """What a signal left undone, the next apply does, once."""
    served.heal()
    outcome = project.run(*APPLY)
    assert outcome.code == 0, outcome
    assert served.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
    assert _states(project) == dict.fromkeys(KEYS, "done")


def test_while_planning_nothing_was_sent(project, served):
    served.fault("latency", path="/status/lead/", seconds=30)
    with project.started(*APPLY) as process:
        until(_asked(served, "/status/lead/"), "the plan asks for names")
        process.send_signal(signal.SIGINT)
        outcome = project.ended(process, timeout_s=10)
    assert outcome.code == 130
    assert "interrupted before anything was sent to Close" in outcome.words
    assert _states(project) == {}
    _once_more(project, served)


def test_while_connecting_nothing_was_sent(project, served):
    assert project.run("plan", "--out", "plan.json").code == 0
    asked_before = served.requests()["GET", "/me/"]
    served.fault("latency", path="/me/", seconds=30)
    with project.started("apply", "plan.json") as process:
        until(_asked(served, "/me/", asked_before + 1), "the apply asks whose key it is")
        process.send_signal(signal.SIGTERM)
        outcome = project.ended(process, timeout_s=10)
    assert outcome.code == 143
    assert "interrupted before anything was sent to Close" in outcome.words
    served.heal()
    assert project.run("apply", "plan.json").code == 0, "the plan was not used up"


def test_a_saved_plan_interrupted_over_its_checks_is_not_used_up(project, served):
    assert project.run("plan", "--out", "plan.json").code == 0
    served.fault("latency", path="/status/lead/", seconds=2)
    with project.started("apply", "plan.json") as process:
        until(_asked(served, "/status/lead/", 2), "the apply asks for names")
        process.send_signal(signal.SIGINT)
        outcome = project.ended(process, timeout_s=20)
    assert outcome.code == 130
    assert "the plan is unused" in outcome.words
    assert project.run("apply", "plan.json").code == 0


def test_before_the_intent_nothing_is_recorded_and_nothing_sent(project, served):
    served.fault("latency", path="/bulk_action/edit/", method="GET", seconds=2)
    with project.started(*APPLY) as process:
        until(_asked(served, "/bulk_action/edit/"), "the apply looks for the tag of the run")
        process.send_signal(signal.SIGTERM)
        outcome = project.ended(process, timeout_s=20)
    assert outcome.code == 143
    assert "nothing new starts" in outcome.words
    assert "b@1 not started: interrupted" in outcome.words
    assert "Nothing was sent to Close." in outcome.words
    assert served.starts() == 0
    assert _states(project) == {}
    _once_more(project, served)


@SIGNALS
def test_the_request_in_flight_is_finished_and_recorded(project, served, number, code):
    served.fault("latency", **START, seconds=2)
    with project.started(*APPLY) as process:
        until(lambda: served.starts() == 1, "the request is out")
        process.send_signal(number)
        outcome = project.ended(process, timeout_s=20)
    assert outcome.code == code
    (action,) = served.actions()
    assert action["status"] == "done"
    assert "a@1 done, " in outcome.words
    assert "b@1 not started: interrupted" in outcome.words
    assert "1 bulk action was sent to Close." in outcome.words
    assert _states(project) == {"a@1": "done"}
    _once_more(project, served)


def test_a_request_that_close_does_not_answer_is_given_up_looked_for_and_left_open(project, served):
    served.fault("accept_late", **START, seconds=3600)
    served.fault("latency", **START, seconds=60)
    with project.started(*APPLY) as process:
        until(lambda: served.starts() == 1, "the request is out")
        process.send_signal(signal.SIGINT)
        outcome = project.ended(process, timeout_s=20)
    assert outcome.code == 130
    assert "its record still says sending" in outcome.words
    shown = project.run("status", "--no-refresh").words
    assert "held by:" in shown
    assert "bulkplan apply looks in Close what became of it" in shown
    assert _states(project) == {"a@1": "sending"}
    served.advance(3601)
    _once_more(project, served)


def test_a_second_signal_ends_it_at_once_and_is_safe(project, served):
    served.fault("latency", **START, seconds=60)
    with project.started(*APPLY) as process:
        until(lambda: served.starts() == 1, "the request is out")
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        said = iter(process.stderr.readline, "")
        assert any("Once more stops at once" in line for line in said)
        process.send_signal(signal.SIGINT)
        outcome = project.ended(process, timeout_s=4)
    assert outcome.code == 130
    assert "what was recorded is safe" in outcome.words
    assert _states(project) == {"a@1": "sending"}
    _once_more(project, served)
    assert served.starts() == 2


def test_ci_asks_first_and_then_insists(project, served):
    """SIGINT, then SIGTERM some seconds later. Source: GitHub, "Workflow cancellation reference"."""
    served.fault("latency", **START, seconds=60)
    with project.started(*APPLY) as process:
        until(lambda: served.starts() == 1, "the request is out")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        outcome = project.ended(process, timeout_s=4)
    assert outcome.code in (130, 143)
    _once_more(project, served)


@SIGNALS
def test_while_following_what_runs_is_named_and_left_running(make_project, sandbox, number, code):
    served = sandbox("--leads-per-second", "2")
    project = make_project("project", served.target)
    project.write("specs/a.yaml", spec("a"))
    project.write("specs/b.yaml", spec("b", status="Contacted", more="depends_on: [a]\n"))
    with project.started(*APPLY, "--report", "report.json") as process:
        until(lambda: _states(project).get("a@1") == "submitted", "the first run is followed")
        process.send_signal(number)
        outcome = project.ended(process, timeout_s=20)
    assert outcome.code == code
    (action,) = served.actions()
    assert action["id"] in outcome.words
    assert "b@1 not started: interrupted" in outcome.words
    assert "sends nothing twice" in outcome.words
    report = (project.root / "report.json").read_text()
    assert f'"exit_code": {code}' in report
    served.advance(600)
    assert project.run(*APPLY, "--no-wait").code == 0


def _answered_on_a_terminal(project, act) -> Outcome:
    """An apply that asks on a terminal; `act` gets its process once it has asked."""
    ours, theirs = pty.openpty()
    shown: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-m", "bulkplan", "apply"],
        cwd=project.root, env={**project.environ, "TERM": "dumb"}, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
        text=True,
    )  # fmt: skip
    os.close(theirs)

    def read() -> None:
        try:
            while piece := os.read(ours, 4096):
                shown.append(piece.decode(errors="replace"))
        except OSError:  # how a terminal says that nobody writes to it any more
            pass

    reader = threading.Thread(target=read)
    reader.start()
    with process:
        try:
            until(lambda: "will be accepted" in "".join(shown), "the question is asked")
            act(process)
            out, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    reader.join(timeout=10)
    os.close(ours)
    return Outcome(process.returncode, out, "".join(shown))


@SIGNALS
def test_at_the_question_nothing_was_sent(project, served, number, code):
    outcome = _answered_on_a_terminal(project, lambda process: process.send_signal(number))
    assert outcome.code == code
    assert "interrupted before anything was sent to Close" in outcome.words
    assert "Traceback" not in outcome.words
    assert served.starts() == 0


@pytest.mark.parametrize("after", range(4))
def test_while_starting_up_no_traceback_is_shown(project, after):
    """Before anything can be said in words, a signal just ends the process."""
    with project.started(*APPLY) as process:
        _await_first_line(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.09 * after)
        process.send_signal(signal.SIGINT)
        outcome = project.ended(process, timeout_s=20)
    assert outcome.code in (0, 130, -signal.SIGINT), outcome
    assert "Traceback" not in outcome.words


def _await_first_line(process):
    """Until our code runs, which lets go of the handler that Python sets before: what that says is not ours to word."""
    was_caught = False
    while process.poll() is None:
        is_caught = _catches_interrupts(process.pid)
        if was_caught and not is_caught:
            return
        was_caught = is_caught
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.002)


def _catches_interrupts(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return bool(int(re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)[1], 16) >> (signal.SIGINT - 1) & 1)
