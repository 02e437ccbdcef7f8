"""Eight appliers of one project that start at the same moment: each run happens once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

import pytest
from e2e.project import Outcome, spec
from kill.states import KINDS

APPLIERS = 8
ROUNDS = {"local": 2, "git": 1, "s3": 1, "postgres": 1}
ALL_ROUNDS = 20
KEYS = ("a@1", "b@1")
WAITING = """
import os, sys
from bulkplan.cli.main import run
import bulkplan.cli.commands.apply, bulkplan.adapters.close_reader, bulkplan.adapters.close_writer, bulkplan.app.plan
os.read(int(sys.argv[1]), 1)
sys.exit(run(sys.argv[2:]))
"""
"""An apply that has loaded everything, and begins when the other end of its pipe is closed."""


def _together(project, *words):
    """So many appliers, let go at once."""
    ready, go = os.pipe()
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WAITING, str(ready), *words],
                    cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True, pass_fds=(ready,),
                )
            )
            for _ in range(APPLIERS)
        ]  # fmt: skip
        os.close(ready)
        os.close(go)
        ended = [(process, *process.communicate(timeout=100)) for process in processes]
    outcomes = [Outcome(process.returncode, out, err) for process, out, err in ended]
    project.outcomes.extend(outcomes)
    return outcomes


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("states", KINDS, indirect=True)
def test_eight_appliers_at_once_start_each_run_once(make_project, crowded, states, kill_all, tell):
    codes: Counter[int] = Counter()
    n_rounds = ALL_ROUNDS if kill_all else ROUNDS[states.kind]
    for number in range(n_rounds):
        project = make_project(f"round-{number}", crowded.target)
        states.give(project)
        project.write("specs/a.yaml", spec("a"))
        project.write("specs/b.yaml", spec("b", status="Contacted"))
        outcomes = _together(project, "apply", "--auto-approve", "--keep-going", "--no-wait")
        assert crowded.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
        codes.update(outcome.code for outcome in outcomes)
        assert {outcome.code for outcome in outcomes} <= {0, 1, 5, 75}, outcomes
        last = project.run("apply", "--auto-approve")
        assert last.code == 0, last
        assert [states.record(project, key).status for key in KEYS] == ["done", "done"]
    tell(f"{states.kind}: {n_rounds} rounds of {APPLIERS} appliers; exit codes {dict(codes)}")


@pytest.mark.slow
def test_eight_appliers_of_one_saved_plan_start_each_run_once(make_project, crowded):
    project = make_project("saved", crowded.target)
    project.write("specs/a.yaml", spec("a"))
    project.write("specs/b.yaml", spec("b", status="Contacted"))
    assert project.run("plan", "--out", "plan.json").code == 0
    outcomes = _together(project, "apply", "plan.json", "--no-wait")
    assert crowded.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
    assert {outcome.code for outcome in outcomes} <= {0, 4, 5}, outcomes
    assert project.run("apply", "plan.json").code == 0
