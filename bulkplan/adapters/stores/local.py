"""State in a SQLite file on the local disk: the default store."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from bulkplan.adapters.stores.mounts import MOUNTS, network_drive
from bulkplan.errors import StoreBusyError, StoreError
from bulkplan.model.store import PutResult, Slot

_BUSY_TIMEOUT_S = 30.0
_NO_WRITING = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_SCHEMA = """
CREATE TABLE IF NOT EXISTS slot (key TEXT PRIMARY KEY, version INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class LocalStore:
    """
    A `Store` in one SQLite file, mode 0600 in a folder of mode 0700, on a disk of this machine.

    The rollback journal with `synchronous=EXTRA` makes an acknowledged write last through a power loss. One connection;
    use it from one thread.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self.trouble: str | None = None

    @classmethod
    def open(
        cls, path: Path, *, busy_timeout_s: float = _BUSY_TIMEOUT_S, reads_only: bool = False, mounts: Path = MOUNTS
    ) -> LocalStore:
        """
        Open the file, or make it.

        Args:
            path: The file.
            busy_timeout_s: So long another process's lock is waited for.
            reads_only: Nothing is going to be written, so that a file, folder or disk that may only be read will do;
                where there is no file, the store is empty and its lineage "".
            mounts: Where it stands what is mounted.

        Raises:
            StoreError: It cannot be opened, others may write it, or it is on a network drive.
        """
        _refuse_network_drive(path, mounts)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            _refuse_writable_by_others(path)
            connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            if reads_only and isinstance(error, OSError) and error.errno in _NO_WRITING:
                return cls._for_reading(path, busy_timeout_s)
            raise _cannot(path, "opened", error) from error
        store = cls(connection, path)
        with store._translated("opened"):
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=EXTRA")
            store._create()
        return store

    @classmethod
    def _for_reading(cls, path: Path, busy_timeout_s: float) -> LocalStore:
        """The file as it is; without one, an empty store."""
        try:
            is_there = path.exists()
            place = f"file:{quote(str(path.resolve()))}?mode=ro" if is_there else ":memory:"
            if is_there:
                _refuse_writable_by_others(path)
            connection = sqlite3.connect(place, uri=is_there, timeout=busy_timeout_s, isolation_level=None)
            if not is_there:
                connection.executescript(_SCHEMA)
                connection.execute("INSERT INTO meta VALUES ('lineage', '')")
                connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT 1 FROM meta").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise _cannot(path, "read", error) from error
        return cls(connection, path)

    @property
    def name(self) -> str:
        """The file, for people."""
        return f"local ({self._path})"

    def lineage(self) -> str:
        """A random name given when the file was made."""
        with self._translated("read"):
            row = self._connection.execute("SELECT value FROM meta WHERE name = 'lineage'").fetchone()
        if row is None:
            raise StoreError(
                f"the state file {self._path} is damaged: its name of origin is gone",
                hint="restore it from a backup; nothing is sent with a state that cannot be trusted",
            )
        return str(row[0])

    def get(self, key: str) -> Slot | None:
        """The slot, or `None`. Raises `StoreError`."""
        with self._translated("read"):
            row = self._connection.execute("SELECT version, text FROM slot WHERE key = ?", (key,)).fetchone()
        return Slot(key, row[0], _text(row[1])) if row else None

    def put(self, key: str, text: str, *, expected_version: int) -> PutResult:
        """Store over `expected_version` (0: absent)."""
        self.trouble = None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self.trouble = str(error)
            return PutResult.UNAVAILABLE
        try:
            changed = self._swap(key, text, expected_version)
        except sqlite3.Error as error:
            self.trouble = str(error)
            self._roll_back()
            return PutResult.UNAVAILABLE
        return self._commit() if changed else self._conflict()

    def list(self, prefix: str = "", *, first_hand: bool = False) -> Sequence[Slot]:  # noqa: ARG002 - no copies
        """Every slot whose key begins with `prefix`, by key. Raises `StoreError`."""
        query = "SELECT key, version, text FROM slot WHERE substr(key, 1, ?) = ? ORDER BY key"
        with self._translated("read"):
            rows = self._connection.execute(query, (len(prefix), prefix)).fetchall()
        return [Slot(key, version, _text(text)) for key, version, text in rows]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _create(self) -> None:
        if self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for statement in filter(str.strip, _SCHEMA.split(";")):
            self._connection.execute(statement)
        self._connection.execute("INSERT OR IGNORE INTO meta VALUES ('lineage', ?)", (secrets.token_hex(10),))
        self._connection.execute("COMMIT")

    def _swap(self, key: str, text: str, expected_version: int) -> bool:
        if expected_version == 0:
            cursor = self._connection.execute("INSERT OR IGNORE INTO slot VALUES (?, 1, ?)", (key, text))
        else:
            cursor = self._connection.execute(
                "UPDATE slot SET version = version + 1, text = ? WHERE key = ? AND version = ?",
                (text, key, expected_version),
            )
        return cursor.rowcount == 1

    def _commit(self) -> PutResult:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self.trouble = str(error)
            self._roll_back()
            return PutResult.UNSURE
        return PutResult.STORED

    def _conflict(self) -> PutResult:
        self._roll_back()
        return PutResult.CONFLICT

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def _translated(self, done: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _cannot(self._path, done, error) from error


def _text(stored: str | bytes) -> str:
    """What a slot holds; bytes, which only another hand can have put there, as a text that no record reads as whole."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", errors="replace")


def _refuse_network_drive(path: Path, mounts: Path) -> None:
    kind = network_drive(path.parent, mounts)
    if kind is not None:
        raise StoreError(
            f"the state file {path} is on a network drive ({kind}), where two machines could both win a lock",
            hint="keep the project on a disk of this machine, or share the state: state: git, s3://bucket/path or "
            "postgresql://host/database",
        )


def _refuse_writable_by_others(path: Path) -> None:
    if path.stat().st_mode & 0o022:
        raise StoreError(
            f"the state file {path} can be written by other users",
            hint=f"chmod 600 {path}, and make sure that nobody altered it",
        )


def _cannot(path: Path, done: str, error: Exception) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusyError(
            f"the state file {path} is locked by another process",
            hint="wait for the other bulkplan to end, then try again",
        )
    return StoreError(f"the state file {path} cannot be {done}: {error}", hint="look at the disk and the file's rights")
