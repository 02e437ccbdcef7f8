"""What the organization's own things look like in JSON: users, fields, templates, sequences, views."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from bulkplan.sandbox.rows import Row, parsed

JsonObject = dict[str, JsonValue]


def without(row: Mapping[str, JsonValue], *names: str) -> JsonObject:
    """Return a row less some columns."""
    return {key: value for key, value in row.items() if key not in names}


def naive(moment: JsonValue) -> JsonValue:
    """Write a timestamp without its offset, as newer resources do. Source: Close API, "Events", "Sequences"."""
    return moment.removesuffix("+00:00") if isinstance(moment, str) else moment


def user_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a user."""
    return {**without(row, "position"), "organizations": [organization_id]}


def custom_field_object(row: Row, *, organization_id: str, object_types: list[str] | None = None) -> JsonObject:
    """Return a custom field; a shared one names the objects that carry it."""
    found: JsonObject = {
        **without(row, "position", "is_shared"),
        "choices": parsed(row["choices"]),
        "editable_with_roles": parsed(row["editable_with_roles"]),
        "accepts_multiple_values": bool(row["accepts_multiple_values"]),
        "is_shared": bool(row["is_shared"]),
        "organization_id": organization_id,
    }
    if object_types is not None:
        found["associations"] = [
            {"object_type": object_type, "required": False, "editable_with_roles": []} for object_type in object_types
        ]
    return found


def email_template_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return an e-mail template."""
    return {
        **without(row, "position"),
        "is_archived": bool(row["is_archived"]),
        "is_shared": bool(row["is_shared"]),
        "attachments": [],
        "organization_id": organization_id,
    }


def sequence_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a sequence without the counts of its subscriptions."""
    steps = parsed(row["steps"])
    stamps: JsonObject = {
        "step_allowed_delay": None,
        "created_by_id": row["created_by"],
        "updated_by_id": row["updated_by"],
        "date_created": naive(row["date_created"]),
        "date_updated": naive(row["date_updated"]),
    }
    return {
        **without(row, "position", "created_by", "updated_by"),
        "schedule": parsed(row["schedule"]),
        "steps": [{**stamps, **step} for step in (steps if isinstance(steps, list) else []) if isinstance(step, dict)],
        "created_by_id": row["created_by"],
        "updated_by_id": row["updated_by"],
        "date_created": naive(row["date_created"]),
        "date_updated": naive(row["date_updated"]),
        "organization_id": organization_id,
    }


def subscription_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a contact's subscription of a sequence."""
    return {
        **without(row, "bulk_action_id", "created_by", "updated_by"),
        "calls_assigned_to": parsed(row["calls_assigned_to"]),
        "created_by_id": row["created_by"],
        "updated_by_id": row["updated_by"],
        "start_date": naive(row["start_date"]),
        "date_created": naive(row["date_created"]),
        "date_updated": naive(row["date_updated"]),
        "organization_id": organization_id,
    }


def connected_account_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a sending account."""
    return {
        **without(row, "position", "type"),
        "_type": row["type"],
        "identities": parsed(row["identities"]),
        "enabled_features": ["email_sending", "email_syncing"],
        "organization_id": organization_id,
    }


def phone_number_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a phone number of the organization."""
    return {
        **without(row, "position"),
        "is_group_number": bool(row["is_group_number"]),
        "sms_enabled": row["type"] == "internal",
        "mms_enabled": False,
        "supports_sms_to_countries": [row["country"]] if row["country"] else [],
        "supports_mms_to_countries": [],
        "is_premium": False,
        "is_verified": True,
        "was_ported": False,
        "carrier": "twilio",
        "carrier_type": "local",
        **dict.fromkeys(("address_id", "bundle_id", "last_billed_price", "next_billing_on")),
        "organization_id": organization_id,
    }


def smart_view_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a smart view; its `s_query` wraps the node. Source: Close API, "Smart Views"."""
    dependent = row["is_user_dependent"]
    return {
        **without(row, "position"),
        "s_query": parsed(row["s_query"]),
        "is_shared": bool(row["is_shared"]),
        "is_user_dependent": None if dependent is None else bool(dependent),
        "sharing_settings": parsed(row["sharing_settings"]),
        "selected_fields": parsed(row["selected_fields"]),
        "shared_with": [],
        "organization_id": organization_id,
    }
