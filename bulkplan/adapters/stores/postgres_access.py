"""Transactions on a PostgreSQL primary, each within a deadline; psycopg's errors end here, and passwords with them."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import LiteralString, TypeVar

from bulkplan.core.allowed_hosts import first_not_allowed
from bulkplan.core.visible import visible
from bulkplan.errors import MissingExtraError, NotAuthorizedError, StoreError
from bulkplan.model.project import ALLOW_VARIABLE

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
except ImportError as error:
    raise MissingExtraError('This store needs: pip install "bulkplan[postgres]"') from error

Row = tuple[object, ...]
Cursor = psycopg.Cursor[Row]
ResultT = TypeVar("ResultT")

_CONNECT_TIMEOUT_S = 10
_BEGIN = """
SELECT pg_is_in_recovery(),
  set_config('statement_timeout', %s, true),
  set_config('synchronous_commit', CASE current_setting('synchronous_commit')
    WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)
"""
"""For this transaction alone, so that a pooler that hands connections around cannot carry it elsewhere."""


class NotCommittedError(Exception):
    """The transaction surely has no effect. The text says why."""


class LostCommitError(Exception):
    """COMMIT was sent, and whether it happened is not known."""


class Database:
    """One connection at a time, made when it is needed, and made again when it broke."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        """Raises `StoreError` when the address makes no sense."""
        given = _given(url)
        self._password = str(given.get("password") or "")
        self._conninfo = make_conninfo("", **{"connect_timeout": _CONNECT_TIMEOUT_S, **given})
        self._timeout_s = timeout_s
        self._connection: psycopg.Connection[Row] | None = None

    def run(self, work: Callable[[Cursor], ResultT]) -> ResultT:
        """
        Run `work` in a transaction, and commit it; once more on a new connection when the old one was found broken.

        Raises:
            NotCommittedError: Nothing happened.
            LostCommitError: Nobody knows.
        """
        had_one = self._connection is not None
        try:
            return self._run_once(work)
        except NotCommittedError:
            if not had_one or self._connection is not None:
                raise
        return self._run_once(work)

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run_once(self, work: Callable[[Cursor], ResultT]) -> ResultT:
        try:
            connection = self._connect()
            with self._deadline(connection):
                result = self._work(connection, work)
                self._commit(connection)
        except psycopg.Error as error:
            self._give_back()
            raise NotCommittedError(self._discreet(error)) from error
        except NotCommittedError:
            self._give_back()
            raise
        return result

    def _work(self, connection: psycopg.Connection[Row], work: Callable[[Cursor], ResultT]) -> ResultT:
        with connection.cursor() as cursor:
            begun = cursor.execute(_BEGIN, (str(round(self._timeout_s * 1000)),)).fetchone()
            if begun is None or begun[0]:
                raise NotCommittedError(
                    "it is a standby, which may lack what was stored last (for several hosts, add "
                    "?target_session_attrs=primary)"
                )
            return work(cursor)

    def _commit(self, connection: psycopg.Connection[Row]) -> None:
        warnings: list[str] = []

        def hear(diagnostic: psycopg.errors.Diagnostic) -> None:
            # "committed locally, but might not have been replicated": it could be lost with this server
            if diagnostic.severity_nonlocalized == "WARNING":
                warnings.append(str(diagnostic.message_primary))

        connection.add_notice_handler(hear)
        try:
            connection.commit()
        except psycopg.Error as error:
            self._give_back()
            raise LostCommitError(self._discreet(error)) from error
        finally:
            connection.remove_notice_handler(hear)
        if warnings:
            raise LostCommitError(warnings[0])

    def _connect(self) -> psycopg.Connection[Row]:
        if self._connection is None or self._connection.closed:
            # Prepared statements belong to a session, which a pooler does not promise.
            self._connection = psycopg.connect(self._conninfo, prepare_threshold=None, application_name="bulkplan")
        return self._connection

    def _give_back(self) -> None:
        """Roll back, and forget a connection on which that fails."""
        connection, self._connection = self._connection, None
        if connection is None or connection.closed:
            return
        try:
            connection.rollback()
        except psycopg.Error:
            connection.close()
        else:
            self._connection = connection

    @contextmanager
    def _deadline(self, connection: psycopg.Connection[Row]) -> Iterator[None]:
        """Cut the connection when the server is silent beyond its own time-out: it hangs, or the network is gone."""
        cut = threading.Timer(self._timeout_s * 1.5, _cut, [connection.fileno()])
        cut.daemon = True
        cut.start()
        try:
            yield
        finally:
            cut.cancel()

    def _discreet(self, error: Exception) -> str:
        """The first line of an error, without the password."""
        said = str(error).strip().partition("\n")[0][:300]
        return said.replace(self._password, "***") if self._password else said


def _cut(fileno: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(fileno)) as connection:
        connection.shutdown(socket.SHUT_RDWR)


def check_hosts(url: str, environ: Mapping[str, str]) -> None:
    """
    Refuse to give `PGPASSWORD` to a host that only the project file names: whoever edits that would be given it.

    `PGHOST` and `BULKPLAN_ALLOW_HOST` name hosts that get it, and this machine does. A password in the address itself,
    and those of `~/.pgpass`, which are bound to a host, go where they belong.

    Raises:
        NotAuthorizedError: It would go elsewhere.
        StoreError: The address makes no sense.
    """
    given = _given(url)
    if not environ.get("PGPASSWORD") or given.get("password"):
        return
    hosts = [host for word in ("host", "hostaddr") for host in str(given.get(word) or "").split(",") if host]
    always = environ.get("PGHOST", "").split(",")
    refused = first_not_allowed(hosts, allowed=environ.get(ALLOW_VARIABLE, ""), always=always)
    if given.get("service"):
        raise NotAuthorizedError(
            "state would send $PGPASSWORD to the host of a service", hint="write the host itself into the address"
        )
    if refused is not None:
        shown = visible(refused, max_chars=120)
        raise NotAuthorizedError(
            f"state would send $PGPASSWORD to {shown}, which only the project file names",
            hint=f"put the password into ~/.pgpass, or allow the host where it is set: {ALLOW_VARIABLE}={shown}",
        )


def _given(url: str) -> dict[str, str | int | None]:
    try:
        return {**conninfo_to_dict(url)}
    except psycopg.Error:  # what it says may quote the password
        raise StoreError(
            "the address of the state database makes no sense",
            hint="write state: postgresql://host/database; the password in PGPASSWORD or ~/.pgpass",
        ) from None


def shown_address(url: str) -> str:
    """Hosts and database of an address: no user, no password, no parameters. The address must make sense."""
    given = conninfo_to_dict(url)
    host, port, database = (str(given.get(word) or "") for word in ("host", "port", "dbname"))
    return f"postgresql://{host}{':' if port else ''}{port}/{database}"


def one_row(cursor: Cursor, query: LiteralString, *values: object) -> Row | None:
    """The first row of a query."""
    return cursor.execute(query, values).fetchone()
