"""How values of custom fields are checked, stored and changed, for one object or many."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import JsonValue

from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.rows import Row, fetch_all, fetch_one, id_list, parsed, text

OPERATIONS = ("replace", "add", "remove")
"""What may be done with the values of a field that holds several. Source: Close API, "Bulk edit"."""


class FieldValueError(Exception):
    """A value does not suit its field; the message says why."""


@dataclass(frozen=True)
class CustomField:
    """One custom field; `choices` only where the type is `choices`."""

    id: str
    name: str
    type: str
    choices: tuple[str, ...]
    is_list: bool


@dataclass(frozen=True)
class StoredValue:
    """One value as `custom_value` keeps it: exactly one of the three is set."""

    text: str | None = None
    number: float | None = None
    moment: str | None = None


def find_fields(connection: sqlite3.Connection, object_type: str, *, key: str, value: str) -> list[CustomField]:
    """Return the fields of an object type, own and shared, whose `id` or `name` is exactly `value`."""
    column = {"id": "f.id = ?", "name": "f.name = ?"}[key]
    rows = fetch_all(
        connection,
        f"""
        SELECT f.* FROM custom_field AS f JOIN custom_field_object AS o ON o.custom_field_id = f.id
        WHERE o.object_type = ? AND {column} ORDER BY f.position, f.id
        """,  # noqa: S608 - own names
        (object_type, value),
    )
    return [_field(row) for row in rows]


def _field(row: Row) -> CustomField:
    choices = parsed(row["choices"])
    return CustomField(
        id=text(row, "id"),
        name=text(row, "name"),
        type=text(row, "type"),
        choices=tuple(str(choice) for choice in choices) if isinstance(choices, list) else (),
        is_list=bool(row["accepts_multiple_values"]),
    )


def read_values(
    connection: sqlite3.Connection, field: CustomField, values: Sequence[JsonValue], *, enforce_choices: bool
) -> tuple[StoredValue, ...]:
    """
    Bring values into the form they are stored in; repeated ones count once.

    Raises:
        FieldValueError: wrong type, not among the choices, no such user or contact, several for a single-value field.
    """
    stored = tuple(dict.fromkeys(_read(connection, field, value, enforce_choices=enforce_choices) for value in values))
    if len(stored) > 1 and not field.is_list:
        raise FieldValueError(f"The field {field.name} does not accept multiple values.")
    return stored


def _read(
    connection: sqlite3.Connection, field: CustomField, value: JsonValue, *, enforce_choices: bool
) -> StoredValue:
    if field.type == "number":
        return StoredValue(number=_number(value))
    if not isinstance(value, str) or not value:
        raise FieldValueError("Must be text, not empty.")
    if field.type == "date":
        return StoredValue(moment=_date(value))
    if field.type == "datetime":
        return StoredValue(moment=_datetime(value))
    if field.type == "choices" and enforce_choices and value not in field.choices:
        raise FieldValueError(f"{value!r} is not one of the choices of {field.name}.")
    if field.type == "user":
        return StoredValue(text=_user_id(connection, value))
    if field.type == "contact":
        return StoredValue(text=_contact_id(connection, value))
    if field.type == "custom_object":
        raise FieldValueError(f"{value!r} is not a custom object.")
    return StoredValue(text=value)


def _number(value: JsonValue) -> float:
    # Bulk actions answer their value as text, so text is taken here too.
    is_digits = isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d+)?", value, re.ASCII)
    if isinstance(value, bool) or not (is_digits or isinstance(value, (int, float))):
        raise FieldValueError("Must be a number.")
    number = float(value) if isinstance(value, (int, float, str)) else math.inf
    if not math.isfinite(number):
        raise FieldValueError("Must be a finite number.")
    return number


def _date(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise FieldValueError("Must be a date, YYYY-MM-DD.") from error


def _datetime(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise FieldValueError("Must be a date with time, ISO 8601.") from error
    return format_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _user_id(connection: sqlite3.Connection, value: str) -> str:
    """User fields take an id or an exact name, and answer ids. Source: Close API, "Custom Fields"."""
    rows = fetch_all(
        connection, "SELECT id FROM user WHERE id = ? OR first_name || ' ' || last_name = ?", (value, value)
    )
    if len(rows) != 1:
        raise FieldValueError(f"{value!r} is not a user of this organization.")
    return text(rows[0], "id")


def _contact_id(connection: sqlite3.Connection, value: str) -> str:
    if fetch_one(connection, "SELECT 1 FROM contact WHERE id = ?", (value,)) is None:
        raise FieldValueError(f"{value!r} is not a contact of this organization.")
    return value


def clear_values(connection: sqlite3.Connection, field_id: str, object_ids: Sequence[str]) -> None:
    """Unset a field of many objects."""
    connection.execute(
        "DELETE FROM custom_value WHERE custom_field_id = ? AND object_id IN (SELECT value FROM json_each(?))",
        (field_id, id_list(object_ids)),
    )


def change_values(
    connection: sqlite3.Connection,
    field_id: str,
    object_ids: Sequence[str],
    values: Sequence[StoredValue],
    *,
    operation: str,
) -> None:
    """Replace, add or remove values of a field of many objects."""
    if operation == "remove":
        for value in values:
            _remove(connection, field_id, object_ids, value)
        return
    if operation == "replace":
        clear_values(connection, field_id, object_ids)
    for value in values:
        _add(connection, field_id, object_ids, value)


_SAME_VALUE = "text_value IS :text AND number_value IS :number AND moment_value IS :moment"


def _add(connection: sqlite3.Connection, field_id: str, object_ids: Sequence[str], value: StoredValue) -> None:
    connection.execute(
        f"""
        INSERT INTO custom_value (object_id, custom_field_id, position, text_value, number_value, moment_value)
        SELECT one.value, :field_id,
               coalesce((SELECT max(position) FROM custom_value
                         WHERE object_id = one.value AND custom_field_id = :field_id), -1) + 1,
               :text, :number, :moment
        FROM json_each(:ids) AS one
        WHERE NOT EXISTS (SELECT 1 FROM custom_value
                          WHERE object_id = one.value AND custom_field_id = :field_id AND {_SAME_VALUE})
        """,  # noqa: S608 - own names
        _params(field_id, object_ids, value),
    )


def _remove(connection: sqlite3.Connection, field_id: str, object_ids: Sequence[str], value: StoredValue) -> None:
    connection.execute(
        f"""
        DELETE FROM custom_value WHERE custom_field_id = :field_id AND {_SAME_VALUE}
            AND object_id IN (SELECT value FROM json_each(:ids))
        """,  # noqa: S608 - own names
        _params(field_id, object_ids, value),
    )


def _params(field_id: str, object_ids: Sequence[str], value: StoredValue) -> dict[str, str | float | int | None]:
    return {
        "field_id": field_id,
        "ids": id_list(object_ids),
        "text": value.text,
        "number": value.number,
        "moment": value.moment,
    }


def label_of(value: JsonValue) -> str | None:
    """Write the single value of a bulk edit as its answer shows it: text or null."""
    if value is None or isinstance(value, str):
        return value
    return repr(value)
