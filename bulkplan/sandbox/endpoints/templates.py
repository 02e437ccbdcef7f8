"""E-mail templates: list, read, make, change, remove, and what one looks like for a contact."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox import search
from bulkplan.sandbox.call import Call, Route, flag
from bulkplan.sandbox.endpoints.body_reader import BodyReader, given_columns
from bulkplan.sandbox.endpoints.changes import (
    Kind,
    announce_created,
    change_object,
    insert_row,
    new_stamps,
    next_position,
    remove_object,
    update_row,
)
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import REQUIRED, ApiError, FieldsError
from bulkplan.sandbox.lead_objects import load_contacts, load_leads
from bulkplan.sandbox.legacy_query import read_text_query
from bulkplan.sandbox.merge_tags import fill_in, tag_values
from bulkplan.sandbox.objects import email_template_object
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.queries import check_query, context_of
from bulkplan.sandbox.rows import Row, SqlValue, fetch_all, fetch_one, parsed, text

JsonObject = dict[str, JsonValue]

MODES = ("lead", "contact")
LAST_ENTRY = 99
"""Source: Close API, "Render an email template"."""

TEMPLATES = Table(
    "SELECT * FROM email_template",
    "position, id",
    lambda call, row: email_template_object(row, organization_id=call.organization_id),
)


def load_template(call: Call, template_id: str) -> JsonObject:
    """Read one template, with the sequences that use it; raises NotFoundError."""
    found = TEMPLATES.shape(call, TEMPLATES.row(call, template_id))
    rows = fetch_all(call.connection, "SELECT id, name, steps FROM sequence ORDER BY position, id")
    users: list[JsonValue] = [
        {"id": row["id"], "name": row["name"]} for row in rows if template_id in _templates_of(row["steps"])
    ]
    return {**found, "used_by_sequences": users}


def _templates_of(steps: JsonValue) -> set[str]:
    found = parsed(steps)
    return {
        str(step["email_template_id"])
        for step in (found if isinstance(found, list) else [])
        if isinstance(step, dict) and step.get("email_template_id")
    }


TEMPLATE = Kind("email_template", "email_template", load_template)


def list_templates(call: Call) -> JsonValue:
    """Answer templates, archived ones too unless asked otherwise. Source: Close API, "Email Templates"."""
    conditions = Conditions()
    for name in ("is_archived", "is_shared"):
        wanted = flag(call.query, name)
        if wanted is not None:
            conditions.add(f"{name} = ?", int(wanted))
    return TEMPLATES.list(call, conditions=conditions.sql, params=conditions.params)


def get_template(call: Call) -> JsonValue:
    """Answer one template."""
    return pick(load_template(call, call.id), call.fields)


def create_template(call: Call) -> JsonValue:
    """Make a template out of name, subject and body."""
    reader = BodyReader.of(call)
    reader.require("name")
    columns = _read(reader)
    template_id = call.world.new_id("tmpl_")
    own: dict[str, SqlValue] = {"id": template_id, "position": next_position(call, "email_template")}
    insert_row(call, "email_template", {"subject": "", "body": "", **columns, **own, **new_stamps(call)})
    return pick(announce_created(call, TEMPLATE, template_id), call.fields)


def change_template(call: Call) -> JsonValue:
    """Change what the body names."""
    TEMPLATES.row(call, call.id)
    reader = BodyReader.of(call)
    if reader.has("name"):
        reader.require("name")
    columns = _read(reader)
    found = change_object(call, TEMPLATE, call.id, lambda: update_row(call, "email_template", call.id, columns))
    return pick(found, call.fields)


def _read(reader: BodyReader) -> dict[str, SqlValue]:
    columns: dict[str, SqlValue] = {
        "name": reader.text("name"),
        "subject": reader.text("subject"),
        "body": reader.text("body"),
        "is_shared": int(reader.flag("is_shared", default=True)),
        "is_archived": int(reader.flag("is_archived", default=False)),
    }
    reader.finish()
    return given_columns(reader, columns)


def remove_template(call: Call) -> JsonValue:
    """Remove a template that no sequence uses; answers an empty object."""
    if load_template(call, call.id)["used_by_sequences"]:
        raise ApiError(400, "A template that a sequence uses cannot be deleted.")
    remove_object(call, TEMPLATE, call.id)
    return {}


@dataclass(frozen=True)
class Recipient:
    """Whom a preview is for."""

    lead_id: str
    contact_id: str


def render_template(call: Call) -> JsonValue:
    """
    Answer what a template says to one contact: subject, body, address; `{}` past the last one that matches.

    Either `lead_id` and `contact_id` name it, or `s_query` (JSON) or `query` (text) with `entry` and `mode`.
    Source: Close API, "Render an email template".
    """
    template = TEMPLATES.row(call, call.id)
    recipient = _named_recipient(call) if "lead_id" in call.query or "contact_id" in call.query else _entry(call)
    if recipient is None:
        return {}
    leads = load_leads(call.connection, [recipient.lead_id], organization_id=call.organization_id, moment=call.moment)
    contacts = load_contacts(call.connection, [recipient.contact_id], organization_id=call.organization_id)
    return _rendered(call, template, leads[0], contacts[0])


def _named_recipient(call: Call) -> Recipient:
    missing = {name: REQUIRED for name in ("lead_id", "contact_id") if not call.query.get(name)}
    if missing:
        raise FieldsError(missing)
    lead_id, contact_id = call.query["lead_id"], call.query["contact_id"]
    sql = "SELECT 1 FROM contact WHERE id = ? AND lead_id = ?"
    if fetch_one(call.connection, sql, (contact_id, lead_id)) is None:
        raise FieldsError({"contact_id": "Is not a contact of this lead."})
    return Recipient(lead_id, contact_id)


def _entry(call: Call) -> Recipient | None:
    """Find the `entry`-th lead or contact that matches and has an address."""
    mode = call.query.get("mode", "lead")
    if mode not in MODES:
        raise FieldsError({"mode": f"Must be one of {', '.join(MODES)}."})
    entry = call.query.get("entry", "0")
    if not (entry.isascii() and entry.isdigit()) or int(entry) > LAST_ENTRY:
        raise FieldsError({"entry": f"Must be a whole number from 0 to {LAST_ENTRY}."})
    node = _query(call)
    check_query(call, node, sort=None, results_limit=None)
    selection = search.select_ids(call.world, node, context_of(call))
    if selection.object_type != "lead":
        raise FieldsError({"s_query": "Must select leads."})
    grouped = "GROUP BY c.lead_id HAVING c.position = min(c.position)" if mode == "lead" else "GROUP BY c.id"
    row = fetch_one(
        call.connection,
        f"""
        WITH found AS (SELECT row_number() OVER () AS place, id FROM ({selection.sql}))
        SELECT c.lead_id, c.id FROM found JOIN contact AS c ON c.lead_id = found.id
        JOIN contact_email AS e ON e.contact_id = c.id
        {grouped} ORDER BY found.place, c.position, c.id LIMIT 1 OFFSET ?
        """,  # noqa: S608 - own names
        (*selection.params, int(entry)),
    )
    return None if row is None else Recipient(text(row, "lead_id"), text(row, "id"))


def _query(call: Call) -> JsonValue:
    if "s_query" in call.query:
        try:
            node: JsonValue = json.loads(call.query["s_query"])
        except ValueError as error:
            raise FieldsError({"s_query": "Must be JSON."}) from error
        return node["query"] if isinstance(node, dict) and "query" in node else node
    if "query" in call.query:
        return read_text_query(call.query["query"]).node
    raise FieldsError({"s_query": REQUIRED})


def _rendered(call: Call, template: Row, lead: JsonObject, contact: JsonObject) -> JsonObject:
    user = fetch_one(
        call.connection, "SELECT id, email, first_name, last_name FROM user WHERE id = ?", (call.caller.user_id,)
    )
    name = fetch_one(call.connection, "SELECT value AS name FROM meta WHERE key = 'organization_name'")
    values = tag_values(lead, contact, user or {}, name or {})
    emails = contact["emails"]
    first = emails[0] if isinstance(emails, list) and emails else None
    return {
        "subject": fill_in(str(template["subject"] or ""), values, is_html=False),
        "body": fill_in(str(template["body"] or ""), values, is_html=True),
        "email": first["email"] if isinstance(first, dict) else None,
        "lead_id": lead["id"],
        "lead_display_name": lead["display_name"],
        "contact_id": contact["id"],
        "contact_display_name": contact["display_name"],
    }


ROUTES = (
    Route("GET", "/email_template/", list_templates),
    Route("POST", "/email_template/", create_template, is_write=True),
    Route("GET", "/email_template/{id}/", get_template),
    Route("PUT", "/email_template/{id}/", change_template, is_write=True),
    Route("DELETE", "/email_template/{id}/", remove_template, is_write=True),
    Route("GET", "/email_template/{id}/render/", render_template),
)
