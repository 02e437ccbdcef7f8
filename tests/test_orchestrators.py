"""The files for orchestrators are what they say: they parse, their commands are ours, their codes and signals hold."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bulkplan.cli import exit_codes
from bulkplan.cli.parser import parse

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "orchestrators.md"
EXAMPLES = ROOT / "docs" / "examples"
PROGRAMS = sorted(EXAMPLES.glob("*.py"))
WORKFLOWS = sorted(EXAMPLES.glob("*.yml"))
SHARD_OF_A_VARIABLE = "1"
"""Stands for every value that a file fills in: as a name, a number, and either side of `1/1`."""


def text_of(path):
    return path.read_text(encoding="utf-8")


def in_shell(text):
    """The words of every `bulkplan …` line of a script or a page."""
    for line in re.findall(r"\bbulkplan ((?:plan|apply|status|ci|show|audit)\b[^`\n]*)", text):
        yield shlex.split(re.sub(r'"?\$\{?\w+\}?', SHARD_OF_A_VARIABLE, line).replace('"', "").replace(" …", ""))


def in_python(path):
    """The words of every call of something named `bulkplan`, what is computed filled in."""
    for node in ast.walk(ast.parse(text_of(path))):
        is_ours = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "bulkplan"
        if is_ours and isinstance(node.args[0], ast.List):
            yield [each.value if isinstance(each, ast.Constant) else "1/1" for each in node.args[0].elts]


def commands():
    found = [words for path in (*WORKFLOWS, PAGE) for words in in_shell(text_of(path))]
    return found + [words for path in PROGRAMS for words in in_python(path)]


def test_there_is_a_file_for_each_and_the_page_names_them_all():
    assert {path.stem.split("_")[0].split("-")[0] for path in (*PROGRAMS, *WORKFLOWS)} == {
        "airflow", "bulkplan", "github", "prefect", "temporal",
    }  # fmt: skip
    assert set(re.findall(r"\(examples/([\w.-]+)\)", text_of(PAGE))) == {path.name for path in EXAMPLES.iterdir()}


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_is_one_of_ours(words):
    asked = parse(words)
    assert asked.command is not None
    assert asked.help_text is None


def test_the_commands_are_found():
    said = {words[0] for words in commands()}
    assert {"plan", "apply", "ci"} <= said
    assert sum("--shard" in words for words in commands()) >= 4


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_the_workflow_is_sound(path):
    content = YAML(typ="safe").load(text_of(path))
    job = content["jobs"]["apply"]
    assert content["permissions"] == {}
    assert job["strategy"]["fail-fast"] is False
    shards = job["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))
    assert f'"$SHARD/{len(shards)}"' in job["steps"][-1]["run"]
    program = Path(sys.executable).parent / "actionlint"
    done = subprocess.run([program, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def job():
    spec = importlib.util.spec_from_file_location("bulkplan_job", EXAMPLES / "bulkplan_job.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A `bulkplan` on the path that does what a test writes."""

    def write(script):
        program = tmp_path / "bin" / "bulkplan"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    return write


def test_only_75_is_worth_a_retry(job):
    codes = {code for _, code in exit_codes.EXIT_CODES} | {exit_codes.INTERRUPTED, exit_codes.TERMINATED}
    job.check(exit_codes.OK)
    for code in codes:
        with pytest.raises(job.TryLaterError if code == exit_codes.TRY_LATER else job.NeedsPersonError):
            job.check(code)
    told = codes - {exit_codes.TRY_LATER, exit_codes.INTERRUPTED, exit_codes.TERMINATED}
    assert set(job.MEANING) == told
    page = text_of(PAGE)
    assert [code for code in codes if not re.search(rf"^\|[^|]*\b{code}\b", page, flags=re.MULTILINE)] == []


def test_a_job_plans_and_applies_one_shard(job, fake, tmp_path):
    fake(f'echo "$@" >> {tmp_path}/said')
    job.plan_and_apply("emea", "2/4", project=tmp_path, folder=tmp_path)
    said = (tmp_path / "said").read_text().splitlines()
    assert [parse(shlex.split(line)).command.name for line in said] == ["plan", "apply"]
    assert parse(shlex.split(said[0])).args.shard == (2, 4)


def test_a_job_that_is_ended_ends_bulkplan_in_order_and_waits_for_it(job, fake, tmp_path):
    """As an orchestrator does it: a signal that raises in the main thread."""

    class EndedError(BaseException):
        pass

    def end(number, frame):
        raise EndedError

    fake(f"trap 'echo ended > {tmp_path}/said; exit 143' TERM\nkill -USR1 {os.getpid()}\nwhile :; do sleep 0.05; done")
    before = signal.signal(signal.SIGUSR1, end)
    try:
        with pytest.raises(EndedError):
            job.bulkplan(["apply"], project=tmp_path)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (tmp_path / "said").read_text() == "ended\n"
