"""Eight appliers of one project that start at the same moment: each run happens once."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from e2e.project import Outcome, spec
from kill.states import KINDS

APPLIERS = 8
ROUNDS = {"local": 2, "git": 1, "s3": 1, "postgres": 1}
ALL_ROUNDS = 20
KEYS = ("a@1", "b@1")
TOGETHER = """
import json, os, sys
from pathlib import Path
from bulkplan.cli.main import run
import bulkplan.cli.commands.apply, bulkplan.adapters.close_reader, bulkplan.adapters.close_writer, bulkplan.app.plan

folder, count = Path(sys.argv[1]), int(sys.argv[2])
ready, go = os.pipe()
children = []
for number in range(count):
    child = os.fork()
    if not child:
        os.close(go)
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / f"{number}.{name}", os.O_CREAT | os.O_WRONLY, 0o600), stream)
        os.read(ready, 1)
        code = run(sys.argv[3:])
        sys.stdout.flush()
        os._exit(code)
    children.append(child)
os.close(go)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
print(json.dumps(codes))
"""
"""A process that has loaded everything makes as many of itself as are wanted; all begin when the last one is there."""


def _together(project, tmp_path, *words):
    """So many appliers, let go at once."""
    folder = tmp_path / f"{project.root.name}-said"
    folder.mkdir()
    told = project.run(str(folder), str(APPLIERS), *words, program=("-c", TOGETHER), timeout_s=100)
    assert told.code == 0, told
    outcomes = [
        Outcome(code, (folder / f"{number}.out").read_text(), (folder / f"{number}.err").read_text())
        for number, code in enumerate(json.loads(told.out))
    ]
    project.outcomes.extend(outcomes)
    return outcomes


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("states", KINDS, indirect=True)
def test_eight_appliers_at_once_start_each_run_once(tmp_path, make_project, crowded, states, kill_all, tell):
    codes: Counter[int] = Counter()
    n_rounds = ALL_ROUNDS if kill_all else ROUNDS[states.kind]
    for number in range(n_rounds):
        project = make_project(f"round-{number}", crowded.target)
        states.give(project)
        project.write("specs/a.yaml", spec("a"))
        project.write("specs/b.yaml", spec("b", status="Contacted"))
        outcomes = _together(project, tmp_path, "apply", "--auto-approve", "--keep-going", "--no-wait")
        assert crowded.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
        codes.update(outcome.code for outcome in outcomes)
        assert {outcome.code for outcome in outcomes} <= {0, 1, 5, 75}, outcomes
        last = project.run("apply", "--auto-approve")
        assert last.code == 0, last
        assert [states.record(project, key).status for key in KEYS] == ["done", "done"]
    tell(f"{states.kind}: {n_rounds} rounds of {APPLIERS} appliers; exit codes {dict(codes)}")


@pytest.mark.slow
def test_eight_appliers_of_one_saved_plan_start_each_run_once(tmp_path, make_project, crowded):
    project = make_project("saved", crowded.target)
    project.write("specs/a.yaml", spec("a"))
    project.write("specs/b.yaml", spec("b", status="Contacted"))
    assert project.run("plan", "--out", "plan.json").code == 0
    outcomes = _together(project, tmp_path, "apply", "plan.json", "--no-wait")
    assert crowded.actions_of(project, *KEYS) == dict.fromkeys(KEYS, 1)
    assert {outcome.code for outcome in outcomes} <= {0, 4, 5}, outcomes
    assert project.run("apply", "plan.json").code == 0
