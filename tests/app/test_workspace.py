"""A whole project: all problems at once, or all runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.spec_texts import SPEC

from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.validate import validate
from bulkplan.app.workspace import load_project, load_workspace
from bulkplan.errors import InvalidFilesError, UsageError
from bulkplan.model.project import Project

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EXAMPLES = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    (tmp_path / "specs").mkdir()
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text, encoding="utf-8")


def test_the_examples_load():
    workspace = load_workspace(YamlProject(EXAMPLES), now=NOW)
    assert workspace.runs
    assert not workspace.warnings


def test_runs_stand_in_the_order_of_files_and_documents(root):
    write(
        root,
        "specs/b.yaml",
        SPEC.replace("name: a", "name: first-b") + "---\n" + SPEC.replace("name: a", "name: second-b"),
    )
    write(root, "specs/a.yaml", SPEC + "for_each: {r: [2, 1]}\n")
    workspace = load_workspace(YamlProject(root), now=NOW)
    assert [str(run.key) for run in workspace.runs] == ["a[2]@1", "a[1]@1", "first-b@1", "second-b@1"]
    assert workspace.project == Project()
    place = workspace.locate(workspace.runs[3].source, ("name",))
    assert str(place) == "specs/b.yaml:8:7"


def test_a_project_without_specs_asks_for_nothing(root):
    assert load_workspace(YamlProject(root), now=NOW).runs == ()


def test_all_problems_of_all_files_come_at_once_in_order(root):
    write(root, "bulkplan.yaml", "schema: bulkplan/project/v1\ndefault_target: x\n")
    write(root, "specs/b.yaml", SPEC + "owner: 5\n---\na: [\n")
    write(root, "specs/a.yaml", SPEC + "zzz: 1\nowner: 1\n")
    with pytest.raises(InvalidFilesError) as caught:
        load_workspace(YamlProject(root), now=NOW)
    assert [str(problem.at) for problem in caught.value.problems] == [
        "bulkplan.yaml:2:17",
        "specs/a.yaml:6:1",
        "specs/a.yaml:7:8",
        "specs/b.yaml:2:7",
        "specs/b.yaml:6:8",
        "specs/b.yaml:8:5",
    ]
    assert "6 problems in 3 files" in caught.value.message


def test_the_project_alone_is_read_without_the_specs(root):
    write(root, "specs/a.yaml", "broken: [")
    assert load_project(YamlProject(root)) == Project()
    write(root, "bulkplan.yaml", "schema: bulkplan/project/v1\nrequire_saved_plan: true\n")
    assert load_project(YamlProject(root)).require_saved_plan
    write(root, "bulkplan.yaml", "schema: nothing\n")
    with pytest.raises(InvalidFilesError):
        load_project(YamlProject(root))


def test_validate_counts_files_and_specs(root):
    write(root, "bulkplan.yaml", "schema: bulkplan/project/v1\n")
    write(root, "specs/a.yaml", SPEC + "---\n" + SPEC.replace("name: a", "name: b"))
    write(root, "specs/empty.yaml", "# nothing\n")
    found = validate(YamlProject(root), now=NOW)
    assert (found.files, found.specs, found.problems) == (3, 2, ())
    assert [str(warning.at) for warning in found.warnings] == ["specs/empty.yaml:1:1"]


def test_validate_tells_what_concerns_the_paths_and_reads_the_whole_project(root, monkeypatch):
    write(root, "specs/a.yaml", SPEC + "depends_on: [b]\n")
    write(root, "specs/b.yaml", SPEC.replace("name: a", "name: b") + "owner: 5\n")
    monkeypatch.chdir(root)
    found = validate(YamlProject(root), paths=("specs/a.yaml",), now=NOW)
    assert (found.files, found.specs, found.problems) == (1, 1, ())
    found = validate(YamlProject(root), paths=("specs",), now=NOW)
    assert (found.files, found.specs, len(found.problems)) == (2, 2, 1)
    with pytest.raises(UsageError):
        validate(YamlProject(root), paths=("specs/c.yaml",), now=NOW)
