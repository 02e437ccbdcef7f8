"""How the leads of an export become rows of a new world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from bulkplan.sandbox.activity_objects import ACTIVITY_TYPES
from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.export_fields import FoundField, object_values
from bulkplan.sandbox.export_models import (
    ExportedActivity,
    ExportedContact,
    ExportedLead,
    ExportedObject,
    ExportedOpportunity,
    ExportedTask,
)
from bulkplan.sandbox.export_reader import LeadSource
from bulkplan.sandbox.ids import random_id
from bulkplan.sandbox.import_catalog import FoundCatalog, children
from bulkplan.sandbox.rows import SqlValue, compact

JsonObject = dict[str, JsonValue]
Columns = dict[str, SqlValue]

_KINDS = {name.lower(): kind for kind, name in ACTIVITY_TYPES.items()}


@dataclass
class Rows:
    """Rows waiting to be written, per table, in the order of the tables."""

    tables: dict[str, list[Columns]] = field(default_factory=dict)

    def add(self, table: str, columns: Columns) -> None:
        """Gather one row."""
        self.tables.setdefault(table, []).append(columns)


class LeadImporter:
    """Turns leads into rows; ids that an export does not give are made by chance."""

    def __init__(self, catalog: FoundCatalog, field_ids: Mapping[str, str], *, moment: str) -> None:
        """Import into the organization of `catalog`; `moment` stands in for dates that are not there."""
        self._catalog, self._field_ids, self._moment = catalog, field_ids, moment
        self._owner = next(iter(catalog.users))
        self._fields: dict[str, FoundField] = {item.name: item for item in catalog.fields}
        self._fields |= {item.id: item for item in catalog.fields if item.id is not None}
        self._seen: set[str] = set()

    def add_lead(self, rows: Rows, source: LeadSource) -> None:
        """Gather the rows of one lead and of all that hangs off it."""
        lead = source.lead
        lead_id = lead.id or random_id("lead_")
        rows.add("lead", self._lead(lead, lead_id))
        self._add_values(rows, lead_id, source.raw)
        for position, address in enumerate(lead.addresses):
            rows.add("address", {"lead_id": lead_id, "position": position, **_address(address.model_dump())})
        raws = children(source.raw, "contacts")
        for position, contact in enumerate(lead.contacts):
            self._add_contact(rows, contact, raws[position], lead_id, position)
        raws = children(source.raw, "opportunities")
        for opportunity, raw in zip(lead.opportunities, raws, strict=True):
            self._add_opportunity(rows, opportunity, raw, lead_id)
        for task in lead.tasks:
            self._add_task(rows, task, lead_id)
        for activity in lead.activities:
            self._add_activity(rows, activity, lead_id)

    def _id(self, given: str | None, prefix: str) -> str:
        """Take the id of the export once; a second object of the same id gets one by chance."""
        if given is None or given in self._seen:
            return random_id(prefix)
        self._seen.add(given)
        return given

    def _stamps(self, item: ExportedObject) -> Columns:
        made = item.date_created or self._moment
        return {
            "created_by": item.created_by,
            "updated_by": item.updated_by or item.created_by,
            "date_created": made,
            "date_updated": max(item.date_updated or made, made),
        }

    def _lead(self, lead: ExportedLead, lead_id: str) -> Columns:
        return {
            "id": lead_id,
            "name": lead.name if lead.name is not None else lead.display_name,
            "description": lead.description,
            "url": lead.url,
            "status_id": self._catalog.lead_statuses[lead.status_id or lead.status_label or ""].id,
            "last_communication_date": lead.last_communication_date,
            **self._stamps(lead),
        }

    def _add_contact(self, rows: Rows, contact: ExportedContact, raw: JsonObject, lead_id: str, position: int) -> None:
        contact_id = self._id(contact.id, "cont_")
        own: Columns = {"id": contact_id, "lead_id": lead_id, "position": position}
        rows.add("contact", {**own, "name": contact.name, "title": contact.title, **self._stamps(contact)})
        self._add_values(rows, contact_id, raw)
        for number, item in enumerate(contact.emails):
            address = item.email.lower()
            place: Columns = {"contact_id": contact_id, "position": number}
            rows.add("contact_email", {**place, "email": address, "type": item.type or "office"})
            if item.is_unsubscribed:
                rows.add("unsubscribed_email", {"email": address, "date_created": self._moment})
        for number, phone in enumerate(contact.phones):
            place = {"contact_id": contact_id, "position": number}
            rows.add("contact_phone", {**place, "phone": phone.phone, "type": phone.type or "office"})
        for number, link in enumerate(contact.urls):
            place = {"contact_id": contact_id, "position": number}
            rows.add("contact_url", {**place, "url": link.url, "type": link.type or "url"})

    def _add_opportunity(self, rows: Rows, opportunity: ExportedOpportunity, raw: JsonObject, lead_id: str) -> None:
        opportunity_id = self._id(opportunity.id, "oppo_")
        status = self._catalog.opportunity_statuses[opportunity.status_id or opportunity.status_label or ""]
        names = {"contact_id", "note", "value", "value_period", "confidence", "expected_date", "date_won", "date_lost"}
        stamps = self._stamps(opportunity)
        own: Columns = {"id": opportunity_id, "lead_id": lead_id, "status_id": status.id}
        shared: Columns = {
            "user_id": opportunity.user_id or self._owner,
            "value_currency": opportunity.value_currency or "USD",
        }
        rows.add("opportunity", {**own, **shared, **_columns(opportunity.model_dump(include=names)), **stamps})
        period: Columns = {"started_at": stamps["date_created"], "status_id": status.id, "ended_at": None}
        rows.add("opportunity_status_period", {"opportunity_id": opportunity_id, **period})
        self._add_values(rows, opportunity_id, raw)

    def _add_task(self, rows: Rows, task: ExportedTask, lead_id: str) -> None:
        columns: Columns = {
            "id": self._id(task.id, "task_"),
            "lead_id": lead_id,
            "contact_id": task.contact_id,
            "assigned_to": task.assigned_to or self._owner,
            "text": task.text or "",
            "date": task.date,
            "is_complete": int(task.is_complete),
        }
        rows.add("task", {**columns, **self._stamps(task)})

    def _add_activity(self, rows: Rows, activity: ExportedActivity, lead_id: str) -> None:
        kind = _KINDS.get(activity.type.lower())
        if kind is None:
            return  # a kind that nothing here is asked about
        names = {
            "contact_id", "direction", "status", "note_html", "duration", "phone", "subject", "sender", "body_text",
            "body_html", "date_sent", "template_id", "bulk_email_action_id", "sequence_subscription_id",
            "opportunity_id", "old_status_id", "new_status_id", "custom_activity_type_id",
        }  # fmt: skip
        stamps = self._stamps(activity)
        columns: Columns = {
            "id": self._id(activity.id, "acti_"),
            "kind": kind,
            "lead_id": lead_id,
            "user_id": activity.user_id or self._owner,
            "activity_at": activity.activity_at or activity.date_sent or stamps["date_created"],
            "note": activity.note if activity.note is not None else activity.text,
            "has_reply": int(activity.has_reply),
            "to_addresses": compact([*activity.to]) if kind == "email" else None,
        }
        rows.add("activity", {**columns, **_columns(activity.model_dump(include=names)), **stamps})

    def _add_values(self, rows: Rows, object_id: str, raw: JsonObject) -> None:
        for key, value in object_values(raw, self._fields).items():
            found = self._fields[key]
            members = value if isinstance(value, list) else [value]
            for position, member in enumerate(members[: None if found.is_list else 1]):
                place: Columns = {"object_id": object_id, "custom_field_id": self._field_ids[key], "position": position}
                rows.add("custom_value", {**place, **_stored(found, member)})


def _stored(found: FoundField, value: JsonValue) -> Columns:
    columns: Columns = {"text_value": None, "number_value": None, "moment_value": None}
    if found.type == "number" and isinstance(value, (int, float)):
        return {**columns, "number_value": float(value)}
    words = value if isinstance(value, str) else compact(value)
    if found.type == "date":
        return {**columns, "moment_value": words}
    if found.type == "datetime":
        moment = datetime.fromisoformat(words)
        return {**columns, "moment_value": format_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))}
    return {**columns, "text_value": words}


def _address(columns: Mapping[str, JsonValue]) -> Columns:
    found = _columns(columns)
    return {**found, "label": found.get("label") or "business"}


def _columns(values: Mapping[str, JsonValue]) -> Columns:
    return {name: value for name, value in values.items() if value is None or isinstance(value, (str, int, float))}


def import_leads(sources: Iterable[LeadSource], importer: LeadImporter) -> Rows:
    """Gather the rows of leads."""
    rows = Rows()
    for source in sources:
        importer.add_lead(rows, source)
    return rows
