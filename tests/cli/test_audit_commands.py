"""`audit` and `audit verify` as whole command lines, against the sandbox and the state of one project."""

from __future__ import annotations

import csv
import io
import json
import signal
import sqlite3
from pathlib import Path

import jsonschema
import pytest
from support.sandbox_client import EVERY_LEAD, request

from bulkplan.cli.exit_codes import ERROR, OK, UNKNOWN, USAGE
from bulkplan.cli.main import run
from bulkplan.core.digest import digest_json
from bulkplan.report.schemas import audit_schema, audit_verify_schema
from bulkplan.sandbox import Sandbox

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
KEY = "run/mark-potential@1"
STATE = Path(".bulkplan/state/sandbox.db")
WORLD = Path(".bulkplan/sandbox/sandbox.db")


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


def _rewrite(alter) -> None:
    """Alter the record, and make its checksum fit."""
    connection = sqlite3.connect(STATE)
    with connection:
        ((text,),) = connection.execute("SELECT text FROM slot WHERE key = ?", (KEY,)).fetchall()
        content = json.loads(text)
        del content["checksum"]
        alter(content)
        altered = json.dumps({**content, "checksum": digest_json(content)})
        connection.execute("UPDATE slot SET text = ? WHERE key = ?", (altered, KEY))
    connection.close()


def _take_away() -> None:
    connection = sqlite3.connect(STATE)
    with connection:
        connection.execute("DELETE FROM slot WHERE key = ?", (KEY,))
    connection.close()


def _start_by_hand() -> None:
    """Somebody else starts an action in the same organization."""
    sandbox = Sandbox.open(WORLD)
    body = {"s_query": EVERY_LEAD, "type": "clear_custom_field", "custom_field_name": "Industry"}
    assert sandbox.handle(request("POST", "/bulk_action/edit/", body)).status == 200
    sandbox.close()


def test_an_audit_of_what_apply_did_is_quiet(applied, capfd):
    assert run(["audit", "--strict"]) == OK
    out = capfd.readouterr().out
    assert "1 bulk action: 1 ours. No alarm." in out
    assert "Dana Reyes" in out
    assert out.rstrip().endswith("Nothing was sent to Close.")


def test_a_record_that_was_taken_away_is_an_alarm(applied, capfd):
    _take_away()
    assert run(["audit"]) == UNKNOWN
    said = capfd.readouterr()
    assert "marker-without-record" in said.out
    assert "1 alarm needs a person" in said.err


def test_strict_is_an_error_where_something_ran_outside_of_git(applied, capfd):
    _start_by_hand()
    assert run(["audit"]) == OK
    assert run(["audit", "--strict"]) == ERROR
    said = capfd.readouterr()
    assert "2 bulk actions: 1 ours, 1 outside of git" in said.out
    assert "--origin outside" in said.err
    assert run(["audit", "--strict", "--origin", "ours"]) == ERROR


def test_each_form_on_stdout_is_nothing_but_that(applied, capfd):
    assert run(["audit", "--format", "json", "--since", "all"]) == OK
    document = json.loads(capfd.readouterr().out)
    jsonschema.validate(document, audit_schema())
    assert (document["since"], len(document["actions"])) == (None, 1)
    assert run(["audit", "--format", "csv"]) == OK
    (row,) = csv.DictReader(io.StringIO(capfd.readouterr().out))
    assert (row["origin"], row["run_key"], row["user_name"]) == ("ours", "mark-potential@1", "Dana Reyes")
    assert run(["audit", "--format", "html"]) == OK
    assert capfd.readouterr().out.startswith("<!DOCTYPE html>")
    assert run(["audit", "--format", "markdown"]) == OK
    assert capfd.readouterr().out.startswith("### Audit of sandbox")


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.html", "<!DOCTYPE"), ("a.csv", "kind,id"), ("a.json", "{"), ("a.md", "### Audit"), ("a.txt", "Audit of")],
)
def test_a_file_has_the_form_of_its_ending_and_may_be_written_again(applied, capfd, name, begins):
    for _ in range(2):
        assert run(["audit", "--out", name]) == OK
        assert Path(name).read_text().startswith(begins)
        assert "Audit of sandbox" in capfd.readouterr().out
    assert run(["audit", "--out", name, "--format", "csv"]) == OK
    assert Path(name).read_text().startswith("kind,id")
    assert capfd.readouterr().out == ""


def test_a_file_of_somebody_else_is_left_alone(applied, capfd):
    Path("notes.html").write_text("<html>mine")
    assert run(["audit", "--out", "notes.html"]) == USAGE
    assert Path("notes.html").read_text() == "<html>mine"


def test_only_some_origins_are_listed_and_alarms_stay(applied, capfd):
    assert run(["audit", "--origin", "outside"]) == OK
    assert "only actions of the origin outside are listed" in capfd.readouterr().out.replace("\n", " ")
    _take_away()
    assert run(["audit", "--origin", "outside", "--format", "json"]) == UNKNOWN
    document = json.loads(capfd.readouterr().out)
    assert (document["actions"], len(document["findings"])) == ([], 1)


@pytest.mark.parametrize(
    "words", [["--since", "soon"], ["--since", "2999-01-01"], ["--origin", "mine"], ["verify", "x"]]
)
def test_wrong_words_are_wrong_usage(capfd, words):
    assert run(["audit", *words]) == USAGE
    assert "hint" in capfd.readouterr().err


def test_verify_says_that_all_is_whole_and_prints_the_head(applied, capfd):
    assert run(["audit", "verify", "--format", "json"]) == OK
    document = json.loads(capfd.readouterr().out)
    jsonschema.validate(document, audit_verify_schema())
    assert (document["is_ok"], document["n_records"], document["breaks"]) == (True, 1, [])
    assert run(["audit", "verify"]) == OK
    assert document["head"] in capfd.readouterr().out
    assert run(["audit", "verify", "--expect", document["head"]]) == OK
    assert run(["audit", "--format", "json"]) == OK
    assert json.loads(capfd.readouterr().out.split("head: ")[-1].split("\n", 1)[1])["head"] == document["head"]


def test_an_altered_entry_is_named(applied, capfd):
    def alter(content):
        content["history"][1]["actor"] = "nobody"

    _rewrite(alter)
    assert run(["audit", "verify"]) == ERROR
    said = capfd.readouterr()
    assert f"{KEY}, entry 2: it was altered" in said.out.replace("\n", " ")
    assert "does not fit in 1 place" in said.err
    assert run(["audit"]) == UNKNOWN
    assert "broken-history" in capfd.readouterr().out


def test_an_earlier_look_must_still_hold(applied, capfd):
    assert run(["audit", "verify", "--out", "heads.json"]) == OK
    assert run(["state", "forget", "mark-potential@1", "--reason", "done with it", "--yes", "mark-potential"]) == OK
    assert run(["audit", "verify", "--against", "heads.json"]) == OK
    head = json.loads(Path("heads.json").read_text())["head"]
    assert run(["audit", "verify", "--expect", head]) == ERROR
    _take_away()
    capfd.readouterr()
    assert run(["audit", "verify"]) == OK
    assert run(["audit", "verify", "--against", "heads.json"]) == ERROR
    assert f"{KEY}: it was there at the earlier look, and is gone" in capfd.readouterr().out


@pytest.mark.parametrize(
    "words", [["--expect", "abc"], ["--against", "none.json"], ["--against", "bulkplan.yaml"], ["--against", "."]]
)
def test_what_is_no_head_and_no_report_is_wrong_usage(capfd, words):
    assert run(["audit", "verify", *words]) == USAGE
    assert "hint" in capfd.readouterr().err


def test_an_ending_of_no_form_is_wrong_usage_unless_the_form_is_said(applied, capfd):
    assert run(["audit", "--out", "audit.xlsx"]) == USAGE
    said = " ".join(capfd.readouterr().err.split())
    assert "no form of an audit has the ending .xlsx" in said
    assert ".csv, .htm, .html, .json" in said
    assert not Path("audit.xlsx").exists()
    assert run(["audit", "--out", "audit.xlsx", "--format", "csv"]) == OK
    assert Path("audit.xlsx").read_text().startswith("kind,id")
    assert "Wrote audit.xlsx, as csv." in capfd.readouterr().err
