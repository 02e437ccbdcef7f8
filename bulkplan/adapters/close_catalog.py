"""Where each kind of named thing is listed, and how the asked kinds become a `Catalog`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass

from bulkplan.adapters.close_http import Caller
from bulkplan.adapters.close_paging import elements, list_pages, parse
from bulkplan.model.base import Foreign, JsonObject
from bulkplan.model.catalog import (
    Catalog,
    CatalogKind,
    CustomField,
    Sender,
    Sequence,
    SmartView,
    Status,
    Template,
    User,
)

Listing = Callable[[Caller, str], AsyncIterator[JsonObject]]


async def _list_fields(caller: Caller, path: str) -> AsyncIterator[JsonObject]:
    """A custom field schema: own and shared fields under `fields`, no pages."""
    for item in elements(await caller.get(path), "fields", path=path):
        yield item


def _list_paged(caller: Caller, path: str) -> AsyncIterator[JsonObject]:
    return list_pages(caller, path)


def _list_plain(caller: Caller, path: str) -> AsyncIterator[JsonObject]:
    return list_pages(caller, path, page_size=None)


@dataclass(frozen=True)
class _Source:
    """Where a kind is listed, as what, and into which part of the catalog it goes."""

    part: str
    path: str
    model: type[Foreign]
    listing: Listing = _list_paged


SOURCES: Mapping[CatalogKind, _Source] = {
    CatalogKind.LEAD_STATUSES: _Source("lead_statuses", "/status/lead/", Status, _list_plain),
    CatalogKind.OPPORTUNITY_STATUSES: _Source("opportunity_statuses", "/status/opportunity/", Status, _list_plain),
    CatalogKind.LEAD_FIELDS: _Source("lead_fields", "/custom_field_schema/lead/", CustomField, _list_fields),
    CatalogKind.CONTACT_FIELDS: _Source("contact_fields", "/custom_field_schema/contact/", CustomField, _list_fields),
    CatalogKind.OPPORTUNITY_FIELDS: _Source(
        "opportunity_fields", "/custom_field_schema/opportunity/", CustomField, _list_fields
    ),
    CatalogKind.TEMPLATES: _Source("templates", "/email_template/", Template),
    CatalogKind.SEQUENCES: _Source("sequences", "/sequence/", Sequence),
    CatalogKind.USERS: _Source("users", "/user/", User),
    CatalogKind.SMART_VIEWS: _Source("smart_views", "/saved_search/", SmartView),
    CatalogKind.SENDERS: _Source("senders", "/connected_account/", Sender, _list_plain),
}
"""
Source: Close API, Lead Statuses, Opportunity Statuses, Custom Field Schemas, Email Templates, Sequences, Users, Smart
Views (those of leads: the default), Connected Accounts.
"""


async def fetch_catalog(caller: Caller, kinds: Iterable[CatalogKind]) -> Catalog:
    """
    Fetch each kind once, all of them at the same time; elements stand in the order that Close lists them.

    Raises:
        NotAuthorizedError: The key may not read a listing.
        CloseError: A listing failed, or (`BadAnswerError`) holds what is no such thing.
    """
    asked = sorted(set(kinds))
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {kind: group.create_task(_fetch(caller, SOURCES[kind])) for kind in asked}
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    parts = {SOURCES[kind].part: task.result() for kind, task in tasks.items()}
    return Catalog.model_validate({"fetched": frozenset(asked), **parts})


async def _fetch(caller: Caller, source: _Source) -> tuple[Foreign, ...]:
    what = f"GET {source.path}"
    return tuple([parse(source.model, item, what=what) async for item in source.listing(caller, source.path)])
