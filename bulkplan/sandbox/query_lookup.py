"""What a query needs to look up in its world: custom fields, smart views, and whether an id is one of a kind."""

import json
import sqlite3
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.fields import Kind
from bulkplan.sandbox.query_values import QueryError

_KIND_BY_TYPE = {
    "text": Kind.TEXT,
    "textarea": Kind.TEXT,
    "hidden": Kind.TEXT,
    "number": Kind.NUMBER,
    "date": Kind.DATE,
    "datetime": Kind.MOMENT,
    "choices": Kind.TERM,
    "user": Kind.REFERENCE,
    "contact": Kind.REFERENCE,
    "custom_object": Kind.REFERENCE,
}
_COLUMN_BY_KIND = {Kind.NUMBER: "number_value", Kind.DATE: "moment_value", Kind.MOMENT: "moment_value"}
_EXISTS = {  # reference type -> whether an id is of that kind; other references may name what is gone
    "user": "SELECT 1 FROM user WHERE id = ?",
    "status.lead": "SELECT 1 FROM lead_status WHERE id = ?",
    "status.opportunity": "SELECT 1 FROM opportunity_status WHERE id = ?",
    "sequence": "SELECT 1 FROM sequence WHERE id = ?",
}


@dataclass(frozen=True)
class CustomField:
    """A custom field: what it holds, and in which column of `custom_value`."""

    id: str
    name: str
    kind: Kind
    column: str
    reference_type: str | None


def custom_field(connection: sqlite3.Connection, field_id: str, object_type: str) -> CustomField:
    """Answer the field of that id, which the object type must carry; raises QueryError."""
    row = connection.execute("SELECT name, type FROM custom_field WHERE id = ?", (field_id,)).fetchone()
    if row is None:
        raise QueryError(f"Unknown custom field: {field_id}")
    name, field_type = str(row[0]), str(row[1])
    carried = connection.execute(
        "SELECT 1 FROM custom_field_object WHERE custom_field_id = ? AND object_type = ?", (field_id, object_type)
    ).fetchone()
    if carried is None:
        raise QueryError(f'The custom field "{name}" ({field_id}) is not one of {object_type} objects')
    kind = _KIND_BY_TYPE[field_type]
    reference_type = field_type if kind is Kind.REFERENCE else None
    return CustomField(field_id, name, kind, _COLUMN_BY_KIND.get(kind, "text_value"), reference_type)


def check_references(connection: sqlite3.Connection, reference_type: str, object_ids: list[str]) -> None:
    """Raise QueryError for an id that is not of the kind; only statuses, users and sequences are looked up."""
    sql = _EXISTS.get(reference_type)
    for object_id in object_ids if sql else ():
        if connection.execute(sql or "", (object_id,)).fetchone() is None:
            raise QueryError(f"Unknown {reference_type} id: {object_id}")


def smart_view_node(connection: sqlite3.Connection, view_id: str) -> tuple[str, JsonValue]:
    """Answer a smart view's object type and query node; raises QueryError for an unknown or legacy view."""
    row = connection.execute("SELECT name, type, s_query FROM smart_view WHERE id = ?", (view_id,)).fetchone()
    if row is None:
        raise QueryError(f"Unknown saved search: {view_id}")
    name, object_type, s_query = row
    wrapped: JsonValue = json.loads(s_query) if s_query else None
    if not isinstance(wrapped, dict) or "query" not in wrapped:
        raise QueryError(f'The saved search "{name}" ({view_id}) has only a text query and cannot be used here')
    return str(object_type), wrapped["query"]
