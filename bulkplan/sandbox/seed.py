"""What a new world is filled with: the organization first, then its leads, then indexes and triggers; or an export."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from bulkplan.sandbox.export_reader import LeadSource
from bulkplan.sandbox.import_organization import add_export
from bulkplan.sandbox.schema import INDEXES, TABLES, TRIGGERS
from bulkplan.sandbox.seed_batch import Batch, Days
from bulkplan.sandbox.seed_leads import LeadMaker
from bulkplan.sandbox.seed_organization import add_organization

LEADS_PER_BATCH = 1000


@dataclass(frozen=True)
class Wanted:
    """
    Which world to make.

    Attributes:
        n_leads: how many leads.
        seed: names one of the possible worlds.
        day: UTC day of the making. Every seeded date is measured from its first instant, so that "90 days ago"
            keeps its meaning however old the generator is.
        export: leads of a real organization, in place of made-up ones; `n_leads` and `seed` then mean nothing.
    """

    n_leads: int
    seed: int
    day: date
    export: tuple[LeadSource, ...] | None = None


def fill(connection: sqlite3.Connection, wanted: Wanted, progress: Callable[[int, int], None] | None) -> None:
    """
    Make the tables and their content in an empty database, in one transaction.

    Args:
        connection: in autocommit mode.
        wanted: same value, same content.
        progress: called with leads made and leads wanted, from 0 on.
    """
    connection.execute("PRAGMA foreign_keys = OFF")  # rows come in bulk and are known to fit
    connection.execute("PRAGMA cache_size = -200000")
    connection.execute("BEGIN")
    _run_script(connection, TABLES)
    _add_content(connection, wanted, progress or _no_progress)
    _run_script(connection, INDEXES)
    _run_script(connection, TRIGGERS)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA foreign_keys = ON")


@cache
def empty_tables() -> bytes:
    """A database with all tables and nothing in them, nor indexes and triggers: for worlds of a few rows."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _run_script(connection, TABLES)
        return connection.serialize()


def _add_content(connection: sqlite3.Connection, wanted: Wanted, progress: Callable[[int, int], None]) -> None:
    if wanted.export is not None:
        add_export(connection, wanted.export, day=wanted.day, progress=progress)
        return
    days = Days(wanted.day)
    batch = Batch()
    chance = Random(f"organization:{wanted.seed}")  # noqa: S311 - made-up rows, no secrets; must be repeatable
    organization = add_organization(batch, chance, days, wanted.n_leads, wanted.seed)
    batch.write(connection)
    maker = LeadMaker(organization, Random(f"leads:{wanted.seed}"), days)  # noqa: S311 - as above
    progress(0, wanted.n_leads)
    for start in range(0, wanted.n_leads, LEADS_PER_BATCH):
        end = min(start + LEADS_PER_BATCH, wanted.n_leads)
        for number in range(start, end):
            maker.add_lead(batch, number)
        batch.write(connection)
        progress(end, wanted.n_leads)


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run several statements within the open transaction; `executescript` would commit it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _no_progress(done: int, total: int) -> None:
    del done, total
