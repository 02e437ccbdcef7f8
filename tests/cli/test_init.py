"""`init`: a project that works at once, from little that is asked; nothing that is there is touched."""

from __future__ import annotations

import io
import os
import re
import signal
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from support.consoles import console_in_memory

from bulkplan.adapters import scaffold
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.workspace import load_project
from bulkplan.cli.arguments import Args
from bulkplan.cli.commands import init
from bulkplan.cli.console import Manners
from bulkplan.cli.main import run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def files_in(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and ".bulkplan" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_new_project_is_valid_laid_out_and_runs_in_the_sandbox(capfd):
    assert run(["init", "crm"]) == 0
    said = capfd.readouterr().out
    assert "wrote bulkplan.yaml\n" in said
    assert "  bulkplan plan -C crm " in said
    os.chdir("crm")
    assert Path(".gitignore").read_text() == ".bulkplan/\nplan.json\nplan.json.members\n"
    assert run(["validate"]) == 0
    assert run(["fmt", "--check"]) == 0
    assert run(["lint", "--strict"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 2
    assert run(["apply", "--auto-approve"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 0


def test_every_project_gets_an_id_of_its_own():
    assert run(["init", "one"]) == 0
    assert run(["init", "two"]) == 0
    ids = {load_project(YamlProject(Path(name))).project_id for name in ("one", "two")}
    assert len(ids) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}", str(each)) for each in ids)


def test_twice_changes_nothing_and_names_what_was_kept(capfd):
    assert run(["init"]) == 0
    before = files_in(Path())
    capfd.readouterr()
    assert run(["init"]) == 0
    assert files_in(Path()) == before
    said = capfd.readouterr().out
    assert "kept  bulkplan.yaml: is there already\n" in said
    assert "wrote" not in said


def test_what_is_there_stays_and_the_first_spec_is_only_for_projects_without_any(capfd):
    Path("specs").mkdir()
    Path("specs/mine.yaml").write_text("name: mine\n")
    Path("bulkplan.yaml").write_text("schema: bulkplan/project/v1\n")
    Path(".gitignore").write_text("*.log")
    assert run(["init"]) == 0
    assert Path("bulkplan.yaml").read_text() == "schema: bulkplan/project/v1\n"
    assert Path(".gitignore").read_text() == "*.log\n.bulkplan/\nplan.json\nplan.json.members\n"
    assert [path.name for path in Path("specs").iterdir()] == ["mine.yaml"]


def test_a_target_can_be_said_in_options():
    words = ["--organization", "orga_4fT9", "--timezone", "Europe/Berlin", "--first-target", "staging"]
    assert run(["init", *words, "--state", "s3://runs/crm", "--api-key-env", "STAGING_KEY"]) == 0
    target = load_project(YamlProject(Path())).targets["staging"]
    assert (target.organization_id, target.timezone) == ("orga_4fT9", "Europe/Berlin")
    assert (target.state, target.api_key_env) == ("s3://runs/crm", "STAGING_KEY")
    assert run(["fmt", "--check"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--organization", "acme"], "begins with orga_"),
        (["--timezone", "Berlin"], 'did you mean "Europe/Berlin"?'),
        (["--state", "redis://x"], "no state store is named"),
        (["--api-key-env", "api_secret-key"], "no name of an environment variable"),
        (["--first-target", "sandbox"], "other than sandbox"),
        (["taken"], "taken is not a folder"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_written(words, said, capfd):
    Path("taken").write_text("")
    assert run(["init", *words]) == 64
    assert said in capfd.readouterr().err
    assert list(files_in(Path())) == ["taken"]


def asked(typed: str, **said: str):
    args = Args()
    for key, value in said.items():
        setattr(args, key, value)
    heard = console_in_memory(Manners(can_ask=True), typed=typed)
    assert init.run(args, heard.console) == 0
    return heard, load_project(YamlProject(Path()))


def test_on_a_terminal_the_organization_is_asked_for():
    heard, project = asked("acme\norga_1\n\nMY_KEY\nBerlin\nEurope/Berlin\n\n")
    target = project.targets["production"]
    assert (target.organization_id, target.api_key_env) == ("orga_1", "MY_KEY")
    assert (target.timezone, target.state) == ("Europe/Berlin", "git")
    assert "begins with orga_" in heard.err.getvalue()


def test_the_organization_can_wait():
    heard, project = asked("\n")
    assert list(project.targets) == ["sandbox"]
    assert "# production:" in Path("bulkplan.yaml").read_text()
    assert heard.err.getvalue().count("?") == 1


def test_what_is_there_for_github_goes_below_its_folder(tmp_path):
    names = scaffold.github_files()
    assert all(name.startswith(".github/") for name in names)
    assert run(["init"]) == 0
    assert all(Path(name).read_text() == text for name, text in names.items())
    assert all(os.access(name, os.X_OK) is text.startswith("#!") for name, text in names.items())
    assert any(name.endswith("/bulkplan.yml") for name in names)


def test_a_project_below_the_root_of_its_repository_has_its_workflows_there(tmp_path, capfd):
    (tmp_path / ".git").mkdir()
    assert run(["init", "sales/crm", "--organization", "orga_1", "--first-target", "close-eu"]) == 0
    assert "wrote ../../.github/workflows/bulkplan.yml\n" in capfd.readouterr().out
    assert not Path("sales/crm/.github").exists()
    caller = YAML(typ="safe").load(Path(".github/workflows/bulkplan.yml"))
    for job in caller["jobs"].values():
        assert (job["with"]["target"], job["with"]["directory"]) == ("close-eu", "sales/crm")
    assert caller["jobs"]["apply"]["with"]["environment"] == "close-eu"
    assert run(["-C", "sales/crm", "validate"]) == 0
