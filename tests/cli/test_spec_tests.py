"""`bulkplan test`: what a person sees of the tests of specs, and with which code it ends."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import jsonschema
import pytest

from bulkplan.cli.main import run
from bulkplan.report.schemas import SCHEMAS

QUIET = """\
schema: bulkplan/filter/v1
name: quiet
vars: {days: 90}
where: {field: last_communication_date, before: "{{ vars.days }} days ago"}
"""
SPEC = """\
schema: bulkplan/v1
name: winback
version: 1
filter:
  where:
    all:
      - {field: status, is: Churned}
      - {use: quiet}
      - not: {has: opportunity, where: {field: status_type, is: active}}
action: {type: email, template: Win-back, sender: dana@example.com}
tests:
  - {lead: {status: Churned, last_communication_date: 2026-01-01}, matches: true, now: 2026-11-22}
  - name: recent talk
    lead: {status: Churned, last_communication_date: 2026-11-01, opportunities: [{status_type: active}]}
    matches: true
    now: 2026-11-22
"""
FAILED = """\
✗ winback test 2 “recent talk” (specs/winback.yaml:13) must match, and does not
  ✓ status is Churned: the lead's is Churned (specs/winback.yaml:7)
  ✗ quiet: (specs/winback.yaml:8)
    ✗ last communication date is before 90 days ago: the lead's is 2026-11-01 (21 days ago)
      (filters/quiet.yaml:4)
  ✗ no opportunity whose status type is active (specs/winback.yaml:9)
    ✓ an opportunity whose status type is active (specs/winback.yaml:9)
      ✓ opportunity 1: status type is active: the opportunity's is active (specs/winback.yaml:9)

2 tests in 1 spec: 1 passed, 1 failed, 0 not evaluated.
"""
OTHER = """\
schema: bulkplan/v1
name: hot
version: 1
filter: {smart_view: Hot leads}
action: {type: set_lead_status, status: Hot}
"""


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    for folder in ("specs", "filters"):
        (tmp_path / folder).mkdir()
    (tmp_path / "specs" / "winback.yaml").write_text(SPEC)
    (tmp_path / "filters" / "quiet.yaml").write_text(QUIET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BULKPLAN_TARGET", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_failed_test_shows_which_clauses_hold(capfd):
    assert run(["test"]) == 1
    assert capfd.readouterr() == (FAILED, "")


def test_with_other_vars_other_tests_pass(capfd):
    Path("specs/winback.yaml").write_text(SPEC.replace(", opportunities: [{status_type: active}]", ""))
    assert run(["test", "--var", "days=20"]) == 0
    assert capfd.readouterr().out == "2 tests in 1 spec: 2 passed, 0 failed, 0 not evaluated.\n"
    assert run(["test", "--var", "dais=20"]) == 64


def test_what_passed_is_shown_on_request_and_specs_without_tests_are_named(capfd):
    Path("specs/hot.yaml").write_text(OTHER)
    assert run(["test", "-v", "--select", "*"]) == 1
    out = capfd.readouterr().out
    assert "✓ winback test 1 (specs/winback.yaml:12) matches, as it must\n" in out
    assert "without tests: hot\n" in out
    assert out.endswith("1 failed, 0 not evaluated. 1 spec without tests.\n")


def test_what_only_close_knows_is_neither_passed_nor_failed(capfd):
    Path("specs/hot.yaml").write_text(OTHER + "tests: [{lead: {status: x}, matches: true}]\n")
    assert run(["test", "hot"]) == 0
    out = " ".join(capfd.readouterr().out.split())
    assert "not evaluated: the filter is the smart view “Hot leads”, and only Close knows what it asks" in out
    assert out.endswith("1 test in 1 spec: 0 passed, 0 failed, 1 not evaluated.")


def test_names_and_files_say_which(capfd):
    Path("specs/hot.yaml").write_text(OTHER)
    assert run(["test", "specs/hot.yaml"]) == 0
    assert capfd.readouterr().out == "No tests: 1 spec without any.\n"
    assert run(["test", "winback", "specs/hot.yaml"]) == 1
    assert run(["test", "winbak"]) == 64
    assert 'did you mean "winback"?' in capfd.readouterr().err
    assert run(["test", "specs/none.yaml"]) == 64


def test_the_json_has_every_test_with_its_clauses(capfd):
    assert run(["test", "--format", "json"]) == 1
    report = json.loads(capfd.readouterr().out)
    jsonschema.validate(report, SCHEMAS["test-report"](), cls=jsonschema.Draft202012Validator)
    assert {key: report[key] for key in ("specs", "passed", "failed", "not_evaluated")} == {
        "specs": 1,
        "passed": 1,
        "failed": 1,
        "not_evaluated": 0,
    }
    (first, second) = report["results"]
    assert (first["outcome"], second["outcome"], second["name"]) == ("passed", "failed", "recent talk")
    assert [clause["holds"] for clause in second["clauses"]] == [True, False, False]


def test_suppression_is_told_and_may_be_asked_for(capfd):
    Path("bulkplan.yaml").write_text(
        "schema: bulkplan/project/v1\nsuppress: {field: custom.Do Not Contact, is: 'Yes'}\n"
    )
    head = SPEC[: SPEC.index("tests:")] + "tests:\n"
    lead = "{status: Churned, last_communication_date: 2026-01-01, custom.Do Not Contact: 'Yes'}"
    test = f"  - lead: {lead}\n    matches: true\n"
    for more, code, words in (
        ("", 0, "matches, as it must; the project's suppression takes it out "),
        ("    suppressed: true\n", 0, "takes it out "),
        ("    suppressed: false\n", 1, "takes it out and must not "),
    ):
        Path("specs/winback.yaml").write_text(head + test + more)
        assert run(["test", "-v"]) == code
        assert words in " ".join(capfd.readouterr().out.split())
    Path("specs/winback.yaml").write_text(head + test.replace("'Yes'", "'No'") + "    suppressed: true\n")
    assert run(["test"]) == 1
    assert "suppression must take it out, and does not" in " ".join(capfd.readouterr().out.split())


def test_each_variant_of_a_spec_is_tried(capfd):
    text = SPEC.replace("vars.days", "each.days").replace("version: 1\n", "version: 1\nfor_each: {days: [10, 90]}\n")
    Path("filters/quiet.yaml").write_text(QUIET.replace("vars.days", "each.days"))
    Path("specs/winback.yaml").write_text(text.replace(", opportunities: [{status_type: active}]", ""))
    assert run(["test"]) == 1
    out = capfd.readouterr().out
    assert "✗ winback[90] test 2" in out
    assert "winback[10] test 2" not in out
    assert out.endswith("4 tests in 1 spec: 3 passed, 1 failed, 0 not evaluated.\n")


def test_a_made_up_lead_that_is_wrong_is_an_invalid_file_for_validate_too(capfd):
    Path("specs/winback.yaml").write_text(SPEC.replace("lead: {status", "lead: {staus"))
    for command in ("test", "validate"):
        assert run([command]) == 65
        out, err = capfd.readouterr()
        assert 'specs/winback.yaml:12:13: error: "staus" is no field of leads\n' in out + err
