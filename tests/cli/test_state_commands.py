"""`state forget`, `state export`, `status` and `apply --report`, as whole command lines against a sandbox."""

from __future__ import annotations

import io
import json
import signal
import sqlite3
from pathlib import Path

import jsonschema
import pytest

from bulkplan.adapters.stores.local import LocalStore
from bulkplan.cli.main import run
from bulkplan.core.codec import dump_record, load_record
from bulkplan.core.digest import digest_json
from bulkplan.model.store import PutResult
from bulkplan.report.schemas import apply_report_schema

PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
targets: {sandbox: {sandbox: {leads: 60, seed: 7}}}
"""
MARK = """\
schema: bulkplan/v1
name: mark-potential
version: 1
filter: {where: {field: status, is: Potential}}
action: {type: set_lead_status, status: Contacted}
guards: {max_percent: 100%}
"""
KEY = "mark-potential@1"
STATE = Path(".bulkplan/state/sandbox.db")


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    (tmp_path / "specs").mkdir()
    (tmp_path / "bulkplan.yaml").write_text(PROJECT)
    (tmp_path / "specs" / "mark.yaml").write_text(MARK)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def applied(capfd):
    assert run(["apply", "--auto-approve", "--quiet"]) == 0
    capfd.readouterr()


def _rewrite(old: str, new: str) -> None:
    """Alter what the state holds."""
    connection = sqlite3.connect(STATE)
    with connection:
        connection.execute("UPDATE slot SET text = replace(text, ?, ?)", (old, new))
    connection.close()


def test_forget_needs_the_name_of_the_run(applied, capfd):
    assert run(["state", "forget", KEY, "--reason", "wrong list"]) == 1
    assert "--yes mark-potential" in capfd.readouterr().err
    assert run(["state", "forget", KEY, "--reason", "wrong list", "--yes", "other"]) == 64
    assert run(["state", "forget", KEY, "--reason", "wrong list", "--yes", "mark-potential"]) == 0
    assert capfd.readouterr().out == (
        f"{KEY} forgotten. Its history stays (bulkplan state show '{KEY}'), and its run key never runs again.\n"
    )
    assert run(["state", "show", KEY]) == 0
    assert "forgotten: wrong list" in capfd.readouterr().out
    assert run(["state", "forget", KEY, "--reason", "again", "--yes", "mark-potential"]) == 3
    assert run(["plan", "--detailed-exitcode"]) == 0


@pytest.mark.parametrize("words", [[], ["--reason", " "]])
def test_forget_needs_a_reason(applied, capfd, words):
    assert run(["state", "forget", KEY, *words]) == 64
    assert "reason" in capfd.readouterr().err


def test_export_is_everything_with_its_checksums(applied, capfd):
    assert run(["plan", "--out", "plan.json", "--quiet"]) == 0
    assert run(["apply", "plan.json", "--quiet"]) == 0
    capfd.readouterr()
    assert run(["state", "export"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert (document["format_version"], document["target"], document["problems"]) == ("1.0", "sandbox", [])
    assert [slot["key"].split("/")[0] for slot in document["slots"]] == ["plan", "run"]
    for slot in document["slots"]:
        checksum = slot["content"].pop("checksum")
        assert checksum == digest_json(slot["content"])
        assert slot["content"]["version"] == slot["version"]
    assert run(["state", "export", "--out", "state.json", "--quiet"]) == 0
    assert json.loads(Path("state.json").read_text())["slots"]
    assert run(["state", "export", "--out", "nowhere/state.json"]) == 1


@pytest.mark.parametrize("words", [["status"], ["state", "list"]])
def test_a_list_that_is_not_whole_is_no_success(applied, capfd, words):
    _rewrite('"schema"', '"sch')
    assert run(words) == 1
    assert "not all there is" in capfd.readouterr().err


def test_export_keeps_what_cannot_be_trusted_and_says_so(applied, capfd):
    _rewrite('"schema"', '"sch')
    assert run(["state", "export"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert "sch" in document["slots"][0]["text"]
    assert "cannot be trusted" in document["problems"][0]


def test_what_was_counted_after_a_run_is_shown(applied, capfd):
    assert run(["state", "show", "mark-potential"]) == 0
    out = capfd.readouterr().out
    assert "verified" in out
    assert "leads processed, " in out
    assert "none left over" in out
    assert run(["state", "list", "--format", "json"]) == 0
    (row,) = json.loads(capfd.readouterr().out)["runs"]
    assert row["verification"]["is_ok"]
    assert row["holder"] is None


def test_status_may_be_asked_to_refresh_or_not_to(applied, capfd):
    assert run(["status", "--refresh"]) == 0
    assert run(["status", "--no-refresh"]) == 0
    assert run(["status", "--refresh", "--no-refresh"]) == 64


def test_a_report_says_what_became_of_each_run(capfd):
    assert run(["apply", "--auto-approve", "--quiet", "--report", "report.json"]) == 0
    report = json.loads(Path("report.json").read_text())
    jsonschema.validate(report, apply_report_schema(), cls=jsonschema.Draft202012Validator)
    assert (report["format_version"], report["exit_code"], report["error"], report["n_sent"]) == ("1.0", 0, None, 1)
    (row,) = report["runs"]
    assert (row["key"], row["outcome"], row["state"], row["was_sent"]) == (KEY, "done", "done", True)
    assert row["remote_id"].startswith("bulkedit_")
    assert row["counts"]["n_leads_processed"] == row["counts"]["approved"]
    assert row["verification"]["is_ok"]
    assert run(["apply", "--auto-approve", "--quiet", "--report", "report.json"]) == 0
    assert json.loads(Path("report.json").read_text())["runs"][0]["outcome"] == "skipped"


def test_a_report_of_a_refused_run_has_the_exit_code_and_the_words(capfd):
    Path("specs/mark.yaml").write_text(MARK.replace("max_percent: 100%", "max_matches: 1"))
    assert run(["apply", "--auto-approve", "--quiet", "--report", "report.json"]) == 3
    report = json.loads(Path("report.json").read_text())
    jsonschema.validate(report, apply_report_schema(), cls=jsonschema.Draft202012Validator)
    assert (report["exit_code"], report["n_sent"], report["runs"][0]["outcome"]) == (3, 0, "blocked")
    assert "refused by a guard" in report["error"]
    assert report["runs"][0]["state"] is None


@pytest.mark.parametrize("command", ["plan", "state export", "schema plan"])
def test_a_file_where_a_folder_should_be_is_said_and_no_bug(command, capfd):
    assert run([*command.split(), "--out", "specs/mark.yaml/x.json"]) in (1, 64)
    said = capfd.readouterr().err
    assert "specs/mark.yaml" in said
    assert "bug" not in said


def test_a_report_that_cannot_be_written_is_said_before_anything_is_sent(capfd):
    assert run(["apply", "--auto-approve", "--report", "nowhere/report.json"]) == 64
    assert "nowhere/report.json cannot be written" in capfd.readouterr().err
    assert run(["apply", "--auto-approve", "--report", "specs"]) == 64
    assert run(["plan", "--detailed-exitcode"]) == 2


def test_plan_beside_an_alarm_shows_all_and_needs_a_person_until_the_run_is_given_up(applied, capfd):
    store = LocalStore.open(Path(STATE))
    try:
        slot = store.get(f"run/{KEY}")
        alarmed = load_record(slot).model_copy(update={"alarm": "it ran twice", "version": slot.version + 1})
        assert store.put(slot.key, dump_record(alarmed), expected_version=slot.version) is PutResult.STORED
    finally:
        store.close()
    assert run(["plan"]) == run(["status", "--no-refresh"]) == 5
    said = capfd.readouterr()
    assert f"alarm on {KEY}: it ran twice" in said.out
    assert f"a run needs a person: {KEY}" in said.err
    assert run(["state", "forget", KEY, "--reason", "seen to", "--yes", "mark-potential"]) == 0
    assert run(["plan"]) == run(["status", "--no-refresh"]) == 0
