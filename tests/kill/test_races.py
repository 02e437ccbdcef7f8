"""Eight appliers of one project that start at the same moment: each run happens once."""

from __future__ import annotations

from collections import Counter

import pytest
from e2e.project import spec
from kill.states import KINDS
from kill.together import together

APPLIERS = 8
ROUNDS = {"local": 2, "git": 1, "s3": 1, "postgres": 1}
ALL_ROUNDS = 20
KEYS = ("a@1", "b@1")


def _together(project, tmp_path, *words):
    """So many appliers of one folder, let go at once."""
    return together(project, tmp_path / f"{project.root.name}-said", [project.root] * APPLIERS, *words)


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
