"""Writing text files: whole or not at all, and over nothing that is there."""

from __future__ import annotations

import os
import stat

import pytest

from bulkplan.adapters.text_files import add_line, create_text, replace_text
from bulkplan.errors import BulkplanError


def test_a_file_is_made_once_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b.yaml"
    assert create_text(path, "one\n")
    assert not create_text(path, "two\n")
    assert path.read_text() == "one\n"
    assert [each.name for each in path.parent.iterdir()] == ["b.yaml"]


def test_a_link_that_leads_nowhere_is_something_that_is_there(tmp_path):
    (tmp_path / "b.yaml").symlink_to(tmp_path / "nowhere")
    assert not create_text(tmp_path / "b.yaml", "one\n")
    assert not (tmp_path / "nowhere").exists()


def test_a_program_may_be_run_and_other_texts_not(tmp_path):
    create_text(tmp_path / "run.sh", "#!/bin/sh\n")
    create_text(tmp_path / "a.yaml", "a: 1\n")
    assert os.access(tmp_path / "run.sh", os.X_OK)
    assert not stat.S_IMODE((tmp_path / "a.yaml").stat().st_mode) & 0o111


def test_a_file_system_without_links_is_written_to_all_the_same(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)  # no file system here lacks them
    assert create_text(tmp_path / "run.sh", "#!/bin/sh\n")
    assert os.access(tmp_path / "run.sh", os.X_OK)
    assert not create_text(tmp_path / "run.sh", "two\n")


def test_another_text_keeps_the_mode_of_its_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("one\n")
    path.chmod(0o604)
    replace_text(path, "two\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("two\n", 0o604)
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_a_folder_in_the_way_is_said(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(BulkplanError, match="cannot be made"):
        create_text(tmp_path / "a" / "b.yaml", "one\n")
    with pytest.raises(BulkplanError, match="cannot be written"):
        replace_text(tmp_path / "none.yaml", "one\n")


def test_a_line_is_added_once(tmp_path):
    path = tmp_path / ".gitignore"
    path.write_text("*.log")
    assert add_line(path, ".bulkplan/")
    assert not add_line(path, ".bulkplan/")
    assert path.read_text() == "*.log\n.bulkplan/\n"
