"""What is stored in the custom fields of objects, as the API answers it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from pydantic import JsonValue

from bulkplan.sandbox.rows import id_list

JsonObject = dict[str, JsonValue]


def custom_values(connection: sqlite3.Connection, object_ids: Iterable[str]) -> dict[str, JsonObject]:
    """Read custom fields of any objects: `{object_id: {"custom.cf_...": value or list}}`; unset ones are absent."""
    rows = connection.cursor().execute(
        """
        SELECT v.object_id, 'custom.' || v.custom_field_id, f.accepts_multiple_values AS is_list,
               coalesce(v.text_value, v.moment_value, v.number_value) AS value
        FROM custom_value AS v JOIN custom_field AS f ON f.id = v.custom_field_id
        WHERE v.object_id IN (SELECT value FROM json_each(?))
        ORDER BY v.object_id, f.position, f.id, v.position
        """,
        (id_list(object_ids),),
    )
    found: dict[str, JsonObject] = {}
    for object_id, key, is_list, value in rows:
        values = found.setdefault(object_id, {})
        if is_list:
            members = values.setdefault(key, [])
            if isinstance(members, list):
                members.append(whole(value))
        else:
            values[key] = value if isinstance(value, str) else whole(value)
    return found


def whole(value: JsonValue) -> JsonValue:
    """Write a number without a fraction as an integer, as JSON from Close does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
