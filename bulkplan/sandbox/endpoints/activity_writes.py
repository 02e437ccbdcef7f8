"""Notes, calls and e-mails that a client logs: made and changed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Endpoint, Route
from bulkplan.sandbox.endpoints.activities import PATHS, activity_kind, load_activity
from bulkplan.sandbox.endpoints.body_reader import BodyReader, given_columns
from bulkplan.sandbox.endpoints.changes import announce_created, change_object, insert_row, new_stamps, update_row
from bulkplan.sandbox.errors import FieldsError
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.rows import SqlValue, compact

Columns = dict[str, SqlValue]
Read = Callable[[Call, BodyReader], Columns]

CALL_STATUSES = ("created", "in-progress", "completed", "cancel", "no-answer", "busy", "failed", "timeout")
EMAIL_STATUSES = ("inbox", "draft", "scheduled", "outbox", "sent")
UNSENT = ("draft", "scheduled", "outbox")
NEEDS_SENDER = ("inbox", "scheduled", "outbox")
"""Statuses an e-mail needs a sender for. Source: Close API, "Emails"."""


def _create_of(kind: str) -> Endpoint:
    def answer(call: Call) -> JsonValue:
        reader = BodyReader.of(call)
        reader.require("lead_id")
        lead_id = reader.reference_id("lead_id", call.connection, "lead")
        columns = {**_shared(call, reader), **_READERS[kind](call, reader)}
        reader.finish()
        activity_id = call.world.new_id("acti_")
        defaults: Columns = {
            "activity_at": call.moment,
            **new_stamps(call),
            "user_id": call.caller.user_id,
            **_DEFAULTS.get(kind, {}),
        }
        own: Columns = {"id": activity_id, "kind": kind, "lead_id": lead_id}
        found = {**defaults, **_not_null(columns), **own}
        insert_row(call, "activity", _dated(kind, found))
        return pick(announce_created(call, activity_kind(kind), activity_id), call.fields)

    return answer


def _change_of(kind: str) -> Endpoint:
    def answer(call: Call) -> JsonValue:
        before = load_activity(call, call.id, kind)
        reader = BodyReader.of(call)
        columns = {**_shared(call, reader), **_READERS[kind](call, reader)}
        reader.finish()
        if kind == "email" and columns and before["status"] not in UNSENT:
            raise FieldsError({"status": "Only an email that was not sent yet can be changed."})
        if kind == "email" and columns.get("status") == "sent":
            columns["date_sent"] = call.moment
        found = change_object(
            call, activity_kind(kind), call.id, lambda: update_row(call, "activity", call.id, columns)
        )
        return pick(found, call.fields)

    return answer


def _not_null(columns: Columns) -> Columns:
    return {name: value for name, value in columns.items() if value is not None}


def _shared(call: Call, reader: BodyReader) -> Columns:
    columns: Columns = {
        "user_id": reader.reference_id("user_id", call.connection, "user"),
        "contact_id": reader.reference_id("contact_id", call.connection, "contact"),
        "activity_at": reader.moment("activity_at"),
        "date_created": reader.moment("date_created"),
    }
    return {name: value for name, value in given_columns(reader, columns).items() if value is not None}


def _note(call: Call, reader: BodyReader) -> Columns:
    """Read `note_html` or `note`; setting one overwrites the other, `note_html` wins. Source: Close API, "Notes"."""
    del call
    rich, plain = reader.text("note_html"), reader.text("note")
    if rich is not None:
        return {"note": plain_text(rich), "note_html": rich}
    return {"note": plain or "", "note_html": None} if reader.has("note") or reader.has("note_html") else {}


def plain_text(rich: str) -> str:
    """Take the tags out of rich text; paragraphs and breaks become lines."""
    lines = re.sub(r"(?i)<br\s*/?>|</(p|div|li|h\d)>", "\n", rich)
    return html.unescape(re.sub(r"<[^>]*>", "", lines)).strip()


def _call(call: Call, reader: BodyReader) -> Columns:
    columns: Columns = {
        "direction": reader.choice("direction", ("outbound", "inbound")),
        "status": reader.choice("status", CALL_STATUSES),
        "duration": reader.whole("duration", low=0),
        "phone": reader.text("phone"),
        "recording_url": reader.text("recording_url"),
    }
    url = columns["recording_url"]
    if isinstance(url, str) and not url.startswith("https://"):
        reader.wrong["recording_url"] = "Must begin with https://."
    return {**given_columns(reader, columns), **_note(call, reader)}


def _email(call: Call, reader: BodyReader) -> Columns:
    status = reader.choice("status", EMAIL_STATUSES)
    if status is None and call.method == "POST":
        reader.require("status")
    if status in NEEDS_SENDER and call.method == "POST":
        reader.require("sender")
    template = reader.reference("template_id", call.connection, "email_template")
    columns: Columns = {
        # Nothing is sent from here: what should go out is taken as sent at once.
        "status": "sent" if status == "outbox" else status,
        "direction": "incoming" if status == "inbox" else "outgoing",
        "subject": reader.text("subject"),
        "sender": reader.text("sender"),
        "to_addresses": reader.json_texts("to"),
        "body_text": reader.text("body_text"),
        "body_html": reader.text("body_html"),
        "template_id": None if template is None else str(template["id"]),
        "email_account_id": reader.reference_id("email_account_id", call.connection, "connected_account"),
    }
    keys = {"to_addresses": "to", "direction": "status"}
    found = {name: value for name, value in columns.items() if reader.has(keys.get(name, name))}
    if template is not None and not (reader.has("body_text") or reader.has("body_html")):
        found = {"subject": str(template["subject"] or ""), "body_html": str(template["body"] or ""), **found}
    return found


def _dated(kind: str, columns: Columns) -> Columns:
    """Say when an e-mail that went out was sent."""
    if kind != "email" or columns.get("status") not in ("sent", "inbox"):
        return columns
    return {**columns, "date_sent": columns["activity_at"]}


_READERS: Mapping[str, Read] = {"note": _note, "call": _call, "email": _email}
_DEFAULTS: Mapping[str, Columns] = {
    "note": {"note": ""},
    "call": {"direction": "outbound", "status": "completed", "duration": 0},
    "email": {"to_addresses": compact([])},
}

ROUTES = tuple(
    route
    for kind in _READERS
    for route in (
        Route("POST", PATHS[kind], _create_of(kind), is_write=True),
        Route("PUT", PATHS[kind] + "{id}/", _change_of(kind), is_write=True),
    )
)
