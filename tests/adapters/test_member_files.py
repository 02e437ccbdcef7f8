"""The file of `--members`: private, whole or absent, safe to open, and told of when git would take it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import stat
import subprocess

import pytest

from bulkplan.adapters.member_files import MemberFile, git_exposes
from bulkplan.errors import UsageError
from bulkplan.model.lead import FoundLead
from bulkplan.model.run import RunKey

KEY = RunKey("winback", 2, "EMEA")
ADA, EVE = FoundLead("lead_a", "Ada & Söhne"), FoundLead("lead_e", '=HYPERLINK("http://x","y")')


def write(path, *leads, with_names=False):
    with MemberFile(path, with_names=with_names) as file:
        file.write(KEY, leads)
        file.keep()
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.decode()


@pytest.mark.parametrize("name", ["m.csv", "m.csv.gz"])
def test_csv_has_a_line_for_each_lead(tmp_path, name):
    assert write(tmp_path / name, ADA, EVE) == "run,lead_id\nwinback[EMEA]@2,lead_a\nwinback[EMEA]@2,lead_e\n"


@pytest.mark.parametrize("name", ["m.jsonl", "m.jsonl.gz"])
def test_json_lines_have_an_object_for_each_lead(tmp_path, name):
    rows = [json.loads(line) for line in write(tmp_path / name, ADA).splitlines()]
    assert rows == [{"run": "winback[EMEA]@2", "lead_id": "lead_a"}]


def test_names_stand_in_it_only_when_asked_for(tmp_path):
    assert "Ada" not in write(tmp_path / "a.csv", ADA) + write(tmp_path / "a.jsonl", ADA)
    assert "Ada & Söhne" in write(tmp_path / "b.csv", ADA, with_names=True)
    assert json.loads(write(tmp_path / "b.jsonl", ADA, with_names=True))["name"] == "Ada & Söhne"


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "\r=1", "＝1", "=cmd|' /C calc'!A0", 'a","=1', "a\n=1"]
)
def test_no_cell_begins_a_formula(tmp_path, name):
    text = write(tmp_path / "m.csv", FoundLead("lead_a", name), with_names=True)
    (_, row) = csv.reader(io.StringIO(text, newline=""))
    assert row[2].removeprefix("'") == " ".join(name.split())
    assert row[2].startswith("'") == (name[0] != "a")
    assert len(text.splitlines()) == 2


def test_the_file_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("")
    path.chmod(0o644)
    write(path, ADA)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_not_kept_leaves_everything_as_it_was(tmp_path):
    path = tmp_path / "m.csv"
    before = write(path, ADA)
    with MemberFile(path, with_names=False) as file:
        file.write(KEY, [EVE])
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def test_equal_leads_make_equal_files(tmp_path):
    (tmp_path / "other").mkdir()
    for path in (tmp_path / "m.csv.gz", tmp_path / "other" / "n.csv.gz"):
        write(path, ADA)
    assert (tmp_path / "m.csv.gz").read_bytes() == (tmp_path / "other" / "n.csv.gz").read_bytes()


@pytest.mark.parametrize("name", ["m.csv", "m.csv.gz", "m.jsonl", "m.jsonl.gz"])
def test_a_file_of_ours_is_replaced_and_one_of_others_is_not(tmp_path, name):
    path = tmp_path / name
    write(path, ADA)
    assert "lead_e" in write(path, EVE)
    path.write_bytes(b"the list of my own\n")
    with pytest.raises(UsageError, match="did not write it"):
        MemberFile(path, with_names=False)
    assert path.read_bytes() == b"the list of my own\n"


@pytest.mark.parametrize("name", ["m.txt", "m", "m.gz", "m.json", "m.csv.zip", "nowhere/m.csv", "folder.csv"])
def test_a_place_that_cannot_be_meant_is_refused(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UsageError):
        MemberFile(tmp_path / name, with_names=False)


def test_git_exposes_what_it_does_not_ignore(tmp_path):
    assert not git_exposes(tmp_path / "m.csv")  # no repository
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert git_exposes(tmp_path / "m.csv")
    (tmp_path / ".gitignore").write_text("*.csv\n")
    assert not git_exposes(tmp_path / "m.csv")


def test_the_draft_of_a_killed_process_is_removed_by_the_next_one(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    left_behind, others = tmp_path / f".m.csv.{ended.pid}.tmp", tmp_path / f".n.csv.{ended.pid}.tmp"
    for draft in (left_behind, others, tmp_path / ".m.csv.1.tmp"):
        draft.touch(mode=0o600)
    write(tmp_path / "m.csv", ADA)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".m.csv.1.tmp", others.name, "m.csv"]
