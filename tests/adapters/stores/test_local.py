"""The local store: one winner per version, and files that nobody else can touch."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from adapters.stores.conformance import ServiceLaws

from bulkplan.adapters.stores.local import LocalStore
from bulkplan.adapters.stores.mounts import network_drive
from bulkplan.errors import StoreBusyError, StoreError
from bulkplan.model.store import PutResult, Slot


class TestLocalKeepsTheLaws(ServiceLaws):
    @pytest.fixture
    def lab(self, local_lab):
        return local_lab


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "sandbox.db"


@pytest.fixture
def opened(path):
    store = LocalStore.open(path)
    yield store
    store.close()


def test_file_and_folder_are_private_whatever_the_umask(path):
    before = os.umask(0)
    try:
        LocalStore.open(path).close()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_can_write_is_refused(opened, path):
    path.chmod(0o622)
    with pytest.raises(StoreError, match="other users"):
        LocalStore.open(path)


def test_bytes_in_place_of_a_text_are_read_as_a_text_that_is_no_record(opened, path):
    opened.put("run/a@1", "{}", expected_version=0)
    with sqlite3.connect(path) as by_hand:
        by_hand.execute("UPDATE slot SET text = ?", (b"{\xff",))
    assert opened.get("run/a@1") == Slot("run/a@1", 1, "{\ufffd")
    assert opened.list() == [Slot("run/a@1", 1, "{\ufffd")]


def test_a_file_that_is_no_database_is_a_clear_error(path):
    path.parent.mkdir(mode=0o700)
    path.write_text("not a database, but long enough to be looked at " * 20)
    path.chmod(0o600)
    with pytest.raises(StoreError, match="cannot be opened"):
        LocalStore.open(path)


def test_a_locked_file_is_said_to_be_busy_and_stores_nothing(opened, path):
    other = LocalStore.open(path, busy_timeout_s=0.05)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusyError):
        other.get("run/a@1")
    assert other.put("run/a@1", "text", expected_version=0) is PutResult.UNAVAILABLE
    assert "locked" in other.trouble
    blocker.execute("ROLLBACK")
    blocker.close()
    other.close()


def test_a_file_in_write_ahead_mode_is_taken_back_to_the_journal(opened, path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    opened.close()
    again = LocalStore.open(path)
    assert again.put("run/a@1", "text", expected_version=0) is PutResult.STORED
    assert not path.with_name(f"{path.name}-wal").exists()
    again.close()


def _run(program, path):
    prologue = (
        "import os, pathlib, resource, sys; from bulkplan.adapters.stores.local import LocalStore;"
        "from bulkplan.errors import StoreError; path = pathlib.Path(sys.argv[1]);"
    )
    command = [sys.executable, "-c", prologue + program, str(path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}  # noqa: PTH109 - a text
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environ)


def test_what_a_killed_process_stored_is_there(path):
    _run("LocalStore.open(path).put('run/a@1', 'text', expected_version=0); os.kill(os.getpid(), 9)", path)
    store = LocalStore.open(path)
    assert store.get("run/a@1").text == "text"
    store.close()


def test_on_a_full_disk_nothing_is_stored_and_nothing_is_damaged(opened, path):
    opened.put("run/a@1", "text", expected_version=0)
    told = _run(
        "store = LocalStore.open(path); size = path.stat().st_size;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size));"
        "print(store.put('run/b@1', 'x' * 100_000, expected_version=0), store.get('run/b@1'))",
        path,
    )
    assert told.stdout in ("unavailable None\n", "unsure None\n")
    assert opened.get("run/a@1").text == "text"
    assert opened.put("run/b@1", "text", expected_version=0) is PutResult.STORED


def test_a_file_without_rights_is_a_clear_error(opened, path):
    path.chmod(0o400)
    told = _run(
        "os.getuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534));"  # root may do anything
        "\ntry: LocalStore.open(path)\nexcept StoreError as error: print(error.message)",
        path,
    )
    path.chmod(0o600)
    assert "cannot be opened" in told.stdout
    assert "Permission denied" in told.stdout


_READ_AS_NOBODY = (
    "os.getuid() or (os.setgroups([]), os.setgid(65534), os.setuid(65534));"
    "store = LocalStore.open(path, reads_only=True);"
    "print(store.get('run/a@1'), len(store.list()), store.lineage(), store.put('run/b@1', 'x', expected_version=0))"
)


@pytest.fixture
def public_folder():
    """A folder that everybody may read and this user alone may write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


def test_what_may_only_be_read_is_read(public_folder):
    path = public_folder / "state.db"
    store = LocalStore.open(path)
    store.put("run/a@1", "text", expected_version=0)
    path.chmod(0o444)
    public_folder.chmod(0o555)
    told = _run(_READ_AS_NOBODY, path)
    assert told.stdout == f"{Slot('run/a@1', 1, 'text')} 1 {store.lineage()} unavailable\n", told.stderr
    store.close()


def test_a_state_that_nobody_made_yet_is_empty_for_who_may_not_make_it(public_folder):
    public_folder.chmod(0o555)
    told = _run(_READ_AS_NOBODY, public_folder / "state" / "main.db")
    assert told.stdout == "None 0  unavailable\n", told.stderr


MOUNTED = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /home rw shared:2 master:1 - nfs4 files:/home rw
31 30 254:1 / /home/dana/my\\040disk rw - xfs /dev/vdb rw
32 22 0:27 / /mnt rw - ext4 /dev/vdc rw
33 22 0:28 / /mnt rw - cifs //files/mnt rw
a line that says nothing
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/project", None),
        ("/home/dana/project", "nfs4"),
        ("/home/dana/my disk/project", None),
        ("/homely", None),
        ("/mnt/x", "cifs"),
    ],
)
def test_a_network_drive_is_known_by_where_it_is_mounted(tmp_path, folder, kind):
    (tmp_path / "mountinfo").write_text(MOUNTED)
    assert network_drive(Path(folder), tmp_path / "mountinfo") == kind
    assert network_drive(Path(folder), tmp_path / "no such file") is None


def test_a_file_on_a_network_drive_is_refused(path):
    mounts = path.parents[1] / "mountinfo"
    mounts.write_text(f"30 1 0:26 / {path.parents[1].resolve()} rw - nfs4 files:/x rw\n")
    with pytest.raises(StoreError, match=r"on a network drive \(nfs4\)") as caught:
        LocalStore.open(path, mounts=mounts)
    assert "state: git" in caught.value.hint
    assert not path.exists()


def test_a_file_that_lost_its_origin_is_said_to_be_damaged(path):
    store = LocalStore.open(path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM meta")
    connection.close()
    with pytest.raises(StoreError, match="damaged"):
        store.lineage()
    store.close()
