"""What the organization's own things look like in JSON: users, fields, templates, sequences, views, activities."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from bulkplan.sandbox.rows import Row, optional_text, parsed

JsonObject = dict[str, JsonValue]

ACTIVITY_TYPES = {
    "email": "Email",
    "call": "Call",
    "note": "Note",
    "meeting": "Meeting",
    "sms": "SMS",
    "lead_status_change": "LeadStatusChange",
    "opportunity_status_change": "OpportunityStatusChange",
    "custom_activity": "Custom",
}
"""`_type` of each kind of activity."""


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
    return {
        **without(row, "position", "created_by", "updated_by"),
        "schedule": parsed(row["schedule"]),
        "steps": parsed(row["steps"]),
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


def email_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return an e-mail activity."""
    names = (
        "id", "lead_id", "contact_id", "user_id", "direction", "status", "subject", "sender", "template_id",
        "bulk_email_action_id", "sequence_subscription_id", "date_created", "date_updated", "date_sent", "activity_at",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names},
        "_type": "Email",
        "to": parsed(row["to_addresses"]) or [],
        "has_reply": bool(row["has_reply"]),
        "organization_id": organization_id,
    }


def status_change_object(row: Row, *, labels: Mapping[str, str], organization_id: str) -> JsonObject:
    """Return a change of a lead's status; `labels` by status id."""
    old, new = optional_text(row, "old_status_id"), optional_text(row, "new_status_id")
    return {
        **{name: row[name] for name in ("id", "lead_id", "user_id", "date_created", "date_updated", "activity_at")},
        "_type": "LeadStatusChange",
        "old_status_id": old,
        "old_status_label": labels.get(old or ""),
        "new_status_id": new,
        "new_status_label": labels.get(new or ""),
        "organization_id": organization_id,
    }


def activity_object(row: Row, *, labels: Mapping[str, str], organization_id: str) -> JsonObject:
    """Return any activity, with the keys its kind has."""
    kind = row["kind"]
    if kind == "email":
        return email_object(row, organization_id=organization_id)
    if kind == "lead_status_change":
        return status_change_object(row, labels=labels, organization_id=organization_id)
    names = ("id", "lead_id", "contact_id", "user_id", "date_created", "date_updated", "activity_at")
    extras = ("direction", "status", "note", "duration", "opportunity_id", "old_status_id", "new_status_id",
              "custom_activity_type_id")  # fmt: skip
    return {
        **{name: row[name] for name in names},
        **{name: row[name] for name in extras if row[name] is not None},
        "_type": ACTIVITY_TYPES[str(kind)],
        "organization_id": organization_id,
    }
