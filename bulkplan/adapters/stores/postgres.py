"""State in a table of a PostgreSQL database."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bulkplan.adapters.stores.postgres_access import (
    Cursor,
    Database,
    LostCommitError,
    NotCommittedError,
    check_hosts,
    one_row,
    shown_address,
)
from bulkplan.errors import StoreError
from bulkplan.model.store import PutResult, Slot

ResultT = TypeVar("ResultT")

_TIMEOUT_S = 30.0
_CREATE = (
    "SELECT pg_advisory_xact_lock(hashtext('bulkplan'))",  # IF NOT EXISTS alone fails when two create at once
    "CREATE SCHEMA IF NOT EXISTS bulkplan",
    """
    CREATE TABLE IF NOT EXISTS bulkplan.space (
      name text PRIMARY KEY,
      lineage text NOT NULL,
      made_at timestamptz NOT NULL DEFAULT now())
    """,
    """
    CREATE TABLE IF NOT EXISTS bulkplan.slot (
      space text NOT NULL REFERENCES bulkplan.space,
      key text COLLATE "C" NOT NULL,
      version bigint NOT NULL CHECK (version > 0),
      text text NOT NULL,
      written_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (space, key))
    """,
)


class PostgresStore:
    """
    A `Store` of one row per key in `bulkplan.slot`; each target is a space of its own.

    Every call is one short transaction on the primary, with `synchronous_commit` on: no session locks, nothing that a
    pooler in transaction mode would break.
    """

    def __init__(self, database: Database, *, space: str, address: str) -> None:
        self._database = database
        self._space = space
        self._address = address
        self.trouble: str | None = None
        """Why the last write was not taken; for people."""

    @classmethod
    def open(
        cls, url: str, *, target: str, environ: Mapping[str, str] | None = None, timeout_s: float = _TIMEOUT_S
    ) -> PostgresStore:
        """
        The store of a target. Opens no connection yet.

        Args:
            url: `postgresql://host/database`; user and password may come from PGUSER, PGPASSWORD or ~/.pgpass.
            target: Name of the target.
            environ: Where a password may come from; it says which hosts get it.
            timeout_s: Seconds that the server may work on one statement.

        Raises:
            MissingExtraError: psycopg is not installed.
            StoreError: The address makes no sense.
            NotAuthorizedError: It would send the password of the environment to a host that the environment does not
                name.
        """
        check_hosts(url, environ or {})
        return cls(Database(url, timeout_s=timeout_s), space=target, address=shown_address(url))

    @property
    def name(self) -> str:
        """Host, database and space, for people."""
        return f"{self._address} ({self._space})"

    def lineage(self) -> str:
        """
        A random name given when the space was made.

        A store that nobody has written to is made; where this user may only read, its lineage is empty. Raises
        `StoreError`.
        """
        found = self._read(self._find_lineage)
        if found is not None:
            return found
        try:
            return self._database.run(self._make_space)
        except NotCommittedError:
            return ""
        except LostCommitError:
            return self._read(self._find_lineage) or ""

    def get(self, key: str) -> Slot | None:
        """The slot, or `None`. Raises `StoreError`."""

        def work(cursor: Cursor) -> Slot | None:
            if not _has_tables(cursor):
                return None
            query = "SELECT key, version, text FROM bulkplan.slot WHERE space = %s AND key = %s"
            row = one_row(cursor, query, self._space, key)
            return _slot(*row) if row else None

        return self._read(work)

    def list(self, prefix: str = "", *, first_hand: bool = False) -> Sequence[Slot]:  # noqa: ARG002 - no copies
        """Every slot whose key begins with `prefix`, by key. Raises `StoreError`."""

        def work(cursor: Cursor) -> Sequence[Slot]:
            if not _has_tables(cursor):
                return []
            query = (
                "SELECT key, version, text FROM bulkplan.slot WHERE space = %s AND starts_with(key, %s) "
                'ORDER BY key COLLATE "C"'
            )
            return [_slot(*row) for row in cursor.execute(query, (self._space, prefix))]

        return self._read(work)

    def put(self, key: str, text: str, *, expected_version: int) -> PutResult:
        """Store over `expected_version` (0: absent)."""
        self.trouble = None

        def work(cursor: Cursor) -> bool:
            if expected_version == 0:
                self._make_space(cursor)
                insert = "INSERT INTO bulkplan.slot (space, key, version, text) VALUES (%s, %s, 1, %s)"
                return cursor.execute(f"{insert} ON CONFLICT DO NOTHING", (self._space, key, text)).rowcount == 1
            if not _has_tables(cursor):
                return False
            update = (
                "UPDATE bulkplan.slot SET version = version + 1, text = %s, written_at = now() "
                "WHERE space = %s AND key = %s AND version = %s"
            )
            return cursor.execute(update, (text, self._space, key, expected_version)).rowcount == 1

        try:
            is_stored = self._database.run(work)
        except NotCommittedError as error:
            self.trouble = str(error)
            return PutResult.UNAVAILABLE
        except LostCommitError as error:
            self.trouble = str(error)
            return PutResult.UNSURE
        return PutResult.STORED if is_stored else PutResult.CONFLICT

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _read(self, work: Callable[[Cursor], ResultT]) -> ResultT:
        try:
            return self._database.run(work)
        except (NotCommittedError, LostCommitError) as error:
            raise StoreError(
                f"the state in {self.name} cannot be read: {error}",
                hint="look at the server, and at the rights of its user on the schema bulkplan",
            ) from error

    def _find_lineage(self, cursor: Cursor) -> str | None:
        if not _has_tables(cursor):
            return None
        row = one_row(cursor, "SELECT lineage FROM bulkplan.space WHERE name = %s", self._space)
        return str(row[0]) if row else None

    def _make_space(self, cursor: Cursor) -> str:
        found = self._find_lineage(cursor)
        if found is not None:
            return found
        if not _has_tables(cursor):
            for statement in _CREATE:
                cursor.execute(statement)
        insert = "INSERT INTO bulkplan.space (name, lineage) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        cursor.execute(insert, (self._space, secrets.token_hex(10)))
        row = one_row(cursor, "SELECT lineage FROM bulkplan.space WHERE name = %s", self._space)
        if row is None:
            raise NotCommittedError("its space could not be made")
        return str(row[0])


def _has_tables(cursor: Cursor) -> bool:
    row = one_row(cursor, "SELECT to_regclass('bulkplan.slot') IS NOT NULL")
    return row is not None and row[0] is True


def _slot(key: object, version: object, text: object) -> Slot:
    return Slot(str(key), int(str(version)), str(text))
