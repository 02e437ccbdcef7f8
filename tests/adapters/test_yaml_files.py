"""Which files belong to a project, and which are never opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bulkplan.adapters.yaml_files import YamlProject, find_root, find_specs, read_documents
from bulkplan.errors import UsageError


def write(root: Path, name: str, text: str = "a: 1\n") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def root(tmp_path):
    write(tmp_path, "specs/one.yaml")
    return tmp_path.resolve()


def test_the_root_is_the_nearest_folder_with_a_project_file_or_specs(root):
    deep = root / "specs" / "x" / "y"
    deep.mkdir(parents=True)
    assert find_root(deep) == root
    write(root, "specs/x/bulkplan.yaml", "")
    assert find_root(deep) == root / "specs" / "x"


def test_without_a_project_the_error_says_what_was_looked_for(tmp_path):
    with pytest.raises(UsageError) as caught:
        find_root(tmp_path)
    assert "bulkplan.yaml" in caught.value.message
    assert "specs/" in caught.value.message
    assert str(tmp_path) in caught.value.message


def test_a_root_that_is_no_folder_is_refused(root):
    with pytest.raises(UsageError, match="not a folder"):
        find_root(root / "specs" / "one.yaml")


def test_specs_are_read_in_the_order_of_their_names(root):
    for name in (
        "specs/b/z.yml",
        "specs/b.yaml",
        "specs/a/b.yaml",
        "specs/a.txt",
        "specs/.hidden.yaml",
        "specs/.git/x.yaml",
    ):
        write(root, name)
    assert YamlProject(root).read().files == ("specs/a/b.yaml", "specs/b/z.yml", "specs/b.yaml", "specs/one.yaml")


def test_symbolic_links_are_refused_and_not_followed(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    secret = write(outside, "secret.yaml", "secret: 1\n")
    (root / "specs" / "link.yaml").symlink_to(secret)
    (root / "specs" / "folder").symlink_to(outside)
    (root / "bulkplan.yaml").symlink_to(secret)
    files = YamlProject(root).read()
    assert [document.file for document in files.specs] == ["specs/one.yaml"]
    assert files.project is None
    assert {problem.at.file for problem in files.problems if problem.at} == {
        "bulkplan.yaml",
        "specs/folder",
        "specs/link.yaml",
    }


def test_a_specs_folder_that_is_a_link_is_refused(tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    write(outside, "secret.yaml")
    write(tmp_path, "bulkplan.yaml", "schema: bulkplan/project/v1\n")
    (tmp_path / "specs").symlink_to(outside)
    files = YamlProject(tmp_path).read()
    assert not files.specs
    assert [problem.message for problem in files.problems] == ["symbolic links are not followed"]


def test_fragments_are_read_beside_specs_by_the_same_rules(root, tmp_path_factory):
    (root / "filters" / "deep").mkdir(parents=True)
    write(root, "filters/deep/quiet.yaml", "name: quiet\n")
    (root / "filters" / "link.yaml").symlink_to(write(tmp_path_factory.mktemp("outside"), "secret.yaml", "secret: 1\n"))
    files = YamlProject(root).read()
    assert [document.file for document in files.fragments] == ["filters/deep/quiet.yaml"]
    assert [document.file for document in files.specs] == ["specs/one.yaml"]
    (problem,) = files.problems
    assert (str(problem.at), problem.hint) == ("filters/link.yaml:1:1", "put the file itself under filters/")
    selected = YamlProject(root).read((str(root / "filters"),))
    assert selected.selected == ("filters/deep/quiet.yaml",)
    assert [document.file for document in selected.specs] == ["specs/one.yaml"]


def test_a_pipe_is_not_opened(root):
    os.mkfifo(root / "specs" / "pipe.yaml")
    (problem,) = YamlProject(root).read().problems
    assert "not a regular file" in problem.message


@pytest.mark.parametrize("name", ["../out.yaml", "specs/../../out.yaml", "/etc/hostname"])
def test_a_file_outside_the_project_is_not_read(root, name):
    write(root.parent, "out.yaml")
    (problem,) = read_documents(root / name, root).problems
    assert "outside the project" in problem.message
    with pytest.raises(UsageError, match="outside the project"):
        YamlProject(root).read((str(root / name),))


def test_an_empty_spec_file_is_a_warning_and_an_empty_project_file_a_problem(root):
    write(root, "specs/empty.yaml", "# nothing\n---\n")
    write(root, "bulkplan.yaml", "\n# nothing\n")
    files = YamlProject(root).read()
    assert [warning.at.file for warning in files.warnings if warning.at] == ["specs/empty.yaml"]
    assert [problem.at.file for problem in files.problems if problem.at] == ["bulkplan.yaml"]


def test_a_project_file_has_one_document_and_the_right_name(root):
    write(root, "bulkplan.yml")
    (problem,) = YamlProject(root).read_project().problems
    assert "bulkplan.yaml" in problem.message
    write(root, "bulkplan.yaml", "a: 1\n---\nb: 2\n")
    (problem,) = YamlProject(root).read_project().problems
    assert problem.at is not None
    assert problem.at.line == 3


def test_a_file_that_may_not_be_read_is_a_problem(root):
    path = write(root, "specs/two.yaml")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    (problem,) = YamlProject(root).read().problems
    assert "cannot be read" in problem.message


def test_paths_select_files_folders_and_files_beyond_specs(root, monkeypatch):
    write(root, "specs/a/two.yaml")
    write(root, "drafts/three.yaml")
    monkeypatch.chdir(root)
    assert YamlProject(root).read(("specs/a",)).selected == ("specs/a/two.yaml",)
    assert YamlProject(root).read(("specs/one.yaml",)).selected == ("specs/one.yaml",)
    drafts = YamlProject(root).read(("drafts",))
    assert drafts.selected == ("drafts/three.yaml",)
    assert drafts.files == ("specs/a/two.yaml", "specs/one.yaml", "drafts/three.yaml")
    with pytest.raises(UsageError, match=r"no file or folder nope\.yaml"):
        YamlProject(root).read(("nope.yaml",))


def test_a_file_whose_name_is_not_utf8_is_told_and_left_alone(tmp_path):
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "odd\udcff.yaml").write_text("name: odd\n")
    specs, problems = find_specs(tmp_path)
    assert specs == ()
    assert [(problem.at.file, problem.message) for problem in problems if problem.at] == [
        ("specs/odd\\udcff.yaml", "the name of this file is not UTF-8")
    ]
