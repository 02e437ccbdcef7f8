"""`plan` with `--members`, `--sample` and `--no-members`: what a person finds in which file, and who may read it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from bulkplan.adapters.member_shelf import MemberShelf
from bulkplan.cli.exit_codes import INVALID, PLAN_REFUSED, REFUSED, USAGE
from bulkplan.cli.main import run
from bulkplan.core.members import EncodedMembers
from bulkplan.core.seal import dump_sealed, load_sealed, seal

PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
targets: {sandbox: {sandbox: {leads: 60, seed: 7}}}
"""
MARK = """\
schema: bulkplan/v1
name: mark
version: 1
filter: {where: {field: status, is: Potential}}
action: {type: set_lead_status, status: Contacted}
guards: {max_percent: 100%}
"""


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
def names(tmp_path):
    """The names of all leads, as a list with names tells them."""
    (tmp_path / "specs" / "everybody.yaml").write_text(
        MARK.replace("name: mark", "name: everybody").replace(
            "{where: {field: status, is: Potential}}", "{all_leads: true}"
        )
    )
    assert run(["plan", "--members", "all.csv", "--with-names", "--select", "everybody", "--quiet"]) == 0
    with Path("all.csv").open(newline="") as file:
        found = {row["name"] for row in csv.DictReader(file)}
    Path("all.csv").unlink()
    (tmp_path / "specs" / "everybody.yaml").unlink()
    assert len(found) > 20
    return found


def mode_of(name):
    return stat.S_IMODE(Path(name).stat().st_mode)


def the_row(name="plan.json"):
    (row,) = json.loads(Path(name).read_text())["plan"]["changes"]
    return row


def test_a_list_has_every_lead_of_the_run_and_is_private(capfd):
    assert run(["plan", "--members", "members.jsonl.gz", "--out", "plan.json"]) == 0
    with gzip.open("members.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    assert mode_of("members.jsonl.gz") == 0o600
    assert {row["run"] for row in rows} == {"mark@1"}
    assert len({row["lead_id"] for row in rows}) == len(rows) == the_row()["matches"]["total"]
    assert f"Listed {len(rows)} leads by ID in members.jsonl.gz." in capfd.readouterr().err


def test_no_name_of_a_lead_is_anywhere_without_the_flags(names, capfd):
    capfd.readouterr()
    assert run(["plan", "--out", "plan.json", "--members", "members.csv", "--payload"]) == 0
    assert run(["plan", "--format", "json"]) == 0
    assert run(["show", "plan.json"]) == 0
    assert run(["apply", "plan.json"]) == 0
    assert run(["status"]) == 0
    shown = capfd.readouterr()
    seen = shown.out + shown.err + Path("plan.json").read_text() + Path("members.csv").read_text()
    seen += "".join(path.read_bytes().decode("utf-8", "replace") for path in Path(".bulkplan/state").iterdir())
    assert [name for name in names if name in seen] == []


def test_a_sample_is_told_of_and_keeps_the_plan_private(names, capfd):
    assert run(["plan", "--sample", "3", "--out", "plan.json"]) == 0
    row = the_row()
    assert len(row["sample"]) == 3
    assert {lead["name"] for lead in row["sample"]} <= names
    assert any("personal data" in note for note in row["notes"])
    assert "plan.json holds names of leads" in capfd.readouterr().err
    assert mode_of("plan.json") == 0o600


def test_a_plan_without_names_has_the_usual_permissions():
    mask = os.umask(0o022)
    try:
        assert run(["plan", "--out", "plan.json"]) == 0
    finally:
        os.umask(mask)
    assert mode_of("plan.json") == 0o644


def test_members_can_be_left_out_of_a_saved_plan():
    assert run(["plan", "--out", "plan.json"]) == 0
    assert the_row()["cohort"]["members"]
    assert run(["plan", "--out", "plan.json", "--no-members"]) == 0
    assert the_row()["cohort"] is None


def test_a_list_that_git_would_take_is_warned_of(capfd):
    subprocess.run(["git", "init", "-q", "."], check=True)
    assert run(["plan", "--members", "members.csv", "--quiet"]) == 0
    assert "warning: members.csv is not ignored by git" in capfd.readouterr().err
    Path(".gitignore").write_text("members.csv\n")
    assert run(["plan", "--members", "members.csv", "--quiet"]) == 0
    assert "git" not in capfd.readouterr().err


def test_runs_that_are_refused_are_not_in_the_list():
    Path("specs/wipe.yaml").write_text(
        MARK.replace("name: mark", "name: wipe")
        .replace("{type: set_lead_status, status: Contacted}", "{type: delete}")
        .replace("max_percent: 100%", "max_matches: 1")
    )
    assert run(["plan", "--members", "members.csv"]) == REFUSED
    assert "wipe" not in Path("members.csv").read_text()


def test_a_plan_that_fails_leaves_no_list_behind():
    Path("specs/bad.yaml").write_text(MARK.replace("Potential", "Nonsense").replace("name: mark", "name: bad"))
    assert run(["plan", "--members", "members.csv"]) == INVALID
    assert not [path for path in Path().iterdir() if "members" in path.name]


@pytest.mark.parametrize(
    "words",
    [
        ["--with-names"],
        ["--no-members"],
        ["--no-members", "--members", "m.csv", "--out", "p.json"],
        ["--sample", "0"],
        ["--sample", "101"],
        ["--sample", "-1"],
        ["--sample", "many"],
        ["--members", "m.txt"],
        ["--members", "specs"],
        ["--members", "nowhere/m.csv"],
        ["--members", ""],
    ],
)
def test_words_that_do_not_go_together_are_a_usage_error(words, capfd):
    assert run(["plan", *words]) == USAGE
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "hint: " in shown.err


# --- the file of members beside a plan ----------------------------------------------------------


def save_as_large(name="plan.json"):
    """Save a plan as bulkplan saves one of a large cohort, with its members beside it."""
    assert run(["plan", "--out", name, "--quiet"]) == 0
    path = Path(name)
    plan = load_sealed(path.read_text()).plan
    (row,) = plan.changes
    with MemberShelf() as shelf:
        digest = shelf.keep(row.key, EncodedMembers(row.cohort.members))
        cohort = row.cohort.model_copy(update={"members": None, "members_digest": digest})
        plan = plan.model_copy(update={"changes": (row.model_copy(update={"cohort": cohort}),)})
        path.write_text(dump_sealed(seal(plan, key=None)))
        shelf.save(path, plan)


def swap_leads():
    """One lead leaves the cohort of `mark`, another one enters."""
    with closing(sqlite3.connect(".bulkplan/sandbox/sandbox.db")) as world, world:
        query = "SELECT l.id, l.status_id FROM lead AS l JOIN lead_status AS s ON s.id = l.status_id WHERE s.label = ?"
        (one, its), (other, others) = (world.execute(query, (label,)).fetchone() for label in ("Potential", "Customer"))
        world.execute("UPDATE lead SET status_id = ? WHERE id = ?", (others, one))
        world.execute("UPDATE lead SET status_id = ? WHERE id = ?", (its, other))


HOW = {"saved": ["apply", "plan.json"], "reviewed": ["apply", "--reviewed", "plan.json"]}


@pytest.mark.parametrize("how", HOW)
def test_drift_of_a_large_cohort_is_told_in_members(how, capfd):
    save_as_large()
    swap_leads()
    assert run(HOW[how]) == PLAN_REFUSED
    assert "1 entered, 1 left since the plan" in capfd.readouterr().err


@pytest.mark.parametrize("how", HOW)
def test_without_the_file_drift_is_counted_and_that_is_said(how, capfd):
    save_as_large()
    swap_leads()
    Path("plan.json.members").unlink()
    assert run(HOW[how]) == 0
    said = " ".join(capfd.readouterr().err.split())
    assert "plan.json.members is not there: nobody knows who the leads of large cohorts were" in said


@pytest.mark.parametrize("words", [*HOW.values(), ["show", "plan.json"]], ids=[*HOW, "show"])
def test_an_altered_file_of_members_is_an_altered_plan(words, capfd):
    save_as_large()
    raw = Path("plan.json.members").read_bytes()
    Path("plan.json.members").write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert run(words) == PLAN_REFUSED
    assert "plan.json.members was altered: the members of mark@1 are others" in capfd.readouterr().err


def test_a_plan_of_small_cohorts_takes_the_place_of_one_of_large_ones():
    save_as_large()
    assert run(["plan", "--out", "plan.json", "--quiet"]) == 0
    assert not Path("plan.json.members").exists()
    assert run(["apply", "plan.json"]) == 0
