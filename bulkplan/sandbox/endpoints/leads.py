"""Leads: list, read, make, change, remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import JsonValue

from bulkplan.sandbox import search
from bulkplan.sandbox.call import Call, Route, call_origin
from bulkplan.sandbox.endpoints.changes import insert_row, new_stamps, update_row
from bulkplan.sandbox.endpoints.contact_body import add_contact
from bulkplan.sandbox.endpoints.lead_body import ADDRESS_KEYS, LeadBody, read_lead_body
from bulkplan.sandbox.endpoints.tables import Conditions, listed_ids
from bulkplan.sandbox.errors import FieldsError, NotFoundError
from bulkplan.sandbox.events import Event, updated, write_events, write_update
from bulkplan.sandbox.lead_changes import delete_leads, record_status_changes, touch_leads
from bulkplan.sandbox.lead_objects import load_leads, own_records
from bulkplan.sandbox.legacy_query import read_text_query
from bulkplan.sandbox.paging import cut
from bulkplan.sandbox.queries import check_query, context_of
from bulkplan.sandbox.rows import fetch_one, text

JsonObject = dict[str, JsonValue]

LEADS_MAX_LIMIT = 200


def list_leads(call: Call) -> JsonValue:
    """Answer leads, newest first, with `total_results`; `query` is the old text search. Source: Close API, "Leads"."""
    if call.query.get("query"):
        found, has_more, total = _matching_ids(call)
    else:
        found, has_more, total = listed_ids(call, "lead", Conditions(), max_limit=LEADS_MAX_LIMIT)
    leads = load_leads(
        call.connection, found, organization_id=call.organization_id, moment=call.moment, fields=call.fields
    )
    return {"data": [*leads], "has_more": has_more, "total_results": total}


def _matching_ids(call: Call) -> tuple[list[str], bool, int]:
    page = call.page(max_limit=LEADS_MAX_LIMIT)
    asked = read_text_query(call.query["query"])
    check_query(call, asked.node, sort=asked.sort, results_limit=None)
    context = context_of(call)
    ids = search.ids(call.world, asked.node, context, sort=[*asked.sort], limit=page.limit + 1, offset=page.skip)
    found, has_more = cut(ids, page)
    return found, has_more, search.count(call.world, asked.node, context)


def get_lead(call: Call) -> JsonValue:
    """Answer one lead; `_fields` may name `custom`, `custom.cf_...` and `_all`."""
    return _lead(call, call.id, fields=call.fields)


def _lead(call: Call, lead_id: str, *, fields: tuple[str, ...] | None = None) -> JsonObject:
    leads = load_leads(
        call.connection, [lead_id], organization_id=call.organization_id, moment=call.moment, fields=fields
    )
    if not leads:
        raise NotFoundError
    return leads[0]


def create_lead(call: Call) -> JsonValue:
    """Make a lead, with contacts and addresses inside; without a status it gets the organization's first one."""
    body = call.json_object()
    lead = read_lead_body(call, body)
    lead_id = _insert_lead(call, lead.columns, lead.status_id)
    contacts = body.get("contacts") or []
    if not isinstance(contacts, list):
        raise FieldsError({"contacts": "Must be a list of objects."})
    for position, contact in enumerate(contacts):
        add_contact(call, contact, lead_id=lead_id, position=position, prefix=f"contacts.{position}.")
    _write_parts(call, lead_id, lead)
    created = _lead(call, lead_id)
    write_events(call.connection, _created_events(created), call_origin(call))
    return created


def _insert_lead(call: Call, columns: Mapping[str, str | None], status_id: str | None) -> str:
    lead_id = call.world.new_id("lead_")
    if status_id is None:
        first = fetch_one(call.connection, "SELECT id FROM lead_status ORDER BY position LIMIT 1")
        status_id = text(first or {}, "id")
    insert_row(call, "lead", {"id": lead_id, **columns, "status_id": status_id, **new_stamps(call)})
    return lead_id


def create_empty_lead(call: Call, *, name: JsonValue) -> str:
    """Make a lead that has nothing but a name; returns its id."""
    lead_id = _insert_lead(call, {"name": name if isinstance(name, str) else None}, None)
    write_events(call.connection, _created_events(_lead(call, lead_id)), call_origin(call))
    return lead_id


def _created_events(lead: JsonObject) -> list[Event]:
    lead_id = text(lead, "id")
    contacts = lead["contacts"] if isinstance(lead["contacts"], list) else []
    return [
        Event("lead", "created", lead_id, lead_id=lead_id, data=lead),
        *(
            Event("contact", "created", text(contact, "id"), lead_id=lead_id, data=contact)
            for contact in contacts
            if isinstance(contact, dict)
        ),
    ]


def change_lead(call: Call) -> JsonValue:
    """
    Change what the body names, leave the rest.

    Raises:
        NotFoundError: no such lead.
        FieldsError: a value is wrong, or `contacts` are given, which have a resource of their own.
    """
    before = _own(call, call.id)
    body = call.json_object()
    if "contacts" in body:
        raise FieldsError({"contacts": "Contacts cannot be changed through their lead."})
    lead = read_lead_body(call, body)
    update_row(call, "lead", call.id, lead.columns)
    _write_parts(call, call.id, lead)
    if lead.status_id and lead.status_id != before["status_id"]:
        _write_status(call, call.id, former=text(before, "status_id"), status_id=lead.status_id)
    event = updated("lead", before=before, after=_own(call, call.id), lead_id=call.id)
    if event:
        touch_leads(call.connection, [call.id], call_origin(call))
        stamped = replace(event, data=_own(call, call.id))
        write_update(call.connection, stamped, call_origin(call), merge_within_s=call.settings.event_merge_seconds)
    return _lead(call, call.id)


def _own(call: Call, lead_id: str) -> JsonObject:
    found = own_records(call.connection, [lead_id], organization_id=call.organization_id).get(lead_id)
    if found is None:
        raise NotFoundError
    return {**found, "addresses": _lead(call, lead_id, fields=("addresses",))["addresses"]}


def _write_status(call: Call, lead_id: str, *, former: str, status_id: str) -> None:
    call.connection.execute(
        "UPDATE lead SET status_id = ?, date_updated = ? WHERE id = ?", (status_id, call.moment, lead_id)
    )
    record_status_changes(
        call.connection,
        {lead_id: former},
        status_id=status_id,
        origin=call_origin(call),
        organization_id=call.organization_id,
    )


def _write_parts(call: Call, lead_id: str, lead: LeadBody) -> None:
    for write in lead.field_writes:
        write.write(call, [lead_id])
    if lead.addresses is None:
        return
    call.connection.execute("DELETE FROM address WHERE lead_id = ?", (lead_id,))
    call.connection.executemany(
        f"INSERT INTO address (lead_id, position, {', '.join(ADDRESS_KEYS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - own names
        [
            (lead_id, position, *(address.get(key) for key in ADDRESS_KEYS))
            for position, address in enumerate(lead.addresses)
        ],
    )


def remove_lead(call: Call) -> JsonValue:
    """Remove a lead with its children; each gives a `deleted` event. Answers an empty object."""
    _own(call, call.id)
    delete_leads(call.connection, [call.id], origin=call_origin(call), organization_id=call.organization_id)
    return {}


ROUTES = (
    Route("GET", "/lead/", list_leads),
    Route("POST", "/lead/", create_lead, is_write=True),
    Route("GET", "/lead/{id}/", get_lead),
    Route("PUT", "/lead/{id}/", change_lead, is_write=True),
    Route("DELETE", "/lead/{id}/", remove_lead, is_write=True),
)
