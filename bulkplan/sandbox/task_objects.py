"""What tasks look like in JSON."""

from __future__ import annotations

import sqlite3

from pydantic import JsonValue

from bulkplan.sandbox.rows import Row, fetch_all

JsonObject = dict[str, JsonValue]

SELECT_TASK = """
    SELECT task.*, lead.display_name AS lead_name, contact.name AS contact_name,
           user.first_name || ' ' || user.last_name AS assigned_to_name
    FROM task JOIN lead ON lead.id = task.lead_id
    LEFT JOIN contact ON contact.id = task.contact_id LEFT JOIN user ON user.id = task.assigned_to
"""


def open_tasks(connection: sqlite3.Connection, lead_ids: str, *, organization_id: str) -> list[JsonObject]:
    """Read the open tasks of leads; `lead_ids` is a JSON list."""
    rows = fetch_all(
        connection,
        f"""
        {SELECT_TASK} WHERE task.is_complete = 0 AND task.lead_id IN (SELECT value FROM json_each(?))
        ORDER BY task.date IS NULL, task.date, task.id
        """,  # noqa: S608 - own names
        (lead_ids,),
    )
    return [task_object(row, organization_id=organization_id) for row in rows]


def task_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a task of a lead. Source: Close API, "Tasks"."""
    return {
        **row,
        "_type": "lead",
        "due_date": row["date"],
        "is_complete": bool(row["is_complete"]),
        "is_dateless": row["date"] is None,
        "object_id": None,
        "object_type": None,
        "view": "archive" if row["is_complete"] else "inbox",
        "organization_id": organization_id,
    }
