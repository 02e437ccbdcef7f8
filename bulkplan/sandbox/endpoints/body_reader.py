"""What a client sent in a body, key by key, checked; all that is wrong is gathered before anything is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime

from pydantic import JsonValue

from bulkplan.sandbox.call import Call
from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.errors import REQUIRED, FieldsError
from bulkplan.sandbox.rows import Row, SqlValue, compact, fetch_one

JsonObject = dict[str, JsonValue]

LARGEST_INTEGER = 2**63 - 1


class BodyReader:
    """
    Reads one JSON object; faults go to `wrong` and are raised by `finish`.

    Every reader of a key returns None for null and for what is wrong, so that reading can go on.
    """

    def __init__(self, body: JsonObject) -> None:
        """Read `body`."""
        self.body = body
        self.wrong: dict[str, str] = {}

    @classmethod
    def of(cls, call: Call) -> BodyReader:
        """Read the body of a call; raises ApiError 400 when it is not a JSON object."""
        return cls(call.json_object())

    def has(self, key: str) -> bool:
        """Say whether a key was sent, null or not."""
        return key in self.body

    def finish(self) -> None:
        """Raise FieldsError with everything that is wrong."""
        if self.wrong:
            raise FieldsError(self.wrong)

    def require(self, *keys: str) -> None:
        """Note the keys that are missing, null or empty."""
        for key in keys:
            if self.body.get(key) in (None, ""):
                self.wrong.setdefault(key, REQUIRED)

    def text(self, key: str) -> str | None:
        """Read text."""
        value = self.body.get(key)
        if value is None or isinstance(value, str):
            return value
        self.wrong[key] = "Must be text."
        return None

    def flag(self, key: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self.body.get(key, default)
        if isinstance(value, bool):
            return value
        self.wrong[key] = "Must be true or false."
        return default

    def whole(self, key: str, *, low: int = -LARGEST_INTEGER, high: int = LARGEST_INTEGER) -> int | None:
        """Read a whole number between two bounds, both included."""
        value = self.body.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.wrong[key] = f"Must be a whole number from {low} to {high}."
            return None
        return value

    def choice(self, key: str, allowed: Sequence[str]) -> str | None:
        """Read one of several words."""
        value = self.text(key)
        if value is not None and value not in allowed:
            self.wrong[key] = f"Must be one of {', '.join(allowed)}."
            return None
        return value

    def date(self, key: str) -> str | None:
        """Read a date, `YYYY-MM-DD`; of a timestamp its date."""
        value = self.text(key)
        if value is None:
            return None
        try:
            return (date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value).date()).isoformat()
        except ValueError:
            self.wrong[key] = "Must be a date, YYYY-MM-DD."
            return None

    def moment(self, key: str) -> str | None:
        """Read a timestamp, UTC without an offset, into the form of rows."""
        value = self.text(key)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
            return format_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            self.wrong[key] = "Must be a timestamp, ISO 8601."
            return None

    def texts(self, key: str) -> list[str] | None:
        """Read a list of texts."""
        value = self.body.get(key)
        if value is None:
            return None
        found = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        if not isinstance(value, list) or len(found) != len(value):
            self.wrong[key] = "Must be a list of texts."
            return None
        return found

    def json_texts(self, key: str) -> str | None:
        """Read a list of texts into the form of a JSON column."""
        found = self.texts(key)
        return None if found is None else compact([*found])

    def reference(self, key: str, connection: sqlite3.Connection, table: str) -> Row | None:
        """Read the id of an object of ours; answers its row."""
        value = self.text(key)
        if value is None:
            return None
        row = fetch_one(connection, f"SELECT * FROM {table} WHERE id = ?", (value,))  # noqa: S608 - own names
        if row is None:
            self.wrong.setdefault(key, f"Is not {_a(table)} of this organization.")
        return row

    def reference_id(self, key: str, connection: sqlite3.Connection, table: str) -> str | None:
        """Read the id of an object of ours."""
        row = self.reference(key, connection, table)
        return None if row is None else str(row["id"])


def _a(table: str) -> str:
    words = table.replace("_", " ")
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def given_columns(reader: BodyReader, columns: dict[str, SqlValue]) -> dict[str, SqlValue]:
    """Keep the columns whose key was sent."""
    return {name: value for name, value in columns.items() if reader.has(name)}
