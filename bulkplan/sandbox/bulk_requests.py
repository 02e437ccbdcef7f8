"""Which bulk actions are accepted: the body of a create, checked per kind, and what it will do, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.call import Call
from bulkplan.sandbox.custom_fields import (
    OPERATIONS,
    CustomField,
    FieldValueError,
    find_fields,
    label_of,
    read_values,
)
from bulkplan.sandbox.errors import REQUIRED, FieldsError
from bulkplan.sandbox.rows import Row, fetch_one, parsed, text

JsonObject = dict[str, JsonValue]

SELECTION_KEYS = frozenset({"s_query", "results_limit", "sort", "send_done_email", "query"})
KIND_KEYS: Mapping[str, frozenset[str]] = {
    "edit": frozenset(
        {
            "type", "lead_status_id", "custom_field_id", "custom_field_name", "custom_field_value",
            "custom_field_values", "custom_field_operation",
        }
    ),
    "delete": frozenset(),
    "email": frozenset({"template_id", "contact_preference", "email_account_id", "sender"}),
    "sequence_subscription": frozenset(
        {
            "action_type", "sequence_id", "sender_account_id", "sender_name", "sender_email", "contact_preference",
            "from_phone_number_id", "calls_assigned_to",
        }
    ),
}  # fmt: skip
"""Keys of a create besides the selection. Source: Close API, "Bulk Actions"."""

EDIT_TYPES = ("set_lead_status", "clear_custom_field", "set_custom_field")
CONTACT_PREFERENCES = ("lead", "contact")
ACTION_TYPES = ("subscribe", "resume", "resume_finished", "pause")


@dataclass(frozen=True)
class Effect:
    """
    What an accepted action does.

    `answer`: the keys its kind adds to the JSON of the action. `doing`: what the effects need, in JSON.
    """

    answer: JsonObject
    doing: JsonObject


def read_effect(call: Call, kind: str, body: JsonObject) -> Effect:
    """
    Check the keys of a kind; the selection is checked elsewhere.

    Raises:
        FieldsError: naming each wrong key.
    """
    refuse_unknown_keys(call, kind, body)
    readers: Mapping[str, Callable[[Call, JsonObject], Effect]] = {
        "edit": _edit,
        "delete": lambda _call, _body: Effect({"bulk_object_type": "lead"}, {}),
        "email": _email,
        "sequence_subscription": _sequence_subscription,
    }
    return readers[kind](call, body)


def refuse_unknown_keys(call: Call, kind: str, body: JsonObject) -> None:
    """Refuse keys nobody knows, where the settings say so; raises FieldsError."""
    unknown = sorted(body.keys() - SELECTION_KEYS - KIND_KEYS[kind])
    if unknown and call.settings.open_questions.unknown_keys_are_refused:
        raise FieldsError(dict.fromkeys(unknown, "Unknown field."))


def _edit(call: Call, body: JsonObject) -> Effect:
    edit_type = _one_of(body, "type", EDIT_TYPES)
    answer: JsonObject = {
        "type": edit_type,
        "lead_status_id": None,
        "custom_field_name": None,
        "custom_field_value": None,
    }
    if edit_type == "set_lead_status":
        status = _existing(call, body, "lead_status_id", "lead_status", "Is not a lead status of this organization.")
        return Effect({**answer, "lead_status_id": status["id"]}, {"lead_status_id": status["id"]})
    field = _field(call, body)
    answer["custom_field_name"] = field.name
    if edit_type == "clear_custom_field":
        return Effect(answer, {"field_id": field.id, "operation": "clear"})
    operation = _operation(body, field)
    key, values = _values(body)
    try:
        stored = read_values(
            call.connection, field, values, enforce_choices=call.settings.open_questions.choices_are_enforced
        )
    except FieldValueError as error:
        raise FieldsError({key: str(error)}) from error
    if key == "custom_field_value":
        answer["custom_field_value"] = label_of(body[key])
    columns: list[JsonValue] = [[value.text, value.number, value.moment] for value in stored]
    return Effect(answer, {"field_id": field.id, "operation": operation, "values": columns})


def _field(call: Call, body: JsonObject) -> CustomField:
    given = [key for key in ("custom_field_id", "custom_field_name") if body.get(key) is not None]
    if len(given) != 1:
        message = REQUIRED if not given else "Give custom_field_id or custom_field_name, not both."
        raise FieldsError({"custom_field_id": message})
    (key,) = given
    fields = find_fields(call.connection, "lead", key=key.removeprefix("custom_field_"), value=_text(body, key))
    if len(fields) != 1:
        raise FieldsError({key: "Several fields have this name." if fields else "Is not a custom field of leads."})
    return fields[0]


def _operation(body: JsonObject, field: CustomField) -> str:
    if body.get("custom_field_operation") is None:
        return "replace"
    operation = _one_of(body, "custom_field_operation", OPERATIONS)
    if operation != "replace" and not field.is_list:
        raise FieldsError({"custom_field_operation": f"The field {field.name} does not accept multiple values."})
    return operation


def _values(body: JsonObject) -> tuple[str, list[JsonValue]]:
    given = [key for key in ("custom_field_value", "custom_field_values") if body.get(key) is not None]
    if len(given) != 1:
        message = REQUIRED if not given else "Give custom_field_value or custom_field_values, not both."
        raise FieldsError({"custom_field_value": message})
    (key,) = given
    value = body[key]
    if key == "custom_field_value":
        return key, [value]
    if not isinstance(value, list) or not value:
        raise FieldsError({key: "Must be a list, not empty."})
    return key, value


def _email(call: Call, body: JsonObject) -> Effect:
    template = _existing(call, body, "template_id", "email_template", "Is not an email template of this organization.")
    if template["is_archived"]:
        raise FieldsError({"template_id": "This template is archived."})
    preference = _one_of(body, "contact_preference", CONTACT_PREFERENCES)
    account = _account(call, body)
    sender = body.get("sender")
    if sender is None:
        sender = _default_sender(account)
    elif not isinstance(sender, str) or "@" not in sender:
        raise FieldsError({"sender": "Must be an email address, with or without a name."})
    answer: JsonObject = {
        "template_id": template["id"],
        "contact_preference": preference,
        "email_account_id": account["id"],
        "sender": sender,
    }
    return Effect(answer, {**answer, "subject": template["subject"]})


def _account(call: Call, body: JsonObject) -> Row:
    """Without an account the first one of the key's owner sends."""
    if body.get("email_account_id") is not None:
        message = "Is not a sending account of this organization."
        return _existing(call, body, "email_account_id", "connected_account", message)
    found = fetch_one(
        call.connection, "SELECT * FROM connected_account WHERE user_id = ? ORDER BY position", (call.caller.user_id,)
    )
    if found is None:
        raise FieldsError({"email_account_id": REQUIRED})
    return found


def _default_sender(account: Row) -> str:
    identities = parsed(account["identities"])
    first = identities[0] if isinstance(identities, list) and identities else None
    if isinstance(first, dict) and first.get("name"):
        return f"{first['name']} <{first['email']}>"
    return str(account["email"])


def _sequence_subscription(call: Call, body: JsonObject) -> Effect:
    action_type = _one_of(body, "action_type", ACTION_TYPES)
    is_new = action_type == "subscribe"
    names = ("sender_account_id", "sender_name", "sender_email", "contact_preference")
    missing = [name for name in ("sequence_id", *names) if is_new and body.get(name) is None]
    if missing:
        raise FieldsError(dict.fromkeys(missing, REQUIRED))
    answer: JsonObject = {
        "action_type": action_type,
        "sequence_id": _optional(call, body, "sequence_id", "sequence"),
        "contact_preference": _optional_preference(body),
        "sender_account_id": _optional(call, body, "sender_account_id", "connected_account"),
        "sender_name": _optional_text(body, "sender_name"),
        "sender_email": _optional_text(body, "sender_email"),
        "from_phone_number_id": _optional(call, body, "from_phone_number_id", "phone_number"),
        "calls_assigned_to": _callers(call, body),
    }
    return Effect(answer, answer)


def _callers(call: Call, body: JsonObject) -> list[JsonValue] | None:
    given = body.get("calls_assigned_to")
    if given is None:
        return None
    if not isinstance(given, list):
        raise FieldsError({"calls_assigned_to": "Must be a list of user ids."})
    for user_id in given:
        _existing(
            call, {"calls_assigned_to": user_id}, "calls_assigned_to", "user", "Is not a user of this organization."
        )
    return given


def _optional(call: Call, body: JsonObject, key: str, table: str) -> str | None:
    if body.get(key) is None:
        return None
    return text(_existing(call, body, key, table, f"Is not a {table} of this organization.".replace("_", " ")), "id")


def _optional_preference(body: JsonObject) -> str | None:
    if body.get("contact_preference") is None:
        return None
    return _one_of(body, "contact_preference", CONTACT_PREFERENCES)


def _optional_text(body: JsonObject, key: str) -> str | None:
    return None if body.get(key) is None else _text(body, key)


def _text(body: JsonObject, key: str) -> str:
    value = body.get(key)
    if value is None:
        raise FieldsError({key: REQUIRED})
    if not isinstance(value, str):
        raise FieldsError({key: "Must be text."})
    return value


def _one_of(body: JsonObject, key: str, allowed: tuple[str, ...]) -> str:
    value = _text(body, key)
    if value not in allowed:
        raise FieldsError({key: f"Must be one of {', '.join(allowed)}."})
    return value


_SELECT = {
    table: f"SELECT * FROM {table} WHERE id = ?"  # noqa: S608 - own names
    for table in ("lead_status", "email_template", "connected_account", "sequence", "phone_number", "user")
}


def _existing(call: Call, body: JsonObject, key: str, table: str, message: str) -> Row:
    row = fetch_one(call.connection, _SELECT[table], (_text(body, key),))
    if row is None:
        raise FieldsError({key: message})
    return row
