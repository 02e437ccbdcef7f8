"""Saved searches: list, read, make, change, remove."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, call_origin
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import REQUIRED, FieldsError
from bulkplan.sandbox.events import Event, updated, write_events
from bulkplan.sandbox.objects import smart_view_object
from bulkplan.sandbox.queries import check_query
from bulkplan.sandbox.rows import SqlValue, compact

JsonObject = dict[str, JsonValue]

TYPES = (
    "lead", "contact", "opportunity", "call", "email", "sms", "meeting", "note", "whatsapp_message", "custom_activity",
    "form_submission",
)  # fmt: skip
VIEWS = Table(
    "SELECT * FROM smart_view",
    "position, id",
    lambda call, row: smart_view_object(row, organization_id=call.organization_id),
)
WRITABLE = ("name", "type", "description", "s_query", "is_shared")


def list_views(call: Call) -> JsonValue:
    """Answer the views of a type, `lead` when none is named. Source: Close API, "Smart Views"."""
    conditions = Conditions()
    given = call.query.get("type__in")
    types = given.split(",") if given is not None else [call.query.get("type", "lead")]
    conditions.add("type IN (SELECT value FROM json_each(?))", compact([name.strip() for name in types]))
    return VIEWS.list(call, conditions=conditions.sql, params=conditions.params)


def create_view(call: Call) -> JsonValue:
    """Make a smart view out of `name`, `type` and a wrapped `s_query`; raises FieldsError."""
    body = {"type": "lead", "description": None, "is_shared": False, **call.json_object()}
    missing = {name: REQUIRED for name in ("name", "s_query") if not body.get(name)}
    if missing:
        raise FieldsError(missing)
    values = _values(call, body)
    view_id = call.world.new_id("save_")
    call.connection.execute(
        """
        INSERT INTO smart_view (id, position, name, type, description, s_query, is_shared, is_user_dependent, user_id,
                                date_created, date_updated)
        VALUES (:id, (SELECT coalesce(max(position), -1) + 1 FROM smart_view), :name, :type, :description, :s_query,
                :is_shared, 0, :user_id, :moment, :moment)
        """,
        {**values, "id": view_id, "user_id": call.caller.user_id, "moment": call.moment},
    )
    view = VIEWS.shape(call, VIEWS.row(call, view_id))
    write_events(call.connection, [Event("saved_search", "created", view_id, data=view)], call_origin(call))
    return view


def change_view(call: Call) -> JsonValue:
    """Change the keys that are given, leave the others; raises FieldsError."""
    before = VIEWS.shape(call, VIEWS.row(call, call.id))
    changes = {name: value for name, value in call.json_object().items() if name in WRITABLE}
    values = _values(call, {**{name: before[name] for name in WRITABLE}, **changes})
    call.connection.execute(
        """
        UPDATE smart_view SET name = :name, type = :type, description = :description, is_shared = :is_shared,
            s_query = :s_query, query = CASE WHEN :s_query IS NULL THEN query END, date_updated = :moment
        WHERE id = :id
        """,
        {**values, "id": call.id, "moment": call.moment},
    )
    after = VIEWS.shape(call, VIEWS.row(call, call.id))
    event = updated("saved_search", before=before, after=after, lead_id=None)
    write_events(call.connection, [event] if event else [], call_origin(call))
    return after


def remove_view(call: Call) -> JsonValue:
    """Remove a smart view; answers an empty object."""
    before = VIEWS.shape(call, VIEWS.row(call, call.id))
    call.connection.execute("DELETE FROM smart_view WHERE id = ?", (call.id,))
    write_events(call.connection, [Event("saved_search", "deleted", call.id, previous_data=before)], call_origin(call))
    return {}


def _values(call: Call, body: JsonObject) -> dict[str, SqlValue]:
    """Check the writable keys and bring them into the form of the columns."""
    name, view_type, description = body["name"], body["type"], body["description"]
    wrong: dict[str, str] = {}
    if not isinstance(name, str) or not name.strip():
        wrong["name"] = "Must be text, not empty."
    if view_type not in TYPES:
        wrong["type"] = f"Must be one of {', '.join(TYPES)}."
    if description is not None and not isinstance(description, str):
        wrong["description"] = "Must be text."
    if not isinstance(body["is_shared"], bool):
        wrong["is_shared"] = "Must be true or false."
    if wrong:
        raise FieldsError(wrong)
    return {
        "name": str(name),
        "type": str(view_type),
        "description": description if isinstance(description, str) else None,
        "is_shared": int(bool(body["is_shared"])),
        "s_query": _stored_query(call, body["s_query"]),
    }


def _stored_query(call: Call, wrapped: JsonValue) -> str | None:
    if wrapped is None:
        return None  # a view with a legacy text query keeps it
    node = wrapped.get("query") if isinstance(wrapped, dict) else None
    if not isinstance(wrapped, dict) or node is None:
        raise FieldsError({"s_query": 'Must be {"query": ..., "results_limit": ..., "sort": [...]}.'})
    sort = wrapped.get("sort", [])
    results_limit = wrapped.get("results_limit")
    check_query(call, node, sort=sort, results_limit=results_limit)
    stored: JsonObject = {**wrapped, "results_limit": results_limit, "sort": sort}
    return compact(stored)


ROUTES = (
    Route("GET", "/saved_search/", list_views),
    Route("POST", "/saved_search/", create_view, is_write=True),
    Route("GET", "/saved_search/{id}/", VIEWS.get),
    Route("PUT", "/saved_search/{id}/", change_view, is_write=True),
    Route("DELETE", "/saved_search/{id}/", remove_view, is_write=True),
)
