"""What leads and contacts look like in JSON; read in bulk, a handful of queries for any number."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bulkplan.sandbox.custom_values import custom_values
from bulkplan.sandbox.fields import OBJECT_TYPES
from bulkplan.sandbox.opportunity_objects import opportunities_where
from bulkplan.sandbox.rows import Row, chunks, fetch_all, grouped, id_list, optional_text, text
from bulkplan.sandbox.task_objects import open_tasks

JsonObject = dict[str, JsonValue]

HTML_URL = "https://app.close.com/lead/"

LEAD_PARTS = frozenset({"addresses", "contact_ids", "contacts", "opportunities", "tasks"})
"""Keys of a lead that stand in other tables."""

COMPUTED = frozenset(
    {
        "addresses_count", "all_urls_count", "last_communication_date", "last_lead_status_change_date", "num_emails",
        "num_notes", "num_opportunities", "num_tasks", "num_upcoming_meetings", "times_communicated",
    }
)  # fmt: skip
"""Keys of a lead that come only when named, or with `_all`."""


def load_leads(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    *,
    organization_id: str,
    moment: str,
    fields: Sequence[str] | None = None,
) -> list[JsonObject]:
    """
    Read leads as `GET /lead/` answers them.

    Args:
        connection: of the world.
        ids: lead ids; those that are gone are left out, the order stays.
        organization_id: goes into every object.
        moment: the present, for what is counted from it.
        fields: keys wanted: names, `custom` (all custom fields), `custom.cf_...`, `_all`; None for the usual ones.

    Source: Close API, "Leads".
    """
    found: list[JsonObject] = []
    for part in chunks(ids):
        found += _load_chunk(connection, part, organization_id=organization_id, moment=moment, fields=fields)
    return found


def _load_chunk(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    *,
    organization_id: str,
    moment: str,
    fields: Sequence[str] | None,
) -> list[JsonObject]:
    leads = own_records(connection, ids, organization_id=organization_id)
    everything = fields is None or "_all" in fields
    if everything or "custom" in (fields or ()):
        _attach_custom_by_name(connection, leads)
    wanted = LEAD_PARTS if everything else LEAD_PARTS & set(fields or ())
    if wanted:
        _attach_parts(connection, leads, wanted, organization_id=organization_id)
    if fields is not None and ("_all" in fields or COMPUTED & set(fields)):
        _attach_computed(connection, leads, moment=moment)
    return [select_fields(leads[lead_id], fields) for lead_id in ids if lead_id in leads]


def select_fields(value: JsonObject, fields: Sequence[str] | None) -> JsonObject:
    """Keep what `_fields` names; `custom` stands for every custom field, `_all` for everything."""
    if fields is None or "_all" in fields:
        return value
    wanted = set(fields)
    return {
        key: item for key, item in value.items() if key in wanted or ("custom" in wanted and key.startswith("custom."))
    }


def own_records(connection: sqlite3.Connection, ids: Sequence[str], *, organization_id: str) -> dict[str, JsonObject]:
    """Read leads without their children, keyed by id: the columns of a lead and its custom fields."""
    rows = fetch_all(
        connection,
        """
        SELECT lead.id, lead.name, lead.display_name, lead.description, lead.url, lead.status_id,
               lead_status.label AS status_label, lead.created_by, lead.updated_by, lead.date_created, lead.date_updated
        FROM lead JOIN lead_status ON lead_status.id = lead.status_id
        WHERE lead.id IN (SELECT value FROM json_each(?))
        """,
        (id_list(ids),),
    )
    custom = custom_values(connection, ids)
    return {
        text(row, "id"): {
            **row,
            "html_url": f"{HTML_URL}{row['id']}/",
            "organization_id": organization_id,
            **custom.get(text(row, "id"), {}),
        }
        for row in rows
    }


def _attach_custom_by_name(connection: sqlite3.Connection, leads: dict[str, JsonObject]) -> None:
    """Add `custom`, the older form: values by the name of their field."""
    rows = fetch_all(connection, "SELECT id, name FROM custom_field ORDER BY position DESC, id DESC")
    names = {f"custom.{row['id']}": text(row, "name") for row in rows}
    for lead in leads.values():
        lead["custom"] = {names[key]: value for key, value in lead.items() if key in names}


def _attach_parts(
    connection: sqlite3.Connection,
    leads: dict[str, JsonObject],
    wanted: frozenset[str],
    *,
    organization_id: str,
) -> None:
    ids = id_list(leads)
    if wanted & {"contacts", "contact_ids"}:
        contacts = grouped(_contact_rows(connection, "lead_id", ids), "lead_id")
        full = finish_contacts(
            connection, [row for rows in contacts.values() for row in rows], organization_id=organization_id
        )
        by_lead = grouped(full, "lead_id")
        for lead_id, lead in leads.items():
            mine = by_lead.get(lead_id, [])
            lead["contact_ids"] = [contact["id"] for contact in mine]
            lead["contacts"] = list(mine)
    if "addresses" in wanted:
        _attach(leads, "addresses", grouped(_address_rows(connection, ids), "lead_id"), without="lead_id")
    if "opportunities" in wanted:
        rows = opportunities_where(connection, "o.lead_id", ids, organization_id=organization_id)
        _attach(leads, "opportunities", grouped(rows, "lead_id"))
    if "tasks" in wanted:
        _attach(leads, "tasks", grouped(open_tasks(connection, ids, organization_id=organization_id), "lead_id"))


def _attach(
    leads: Mapping[str, JsonObject], key: str, found: Mapping[str, list[Row]], *, without: str | None = None
) -> None:
    for lead_id, lead in leads.items():
        lead[key] = [{name: value for name, value in row.items() if name != without} for row in found.get(lead_id, [])]


def _address_rows(connection: sqlite3.Connection, lead_ids: str) -> list[Row]:
    return fetch_all(
        connection,
        """
        SELECT lead_id, label, address_1, address_2, city, state, zipcode, country FROM address
        WHERE lead_id IN (SELECT value FROM json_each(?)) ORDER BY lead_id, position
        """,
        (lead_ids,),
    )


def _attach_computed(connection: sqlite3.Connection, leads: dict[str, JsonObject], *, moment: str) -> None:
    """Count by the same expressions a query is answered with, so that a filter and a lead never disagree."""
    fields = [(name, OBJECT_TYPES["lead"].fields[name]) for name in sorted(COMPUTED)]
    columns = ", ".join(f"{field.sql.replace('{t}', 'lead')} AS {name}" for name, field in fields)
    rows = fetch_all(
        connection,
        f"SELECT lead.id, {columns} FROM lead WHERE lead.id IN (SELECT value FROM json_each(?))",  # noqa: S608 - own names
        (*(moment for _, field in fields if field.uses_now), id_list(leads)),
    )
    for row in rows:
        leads[text(row, "id")].update(row)


def load_contacts(connection: sqlite3.Connection, ids: Sequence[str], *, organization_id: str) -> list[JsonObject]:
    """Read contacts as `GET /contact/` answers them, in the order of `ids`."""
    found: dict[str, JsonObject] = {}
    for part in chunks(ids):
        rows = _contact_rows(connection, "id", id_list(part))
        for contact in finish_contacts(connection, rows, organization_id=organization_id):
            found[text(contact, "id")] = contact
    return [found[contact_id] for contact_id in ids if contact_id in found]


def _contact_rows(connection: sqlite3.Connection, column: str, ids: str) -> list[Row]:
    condition = {
        "id": "id IN (SELECT value FROM json_each(?))",
        "lead_id": "lead_id IN (SELECT value FROM json_each(?))",
    }
    return fetch_all(
        connection,
        "SELECT id, lead_id, name, title, created_by, updated_by, date_created, date_updated FROM contact WHERE "  # noqa: S608 - own names
        + condition[column]
        + " ORDER BY lead_id, position, id",
        (ids,),
    )


def finish_contacts(connection: sqlite3.Connection, rows: Sequence[Row], *, organization_id: str) -> list[JsonObject]:
    """Add e-mails, phones, links and custom fields to rows of contacts."""
    ids = [text(row, "id") for row in rows]
    emails = _contact_children(connection, "contact_email", ids)
    phones = _contact_children(connection, "contact_phone", ids)
    urls = _contact_children(connection, "contact_url", ids)
    custom = custom_values(connection, ids)
    return [
        {
            **row,
            "display_name": optional_text(row, "name") or "",
            "emails": [
                {
                    "email": item["email"], "type": item["type"], "is_unsubscribed": bool(item["is_unsubscribed"])
                }
                for item in emails.get(text(row, "id"), [])
            ],
            "phones": [
                {"phone": item["phone"], "phone_formatted": item["phone"], "type": item["type"]}
                for item in phones.get(text(row, "id"), [])
            ],
            "urls": [{"url": item["url"], "type": item["type"]} for item in urls.get(text(row, "id"), [])],
            "organization_id": organization_id,
            **custom.get(text(row, "id"), {}),
        }
        for row in rows
    ]  # fmt: skip


_CHILDREN = {
    "contact_email": """
        SELECT e.contact_id, e.email, e.type, u.email IS NOT NULL AS is_unsubscribed
        FROM contact_email AS e LEFT JOIN unsubscribed_email AS u ON u.email = e.email
        WHERE e.contact_id IN (SELECT value FROM json_each(?)) ORDER BY e.contact_id, e.position""",
    "contact_phone": """
        SELECT contact_id, phone, type FROM contact_phone
        WHERE contact_id IN (SELECT value FROM json_each(?)) ORDER BY contact_id, position""",
    "contact_url": """
        SELECT contact_id, url, type FROM contact_url
        WHERE contact_id IN (SELECT value FROM json_each(?)) ORDER BY contact_id, position""",
}


def _contact_children(connection: sqlite3.Connection, table: str, contact_ids: Sequence[str]) -> dict[str, list[Row]]:
    return grouped(fetch_all(connection, _CHILDREN[table], (id_list(contact_ids),)), "contact_id")
