"""Contacts: list, read, make, change, remove; their lead hears of those that come and go."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, call_origin
from bulkplan.sandbox.endpoints.changes import (
    Kind,
    announce_created,
    change_object,
    remove_object,
)
from bulkplan.sandbox.endpoints.contact_body import add_contact, read_contact_body
from bulkplan.sandbox.endpoints.leads import LEADS_MAX_LIMIT, create_empty_lead
from bulkplan.sandbox.endpoints.tables import Conditions, listed_ids
from bulkplan.sandbox.errors import FieldsError, NotFoundError
from bulkplan.sandbox.events import updated, write_update
from bulkplan.sandbox.lead_changes import touch_leads
from bulkplan.sandbox.lead_objects import load_contacts, load_leads, select_fields
from bulkplan.sandbox.rows import fetch_int, fetch_one, text

JsonObject = dict[str, JsonValue]


def load_contact(call: Call, contact_id: str) -> JsonObject:
    """Read one contact; raises NotFoundError."""
    found = load_contacts(call.connection, [contact_id], organization_id=call.organization_id)
    if not found:
        raise NotFoundError
    return found[0]


CONTACT = Kind("contact", "contact", load_contact)


def list_contacts(call: Call) -> JsonValue:
    """Answer contacts, newest first; `lead_id` narrows. Source: Close API, "Contacts"."""
    conditions = Conditions()
    conditions.add_given(call, "lead_id")
    ids, has_more, _ = listed_ids(call, "contact", conditions, max_limit=LEADS_MAX_LIMIT)
    found = load_contacts(call.connection, ids, organization_id=call.organization_id)
    return {"data": [select_fields(item, call.fields) for item in found], "has_more": has_more}


def get_contact(call: Call) -> JsonValue:
    """Answer one contact."""
    return select_fields(load_contact(call, call.id), call.fields)


def create_contact(call: Call) -> JsonValue:
    """Make a contact at the end of its lead; without `lead_id` a lead of the same name is made."""
    body = call.json_object()
    lead_id = _lead_id(call, body)
    position = fetch_int(
        call.connection, "SELECT coalesce(max(position), -1) + 1 FROM contact WHERE lead_id = ?", (lead_id,)
    )
    before = _lead(call, lead_id)
    contact_id = add_contact(call, body, lead_id=lead_id, position=position)
    found = announce_created(call, CONTACT, contact_id)
    _tell_lead(call, before)
    return select_fields(found, call.fields)


def _lead_id(call: Call, body: JsonObject) -> str:
    lead_id = body.get("lead_id")
    if lead_id is None:
        read_contact_body(call, body)  # a body that is wrong leaves no lead behind
        return create_empty_lead(call, name=body.get("name"))
    known = isinstance(lead_id, str) and fetch_one(call.connection, "SELECT 1 FROM lead WHERE id = ?", (lead_id,))
    if not isinstance(lead_id, str) or not known:
        raise FieldsError({"lead_id": "Is not a lead of this organization."})
    return lead_id


def change_contact(call: Call) -> JsonValue:
    """Change what the body names; a list of e-mails, phones or links replaces the one before."""
    load_contact(call, call.id)
    body = read_contact_body(call, call.json_object())
    return select_fields(change_object(call, CONTACT, call.id, lambda: body.write(call, call.id)), call.fields)


def remove_contact(call: Call) -> JsonValue:
    """Remove a contact; answers an empty object."""
    before = _lead(call, text(load_contact(call, call.id), "lead_id"))
    remove_object(call, CONTACT, call.id)
    _tell_lead(call, before)
    return {}


def _lead(call: Call, lead_id: str) -> JsonObject:
    (lead,) = load_leads(call.connection, [lead_id], organization_id=call.organization_id, moment=call.moment)
    return {key: value for key, value in lead.items() if key not in ("contacts", "opportunities", "tasks", "custom")}


def _tell_lead(call: Call, before: JsonObject) -> None:
    """Note on the lead, and in its event, that its contacts changed. Source: Close API, "List of event types"."""
    lead_id = text(before, "id")
    touch_leads(call.connection, [lead_id], call_origin(call))
    event = updated("lead", before=before, after=_lead(call, lead_id), lead_id=lead_id)
    if event:
        write_update(call.connection, event, call_origin(call), merge_within_s=call.settings.event_merge_seconds)


ROUTES = (
    Route("GET", "/contact/", list_contacts),
    Route("POST", "/contact/", create_contact, is_write=True),
    Route("GET", "/contact/{id}/", get_contact),
    Route("PUT", "/contact/{id}/", change_contact, is_write=True),
    Route("DELETE", "/contact/{id}/", remove_contact, is_write=True),
)
