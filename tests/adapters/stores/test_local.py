"""The local store: one winner per version, and files that nobody else can touch."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from bulkplan.adapters.stores.local import LocalStore
from bulkplan.errors import StoreBusyError, StoreError
from bulkplan.model.store import PutResult


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "sandbox.db"


@pytest.fixture
def store(path):
    store = LocalStore.open(path)
    yield store
    store.close()


def test_what_is_stored_comes_back_with_its_version(store):
    assert store.put("run/a@1", "one", expected_version=0) is PutResult.STORED
    assert store.put("run/a@1", "two", expected_version=1) is PutResult.STORED
    slot = store.get("run/a@1")
    assert (slot.version, slot.text) == (2, "two")


def test_absent_is_none(store):
    assert store.get("run/a@1") is None


@pytest.mark.parametrize("expected", [0, 2, 7])
def test_a_swap_against_another_version_is_a_conflict(store, expected):
    store.put("run/a@1", "one", expected_version=0)
    assert store.put("run/a@1", "other", expected_version=expected) is PutResult.CONFLICT
    assert store.get("run/a@1").text == "one"


def test_a_list_is_by_key_and_by_prefix(store):
    for key in ("run/b@1", "run/a@1", "plan/x"):
        store.put(key, "text", expected_version=0)
    assert [slot.key for slot in store.list("run/")] == ["run/a@1", "run/b@1"]


def test_the_lineage_stays(store, path):
    other = LocalStore.open(path)
    assert other.lineage() == store.lineage()
    other.close()


def test_file_and_folder_are_private_whatever_the_umask(path):
    before = os.umask(0)
    try:
        LocalStore.open(path).close()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_can_write_is_refused(store, path):
    path.chmod(0o622)
    with pytest.raises(StoreError, match="other users"):
        LocalStore.open(path)


def test_a_file_that_is_no_database_is_a_clear_error(path):
    path.parent.mkdir(mode=0o700)
    path.write_text("not a database, but long enough to be looked at " * 20)
    path.chmod(0o600)
    with pytest.raises(StoreError, match="cannot be opened"):
        LocalStore.open(path)


def test_a_locked_file_is_said_to_be_busy_and_stores_nothing(store, path):
    other = LocalStore.open(path, busy_timeout_s=0.05)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusyError):
        other.get("run/a@1")
    assert other.put("run/a@1", "text", expected_version=0) is PutResult.UNAVAILABLE
    blocker.execute("ROLLBACK")
    blocker.close()
    other.close()


def test_of_many_creators_one_wins(path):
    LocalStore.open(path).close()

    def create(number):
        store = LocalStore.open(path)
        results = [store.put(f"run/r{round_}@1", f"from {number}", expected_version=0) for round_ in range(20)]
        store.close()
        return results

    with ThreadPoolExecutor(8) as pool:
        everybody = list(pool.map(create, range(8)))
    for of_one_round in zip(*everybody, strict=True):
        assert sorted(of_one_round) == [PutResult.CONFLICT] * 7 + [PutResult.STORED]


def test_what_a_killed_process_stored_is_there(path):
    program = (
        "import os, pathlib, sys; from bulkplan.adapters.stores.local import LocalStore;"
        "LocalStore.open(pathlib.Path(sys.argv[1])).put('run/a@1', 'text', expected_version=0); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    store = LocalStore.open(path)
    assert store.get("run/a@1").text == "text"
    store.close()
