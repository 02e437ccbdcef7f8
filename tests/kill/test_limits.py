"""An apply that may open few files, or has little memory: told in words, never twice, and the next one ends right."""

from __future__ import annotations

import pytest

KEY = "mark@1"
APPLY = ("apply", "--auto-approve", "--no-wait", "--settle-timeout", "0s")
LIMITED = """
import concurrent.futures.thread, importlib, resource, sys
from pathlib import Path
from bulkplan.cli.main import run
from bulkplan.cli.planning import NEEDED_LATER
import bulkplan.cli.commands.apply, bulkplan.adapters.close_reader, bulkplan.adapters.close_writer

for name in NEEDED_LATER:
    importlib.import_module(name)

limit = int(sys.argv[2])
if sys.argv[1] == "RLIMIT_AS":
    limit += 4096 * int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(getattr(resource, sys.argv[1]), (limit, limit))
sys.exit(run(sys.argv[3:]))
"""
"""The program, all of it loaded, with so few open files, or so little memory beyond what it has."""


@pytest.mark.slow
@pytest.mark.parametrize("states", ["local"], indirect=True)
@pytest.mark.parametrize(("limit", "values"), [("RLIMIT_NOFILE", (6, 10, 12)), ("RLIMIT_AS", (0, 2 << 20))])
def test_what_an_apply_lacks_starts_nothing_twice(new_project, crowded, states, limit, values, tell):
    codes = []
    for number, value in enumerate(values):
        project = new_project(f"limited-{number}")
        limited = project.run(limit, str(value), *APPLY, program=("-c", LIMITED))
        codes.append(limited.code)
        assert "bug" not in limited.words, limited
        if limit == "RLIMIT_AS":
            project.outcomes.clear()  # asyncio tells of memory that it did not get by itself, with a traceback
        last = project.run(*APPLY)
        record = states.record(project, KEY)
        wanted = (0, 5) if record.status == "unknown" else (1, 0)
        assert (crowded.actions_of(project, KEY)[KEY], last.code) == wanted, (value, limited, last)
    tell(f"{limit} {values}: exit codes {codes}")


THREADLESS = """
import _thread, sys

def refuse(*_):
    raise RuntimeError("can't start new thread")

_thread.start_new_thread = refuse
from bulkplan.cli.main import run

sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("states", ["local"], indirect=True)
def test_a_process_that_may_start_no_thread_plans_and_applies(new_project, crowded, states):
    project = new_project("threadless")
    planned = project.run("plan", program=("-c", THREADLESS))
    assert (planned.code, "1 to run" in planned.out) == (0, True), planned
    applied = project.run(*APPLY, program=("-c", THREADLESS))
    assert (applied.code, crowded.actions_of(project, KEY)[KEY]) == (0, 1), applied
    assert states.record(project, KEY).remote_id
