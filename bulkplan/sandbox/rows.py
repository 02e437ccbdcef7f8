"""How rows come out of the world's database: as dictionaries of JSON values, without `Any`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import JsonValue

Row = dict[str, JsonValue]
"""One row: text, integer, real or null per column."""

SqlValue = str | int | float | None
SqlParams = Sequence[SqlValue] | Mapping[str, SqlValue]

CHUNK = 500
"""How many leads are read and written at a time."""

_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
"""Made once: `json.dumps` with options of its own makes an encoder for every call."""


def fetch_all(connection: sqlite3.Connection, sql: str, params: SqlParams = ()) -> list[Row]:
    """Return every row of a query."""
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(sql, params)
    names: list[str] = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def fetch_one(connection: sqlite3.Connection, sql: str, params: SqlParams = ()) -> Row | None:
    """Return the first row of a query, or None."""
    rows = fetch_all(connection, sql, params)
    return rows[0] if rows else None


def fetch_int(connection: sqlite3.Connection, sql: str, params: SqlParams = ()) -> int:
    """Return the one number a query gives."""
    cursor = connection.cursor()
    cursor.row_factory = None
    (value,) = cursor.execute(sql, params).fetchone()
    return int(value)


def grouped(rows: Iterable[Row], key: str) -> dict[str, list[Row]]:
    """Sort rows into lists by one text column; order within a list is kept."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(text(row, key), []).append(row)
    return groups


def chunks(ids: Sequence[str], size: int = CHUNK) -> Iterator[Sequence[str]]:
    """Cut a list into pieces of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def id_list(ids: Iterable[str]) -> str:
    """Pass many ids as one bound parameter, for `IN (SELECT value FROM json_each(?))`."""
    return json.dumps(list(ids))


def text(row: Mapping[str, JsonValue], key: str) -> str:
    """Return a column that always holds text."""
    value = row[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} holds no text")
    return value


def optional_text(row: Mapping[str, JsonValue], key: str) -> str | None:
    """Return a column that holds text or null."""
    value = row[key]
    return value if isinstance(value, str) else None


def integer(row: Mapping[str, JsonValue], key: str) -> int:
    """Return a column that always holds an integer."""
    value = row[key]
    if not isinstance(value, int):
        raise TypeError(f"{key} holds no integer")
    return value


def parsed(value: JsonValue) -> JsonValue:
    """Parse a JSON column; null stays null."""
    if not isinstance(value, str):
        return None
    result: JsonValue = json.loads(value)
    return result


def parsed_object(value: JsonValue) -> dict[str, JsonValue]:
    """Parse a JSON column that holds an object; anything else gives an empty one."""
    result = parsed(value)
    return result if isinstance(result, dict) else {}


def compact(value: JsonValue) -> str:
    """Write JSON for a column."""
    return _COMPACT(value)
