"""What a bulk action did, as a spec writes it; and what Close does not say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast, get_args

from pydantic import JsonValue

from bulkplan.core.field_table import CUSTOM_TYPES, FieldType
from bulkplan.core.resolve import (
    CUSTOM_FIELD,
    LEAD_STATUS,
    SEQUENCE,
    TEMPLATE,
    Known,
    find_lead_field,
    known_fields,
    known_sequences,
    known_statuses,
    known_users,
    name_or_id,
)
from bulkplan.core.senders import SendingIdentity, find_sender
from bulkplan.core.spec_draft import ActionWords, typed_value
from bulkplan.core.written_filter import as_written
from bulkplan.errors import Problem, UsageError
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.model.spec import ActionType


@dataclass(frozen=True)
class RanAction:
    """The action in plain data, and what it did that a spec cannot say, in words."""

    data: JsonObject
    unsaid: tuple[str, ...] = field(default=())

    @property
    def type(self) -> ActionType:
        """Its type, as specs say it."""
        return cast("ActionType", self.data["type"])


def action_that_ran(kind: BulkKind, action: BulkAction, catalog: Catalog, words: ActionWords) -> RanAction:
    """
    The action of a spec that does what a bulk action did.

    Args:
        kind: Of the bulk action.
        action: As Close lists it.
        catalog: Names for its IDs; an ID without a name stays.
        words: What a person says about it where Close does not: field, values.

    Raises:
        UsageError: It did something that no spec does, or Close does not say what, and nobody else did.
    """
    if kind == "delete":
        if action.bulk_object_type not in (None, "lead"):
            raise _no_form(action, f"it deleted objects of type {action.bulk_object_type}, not leads")
        return RanAction({"type": "delete"})
    if kind == "email":
        return _email(action, catalog)
    if kind == "sequence_subscription":
        return _sequence(action, catalog)
    if action.type == "set_lead_status":
        known = known_statuses(catalog.lead_statuses)
        status = name_or_id(action.lead_status_id or "", known, noun=LEAD_STATUS)
        return RanAction({"type": "set_lead_status", "status": as_written(status)})
    if action.type in ("set_custom_field", "clear_custom_field"):
        return _custom_field(action, catalog, words)
    raise _no_form(action, f"it is an edit of type {action.type}")


def _email(action: BulkAction, catalog: Catalog) -> RanAction:
    known = tuple(Known(one.id, (one.name,), one) for one in catalog.templates if not one.is_archived)
    template = name_or_id(action.template_id or "", known, noun=TEMPLATE)
    return RanAction(
        {
            "type": "email",
            "template": as_written(template),
            "sender": as_written(_sender(action.sender, action.email_account_id, catalog)),
            "contact_preference": action.contact_preference or "lead",
        }
    )


def _sender(label: str | None, account_id: str | None, catalog: Catalog) -> str:
    """Name and address as they were sent, where these mean the same account now; else the account."""
    if label is not None:
        found = find_sender(label, catalog, ())
        if isinstance(found, SendingIdentity) and found.account.id == account_id and found.label == label:
            return label
    return account_id or label or ""


def _sequence(action: BulkAction, catalog: Catalog) -> RanAction:
    action_type = f"sequence_{action.action_type}"
    if action_type not in get_args(ActionType):
        raise _no_form(action, f"it did {action.action_type} to sequence subscriptions")
    data: JsonObject = {"type": action_type}
    if action.sequence_id is None:
        return RanAction({**data, "all_sequences": True})
    data["sequence"] = as_written(name_or_id(action.sequence_id, known_sequences(catalog), noun=SEQUENCE))
    if action_type != "sequence_subscribe":
        return RanAction(data)
    label = f"{action.sender_name} <{action.sender_email}>" if action.sender_name else action.sender_email
    data["sender"] = as_written(_sender(label, action.sender_account_id, catalog))
    data["contact_preference"] = action.contact_preference or "lead"
    return RanAction(data, tuple(_phone_words(action)))


def _phone_words(action: BulkAction) -> list[str]:
    told = []
    if action.from_phone_number_id:
        told.append(f"it had a number to call from ({action.from_phone_number_id})")
    if action.calls_assigned_to:
        told.append(f"its calls were assigned to {', '.join(action.calls_assigned_to)}")
    return told


def _custom_field(action: BulkAction, catalog: Catalog, words: ActionWords) -> RanAction:
    named = words.field or action.custom_field_name or ""
    found = find_lead_field(named, catalog, ())
    if isinstance(found, Problem):
        hint = f"{found.hint or ''}; give the field that was meant: --field ID".lstrip("; ")
        raise UsageError(f"{action.id} edited the custom field “{named}”: {found.message}", hint=hint)
    name = name_or_id(found.id, known_fields(catalog.lead_fields), noun=CUSTOM_FIELD)
    data: JsonObject = {"type": action.type, "field": as_written(name)}
    if action.type == "clear_custom_field":
        return RanAction(data)
    said: tuple[JsonValue, ...] = words.value
    if not said and action.custom_field_value is None:
        raise UsageError(
            f"Close does not say which values {action.id} wrote into “{name}”",
            hint="give them: --value A --value B, with --operation add or remove where it did not replace",
        )
    given = said or (action.custom_field_value,)
    type_ = CUSTOM_TYPES.get(found.item.type, FieldType.OTHER)
    values = [as_written(_named(typed_value(value, type_), type_, catalog)) for value in given]
    is_list = len(values) > 1 or (found.item.accepts_multiple_values and action.custom_field_value is None)
    data |= {"values": values} if is_list else {"value": values[0]}
    if words.operation not in (None, "replace"):
        data["operation"] = words.operation
    return RanAction(data)


def _named(value: JsonValue, type_: FieldType, catalog: Catalog) -> JsonValue:
    """The name of a user for an ID."""
    if type_ is not FieldType.USER or not isinstance(value, str):
        return value
    return next((user.name for user in known_users(catalog) if user.id == value), value)


def _no_form(action: BulkAction, what: str) -> UsageError:
    return UsageError(f"no spec can do what {action.id} did: {what}", hint="it stays in Close, and in bulkplan audit")
