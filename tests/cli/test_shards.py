"""`--shard` on the command line: its forms, what a plan of a part says, and who applies it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cli_projects import enter_project

from bulkplan.cli.main import run
from bulkplan.core.seal import load_sealed

SPEC = """\
schema: bulkplan/v1
name: mark
version: 1
for_each: {n: [1, 2, 3, 4, 5, 6]}
filter: {where: {field: status, is: Potential}}
action: {type: set_custom_field, field: Tags, values: [vip], operation: add}
guards: {max_percent: 100%}
"""


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    enter_project(tmp_path, monkeypatch, spec=SPEC)


@pytest.mark.parametrize("command", ["plan", "apply", "status"])
@pytest.mark.parametrize("form", ["0/4", "5/4", "x", "1/0", "1/2/3", "-1/2", "1/9999", "١/٢"])
def test_what_is_no_shard_is_wrong_usage(command, form, capfd):
    assert run([command, f"--shard={form}"]) == 64
    assert f'"{form}" is no shard' in capfd.readouterr().err


def test_the_shards_of_a_plan_say_which_part_they_are_and_are_applied_whole(capfd):
    found = []
    for number in (1, 2):
        assert run(["plan", "--shard", f"{number}/2", "--out", f"plan-{number}.json"]) == 0
        plan = load_sealed(Path(f"plan-{number}.json").read_text(encoding="utf-8")).plan
        assert f"Shard {number} of 2: {len(plan.changes)} of 6 runs" in capfd.readouterr().out
        assert (plan.shard.number, plan.shard.of, plan.shard.runs) == (number, 2, len(plan.changes))
        found.append([str(change.key) for change in plan.changes])
    assert sorted(found[0] + found[1]) == [f"mark[{number}]@1" for number in range(1, 7)]
    assert found[0]
    assert found[1]

    assert run(["apply", "plan-1.json", "--shard", "1/2"]) == 64
    assert "--shard does not go with a saved plan" in capfd.readouterr().err
    assert run(["apply", "plan-1.json", "--report", "report.json"]) == 0
    assert "shard 1 of 2" in capfd.readouterr().err
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert report["shard"] == {"number": 1, "of": 2, "runs": len(found[0]), "of_runs": 6}

    statuses = []
    for number in (1, 2):
        assert run(["status", "--shard", f"{number}/2", "--format", "json"]) == 0
        statuses.append(json.loads(capfd.readouterr().out))
    assert [status["shard"] for status in statuses] == [{"number": 1, "of": 2}, {"number": 2, "of": 2}]
    assert [[row["key"] for row in status["runs"]] for status in statuses] == [sorted(found[0]), []]


def test_orphans_are_told_by_the_first_shard_alone(capfd):
    assert run(["apply", "--auto-approve"]) == 0
    Path("specs/mark.yaml").unlink()
    capfd.readouterr()
    counts = []
    for number in (1, 2):
        assert run(["plan", "--shard", f"{number}/2"]) == 0
        counts.append(capfd.readouterr().out.count("orphan\n"))
    assert counts == [6, 0]
