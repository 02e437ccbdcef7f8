"""README's first ten minutes, typed as they stand there: they end in a plan that is capped, tested and reviewed."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from bulkplan.cli.main import run

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## Your first spec, in ten minutes\n")[1].split("\n## ")[0]
STEPS = re.findall(r"```(console|diff)\n(.*?)```", SECTION, flags=re.DOTALL)
AUTHOR = {f"GIT_{who}_{what}": "author@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def type_in(command: str) -> None:
    program, *words = shlex.split(command)
    if program == "cd":
        os.chdir(words[0])
    elif program == "git":
        subprocess.run(["git", *words], check=True, capture_output=True, env={**os.environ, **AUTHOR})
    else:
        assert program == "bulkplan"
        assert run(words) == 0, command


def edit(diff: str) -> None:
    """Do to the new spec what a diff of the README shows."""
    spec = Path("specs/win-back.yaml")
    lines = diff.rstrip("\n").split("\n")
    before = "\n".join(line[1:] for line in lines if line[0] in " -")
    after = "\n".join(line[1:] for line in lines if line[0] in " +")
    text = spec.read_text()
    assert before in text
    spec.write_text(text.replace(before, after, 1))


def test_the_first_ten_minutes_end_in_a_plan_that_is_capped_tested_and_reviewed(capfd):
    for kind, text in STEPS:
        if kind == "diff":
            edit(text)
        else:
            for command in re.findall(r"^\$ (.*(?:\n    .*)*)", text, flags=re.MULTILINE):
                type_in(command.replace("\\\n", " "))
    capfd.readouterr()
    (row,) = json.loads(Path("plan.json").read_text())["plan"]["changes"]
    assert row["key"] == "win-back@1"
    assert {verdict["layer"] for verdict in row["verdicts"] if verdict["guard"] == "max_matches"} == {"spec"}
    assert run(["test", "win-back", "--format", "json"]) == 0
    tested = json.loads(capfd.readouterr().out)
    assert "win-back" in json.dumps(tested)
    assert subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True, text=True).stdout == ""
    assert run(["plan", "--detailed-exitcode", "--select", "win-back"]) == 0
