"""Whole command lines against a sandbox: what a person sees, and with which code they end."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from bulkplan.cli.main import run

PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
default_target: sandbox
targets:
  sandbox: {sandbox: {leads: 60, seed: 7}}
  production: {organization_id: orga_1, api_key_env: SHOP_KEY}
require_saved_plan: true
"""
MARK = """\
schema: bulkplan/v1
name: mark-potential
version: 1
filter: {where: {field: status, is: Potential}}
action: {type: set_lead_status, status: Contacted}
guards: {max_percent: 100%}
"""
WIPE = """\
schema: bulkplan/v1
name: wipe
version: 1
filter: {all_leads: true}
action: {type: delete}
guards: {max_matches: 5}
"""


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    (tmp_path / "specs").mkdir()
    (tmp_path / "bulkplan.yaml").write_text(PROJECT)
    (tmp_path / "specs" / "mark.yaml").write_text(MARK)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "SHOP_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def _add(name: str, text: str) -> None:
    (Path("specs") / name).write_text(text)


def test_validate_says_that_all_is_well(capfd):
    assert run(["validate"]) == 0
    assert capfd.readouterr().out == "1 spec in 2 files: no problem.\n"


def test_validate_lists_every_problem_with_its_place(capfd):
    _add("bad.yaml", MARK.replace("name: mark-potential", "nam: mark-potential"))
    _add("worse.yaml", MARK.replace("version: 1", "version: one").replace("mark-potential", "other"))
    assert run(["validate"]) == 65
    out = capfd.readouterr().out
    assert "specs/bad.yaml:2:1: error: " in out
    assert "    2 | nam: mark-potential\n      | ^^^\n" in out
    assert "specs/worse.yaml:3:10: error: " in out
    assert out.endswith("in 2 files; nothing was sent to Close.\n")


def test_validate_as_json_is_one_document(capfd):
    _add("bad.yaml", MARK.replace("name: mark-potential", "nam: mark-potential"))
    assert run(["validate", "--format", "json"]) == 65
    document = json.loads(capfd.readouterr().out)
    assert (document["files"], document["problems"][0]["file"]) == (3, "specs/bad.yaml")


def test_validate_for_github_names_files_from_the_repository(capfd):
    Path("crm/specs").mkdir(parents=True)
    Path(".git").mkdir()
    Path("crm/specs/bad.yaml").write_text(MARK.replace("name: mark-potential", "nam: mark-potential"))
    assert run(["validate", "-C", "crm", "--format", "github"]) == 65
    out, err = capfd.readouterr()
    assert out.startswith("::error file=crm/specs/bad.yaml,line=2,endLine=2,col=1,endColumn=3::unknown key")
    assert err == "1 spec in 1 file: 1 problem, no warning.\n"


def test_outside_of_a_project_is_wrong_usage(capfd, tmp_path_factory):
    assert run(["plan", "-C", str(tmp_path_factory.mktemp("empty"))]) == 64
    assert "no project here" in capfd.readouterr().err


def test_plan_shows_what_would_run_and_sends_nothing(capfd):
    assert run(["plan"]) == 0
    out, err = capfd.readouterr()
    assert "mark-potential@1" in out
    assert out.endswith("Nothing was sent to Close.\n")
    assert err == "Making a sandbox with 60 leads …\n"


def test_plan_exits_2_only_when_asked_and_something_would_run(capfd):
    assert run(["plan", "--detailed-exitcode"]) == 2
    assert run(["apply", "--auto-approve"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 0


def test_plan_shows_every_row_and_exits_3_when_a_guard_refuses(capfd):
    _add("wipe.yaml", WIPE)
    assert run(["plan", "--detailed-exitcode"]) == 3
    out, err = capfd.readouterr()
    assert "mark-potential@1" in out
    assert "wipe@1" in out
    assert "1 run is refused by a guard" in err


def test_plan_of_an_unknown_name_is_wrong_usage(capfd):
    assert run(["plan", "--select", "mark-potentail"]) == 64
    assert "mark-potential" in capfd.readouterr().err


def test_a_name_that_close_does_not_know_is_shown_in_its_file(capfd):
    _add("typo.yaml", MARK.replace("mark-potential", "typo").replace("Contacted", "Contactd"))
    assert run(["plan"]) == 65
    err = capfd.readouterr().err
    assert "specs/typo.yaml:5:" in err
    assert "^^^^^^^^" in err
    assert '"Contacted"' in err
    assert err.endswith("1 problem in 1 file; nothing was sent to Close.\n")


def test_a_saved_plan_is_shown_and_applied_once(capfd):
    assert run(["plan", "--out", "plan.json"]) == 0
    planned, err = capfd.readouterr()
    assert "bulkplan apply plan.json" in err
    assert run(["show", "plan.json"]) == 0
    assert capfd.readouterr().out == planned
    assert run(["show", "plan.json", "--format", "json"]) == 0
    assert capfd.readouterr().out == Path("plan.json").read_text()
    assert run(["apply", "plan.json"]) == 0
    assert "1 bulk action was sent to Close" in capfd.readouterr().out
    assert run(["apply", "plan.json"]) == 0
    assert "Nothing was sent to Close" in capfd.readouterr().out


def test_an_altered_plan_is_refused(capfd):
    run(["plan", "--out", "plan.json", "--quiet"])
    path = Path("plan.json")
    path.write_text(path.read_text().replace("Contacted", "Qualified"))
    assert run(["apply", "plan.json"]) == 4
    assert "altered" in capfd.readouterr().err


def test_a_plan_of_edited_specs_is_refused_with_the_reason_on_a_line_of_its_own(capfd):
    run(["plan", "--out", "plan.json", "--quiet"])
    _add("mark.yaml", MARK.replace("Contacted", "Qualified"))
    capfd.readouterr()
    assert run(["apply", "plan.json"]) == 4
    assert "refused:\n  - the spec of mark-potential@1 was edited" in capfd.readouterr().err


@pytest.mark.parametrize("words", [["apply", "no.json"], ["show", "no.json"], ["apply", "plan.json", "--select", "x"]])
def test_a_plan_file_that_is_not_there_is_wrong_usage(capfd, words):
    assert run(words) == 64
    assert capfd.readouterr().out == ""


def test_apply_without_a_terminal_asks_for_approval_or_a_plan(capfd):
    assert run(["apply"]) == 1
    err = capfd.readouterr().err
    assert "--auto-approve" in err
    assert run(["status"]) == 0
    assert "No run is recorded" in capfd.readouterr().out


def test_a_real_target_needs_a_saved_plan_where_the_project_says_so(capfd):
    assert run(["apply", "--target", "production"]) == 3
    assert "bulkplan plan --out plan.json" in capfd.readouterr().err


def test_a_missing_key_is_77(capfd):
    assert run(["plan", "--target", "production"]) == 77
    assert "$SHOP_KEY" in capfd.readouterr().err


def test_an_unknown_target_is_wrong_usage(capfd):
    assert run(["plan", "--target", "prodution"]) == 64
    assert "production" in capfd.readouterr().err


def test_status_and_state_show_what_ran(capfd):
    run(["apply", "--auto-approve", "--quiet"])
    capfd.readouterr()
    assert run(["status", "--format", "json"]) == 0
    (row,) = json.loads(capfd.readouterr().out)["runs"]
    assert (row["key"], row["state"], row["remote_status"]) == ("mark-potential@1", "done", "done")
    assert row["counts"]["n_leads"] == row["counts"]["n_leads_processed"] > 0
    for words in (["status"], ["status", "--no-refresh"], ["state", "list"], ["state", "show", "mark-potential"]):
        assert run(words) == 0
        assert "mark-potential@1" in capfd.readouterr().out
    assert run(["state", "show", "mark-potential@1", "--format", "json"]) == 0
    assert json.loads(capfd.readouterr().out)["record"]["status"] == "done"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["state", "show", "nobody"], 64),
        (["pause", "nobody"], 64),
        (["resume", "nobody"], 64),
        (["status", "--select", "nobody"], 64),
        (["state", "settle", "nobody@1", "--did-not-run"], 64),
        (["state", "settle", "nobody@1", "--did-not-run", "--reason", "x"], 64),
        (["state", "settle", "nobody@1", "--ran", "x"], 64),
        (["sandbox", "reset", "--target", "production"], 64),
    ],
)
def test_what_is_not_there_is_wrong_usage(capfd, words, code):
    assert run(words) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert "error: " in err


def test_pausing_what_has_ended_is_refused(capfd):
    run(["apply", "--auto-approve", "--quiet"])
    assert run(["pause", "mark-potential"]) == 3


def test_reset_removes_the_world_and_the_records_and_says_so(capfd):
    run(["apply", "--auto-approve", "--quiet"])
    assert run(["sandbox", "reset"]) == 1
    capfd.readouterr()
    assert run(["sandbox", "reset", "--auto-approve"]) == 0
    out = capfd.readouterr().out
    assert "Removed .bulkplan/state/sandbox.db\n" in out
    assert "Removed .bulkplan/sandbox/sandbox.db\n" in out
    assert not list(Path(".bulkplan").glob("*/*.db"))
    assert run(["sandbox", "reset", "--auto-approve"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 2


@pytest.mark.parametrize("name", ["bulk-action", "project", "plan", "apply-report"])
def test_every_schema_is_printed_as_json(capfd, name):
    assert run(["schema", name]) == 0
    assert json.loads(capfd.readouterr().out)["$schema"].startswith("https://json-schema.org/")


def test_schemas_are_written_as_files(capfd):
    assert run(["schema", "--out", "out/schemas"]) == 0
    written = {path.name for path in Path("out/schemas").iterdir()}
    assert written == {path.name for path in (Path(__file__).parents[2] / "schemas").iterdir()}
    assert {"bulk-action.v1.schema.json", "plan.v1.schema.json"} <= written
    assert run(["schema", "bulk-acton"]) == 64


def _loaded_by_validate() -> set[str]:
    """The modules, and the packages around them, that are loaded when `validate` has run in a fresh interpreter."""
    code = (
        "import sys; from bulkplan.cli.main import run; run(['validate'])\n"
        "print(*sys.modules, *{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


def test_validate_loads_no_network_and_no_terminal_library():
    assert not _loaded_by_validate() & {"httpx", "deepdiff", "rich", "jinja2", "stamina", "uvicorn"}


def test_validate_loads_what_only_some_specs_need_for_those_only():
    for_some = {"bulkplan.core.spec_tests", "jinja2", "ruamel", "difflib"}
    assert not _loaded_by_validate() & for_some
    tested = "description: 'in {{ 1 + 1 }} weeks'\ntests:\n  - {lead: {status: Potential}, matches: true}\n"
    Path("specs/mark.yaml").write_text(MARK + tested)
    Path("specs/wipe.yaml").write_text(WIPE + "description: >2-\n  said so\nowne: me\n")
    assert _loaded_by_validate() >= for_some


def test_a_sandbox_is_served_until_a_signal():
    server = subprocess.Popen(
        [sys.executable, "-m", "bulkplan", "sandbox", "serve", "--port", "0", "--leads", "5", "--api-key", "k"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        base_url = server.stdout.readline().rsplit(" ", 1)[1].strip()
        answer = httpx.get(f"{base_url}/me/", auth=("k", ""), trust_env=False)
        assert answer.json()["email"] == "dana@example.com"
        assert httpx.get(f"{base_url}/me/", auth=("other", ""), trust_env=False).status_code == 401
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code", "is_sent"), [("yes\n", 0, True), ("y\n", 1, False), ("", 1, False)])
def test_on_a_terminal_apply_asks_and_takes_only_yes(capfd, monkeypatch, typed, code, is_sent):
    asked = _Terminal()
    monkeypatch.setattr("sys.stdin", _Terminal(typed))
    monkeypatch.setattr("sys.stderr", asked)
    assert run(["apply"]) == code
    assert "Run 1 bulk action on " in asked.getvalue()
    assert "Only 'yes' will be accepted" in asked.getvalue()
    assert ("1 bulk action was sent to Close" in capfd.readouterr().out) is is_sent


def test_no_input_never_asks(capfd, monkeypatch):
    monkeypatch.setattr("sys.stdin", _Terminal("yes\n"))
    monkeypatch.setattr("sys.stderr", _Terminal())
    assert run(["apply", "--no-input"]) == 1
    assert "Apply:" not in capfd.readouterr().out
