"""Killed at any system call that touches state or network, and applied again: never twice, never forgotten."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from e2e.project import spec
from kill.strace import Call, kill_at, require_strace, trace

KEY = "mark@1"
APPLY = ("apply", "--auto-approve", "--no-wait", "--settle-timeout", "3s")
SAMPLE = 12
LATE_SAMPLE = 5
LATE_S = 1.5
"""Longer than Python takes to start: the next apply looks before Close has taken the action."""
MOST_UNKNOWN = 0.05


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
def new_project(make_project, served):
    """Makes projects of one run each: to the one Close behind them they are strangers."""

    def new(name):
        project = make_project(name, served.target)
        project.write("specs/mark.yaml", spec("mark"))
        return project

    return new


def _points(new_project, *words):
    """Every call of a whole apply that touches the state or the network."""
    project = new_project("traced")
    calls = trace(project, *words)
    return [call for call in calls if call.touches(project.root / ".bulkplan" / "state")]


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
@pytest.mark.timeout(3600)
def test_killed_at_any_call_a_run_happens_once_or_is_said_to_be_unknown(new_project, served, kill_all, capsys):
    require_strace()
    points = _points(new_project, *APPLY)
    assert len(points) > 100
    tally = _sweep(new_project, served, points if kill_all else _sampled(points, SAMPLE))
    _tell(capsys, f"kill points: {len(points)} in an apply; {tally}")
    assert tally.n_killed >= 0.9 * tally.n_points
    if kill_all:
        assert len(tally.unknown_at) <= MOST_UNKNOWN * tally.n_points


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_any_call_while_close_accepts_late_a_run_never_happens_twice(new_project, served, kill_all, capsys):
    """Not being listed yet must never be taken for not having run."""
    require_strace()
    served.fault("accept_late", method="POST", path="/bulk_action/edit/", times=None, seconds=LATE_S)
    points = _points(new_project, *APPLY)
    tally = _sweep(new_project, served, points if kill_all else _sampled(points, LATE_SAMPLE))
    _tell(capsys, f"kill points with late acceptance: {len(points)} in an apply; {tally}")
    assert tally.n_killed >= 0.9 * tally.n_points


def test_the_intent_is_on_the_disk_before_the_first_byte_of_the_request(new_project, served):
    require_strace()
    project = new_project("ordered")
    calls = trace(project, *APPLY)
    names = [f"{call.name} {call.words}" for call in calls]
    sent = next(at for at, text in enumerate(names) if '"POST /api/v1/bulk_action/' in text)
    before = names[:sent]
    state = str(project.root / ".bulkplan" / "state" / "served.db")
    written = max(at for at, text in enumerate(before) if text.startswith("pwrite64") and f"<{state}>" in text)
    synced = [at for at, text in enumerate(before) if text.startswith(("fsync", "fdatasync")) and f"<{state}>" in text]
    journal_gone = max(at for at, text in enumerate(before) if text.startswith("unlink") and f"{state}-journal" in text)
    folder = f"<{project.root / '.bulkplan' / 'state'}>"
    folder_synced = max(
        at for at, text in enumerate(before) if text.startswith(("fsync", "fdatasync")) and folder in text
    )
    assert written < max(synced) < journal_gone < folder_synced
    assert served.actions_of(project, KEY) == {KEY: 1}
