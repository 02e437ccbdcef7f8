"""Killed at any system call that touches state or network, and applied again: never twice, never forgotten."""

from __future__ import annotations

import pytest
from kill.points import Command, Tally, chosen, spread
from kill.strace import kill_at, require_strace, trace

KEY = "mark@1"
WORDS = ("apply", "--auto-approve", "--no-wait", "--settle-timeout")
APPLY = Command("apply", (*WORDS, "0s"))
LATE_APPLY = Command("late-apply", (*WORDS, "3s"))
SAMPLE = {"local": 12, "git": 6, "s3": 6, "postgres": 6}
LATE_SAMPLE = {"local": 4, "git": 4, "s3": 4, "postgres": 4}
LATE_S = 1.5
"""Longer than Python takes to start: the next apply looks before Close has taken the action."""
MOST_UNKNOWN = 0.05


def _check(project, crowded, states, point, tally, command):
    """Apply again, and hold what is then against the promises."""
    outcome = project.run(*command.words)
    record = states.record(project, KEY)
    n_actions = crowded.actions_of(project, KEY)[KEY]
    tally.ends[str(record.status)] += 1
    if record.status == "unknown":
        tally.unknown_at.append(point)
        assert (n_actions, outcome.code) == (0, 5), (point, outcome)
    else:
        assert record.status in ("submitted", "done"), (point, record.status, outcome)
        assert (n_actions, outcome.code) == (1, 0), (point, outcome)


def _sweep(new_project, crowded, states, points, command, tell):
    tally = Tally(len(points))
    for number, point in tally.walk(points, tell):
        project = new_project(f"killed-{number}")
        tally.n_killed += kill_at(project, point, *command.words)
        _check(project, crowded, states, point, tally, command)
    return tally


@pytest.mark.slow
@pytest.mark.timeout(14400)
@spread(SAMPLE)
def test_killed_at_any_call_a_run_happens_once_or_is_said_to_be_unknown(
    new_project, crowded, states, share, points_of, kill_all, tell
):
    require_strace()
    points = points_of(APPLY, states, new_project)
    assert len(points) > 80
    mine = chosen(points, SAMPLE, states.kind, share, kill_all=kill_all)
    tally = _sweep(new_project, crowded, states, mine, APPLY, tell)
    tell(f"{states.kind}: {len(points)} kill points in an apply; {tally}")
    if kill_all:
        assert len(tally.unknown_at) <= MOST_UNKNOWN * tally.n_points


@pytest.mark.slow
@pytest.mark.timeout(14400)
@spread(LATE_SAMPLE)
def test_killed_at_any_call_while_close_accepts_late_a_run_never_happens_twice(
    new_project, crowded, states, share, points_of, kill_all, tell
):
    """Not being listed yet must never be taken for not having run."""
    require_strace()
    crowded.fault("accept_late", method="POST", path="/bulk_action/edit/", times=None, seconds=LATE_S)
    points = points_of(LATE_APPLY, states, new_project)
    mine = chosen(points, LATE_SAMPLE, states.kind, share, kill_all=kill_all)
    tally = _sweep(new_project, crowded, states, mine, LATE_APPLY, tell)
    tell(f"{states.kind}, late acceptance: {len(points)} kill points in an apply; {tally}")


@pytest.mark.parametrize("states", ["local"], indirect=True)
def test_the_intent_is_on_the_disk_before_the_first_byte_of_the_request(new_project, crowded):
    require_strace()
    project = new_project("ordered")
    calls = trace(project, *APPLY.words)
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
    assert crowded.actions_of(project, KEY) == {KEY: 1}
