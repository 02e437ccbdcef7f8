"""What names can be resolved: custom fields, templates, sequences, sending accounts, phone numbers."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, flag
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import FieldsError, NotFoundError
from bulkplan.sandbox.objects import (
    connected_account_object,
    custom_field_object,
    email_template_object,
    phone_number_object,
    sequence_object,
    subscription_object,
)
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.rows import Row, fetch_all, text

JsonObject = dict[str, JsonValue]

OBJECT_TYPES = ("lead", "contact", "opportunity")

TEMPLATES = Table(
    "SELECT * FROM email_template",
    "position, id",
    lambda call, row: email_template_object(row, organization_id=call.organization_id),
)
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
ACCOUNTS = Table(
    "SELECT * FROM connected_account",
    "position, id",
    lambda call, row: connected_account_object(row, organization_id=call.organization_id),
)
NUMBERS = Table(
    "SELECT * FROM phone_number",
    "position, id",
    lambda call, row: phone_number_object(row, organization_id=call.organization_id),
)


def _field(call: Call, row: Row) -> JsonObject:
    object_types = None
    if row["is_shared"]:
        rows = fetch_all(
            call.connection,
            "SELECT object_type FROM custom_field_object WHERE custom_field_id = ? ORDER BY object_type DESC",
            (text(row, "id"),),
        )
        object_types = [text(item, "object_type") for item in rows]
    return custom_field_object(row, organization_id=call.organization_id, object_types=object_types)


FIELDS = Table("SELECT * FROM custom_field", "position, id", _field)
_CARRIED = "id IN (SELECT custom_field_id FROM custom_field_object WHERE object_type = ?)"


def list_own_fields(call: Call) -> JsonValue:
    """Answer the fields that belong to one object type alone. Source: Close API, "Lead Custom Fields"."""
    return FIELDS.list(call, conditions=("is_shared = 0", _CARRIED), params=(_object_type(call),))


def list_shared_fields(call: Call) -> JsonValue:
    """Answer the fields that several object types carry. Source: Close API, "Shared Custom Fields"."""
    return FIELDS.list(call, conditions=("is_shared = 1",))


def get_own_field(call: Call) -> JsonValue:
    """Answer one field of an object type."""
    row = FIELDS.row(call, call.id)
    if row["is_shared"] or not _carries(call, _object_type(call)):
        raise NotFoundError
    return pick(_field(call, row), call.fields)


def get_shared_field(call: Call) -> JsonValue:
    """Answer one shared field."""
    row = FIELDS.row(call, call.id)
    if not row["is_shared"]:
        raise NotFoundError
    return pick(_field(call, row), call.fields)


def get_schema(call: Call) -> JsonValue:
    """Answer own and shared fields, in order; not a list. Source: Close API, "Custom Field Schemas"."""
    object_type = _object_type(call)
    sql = f"SELECT * FROM custom_field WHERE {_CARRIED} ORDER BY position, id"  # noqa: S608 - own names
    rows = fetch_all(call.connection, sql, (object_type,))
    found: JsonObject = {
        "name": object_type.capitalize(),
        "object_type": object_type,
        "organization_id": call.organization_id,
        "fields": [_field(call, row) for row in rows],
    }
    return pick(found, call.fields)


def _object_type(call: Call) -> str:
    object_type = call.ids["object_type"]
    if object_type not in OBJECT_TYPES:
        raise NotFoundError
    return object_type


def _carries(call: Call, object_type: str) -> bool:
    rows = fetch_all(
        call.connection,
        "SELECT 1 FROM custom_field_object WHERE custom_field_id = ? AND object_type = ?",
        (call.id, object_type),
    )
    return bool(rows)


def list_templates(call: Call) -> JsonValue:
    """Answer templates, archived ones too unless asked otherwise. Source: Close API, "Email Templates"."""
    conditions = Conditions()
    for name in ("is_archived", "is_shared"):
        wanted = flag(call.query, name)
        if wanted is not None:
            conditions.add(f"{name} = ?", int(wanted))
    return TEMPLATES.list(call, conditions=conditions.sql, params=conditions.params)


def get_sequence(call: Call) -> JsonValue:
    """Answer one sequence, with its subscriptions counted by status. Source: Close API, "Sequences"."""
    found = sequence_object(SEQUENCES.row(call, call.id), organization_id=call.organization_id)
    rows = fetch_all(
        call.connection,
        "SELECT status, count(*) AS n FROM sequence_subscription WHERE sequence_id = ? GROUP BY status",
        (call.id,),
    )
    counted = {text(row, "status"): row["n"] for row in rows}
    statuses = ("active", "paused", "finished", "goal", "error")
    found["subscription_counts_by_status"] = {status: counted.get(status, 0) for status in statuses}
    return pick(found, call.fields)


def list_subscriptions(call: Call) -> JsonValue:
    """Answer subscriptions of a sequence, a contact or a lead; one of the three must be named."""
    names = ("sequence_id", "contact_id", "lead_id")
    conditions = Conditions()
    conditions.add_given(call, *names)
    if not conditions.sql:
        message = f"One of {', '.join(names)} is required."
        raise FieldsError(dict.fromkeys(names, message))
    return SUBSCRIPTIONS.list(call, conditions=conditions.sql, params=conditions.params)


def list_accounts(call: Call) -> JsonValue:
    """Answer the accounts mail can be sent from. Source: Close API, "Connected Accounts"."""
    conditions = Conditions()
    conditions.add_given(call, "user_id")
    return ACCOUNTS.list(call, conditions=conditions.sql, params=conditions.params)


def list_numbers(call: Call) -> JsonValue:
    """Answer the organization's phone numbers. Source: Close API, "Phone Numbers"."""
    conditions = Conditions()
    conditions.add_given(call, "number", "user_id")
    wanted = flag(call.query, "is_group_number")
    if wanted is not None:
        conditions.add("is_group_number = ?", int(wanted))
    return NUMBERS.list(call, conditions=conditions.sql, params=conditions.params)


def _field_routes(prefix: str) -> tuple[Route, ...]:
    return (
        Route("GET", f"{prefix}/shared/", list_shared_fields),
        Route("GET", f"{prefix}/shared/{{id}}/", get_shared_field),
        Route("GET", f"{prefix}/{{object_type}}/", list_own_fields),
        Route("GET", f"{prefix}/{{object_type}}/{{id}}/", get_own_field),
    )


ROUTES = (
    *_field_routes("/custom_field"),
    *_field_routes("/custom_fields"),  # the old spelling still works
    Route("GET", "/custom_field_schema/{object_type}/", get_schema),
    Route("GET", "/email_template/", list_templates),
    Route("GET", "/email_template/{id}/", TEMPLATES.get),
    Route("GET", "/sequence/", SEQUENCES.list),
    Route("GET", "/sequence/{id}/", get_sequence),
    Route("GET", "/sequence_subscription/", list_subscriptions),
    Route("GET", "/sequence_subscription/{id}/", SUBSCRIPTIONS.get),
    Route("GET", "/connected_account/", list_accounts),
    Route("GET", "/connected_account/{id}/", ACCOUNTS.get),
    Route("GET", "/phone_number/", list_numbers),
    Route("GET", "/phone_number/{id}/", NUMBERS.get),
)
