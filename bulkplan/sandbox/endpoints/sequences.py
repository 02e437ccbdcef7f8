"""Sequences and subscriptions of them: list, read, make, change."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.endpoints.body_reader import BodyReader, given_columns
from bulkplan.sandbox.endpoints.changes import (
    Kind,
    announce_created,
    change_object,
    insert_row,
    new_stamps,
    next_position,
    remove_object,
    update_row,
)
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import ApiError, FieldsError
from bulkplan.sandbox.objects import naive, sequence_object, subscription_object
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.rows import SqlValue, compact, fetch_all, fetch_one, text

JsonObject = dict[str, JsonValue]

STEP_TYPES = ("email", "call", "sms", "task")
STATUSES = ("active", "paused", "draft")
SUBSCRIPTION_STATUSES = ("active", "paused", "finished", "goal", "error")

SEQUENCES = Table(
    "SELECT * FROM sequence",
    "position, id",
    lambda call, row: sequence_object(row, organization_id=call.organization_id),
)
SUBSCRIPTIONS = Table(
    "SELECT * FROM sequence_subscription",
    "date_created DESC, id",
    lambda call, row: subscription_object(row, organization_id=call.organization_id),
)


def load_sequence(call: Call, sequence_id: str) -> JsonObject:
    """Read one sequence, with its subscriptions counted by status; raises NotFoundError."""
    found = SEQUENCES.shape(call, SEQUENCES.row(call, sequence_id))
    rows = fetch_all(
        call.connection,
        "SELECT status, count(*) AS n FROM sequence_subscription WHERE sequence_id = ? GROUP BY status",
        (sequence_id,),
    )
    counted = {text(row, "status"): row["n"] for row in rows}
    return {
        **found,
        "subscription_counts_by_status": {status: counted.get(status, 0) for status in SUBSCRIPTION_STATUSES},
    }


def load_subscription(call: Call, subscription_id: str) -> JsonObject:
    """Read one subscription; raises NotFoundError."""
    return SUBSCRIPTIONS.shape(call, SUBSCRIPTIONS.row(call, subscription_id))


SEQUENCE = Kind("sequence", "sequence", load_sequence)
SUBSCRIPTION = Kind("sequence_subscription", "sequence_subscription", load_subscription)


def get_sequence(call: Call) -> JsonValue:
    """Answer one sequence, with its subscriptions counted by status. Source: Close API, "Sequences"."""
    return pick(load_sequence(call, call.id), call.fields)


def create_sequence(call: Call) -> JsonValue:
    """Make a sequence; it is active unless the body says otherwise."""
    reader = BodyReader.of(call)
    reader.require("name")
    columns = _read(call, reader)
    reader.finish()
    sequence_id = call.world.new_id("seq_")
    own: dict[str, SqlValue] = {"id": sequence_id, "position": next_position(call, "sequence")}
    defaults: dict[str, SqlValue] = {"status": "active", "steps": compact([])}
    insert_row(call, "sequence", {**defaults, **columns, **own, **new_stamps(call)})
    return announce_created(call, SEQUENCE, sequence_id)


def change_sequence(call: Call) -> JsonValue:
    """Change what the body names; steps that are left out of `steps` are gone."""
    SEQUENCES.row(call, call.id)
    reader = BodyReader.of(call)
    if reader.has("name"):
        reader.require("name")
    columns = _read(call, reader)
    reader.finish()
    return change_object(call, SEQUENCE, call.id, lambda: update_row(call, "sequence", call.id, columns))


def _read(call: Call, reader: BodyReader) -> dict[str, SqlValue]:
    schedule = reader.body.get("schedule")
    if schedule is not None and not isinstance(schedule, dict):
        reader.wrong["schedule"] = "Must be an object."
    columns: dict[str, SqlValue] = {
        "name": reader.text("name"),
        "status": reader.choice("status", STATUSES),
        "timezone": reader.text("timezone"),
        "schedule": None if schedule is None else compact(schedule),
        "steps": _steps(call, reader),
    }
    found = given_columns(reader, columns)
    return {name: value for name, value in found.items() if value is not None or name in ("timezone", "schedule")}


def _steps(call: Call, reader: BodyReader) -> str | None:
    given = reader.body.get("steps")
    if given is None:
        return None
    former = _former_steps(call) if "id" in call.ids else {}
    steps: list[JsonValue] = []
    for number, item in enumerate(given if isinstance(given, list) else [None]):
        if not isinstance(item, dict):
            reader.wrong["steps"] = "Must be a list of objects."
            continue
        step = BodyReader(item)
        steps.append(_step(call, step, former))
        reader.wrong |= {f"steps.{number}.{key}": message for key, message in step.wrong.items()}
    return compact(steps)


def _former_steps(call: Call) -> dict[str, JsonObject]:
    steps = load_sequence(call, call.id)["steps"]
    return {text(step, "id"): step for step in (steps if isinstance(steps, list) else []) if isinstance(step, dict)}


def _step(call: Call, step: BodyReader, former: dict[str, JsonObject]) -> JsonObject:
    step_id = step.text("id")
    if step_id is not None and step_id not in former:
        step.wrong["id"] = "Is not a step of this sequence."
    before = former.get(step_id or "", {})
    template_id = step.reference_id("email_template_id", call.connection, "email_template")
    moment = naive(call.moment)
    made: JsonObject = {
        "id": step_id or call.world.new_id("seqstep_"),
        "step_type": "email",
        "delay": 0,
        "email_template_id": None,
        "required": True,
        "threading": None,
        "step_allowed_delay": None,
        "created_by_id": call.caller.user_id,
        "updated_by_id": call.caller.user_id,
        "date_created": moment,
        "date_updated": moment,
    }
    given: JsonObject = {
        "step_type": step.choice("step_type", STEP_TYPES),
        "delay": step.whole("delay", low=0),
        "email_template_id": template_id,
        "required": step.flag("required", default=True),
        "threading": step.choice("threading", ("old_thread", "new_thread")),
    }
    return {**made, **before, **{key: value for key, value in given.items() if step.has(key)}}


def list_subscriptions(call: Call) -> JsonValue:
    """Answer subscriptions of a sequence, a contact or a lead; one of the three must be named."""
    names = ("sequence_id", "contact_id", "lead_id")
    conditions = Conditions()
    conditions.add_given(call, *names)
    if not conditions.sql:
        message = f"One of {', '.join(names)} is required."
        raise FieldsError(dict.fromkeys(names, message))
    return SUBSCRIPTIONS.list(call, conditions=conditions.sql, params=conditions.params)


def create_subscription(call: Call) -> JsonValue:
    """Subscribe a contact to a sequence; answers 201. Source: Close API, "Sequences"."""
    reader = BodyReader.of(call)
    reader.require("sequence_id", "contact_id", "sender_account_id", "sender_name", "sender_email")
    contact = reader.reference("contact_id", call.connection, "contact")
    columns: dict[str, SqlValue] = {
        "sequence_id": reader.reference_id("sequence_id", call.connection, "sequence"),
        "sender_account_id": reader.reference_id("sender_account_id", call.connection, "connected_account"),
        "sender_name": reader.text("sender_name"),
        "sender_email": reader.text("sender_email"),
        "calls_assigned_to": reader.json_texts("calls_assigned_to"),
    }
    email = reader.text("contact_email")
    reader.finish()
    contact_id = text(contact or {}, "id")
    _refuse_second(call, contact_id, columns["sequence_id"])
    subscription_id = call.world.new_id("sub_")
    own: dict[str, SqlValue] = {
        "id": subscription_id,
        "contact_id": contact_id,
        "lead_id": text(contact or {}, "lead_id"),
        "contact_email": _address(call, contact_id, email),
        "status": "active",
        "start_date": call.moment,
    }
    insert_row(call, "sequence_subscription", {**columns, **own, **new_stamps(call)})
    return announce_created(call, SUBSCRIPTION, subscription_id)


def _refuse_second(call: Call, contact_id: str, sequence_id: SqlValue) -> None:
    sql = "SELECT 1 FROM sequence_subscription WHERE contact_id = ? AND sequence_id = ? AND status = 'active'"
    if fetch_one(call.connection, sql, (contact_id, sequence_id)) is not None:
        raise ApiError(400, "The contact is subscribed to this sequence already.")


def _address(call: Call, contact_id: str, email: str | None) -> str:
    """Return the address that was named, or else the first one of the contact."""
    sql = "SELECT email FROM contact_email WHERE contact_id = ? ORDER BY position"
    known = [text(row, "email") for row in fetch_all(call.connection, sql, (contact_id,))]
    if not known or (email is not None and email.lower() not in known):
        raise FieldsError({"contact_email": "Is not an address of this contact."})
    return known[0] if email is None else email.lower()


def change_subscription(call: Call) -> JsonValue:
    """Pause, resume or finish a subscription, or change who sends."""
    row = SUBSCRIPTIONS.row(call, call.id)
    reader = BodyReader.of(call)
    columns: dict[str, SqlValue] = {
        "status": reader.choice("status", ("active", "paused", "finished")),
        "sender_account_id": reader.reference_id("sender_account_id", call.connection, "connected_account"),
        "sender_name": reader.text("sender_name"),
        "sender_email": reader.text("sender_email"),
        "calls_assigned_to": reader.json_texts("calls_assigned_to"),
    }
    reader.finish()
    given = given_columns(reader, columns)
    found: dict[str, SqlValue] = {name: value for name, value in given.items() if value is not None}
    if "status" in found and found["status"] != row["status"]:
        found["status_reason"] = "manual" if found["status"] == "paused" else None
    return change_object(call, SUBSCRIPTION, call.id, lambda: update_row(call, "sequence_subscription", call.id, found))


def remove_subscription(call: Call) -> JsonValue:
    """Take a contact out of a sequence for good; answers an empty object."""
    remove_object(call, SUBSCRIPTION, call.id)
    return {}


ROUTES = (
    Route("GET", "/sequence/", SEQUENCES.list),
    Route("POST", "/sequence/", create_sequence, is_write=True),
    Route("GET", "/sequence/{id}/", get_sequence),
    Route("PUT", "/sequence/{id}/", change_sequence, is_write=True),
    Route("GET", "/sequence_subscription/", list_subscriptions),
    Route("POST", "/sequence_subscription/", create_subscription, is_write=True, status=201),
    Route("GET", "/sequence_subscription/{id}/", SUBSCRIPTIONS.get),
    Route("PUT", "/sequence_subscription/{id}/", change_subscription, is_write=True),
    Route("DELETE", "/sequence_subscription/{id}/", remove_subscription, is_write=True),
)
