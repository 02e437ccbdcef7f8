"""What activities look like in JSON: notes, calls, e-mails, meetings, messages, changes of status."""

from __future__ import annotations

import html
import sqlite3
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from bulkplan.sandbox.rows import Row, fetch_one, optional_text, parsed

JsonObject = dict[str, JsonValue]

SELECT_ACTIVITY = """
    SELECT activity.*, (SELECT first_name || ' ' || last_name FROM user WHERE user.id = activity.user_id) AS user_name
    FROM activity"""

ACTIVITY_TYPES = {
    "email": "Email",
    "call": "Call",
    "note": "Note",
    "meeting": "Meeting",
    "sms": "SMS",
    "lead_status_change": "LeadStatusChange",
    "opportunity_status_change": "OpportunityStatusChange",
    "custom_activity": "CustomActivity",
}
"""`_type` of each kind of activity. Source: Close API, "Activities"."""

DISPOSITIONS = {
    "completed": "answered", "no-answer": "no-answer", "busy": "busy", "failed": "error", "cancel": "no-answer",
    "timeout": "no-answer",
}  # fmt: skip
"""`disposition` of a call by its status. Source: Close API, "Calls", for the words."""


def user_name(connection: sqlite3.Connection, user_id: str | None) -> str | None:
    """Return the full name of a user; None for nobody."""
    row = fetch_one(connection, "SELECT first_name || ' ' || last_name AS name FROM user WHERE id = ?", (user_id,))
    return None if row is None else str(row["name"])


def activity_object(row: Row, *, labels: Mapping[str, str], organization_id: str) -> JsonObject:
    """
    Return any activity, with the keys its kind has.

    Args:
        row: of `activity`; columns that do not concern the kind may be missing.
        labels: labels of lead and opportunity statuses by id.
        organization_id: goes into the object.
    """
    kind = str(row.get("kind"))
    shape = _SHAPES.get(kind)
    own = {} if shape is None else shape(row)
    if kind.endswith("_status_change"):
        own = _status_change(row, labels)
    return {**_common(row, ACTIVITY_TYPES[kind], organization_id), **own}


def email_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return an e-mail activity."""
    return activity_object({**row, "kind": "email"}, labels={}, organization_id=organization_id)


def status_change_object(row: Row, *, labels: Mapping[str, str], organization_id: str) -> JsonObject:
    """Return a change of a lead's status; `labels` by status id."""
    return activity_object({**row, "kind": "lead_status_change"}, labels=labels, organization_id=organization_id)


def _common(row: Row, activity_type: str, organization_id: str) -> JsonObject:
    user_id = row.get("user_id")
    return {
        "id": row["id"],
        "_type": activity_type,
        "lead_id": row["lead_id"],
        "contact_id": row.get("contact_id"),
        "user_id": user_id,
        "user_name": row.get("user_name"),
        "created_by": row.get("created_by") or user_id,
        "updated_by": row.get("updated_by") or row.get("created_by") or user_id,
        "users": [],
        "date_created": row["date_created"],
        "date_updated": row["date_updated"],
        "activity_at": row["activity_at"],
        "organization_id": organization_id,
    }


def _noted(row: Row) -> JsonObject:
    note = optional_text(row, "note") or ""
    written = row.get("note_html")
    return {"note": note, "note_html": written if isinstance(written, str) else as_html(note)}


def as_html(text: str) -> str:
    """Write plain text as the rich text Close keeps beside it: a paragraph per line."""
    return f"<body>{''.join(f'<p>{html.escape(line, quote=False)}</p>' for line in text.split(chr(10)))}</body>"


def _note(row: Row) -> JsonObject:
    return {**_noted(row), "title": None, "attachments": [], "note_mentions": [], "pinned": False, "pinned_at": None}


def _call(row: Row) -> JsonObject:
    status = row.get("status") or "completed"
    phone = row.get("phone")
    return {
        **_noted(row),
        "direction": row.get("direction") or "outbound",
        "status": status,
        "disposition": DISPOSITIONS.get(str(status)),
        "duration": row.get("duration") or 0,
        "phone": phone,
        "remote_phone": phone,
        "remote_phone_formatted": phone,
        "local_phone": None,
        "recording_url": row.get("recording_url"),
        "voicemail_url": None,
        "voicemail_duration": None,
        "call_method": "external",
        "source": "External",
        "outcome_id": None,
        "dialer_id": None,
        "cost": "0",
    }


def _email(row: Row) -> JsonObject:
    names = (
        "direction", "status", "subject", "sender", "template_id", "bulk_email_action_id", "sequence_subscription_id",
        "date_sent", "email_account_id",
    )  # fmt: skip
    body_text, body_html = row.get("body_text"), row.get("body_html")
    return {
        **{name: row.get(name) for name in names},
        "to": parsed(row.get("to_addresses")) or [],
        "cc": [],
        "bcc": [],
        "body_text": body_text or "",
        "body_html": body_html or "",
        "body_preview": str(body_text or "")[:200],
        "has_reply": bool(row.get("has_reply")),
        "opens": [],
        "attachments": [],
        "date_scheduled": None,
        "in_reply_to_id": None,
        "thread_id": None,
    }


def _meeting(row: Row) -> JsonObject:
    return {
        "title": "Meeting",
        "note": row.get("note") or "",
        "status": row.get("status"),
        "starts_at": row["activity_at"],
        "duration": row.get("duration"),
        "attendees": [],
    }


def _sms(row: Row) -> JsonObject:
    return {
        "direction": row.get("direction"),
        "status": row.get("status"),
        "text": row.get("note") or "",
        "local_phone": None,
        "remote_phone": row.get("phone"),
        "attachments": [],
    }


def _custom(row: Row) -> JsonObject:
    return {"custom_activity_type_id": row.get("custom_activity_type_id"), "status": row.get("status") or "published"}


def _status_change(row: Row, labels: Mapping[str, str]) -> JsonObject:
    old, new = row.get("old_status_id"), row.get("new_status_id")
    found: JsonObject = {
        "old_status_id": old,
        "old_status_label": labels.get(str(old)),
        "new_status_id": new,
        "new_status_label": labels.get(str(new)),
    }
    if row.get("opportunity_id") is not None:
        found["opportunity_id"] = row["opportunity_id"]
    return found


_SHAPES: Mapping[str, Callable[[Row], JsonObject]] = {
    "note": _note,
    "call": _call,
    "email": _email,
    "meeting": _meeting,
    "sms": _sms,
    "custom_activity": _custom,
}
