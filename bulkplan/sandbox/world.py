"""Where a sandbox organization lives: one SQLite database, made whole or not at all, for many threads and processes."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock

from bulkplan.errors import BulkplanError
from bulkplan.sandbox import seed as seeding
from bulkplan.sandbox import text_match
from bulkplan.sandbox.clock import Clock, SystemClock
from bulkplan.sandbox.export_reader import read_export_file
from bulkplan.sandbox.ids import random_id
from bulkplan.sandbox.schema import SCHEMA_VERSION

APPLICATION_ID = 0x62706C6E  # "bpln": tells a world from any other SQLite file
BUSY_TIMEOUT_S = 30.0
STALE_AFTER_S = 86_400.0  # a half-made world older than this was left by a killed process

Progress = Callable[[int, int], None]
"""Called with leads made so far and leads wanted, while a world is seeded."""


class WorldError(BulkplanError):
    """A world file cannot be used; the message says which and why."""


class WorldBusyError(WorldError):
    """Another process held the world's write lock for longer than `BUSY_TIMEOUT_S`."""


class World:
    """
    An organization in a SQLite database, with its clock and its ids.

    One `World` may be used by several threads, and one file by several processes. Read inside `reading()` and write
    inside `transaction()`; both keep other threads out, may be nested, and give the connection.
    """

    def __init__(self, connection: sqlite3.Connection, *, path: Path | None, clock: Clock) -> None:
        """Wrap a seeded connection; use `World.open` to get one."""
        self.connection = connection
        self.path = path
        self._clock = clock
        self._lock = RLock()
        self._is_writing = False
        self.organization_id = self._meta("organization_id")
        self.owner_user_id = self._meta("owner_user_id")

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        leads: int = 1000,
        seed: int = 7,
        clock: Clock | None = None,
        progress: Progress | None = None,
        export: Path | None = None,
    ) -> "World":
        """
        Open a world file, or make and seed it where there is none.

        Args:
            path: file of the world; None keeps it in memory.
            leads: how many leads to seed; ignored when the world exists.
            seed: same seed, number of leads and UTC day give the same content; ignored when the world exists.
            clock: what the world's time is measured by; the machine's when None.
            progress: called while seeding; what it raises ends the making, and nothing is left behind.
            export: file of a JSON lead export, whose leads a new world gets in place of made-up ones.

        Raises:
            WorldError: the file is not a world, or of another version, or cannot be made, or is there already and
                an export was to be loaded.
            InvalidFilesError: the export cannot be used; every fault with its place.
        """
        if leads < 0:
            raise WorldError(f"a sandbox world cannot have {leads} leads")
        if export is not None and path is not None and path.exists():
            raise WorldError(
                f"{path} is there already; an export is loaded into a new world only", hint="choose another file"
            )
        clock = clock or SystemClock()
        wanted = seeding.Wanted(
            n_leads=leads,
            seed=seed,
            day=clock.now().astimezone(UTC).date(),
            export=None if export is None else read_export_file(export),
        )
        if path is None:
            return cls(_in_memory(wanted, progress), path=None, clock=clock)
        if not path.exists():
            _create(path, wanted, progress)
        return cls(_open_existing(path), path=path, clock=clock)

    @classmethod
    def filled(cls, add_content: Callable[[sqlite3.Connection], None], *, clock: Clock) -> "World":
        """Make a world in memory with what `add_content` writes into its empty tables, `meta` included; for reading."""
        connection = _connect(":memory:")
        try:
            connection.deserialize(seeding.empty_tables())
            add_content(connection)
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection, path=None, clock=clock)

    def close(self) -> None:
        """Close the database; the world cannot be used afterwards."""
        with self._lock:
            self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read several things as of one moment; joins the transaction it is nested in."""
        with self._lock:
            if self.connection.in_transaction:
                yield self.connection
                return
            with self._span("BEGIN"):
                yield self.connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """
        Write: all of it or, when the block raises, none; nested blocks join the outermost.

        It cannot begin inside `reading()`: what was read there may be old by the time the lock is had.

        Raises:
            WorldBusyError: another process is writing and did not finish in time.
        """
        with self._lock:
            if self._is_writing:
                yield self.connection
                return
            with self._span("BEGIN IMMEDIATE"):
                self._is_writing = True
                try:
                    yield self.connection
                finally:
                    self._is_writing = False

    def now(self) -> datetime:
        """Answer the world's present, an aware UTC datetime: its clock plus its offset."""
        return self._clock.now().astimezone(UTC) + timedelta(seconds=float(self._meta("clock_offset_seconds")))

    def advance(self, seconds: float) -> None:
        """Move the world's clock on, for every process that shares the world."""
        with self.transaction() as connection:
            offset = float(self._meta("clock_offset_seconds")) + seconds
            connection.execute("UPDATE meta SET value = ? WHERE key = 'clock_offset_seconds'", (repr(offset),))

    def new_id(self, prefix: str) -> str:
        """Make an id such as `lead_` followed by 43 letters and digits, by chance."""
        return random_id(prefix)

    def _meta(self, key: str) -> str:
        with self._lock:
            (value,) = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(value)

    @contextmanager
    def _span(self, begin: str) -> Iterator[None]:
        _wait_for(self.connection, begin)
        try:
            yield
            _wait_for(self.connection, "COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite may have rolled back already
                self.connection.execute("ROLLBACK")
            raise


def _wait_for(connection: sqlite3.Connection, statement: str) -> None:
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise WorldBusyError("the sandbox is being written by another process", hint="try again") from error
        raise WorldError(f"the sandbox's database cannot be used: {error}") from error


def _connect(database: str, *, is_uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(database, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, uri=is_uri)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -131072")  # KiB, negative by SQLite's convention
    # How to take back a single statement is noted in memory: a bulk edit wrote three million pages of that to a file.
    # How to take back a transaction stays on disk, so a process that is killed leaves the last whole one.
    connection.execute("PRAGMA temp_store = MEMORY")
    text_match.register(connection)


def _in_memory(wanted: seeding.Wanted, progress: Progress | None) -> sqlite3.Connection:
    connection = _connect(":memory:")
    try:
        _fill(connection, wanted, progress)
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _open_existing(path: Path) -> sqlite3.Connection:
    try:
        connection = _connect(f"{path.resolve().as_uri()}?mode=rw", is_uri=True)
    except sqlite3.Error as error:
        raise WorldError(f"{path} cannot be opened as a sandbox world: {error}") from error
    try:
        _check_is_world(connection, path)
        _prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        raise WorldError(f"{path} is not a sandbox world: {error}") from error
    except WorldError:
        connection.close()
        raise
    return connection


def _check_is_world(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise WorldError(f"{path} is a database, but not a sandbox world", hint="choose another file")
    if version != SCHEMA_VERSION:
        raise WorldError(
            f"{path} is a sandbox world of version {version}; this program knows version {SCHEMA_VERSION}",
            hint="delete it to start anew",
        )


def _fill(connection: sqlite3.Connection, wanted: seeding.Wanted, progress: Progress | None) -> None:
    seeding.fill(connection, wanted, progress)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _create(path: Path, wanted: seeding.Wanted, progress: Progress | None) -> None:
    """Seed a file beside `path` and give it its name at the end; the first of several makers wins."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path)
        half_made = path.with_name(f".{path.name}.{random_id('')}.tmp")
        half_made.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise WorldError(f"cannot make a sandbox world at {path}: {error}") from error
    try:
        with closing(_connect(str(half_made))) as connection:
            connection.execute("PRAGMA journal_mode = OFF")  # nobody sees the file before it is whole
            connection.execute("PRAGMA synchronous = OFF")
            _fill(connection, wanted, progress)
        _publish(half_made, path)
    except (sqlite3.Error, OSError) as error:
        raise WorldError(f"cannot make a sandbox world at {path}: {error}") from error
    finally:
        half_made.unlink(missing_ok=True)


def _publish(half_made: Path, path: Path) -> None:
    with half_made.open("rb") as file:
        os.fsync(file.fileno())
    try:
        path.hardlink_to(half_made)
    except FileExistsError:
        return  # another process was first: use theirs
    except OSError:  # a file system without hard links
        half_made.replace(path)


def _remove_stale(path: Path) -> None:
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > STALE_AFTER_S:
                left.unlink()
