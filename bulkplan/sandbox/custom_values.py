"""What is stored in the custom fields of objects, as the API answers it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pydantic import JsonValue

from bulkplan.sandbox.rows import fetch_all, id_list, text

JsonObject = dict[str, JsonValue]


def custom_values(connection: sqlite3.Connection, object_ids: Iterable[str]) -> dict[str, JsonObject]:
    """Read custom fields of any objects: `{object_id: {"custom.cf_...": value or list}}`; unset ones are absent."""
    rows = fetch_all(
        connection,
        """
        SELECT v.object_id, v.custom_field_id, f.accepts_multiple_values AS is_list,
               coalesce(v.text_value, v.moment_value, v.number_value) AS value
        FROM custom_value AS v JOIN custom_field AS f ON f.id = v.custom_field_id
        WHERE v.object_id IN (SELECT value FROM json_each(?))
        ORDER BY v.object_id, f.position, f.id, v.position
        """,
        (id_list(object_ids),),
    )
    found: dict[str, JsonObject] = {}
    for row in rows:
        values = found.setdefault(text(row, "object_id"), {})
        key, value = f"custom.{row['custom_field_id']}", whole(row["value"])
        if not row["is_list"]:
            values[key] = value
            continue
        members = values.setdefault(key, [])
        if isinstance(members, list):
            members.append(value)
    return found


def whole(value: JsonValue) -> JsonValue:
    """Write a number without a fraction as an integer, as JSON from Close does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
