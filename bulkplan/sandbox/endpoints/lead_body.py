"""What a client may write of a lead: the body of POST and PUT, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.call import Call
from bulkplan.sandbox.custom_fields import (
    CustomField,
    FieldValueError,
    StoredValue,
    change_values,
    clear_values,
    find_fields,
    read_values,
)
from bulkplan.sandbox.errors import FieldsError
from bulkplan.sandbox.rows import fetch_all, text

JsonObject = dict[str, JsonValue]

TEXT_KEYS = ("name", "description", "url")
ADDRESS_KEYS = ("label", "address_1", "address_2", "city", "state", "zipcode", "country")
_CUSTOM_KEY = re.compile(r"custom\.(.+?)(?:\.(add|remove))?", re.DOTALL)


@dataclass(frozen=True)
class FieldWrite:
    """One change of a custom field: `clear`, `replace`, `add` or `remove`."""

    field_id: str
    operation: str
    values: tuple[StoredValue, ...] = ()

    def write(self, call: Call, object_ids: Sequence[str]) -> None:
        """Carry the change out on objects."""
        if self.operation == "clear":
            clear_values(call.connection, self.field_id, object_ids)
        else:
            change_values(call.connection, self.field_id, object_ids, self.values, operation=self.operation)


@dataclass(frozen=True)
class LeadBody:
    """A checked body: columns to set, the status if it is named, custom fields, addresses if they are named."""

    columns: Mapping[str, str | None]
    status_id: str | None
    field_writes: tuple[FieldWrite, ...]
    addresses: tuple[Mapping[str, str | None], ...] | None


def read_lead_body(call: Call, body: JsonObject) -> LeadBody:
    """
    Check the body of a lead.

    Raises:
        FieldsError: every key that is wrong.

    Source: Close API, "Leads".
    """
    wrong: dict[str, str] = {}
    columns = read_texts(body, TEXT_KEYS, wrong)
    status_id = _status_id(call, body, wrong)
    field_writes = read_field_writes(call, body, "lead", wrong)
    addresses = _addresses(body, wrong)
    if wrong:
        raise FieldsError(wrong)
    return LeadBody(columns, status_id, field_writes, addresses)


def read_texts(body: JsonObject, keys: Sequence[str], wrong: dict[str, str]) -> dict[str, str | None]:
    """Take the text keys that are given; what is neither text nor null is noted in `wrong`."""
    found: dict[str, str | None] = {}
    for key in keys:
        value = body.get(key)
        if value is None or isinstance(value, str):
            if key in body:
                found[key] = value
        else:
            wrong[key] = "Must be text."
    return found


def _status_id(call: Call, body: JsonObject, wrong: dict[str, str]) -> str | None:
    given = [key for key in ("status_id", "status") if key in body]
    if not given:
        return None
    if len(given) == 2:
        wrong["status"] = "Give status or status_id, not both."
        return None
    (key,) = given
    column = {"status_id": "id", "status": "label"}[key]
    rows = fetch_all(call.connection, "SELECT id, label FROM lead_status")
    found = [text(row, "id") for row in rows if row[column] == body[key]]
    if len(found) != 1:
        wrong[key] = "Is not a lead status of this organization."
        return None
    return found[0]


def read_field_writes(call: Call, body: JsonObject, object_type: str, wrong: dict[str, str]) -> tuple[FieldWrite, ...]:
    """
    Take the `custom.cf_...` keys, also with `.add` and `.remove`; faults are noted in `wrong`.

    The older ways to name a field are taken too: `custom.Industry`, and `custom` with an object of values by name.
    Source: Close API, "Custom Fields".
    """
    writes: list[FieldWrite] = []
    for key, value in _custom_keys(body, wrong).items():
        try:
            writes.append(_field_write(call, key, value, object_type))
        except FieldValueError as error:
            wrong[key] = str(error)
    return tuple(writes)


def _custom_keys(body: JsonObject, wrong: dict[str, str]) -> JsonObject:
    by_name = body.get("custom")
    if by_name is not None and not isinstance(by_name, dict):
        wrong["custom"] = "Must be an object of values by the name of their field."
    named = {f"custom.{name}": value for name, value in by_name.items()} if isinstance(by_name, dict) else {}
    return {**named, **{key: value for key, value in body.items() if key.startswith("custom.")}}


def _field_write(call: Call, key: str, value: JsonValue, object_type: str) -> FieldWrite:
    found = _CUSTOM_KEY.fullmatch(key)
    fields = _fields_named(call, object_type, found[1]) if found else []
    if found is None or not fields:
        raise FieldValueError(f"Is not a custom field of {object_type}s.")
    if len(fields) > 1:
        raise FieldValueError("Several fields have this name.")
    field, operation = fields[0], found[2] or "replace"
    if operation != "replace" and not field.is_list:
        raise FieldValueError(f"The field {field.name} does not accept multiple values.")
    if value is None or value == []:
        return FieldWrite(field.id, "clear")
    return FieldWrite(field.id, operation, _values(call, field, value))


def _fields_named(call: Call, object_type: str, id_or_name: str) -> list[CustomField]:
    by_id = find_fields(call.connection, object_type, key="id", value=id_or_name)
    return by_id or find_fields(call.connection, object_type, key="name", value=id_or_name)


def _values(call: Call, field: CustomField, value: JsonValue) -> tuple[StoredValue, ...]:
    values = value if isinstance(value, list) else [value]
    enforce = call.settings.open_questions.choices_are_enforced
    return read_values(call.connection, field, values, enforce_choices=enforce)


def _addresses(body: JsonObject, wrong: dict[str, str]) -> tuple[Mapping[str, str | None], ...] | None:
    given = body.get("addresses")
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        wrong["addresses"] = "Must be a list of objects."
        return None
    return tuple(
        {"label": "business", **read_texts(item, ADDRESS_KEYS, wrong)} for item in given if isinstance(item, dict)
    )
