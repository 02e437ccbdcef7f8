"""Killed at any system call that touches state or network, and applied again: never twice, never forgotten."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from e2e.project import spec
from kill.states import KINDS
from kill.strace import Call, kill_at, require_strace, trace

KEY = "mark@1"
APPLY = ("apply", "--auto-approve", "--no-wait", "--settle-timeout", "3s")
SAMPLE = {"local": 12, "git": 5, "s3": 5, "postgres": 5}
LATE_SAMPLE = {"local": 5, "git": 3, "s3": 3, "postgres": 3}
LATE_S = 1.5
"""Longer than Python takes to start: the next apply looks before Close has taken the action."""
MOST_UNKNOWN = 0.05
EVERY_THREAD = ("git", "s3")
"""Kinds of state whose work is done by other programs, or on other threads."""
EVERY_STATE = pytest.mark.parametrize("states", KINDS, indirect=True)


@dataclass
class Tally:
    """What became of the runs that were killed."""

    n_points: int = 0
    n_killed: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    unknown_at: list[Call] = field(default_factory=list)

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        unknown = "; ".join(map(str, self.unknown_at)) or "none"
        return f"{self.n_killed} of {self.n_points} points killed; then {ends}; unknown at: {unknown}"


@pytest.fixture
def new_project(make_project, served, states):
    """Makes projects of one run each: to the one Close behind them they are strangers."""

    def new(name):
        project = make_project(name, served.target)
        states.give(project)
        project.write("specs/mark.yaml", spec("mark"))
        return project

    return new


def _points(new_project, states, *words):
    """Every call of a whole apply that touches the state or the network."""
    project = new_project("traced")
    folders = (project.root / ".bulkplan" / "state", project.root / ".git", project.root.parent / "traced.git")
    calls = trace(project, *words, every_thread=states.kind in EVERY_THREAD)
    return [call for call in calls if any(call.touches(folder) for folder in folders)]


def _sampled(points, count):
    """So many points, evenly spread, the last among them."""
    step = max(1.0, len(points) / count)
    return [points[int(len(points) - 1 - number * step)] for number in range(min(count, len(points)))][::-1]


def _check(project, served, point, tally):
    """Apply again, and hold what is then against the promises."""
    outcome = project.run(*APPLY)
    state = project.status("--no-refresh").get(KEY, {}).get("state")
    n_actions = served.actions_of(project, KEY)[KEY]
    tally.ends[state] += 1
    if state == "unknown":
        tally.unknown_at.append(point)
        assert (n_actions, outcome.code) == (0, 5), (point, outcome)
    else:
        assert state in ("submitted", "done"), (point, state, outcome)
        assert (n_actions, outcome.code) == (1, 0), (point, outcome)


def _tell(capsys, words):
    """Figures of a sweep, for whoever runs it by hand."""
    with capsys.disabled():
        print(f"\n{words}")  # noqa: T201 - meant for the terminal


def _sweep(new_project, served, points):
    tally = Tally(len(points))
    for number, point in enumerate(points):
        project = new_project(f"killed-{number}")
        tally.n_killed += kill_at(project, point, *APPLY)
        _check(project, served, point, tally)
    return tally


@pytest.mark.slow
@pytest.mark.timeout(7200)
@EVERY_STATE
def test_killed_at_any_call_a_run_happens_once_or_is_said_to_be_unknown(new_project, served, states, kill_all, capsys):
    require_strace()
    points = _points(new_project, states, *APPLY)
    assert len(points) > 80
    tally = _sweep(new_project, served, points if kill_all else _sampled(points, SAMPLE[states.kind]))
    _tell(capsys, f"{states.kind}: {len(points)} kill points in an apply; {tally}")
    if kill_all:
        assert len(tally.unknown_at) <= MOST_UNKNOWN * tally.n_points


@pytest.mark.slow
@pytest.mark.timeout(7200)
@EVERY_STATE
def test_killed_at_any_call_while_close_accepts_late_a_run_never_happens_twice(
    new_project, served, states, kill_all, capsys
):
    """Not being listed yet must never be taken for not having run."""
    require_strace()
    served.fault("accept_late", method="POST", path="/bulk_action/edit/", times=None, seconds=LATE_S)
    points = _points(new_project, states, *APPLY)
    tally = _sweep(new_project, served, points if kill_all else _sampled(points, LATE_SAMPLE[states.kind]))
    _tell(capsys, f"{states.kind}, late acceptance: {len(points)} kill points in an apply; {tally}")


@pytest.mark.parametrize("states", ["local"], indirect=True)
def test_the_intent_is_on_the_disk_before_the_first_byte_of_the_request(new_project, served):
    require_strace()
    project = new_project("ordered")
    calls = trace(project, *APPLY)
    names = [f"{call.name} {call.words}" for call in calls]
    sent = next(at for at, text in enumerate(names) if '"POST /api/v1/bulk_action/' in text)
    before = names[:sent]
    state = str(next((project.root / ".bulkplan" / "state").glob("*.db")))
    written = max(at for at, text in enumerate(before) if text.startswith("pwrite64") and f"<{state}>" in text)
    synced = [at for at, text in enumerate(before) if text.startswith(("fsync", "fdatasync")) and f"<{state}>" in text]
    journal_gone = max(at for at, text in enumerate(before) if text.startswith("unlink") and f"{state}-journal" in text)
    folder = f"<{project.root / '.bulkplan' / 'state'}>"
    folder_synced = max(
        at for at, text in enumerate(before) if text.startswith(("fsync", "fdatasync")) and folder in text
    )
    assert written < max(synced) < journal_gone < folder_synced
    assert served.actions_of(project, KEY) == {KEY: 1}
