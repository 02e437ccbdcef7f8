"""`bulkplan lint` as a person and a CI job meet it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.linting import PROJECT, SPEC, complete

from bulkplan.cli.main import run
from bulkplan.core.lint.table import RULES
from bulkplan.report.lint_help import rules_page

ROOT = Path(__file__).parents[2]
TARGETS = "targets: {sandbox: {sandbox: {leads: 40, seed: 7}}}\n"
WIPE = "name: wipe\naction: {type: delete}\n"
MAIL = """\
name: mail
filter: {where: {all: [{field: last_communication_date, before: 7 days ago}, {field: status, is: Churned}]}}
action: {type: email, template: Win-back 2026, sender: Dana Reyes <dana@example.com>}
"""


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    (tmp_path / "specs").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "bulkplan.yaml").write_text(complete(TARGETS, PROJECT))
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def _spec(text: str, *, without: tuple[str, ...] = (), name: str = "a") -> None:
    Path(f"specs/{name}.yaml").write_text(complete(text, SPEC, without=without))


def test_a_clean_project_says_so_and_makes_no_state(capfd):
    _spec("name: tidy\n")
    assert run(["lint"]) == 0
    assert capfd.readouterr().out.splitlines()[0] == "1 spec: nothing to say."
    assert not Path(".bulkplan").exists()


def test_a_finding_has_its_place_its_rule_and_its_mend(capfd):
    _spec(WIPE, without=("guards",))
    assert run(["lint"]) == 1
    out = capfd.readouterr().out
    assert out.startswith(
        "specs/a.yaml\n"
        "  1:7    error   delete-without-max-matches  BP102\n"
        "         a delete that sets no max_matches of its own\n"
        "         mend  add a line such as: guards: {max_matches: 40}"
    )
    assert "\n1 spec: 1 error.\n" in out


def test_warnings_fail_only_when_strict(capfd):
    _spec("name: tidy\n", without=("owner",))
    assert run(["lint"]) == 0
    assert run(["lint", "--strict"]) == 1
    assert run(["lint", "--strict", "--rule", "no-ceiling"]) == 0
    assert run(["lint", "--strict", "--rule", "bp401"]) == 1
    assert run(["lint", "--strict", "--select", "other"]) == 64


def test_what_is_ignored_is_counted_and_shown_when_asked(capfd):
    _spec(WIPE + "lint: {ignore: {BP102: the project forbids more than ten}}\n", without=("guards",))
    assert run(["lint"]) == 0
    assert "1 ignored with a reason, 1 error among them (-v shows them)." in capfd.readouterr().out
    assert run(["lint", "-v"]) == 0
    assert "delete-without-max-matches  error: the project forbids" in capfd.readouterr().out


def test_invalid_files_are_told_as_such(capfd):
    _spec("name: tidy\nlint: {ignore: {no-cieling: kept by hand here}}\n")
    assert run(["lint"]) == 65
    assert "specs/a.yaml:2:17: error: there is no rule" in capfd.readouterr().err


def test_only_what_was_asked_for_is_told(capfd):
    _spec("name: tidy\n", without=("owner",))
    _spec("name: other\nfilter: {where: {field: status, is: Contacted}}\n", without=("owner",), name="b")
    assert run(["lint", "specs/b.yaml", "--format", "json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert [(row["rule"], row["file"], row["line"]) for row in document["findings"]] == [
        ("missing-owner", "specs/b.yaml", 1)
    ]
    assert (document["specs"], document["counts"]["warning"], document["skipped"]) == (1, 1, ["close"])


def test_an_edit_after_a_run_is_found_in_the_local_state(capfd):
    _spec("name: tidy\n")
    assert run(["apply", "--auto-approve"]) == 0
    _spec("name: tidy\nfilter: {where: {field: status, is: Contacted}}\n")
    capfd.readouterr()
    assert run(["lint", "--format", "github"]) == 1
    out, err = capfd.readouterr()
    assert out.startswith(
        "::error file=specs/a.yaml,line=4,endLine=4,col=10,endColumn=10,title=edited-after-run (BP601)::"
    )
    assert err == "1 spec: 1 error.\n"


def test_close_is_asked_only_online(capfd):
    _spec(MAIL.replace("Win-back 2026", "Nothing"))
    assert run(["lint"]) == 0
    capfd.readouterr()
    assert run(["lint", "--online", "--format", "sarif"]) == 1
    (result,) = json.loads(capfd.readouterr().out)["runs"][0]["results"]
    assert result["ruleId"] == "BP701"
    assert "no e-mail template" in result["message"]["text"]


def test_all_rules_are_listed_and_explained(capfd, tmp_path_factory):
    assert run(["lint", "--list-rules", "-C", str(tmp_path_factory.mktemp("no-project"))]) == 0
    assert re.findall(r"^BP\d+", capfd.readouterr().out, flags=re.MULTILINE) == [rule.id for rule in RULES]
    assert run(["lint", "--rule", "no-cieling"]) == 64
    assert (ROOT / "docs" / "lint-rules.md").read_text(encoding="utf-8") == rules_page(RULES)
