"""What names can be resolved: custom fields, sending accounts, phone numbers."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, flag
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import NotFoundError
from bulkplan.sandbox.objects import (
    connected_account_object,
    custom_field_object,
    phone_number_object,
)
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.rows import Row, fetch_all, text

JsonObject = dict[str, JsonValue]

OBJECT_TYPES = ("lead", "contact", "opportunity")

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


def custom_field(call: Call, field_id: str) -> JsonObject:
    """Read one custom field, own or shared; raises NotFoundError."""
    return _field(call, FIELDS.row(call, field_id))


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
    Route("GET", "/connected_account/", list_accounts),
    Route("GET", "/connected_account/{id}/", ACCOUNTS.get),
    Route("GET", "/phone_number/", list_numbers),
    Route("GET", "/phone_number/{id}/", NUMBERS.get),
)
