"""System calls that fail in the midst of an apply: said in words, never twice, and the next apply ends right."""

from __future__ import annotations

from collections import Counter

import pytest
from kill.points import Command, chosen
from kill.strace import require_strace, strike_at

KEY = "mark@1"
APPLY = Command("apply", ("apply", "--auto-approve", "--no-wait", "--settle-timeout", "0s"))
ERRORS = ("EIO", "ENOSPC", "EINTR", "EAGAIN", "EDQUOT")
CALLS = ("pread64", "pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "mkdir", "openat", "fcntl")
"""What SQLite asks of the files of the state."""
SAMPLE = {"local": 3}


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("states", ["local"], indirect=True)
@pytest.mark.parametrize("error", ERRORS)
def test_a_failing_call_on_the_state_is_told_and_the_next_apply_ends_right(
    new_project, crowded, states, error, points_of, kill_all, tell
):
    require_strace()
    state = "/.bulkplan/state"
    points = [call for call in points_of(APPLY, states, new_project) if call.name in CALLS and state in call.words]
    assert len(points) > 50
    codes: Counter[int] = Counter()
    ends: Counter[str] = Counter()
    for number, point in enumerate(chosen(points, SAMPLE, "local", 0, kill_all=kill_all, each=3)):
        project = new_project(f"struck-{number}")
        struck = strike_at(project, point, f"error={error}", *APPLY.words)
        codes[struck.code] += 1
        assert struck.code in (0, 1, 5, 75), (point, struck)
        last = project.run(*APPLY.words)
        record = states.record(project, KEY)
        ends[str(record.status)] += 1
        wanted = (0, 5) if record.status == "unknown" else (1, 0)
        assert (crowded.actions_of(project, KEY)[KEY], last.code) == wanted, (point, struck, last)
    tell(f"{error}: {len(points)} calls in an apply; exit codes {dict(codes)}; then {dict(ends)}")
