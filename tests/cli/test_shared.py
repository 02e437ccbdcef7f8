"""Fragments and `--var` on the command line: what a plan was made with is what it is applied with."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from bulkplan.cli.main import run
from bulkplan.cli.var_options import given_vars
from bulkplan.errors import UsageError

PROJECT = "schema: bulkplan/project/v1\ntargets: {sandbox: {sandbox: {leads: 60, seed: 7}}}\n"
QUIET = (
    "schema: bulkplan/filter/v1\nname: quiet\nvars: {days: 90}\n"
    'where: {field: date_created, before: "{{ vars.days }} days ago"}\n'
)
SPEC = """\
schema: bulkplan/v1
name: mark
version: 1
filter: {where: {use: quiet}}
action: {type: set_lead_status, status: Contacted}
guards: {max_percent: 100%}
"""


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    for folder in ("specs", "filters"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bulkplan.yaml").write_text(PROJECT)
    (tmp_path / "specs" / "mark.yaml").write_text(SPEC)
    (tmp_path / "filters" / "quiet.yaml").write_text(QUIET)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY"):
        monkeypatch.delenv(name, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_saved_plan_keeps_its_vars_and_is_bound_to_its_fragments(capfd):
    fragment = Path("filters/quiet.yaml")
    assert run(["plan", "--var", "days=1", "--out", "plan.json"]) == 0
    out = capfd.readouterr().out
    assert "With --var days=1\n" in out
    assert "quiet (date created is before 1 days ago)" in out
    assert json.loads(Path("plan.json").read_text())["plan"]["vars"] == {"days": 1}
    assert run(["apply", "plan.json", "--var", "days=2"]) == 64
    fragment.write_text(QUIET.replace("vars:", "description: edited\nvars:"))
    assert run(["apply", "plan.json"]) == 4
    assert "quiet (filters/quiet.yaml)" in capfd.readouterr().err
    fragment.write_text(QUIET)
    assert run(["apply", "plan.json"]) == 0
    fragment.write_text(QUIET.replace("90", "3000"))
    assert run(["plan"]) == 3
    said = " ".join(capfd.readouterr().out.split())
    assert "mark@1, or a fragment that it uses (quiet (filters/quiet.yaml)), was edited after it ran" in said
    assert "-- specs/mark.yaml filters/quiet.yaml" in said


def test_a_var_that_nobody_declares_is_a_slip(capfd):
    assert run(["validate", "--var", "dys=1"]) == 64
    assert 'did you mean "days"?' in capfd.readouterr().err
    assert run(["validate", "--var", "days=1"]) == 0
    assert run(["validate", "--var", "days=soon"]) == 65
    assert "filters/quiet.yaml:4:" in capfd.readouterr().out


def test_a_saved_plan_whose_var_is_gone_is_refused_and_no_usage_error():
    assert run(["plan", "--var", "days=1", "--out", "plan.json"]) == 0
    Path("filters/quiet.yaml").write_text(QUIET.replace("vars: {days: 90}\n", "").replace("{{ vars.days }}", "1"))
    assert run(["apply", "plan.json"]) == 4


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n=30", 30),
        ("n=1.5", 1.5),
        ("n=true", True),
        ("n=two words", "two words"),
        ("n=a=b", "a=b"),
        ("n='30'", "30"),
        ('n=""', ""),
        ("n=yes", "yes"),
    ],
)
def test_a_value_is_read_as_yaml_reads_an_unquoted_word(option, value):
    given = given_vars([option])
    assert given is not None
    assert given.values == {"n": value}
    assert type(given.values["n"]) is type(value)


@pytest.mark.parametrize("options", [["n"], ["=1"], ["n="], ["n=~"], ["n=007"], ["n=[1]"], ["n=1", "n=2"], ["n=\x07"]])
def test_what_is_no_value_is_a_usage_error(options):
    with pytest.raises(UsageError, match="--var"):
        given_vars(options)
