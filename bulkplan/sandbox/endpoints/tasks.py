"""Tasks of leads: list, read, make, change, remove."""

from __future__ import annotations

from datetime import timedelta

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, call_origin, flag
from bulkplan.sandbox.endpoints.body_reader import BodyReader, given_columns
from bulkplan.sandbox.endpoints.changes import (
    Kind,
    announce_created,
    change_object,
    insert_row,
    new_stamps,
    remove_object,
    update_row,
)
from bulkplan.sandbox.endpoints.events import OPERATORS
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import ApiError, FieldsError, NotFoundError
from bulkplan.sandbox.events import Event, write_events
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.rows import Row, SqlValue, compact, fetch_one
from bulkplan.sandbox.task_objects import SELECT_TASK, task_object

JsonObject = dict[str, JsonValue]

ORDERS = {"date": "task.date", "-date": "task.date DESC", "date_created": "task.date_created",
          "-date_created": "task.date_created DESC"}  # fmt: skip
VIEWS = ("inbox", "future", "archive")


def _shape(call: Call, row: Row) -> JsonObject:
    found = task_object(row, organization_id=call.organization_id)
    is_future = found["view"] == "inbox" and str(row["date"] or "") > _today(call)
    return {**found, "view": "future" if is_future else found["view"]}


def _today(call: Call) -> str:
    return (call.now + timedelta(hours=call.tz_offset)).date().isoformat()


def load_task(call: Call, task_id: str) -> JsonObject:
    """Read one task; raises NotFoundError."""
    row = fetch_one(call.connection, f"{SELECT_TASK} WHERE task.id = ?", (task_id,))
    if row is None:
        raise NotFoundError
    return _shape(call, row)


TASK = Kind("task.lead", "task", load_task)


def list_tasks(call: Call) -> JsonValue:
    """Answer tasks, the latest due first unless `_order_by` says otherwise. Source: Close API, "Tasks"."""
    conditions = Conditions()
    for name in ("lead_id", "assigned_to"):
        if name in call.query:
            conditions.add(f"task.{name} = ?", call.query[name])
    if "id__in" in call.query:
        conditions.add("task.id IN (SELECT value FROM json_each(?))", compact([*call.query["id__in"].split(",")]))
    wanted = {name.strip() for key in ("_type", "_type__in") for name in call.query.get(key, "").split(",")} - {""}
    if wanted and not wanted & {"lead", "all"}:
        conditions.add("0")  # tasks of other types come from calls and mail, which nobody makes here
    is_complete = flag(call.query, "is_complete")
    if is_complete is not None:
        conditions.add("task.is_complete = ?", int(is_complete))
    _add_view(call, conditions)
    for suffix, operator in OPERATORS.items():
        for key in (f"date__{suffix}", f"due_date__{suffix}"):
            if key in call.query:
                conditions.add(f"task.date {operator} ?", call.query[key])
    order = ORDERS.get(call.query.get("_order_by", "-date"))
    if order is None:
        raise ApiError(400, f"_order_by must be one of {', '.join(ORDERS)}.")
    table = Table(SELECT_TASK, f"{order}, task.id", _shape)
    return table.list(call, conditions=conditions.sql, params=conditions.params)


def _add_view(call: Call, conditions: Conditions) -> None:
    view = call.query.get("view")
    if view is None:
        return
    if view not in VIEWS:
        raise ApiError(400, f"view must be one of {', '.join(VIEWS)}.")
    conditions.add("task.is_complete = ?", int(view == "archive"))
    if view == "inbox":
        conditions.add("(task.date IS NULL OR task.date <= ?)", _today(call))
    elif view == "future":
        conditions.add("task.date > ?", _today(call))


def get_task(call: Call) -> JsonValue:
    """Answer one task."""
    return pick(load_task(call, call.id), call.fields)


def create_task(call: Call) -> JsonValue:
    """Make a task of a lead, assigned to the caller unless the body says otherwise."""
    reader = BodyReader.of(call)
    reader.require("lead_id")
    reader.choice("_type", ("lead",))
    columns = _read(call, reader)
    lead_id = reader.reference_id("lead_id", call.connection, "lead")
    reader.finish()
    task_id = call.world.new_id("task_")
    found: dict[str, SqlValue] = {"text": "", "is_complete": 0, "assigned_to": call.caller.user_id, **columns}
    insert_row(call, "task", {**found, "id": task_id, "lead_id": lead_id, **new_stamps(call)})
    return pick(announce_created(call, TASK, task_id), call.fields)


def change_task(call: Call) -> JsonValue:
    """Change what the body names; a task that becomes complete gives a `completed` event too."""
    before = load_task(call, call.id)
    reader = BodyReader.of(call)
    columns = _read(call, reader)
    reader.finish()
    after = change_object(call, TASK, call.id, lambda: update_row(call, "task", call.id, columns))
    if after["is_complete"] and not before["is_complete"]:
        event = Event("task.lead", "completed", call.id, lead_id=str(after["lead_id"]), data=after)
        write_events(call.connection, [event], call_origin(call))
    return pick(after, call.fields)


def _read(call: Call, reader: BodyReader) -> dict[str, SqlValue]:
    if reader.has("text") and reader.body["text"] is None:
        raise FieldsError({"text": "Must be text."})
    columns: dict[str, SqlValue] = {
        "text": reader.text("text"),
        "date": reader.date("date"),
        "is_complete": int(reader.flag("is_complete", default=False)),
        "assigned_to": reader.reference_id("assigned_to", call.connection, "user"),
        "contact_id": reader.reference_id("contact_id", call.connection, "contact"),
    }
    return given_columns(reader, columns)


def remove_task(call: Call) -> JsonValue:
    """Remove a task; answers an empty object."""
    remove_object(call, TASK, call.id)
    return {}


ROUTES = (
    Route("GET", "/task/", list_tasks),
    Route("POST", "/task/", create_task, is_write=True),
    Route("GET", "/task/{id}/", get_task),
    Route("PUT", "/task/{id}/", change_task, is_write=True),
    Route("DELETE", "/task/{id}/", remove_task, is_write=True),
)
