"""`fmt` on the command line: what it writes, what it only says, and with which code it ends."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bulkplan.cli.main import run

ODD = "version: 1\nname: 'odd'\n"
NEAT = "name: odd\nversion: 1\n"


QUIET = "where: {is: 'Churned', field: status}\nname: quiet\nschema: bulkplan/filter/v1\n"


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch):
    (tmp_path / "specs" / "deep").mkdir(parents=True)
    (tmp_path / "filters").mkdir()
    (tmp_path / "specs" / "deep" / "odd.yaml").write_text(ODD)
    (tmp_path / "specs" / "neat.yaml").write_text(NEAT)
    (tmp_path / "filters" / "quiet.yaml").write_text(QUIET)
    monkeypatch.chdir(tmp_path)


def test_files_are_laid_out_and_keep_their_mode(capfd):
    odd = Path("specs/deep/odd.yaml")
    odd.chmod(0o640)
    assert run(["fmt"]) == 0
    assert odd.read_text() == NEAT
    assert stat.S_IMODE(odd.stat().st_mode) == 0o640
    assert (
        Path("filters/quiet.yaml").read_text()
        == "schema: bulkplan/filter/v1\nname: quiet\nwhere: {field: status, is: Churned}\n"
    )
    said = capfd.readouterr()
    assert said.out == "formatted filters/quiet.yaml\nformatted specs/deep/odd.yaml\n"
    assert said.err == "2 files formatted, 1 file laid out already.\n"
    assert sorted(path.name for path in Path("specs").rglob("*")) == ["deep", "neat.yaml", "odd.yaml"]


def test_check_names_the_files_and_writes_nothing(capfd):
    assert run(["fmt", "--check"]) == 1
    assert capfd.readouterr().out == "filters/quiet.yaml\nspecs/deep/odd.yaml\n"
    assert Path("specs/deep/odd.yaml").read_text() == ODD
    assert run(["fmt", "--check", "specs/neat.yaml"]) == 0


def test_diff_shows_what_would_change(capfd):
    assert run(["fmt", "--diff", "specs"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("--- a/specs/deep/odd.yaml\n+++ b/specs/deep/odd.yaml\n")
    assert "-name: 'odd'\n" in out
    assert "+name: odd\n" in out
    assert Path("specs/deep/odd.yaml").read_text() == ODD


def test_a_file_that_is_no_yaml_stays_and_the_others_are_laid_out(capfd):
    Path("specs/bad.yaml").write_text("name: [x\n")
    assert run(["fmt"]) == 65
    assert Path("specs/bad.yaml").read_text() == "name: [x\n"
    assert Path("specs/deep/odd.yaml").read_text() == NEAT
    assert "specs/bad.yaml:1:7: error: " in capfd.readouterr().err


def test_the_schema_is_named_where_the_project_keeps_it():
    Path("schemas").mkdir()
    Path("schemas/bulk-action.v1.schema.json").write_text("{}")
    assert run(["fmt", "specs/deep/odd.yaml"]) == 0
    first = Path("specs/deep/odd.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../schemas/bulk-action.v1.schema.json"
