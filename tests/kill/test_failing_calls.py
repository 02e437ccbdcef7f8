"""System calls that fail in the midst of an apply: said in words, never twice, and the next apply ends right."""

from __future__ import annotations

from collections import Counter

import pytest
from e2e.project import spec
from kill.strace import require_strace, strike_at, trace

KEY = "mark@1"
APPLY = ("apply", "--auto-approve", "--no-wait", "--settle-timeout", "3s")
ERRORS = ("EIO", "ENOSPC", "EINTR", "EAGAIN", "EDQUOT")
CALLS = ("pread64", "pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "mkdir", "openat", "fcntl")
"""What SQLite asks of the files of the state."""
SAMPLE = 3


def _sampled(points, count):
    step = max(1.0, len(points) / count)
    return [points[int(len(points) - 1 - number * step)] for number in range(min(count, len(points)))]


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("states", ["local"], indirect=True)
@pytest.mark.parametrize("error", ERRORS)
def test_a_failing_call_on_the_state_is_told_and_the_next_apply_ends_right(
    make_project, served, states, error, kill_all, capsys
):
    require_strace()
    traced = make_project("traced", served.target)
    states.give(traced)
    traced.write("specs/mark.yaml", spec("mark"))
    folder = traced.root / ".bulkplan" / "state"
    points = [call for call in trace(traced, *APPLY) if call.name in CALLS and call.touches(folder)]
    assert len(points) > 50
    codes: Counter[int] = Counter()
    ends: Counter[str] = Counter()
    for number, point in enumerate(points if kill_all else _sampled(points, SAMPLE)):
        project = make_project(f"struck-{number}", served.target)
        states.give(project)
        project.write("specs/mark.yaml", spec("mark"))
        struck = strike_at(project, point, f"error={error}", *APPLY)
        codes[struck.code] += 1
        assert struck.code in (0, 1, 5, 75), (point, struck)
        last = project.run(*APPLY)
        state = project.status("--no-refresh").get(KEY, {}).get("state")
        ends[state] += 1
        wanted = (0, 5) if state == "unknown" else (1, 0)
        assert (served.actions_of(project, KEY)[KEY], last.code) == wanted, (point, struck, last)
    with capsys.disabled():
        print(f"\n{error}: {len(points)} calls in an apply; exit codes {dict(codes)}; then {dict(ends)}")  # noqa: T201
