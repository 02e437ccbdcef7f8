"""Which addresses get no mass mail: list, add, take out."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, call_origin
from bulkplan.sandbox.endpoints.body_reader import BodyReader
from bulkplan.sandbox.endpoints.tables import Table
from bulkplan.sandbox.errors import FieldsError, NotFoundError
from bulkplan.sandbox.events import Event, write_events
from bulkplan.sandbox.rows import fetch_one

LONGEST_ADDRESS = 500

UNSUBSCRIBED = Table(
    "SELECT email, date_created FROM unsubscribed_email",
    "date_created DESC, email",
    lambda _call, row: {"email": row["email"]},
    key="email",
)


def unsubscribe(call: Call) -> JsonValue:
    """Note that an address wants no mass mail; once more changes nothing. Source: Close API, "Unsubscribed Emails"."""
    reader = BodyReader.of(call)
    reader.require("email")
    email = (reader.text("email") or "").strip().lower()
    reader.finish()
    if "@" not in email or len(email) > LONGEST_ADDRESS:
        raise FieldsError({"email": "Must be an email address."})
    if fetch_one(call.connection, "SELECT 1 FROM unsubscribed_email WHERE email = ?", (email,)) is None:
        call.connection.execute("INSERT INTO unsubscribed_email VALUES (?, ?)", (email, call.moment))
        event = Event("unsubscribed_email", "created", email, data={"email": email})
        write_events(call.connection, [event], call_origin(call))
    return {"email": email}


def resubscribe(call: Call) -> JsonValue:
    """Take an address out of the list again."""
    email = call.id.lower()
    removed = call.connection.execute("DELETE FROM unsubscribed_email WHERE email = ?", (email,)).rowcount
    if not removed:
        raise NotFoundError
    return {"email": email}


ROUTES = (
    Route("GET", "/unsubscribe/email/", UNSUBSCRIBED.list),
    Route("POST", "/unsubscribe/email/", unsubscribe, is_write=True, status=201),
    Route("DELETE", "/unsubscribe/email/{id}/", resubscribe, is_write=True),
)
