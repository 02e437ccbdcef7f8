"""A file is written whole or not at all, whatever ends the writing."""

from __future__ import annotations

import stat

import pytest

from bulkplan.adapters.whole_file import whole_file
from bulkplan.errors import BulkplanError


def names(folder):
    return [each.name for each in folder.iterdir()]


def test_it_takes_the_place_of_what_was_there(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text("old")
    with whole_file(path, mode=0o600) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode), names(tmp_path)) == ("new", 0o600, ["plan.json"])


def write_half(path, error):
    with whole_file(path) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_ends_the_writing_leaves_the_old_one_and_no_draft(tmp_path, error):
    path = tmp_path / "plan.json"
    path.write_text("old")
    with pytest.raises((BulkplanError, KeyboardInterrupt)):
        write_half(path, error)
    assert (path.read_text(), names(tmp_path)) == ("old", ["plan.json"])


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with (
        pytest.raises(BulkplanError, match=r"plan\.json cannot be written: No such file"),
        whole_file(tmp_path / "no" / "plan.json"),
    ):
        pass
