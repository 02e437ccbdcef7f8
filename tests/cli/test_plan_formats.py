"""`plan` and `show` in every form: the result alone on stdout, the same value behind all of them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from support.cli_projects import enter_project

from bulkplan.cli.main import run
from bulkplan.core.seal import load_sealed
from bulkplan.report.plan_html import plan_html
from bulkplan.report.plan_markdown import plan_markdown

FORMATS = ("text", "json", "markdown", "html")
SPEC = """\
schema: bulkplan/v1
name: mark
version: 1
description: Für alle „Potentials“
filter: {where: {field: status, is: Potential}}
action: {type: set_lead_status, status: Contacted}
guards: {max_percent: 100%}
"""


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    enter_project(tmp_path, monkeypatch, spec=SPEC)


def test_a_saved_plan_is_shown_in_every_form_without_a_connection(capfd):
    assert run(["plan", "--out", "plan.json"]) == 0
    printed = capfd.readouterr().out
    Path("bulkplan.yaml").unlink()
    shown = {}
    for form in FORMATS:
        assert run(["show", "plan.json", "--format", form]) == 0
        shown[form], said = capfd.readouterr()
        assert said == ""
    plan = load_sealed(Path("plan.json").read_text()).plan
    assert shown["text"] == printed
    assert shown["json"] == Path("plan.json").read_text(encoding="utf-8")
    assert shown["markdown"] == plan_markdown(plan).text
    assert shown["html"] == plan_html(plan)


@pytest.mark.parametrize("form", FORMATS)
def test_a_plan_goes_to_stdout_alone_and_all_else_to_stderr(form, capfd):
    assert run(["plan", "--format", form, "--out", "plan.json"]) == 0
    out, err = capfd.readouterr()
    assert "Saved to plan.json" in err
    assert "Saved" not in out
    assert "\x1b" not in out
    assert out.startswith({"text": "Plan for", "json": "{", "markdown": "### Plan", "html": "<!DOCTYPE html>"}[form])


@pytest.mark.parametrize("form", FORMATS)
def test_an_altered_plan_is_shown_in_no_form(form, capfd):
    assert run(["plan", "--out", "plan.json"]) == 0
    text = Path("plan.json").read_text(encoding="utf-8")
    Path("plan.json").write_text(text.replace('"total": ', '"total": 1', 1), encoding="utf-8")
    capfd.readouterr()
    assert run(["show", "plan.json", "--format", form]) == 4
    out, err = capfd.readouterr()
    assert out == ""
    assert "the plan was altered" in err


def test_where_only_ascii_can_be_written_no_character_is_lost(tmp_path, monkeypatch, capfd):
    assert run(["plan", "--out", "plan.json"]) == 0
    for form in ("json", "html"):
        narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr("sys.stdout", narrow)
        assert run(["show", "plan.json", "--format", form]) == 0
        text = narrow.buffer.getvalue().decode("ascii")
        if form == "json":
            assert json.loads(text) == json.loads(Path("plan.json").read_text(encoding="utf-8"))
        else:
            assert "F&#252;r alle &#8222;Potentials&#8220;" in text


def test_with_a_key_in_the_environment_only_plans_signed_with_it_are_shown(monkeypatch, capfd):
    monkeypatch.setenv("BULKPLAN_PLAN_KEY", "secret")
    assert run(["plan", "--out", "signed.json"]) == 0
    assert run(["show", "signed.json"]) == 0
    monkeypatch.setenv("BULKPLAN_PLAN_KEY", "another")
    capfd.readouterr()
    assert run(["show", "signed.json"]) == 4
    out, err = capfd.readouterr()
    assert (out, "signature is wrong" in err) == ("", True)
    monkeypatch.delenv("BULKPLAN_PLAN_KEY")
    assert run(["show", "signed.json"]) == 0
    assert "its signature cannot be checked" in capfd.readouterr().err
    assert run(["plan", "--out", "unsigned.json"]) == 0
    monkeypatch.setenv("BULKPLAN_PLAN_KEY", "secret")
    assert run(["show", "unsigned.json"]) == 4
    assert "not signed" in capfd.readouterr().err
