"""What the leads of an export say of their organization: its users, statuses, pipelines and custom fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.export_fields import FoundField, find_custom_fields
from bulkplan.sandbox.export_models import ExportedLead, ExportedObject
from bulkplan.sandbox.export_reader import LeadSource
from bulkplan.sandbox.ids import random_id

JsonObject = dict[str, JsonValue]

DEFAULT_PIPELINE = "Sales"


@dataclass(frozen=True)
class FoundStatus:
    """A status; `type` and the pipeline only of opportunities."""

    id: str
    label: str
    type: str = ""
    pipeline_id: str = ""


@dataclass(frozen=True)
class FoundCatalog:
    """The organization behind an export; everything in the order of first appearance. Users are names by id."""

    users: dict[str, str]
    lead_statuses: dict[str, FoundStatus]
    opportunity_statuses: dict[str, FoundStatus]
    pipelines: dict[str, str]
    fields: tuple[FoundField, ...]


def find_catalog(sources: Sequence[LeadSource]) -> FoundCatalog:
    """Gather what the leads use; statuses are keyed by id where there is one, or else by label."""
    leads = [source.lead for source in sources]
    users = _users(leads)
    pipelines = _pipelines(leads)
    return FoundCatalog(
        users=users,
        lead_statuses=_lead_statuses(leads),
        opportunity_statuses=_opportunity_statuses(leads, pipelines),
        pipelines=pipelines,
        fields=tuple(find_custom_fields(_objects(sources), user_ids=frozenset(users))),
    )


def children(raw: JsonObject, key: str) -> list[JsonObject]:
    """Return the JSON of the children of a lead under a key."""
    items = raw.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _objects(sources: Iterable[LeadSource]) -> Iterator[tuple[str, JsonObject]]:
    for source in sources:
        yield "lead", source.raw
        for contact in children(source.raw, "contacts"):
            yield "contact", contact
        for opportunity in children(source.raw, "opportunities"):
            yield "opportunity", opportunity


def _users(leads: Iterable[ExportedLead]) -> dict[str, str]:
    found: dict[str, str] = {}
    for lead in leads:
        for user_id, name in _named_users(lead):
            if user_id is not None and not found.get(user_id):
                found[user_id] = name or ""
    found = found or {random_id("user_"): "Sandbox Owner"}
    return {user_id: name or f"User {number}" for number, (user_id, name) in enumerate(found.items(), start=1)}


def _named_users(lead: ExportedLead) -> Iterator[tuple[str | None, str | None]]:
    yield from _authors(lead)
    for contact in lead.contacts:
        yield from _authors(contact)
    for opportunity in lead.opportunities:
        yield opportunity.user_id, opportunity.user_name
        yield from _authors(opportunity)
    for task in lead.tasks:
        yield task.assigned_to, task.assigned_to_name
        yield from _authors(task)
    for activity in lead.activities:
        yield activity.user_id, activity.user_name
        yield from _authors(activity)


def _authors(item: ExportedObject) -> Iterator[tuple[str | None, str | None]]:
    yield item.created_by, item.created_by_name
    yield item.updated_by, item.updated_by_name


def _lead_statuses(leads: Iterable[ExportedLead]) -> dict[str, FoundStatus]:
    found: dict[str, FoundStatus] = {}
    for lead in leads:
        key = lead.status_id or lead.status_label or ""
        if key not in found:
            found[key] = FoundStatus(lead.status_id or random_id("stat_"), lead.status_label or key)
    return found


def _pipelines(leads: Iterable[ExportedLead]) -> dict[str, str]:
    found: dict[str, str] = {}
    for opportunity in (item for lead in leads for item in lead.opportunities):
        if opportunity.pipeline_id is not None:
            found.setdefault(opportunity.pipeline_id, opportunity.pipeline_name or DEFAULT_PIPELINE)
    return found or {random_id("pipe_"): DEFAULT_PIPELINE}


def _opportunity_statuses(leads: Iterable[ExportedLead], pipelines: dict[str, str]) -> dict[str, FoundStatus]:
    first = next(iter(pipelines))
    found: dict[str, FoundStatus] = {}
    for opportunity in (item for lead in leads for item in lead.opportunities):
        key = opportunity.status_id or opportunity.status_label or ""
        if key not in found:
            found[key] = FoundStatus(
                opportunity.status_id or random_id("stat_"),
                opportunity.status_label or key or "Active",
                opportunity.status_type,
                opportunity.pipeline_id or first,
            )
    return found or {"": FoundStatus(random_id("stat_"), "Active", "active", first)}
