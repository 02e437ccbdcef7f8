"""Reading Close: whose key it is, how many leads match, what names exist, which bulk actions ran."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, JsonValue, StrictInt

from bulkplan.adapters.clock import SystemClock
from bulkplan.adapters.close_catalog import fetch_catalog
from bulkplan.adapters.close_connection import Connection, Patience, check_identity
from bulkplan.adapters.close_http import Caller, open_client
from bulkplan.adapters.close_limits import group_of
from bulkplan.adapters.close_members import AS_DOCUMENTED, LeadPage, ListingBounds, list_leads
from bulkplan.adapters.close_pace import Pacer
from bulkplan.adapters.close_paging import list_events, list_pages, parse
from bulkplan.adapters.read_only import SEARCH_PATH, ReadOnlyTransport
from bulkplan.core.visible import visible
from bulkplan.errors import BadAnswerError, NotFoundError
from bulkplan.model.base import Foreign, JsonObject, SQuery
from bulkplan.model.catalog import Catalog, CatalogKind
from bulkplan.model.remote import BulkAction, Identity, LeadEventAction, MatchCount
from bulkplan.model.request import BulkKind
from bulkplan.ports import Clock

UNSUBSCRIBED_PATH = "/unsubscribe/email/"
_ID = re.compile(r"[A-Za-z0-9_]{1,200}", re.ASCII)


class _Organization(Foreign):
    id: str
    name: str | None = None


class _Me(Foreign):
    id: str
    organizations: Annotated[tuple[_Organization, ...], Field(min_length=1)]


class _Count(Foreign):
    total: Annotated[StrictInt, Field(ge=0)]
    limited: Annotated[StrictInt, Field(ge=0)]


class _SearchPage(Foreign):
    count: _Count


class _Unsubscribed(Foreign):
    email: str


class _Event(Foreign):
    object_id: str
    organization_id: str | None = None
    user_id: str | None = None
    api_key_id: str | None = None
    date_created: datetime | None = None
    data: JsonValue = None
    meta: JsonValue = None


@asynccontextmanager
async def open_reader(
    connection: Connection, *, clock: Clock | None = None, patience: Patience | None = None
) -> AsyncIterator[HttpCloseReader]:
    """
    A reader over a client that cannot write.

    Raises:
        CloseError: The base URL is none that a key may be sent to. Nothing is sent before the first call.
    """
    clock, patience = clock or SystemClock(), patience or Patience()
    async with open_client(connection, patience=patience, guard=ReadOnlyTransport) as client:
        yield HttpCloseReader(Caller(client, connection, clock, Pacer(clock), patience))


@dataclass(frozen=True)
class HttpCloseReader:
    """`CloseReader` over HTTP. Calls may run at the same time; they share one pace."""

    caller: Caller
    listing: ListingBounds = AS_DOCUMENTED

    async def fetch_identity(self) -> Identity:
        """Whose key this is. Raises `WrongOrganizationError` when the connection expects another organization."""
        return await fetch_identity(self.caller)

    def counting_pace_s(self) -> float:
        """Seconds that the limit in force leaves to each count; 0 where Close has named none."""
        return self.caller.pacer.pace_s(group_of("POST", SEARCH_PATH))

    async def count(self, s_query: SQuery, *, results_limit: int | None = None) -> MatchCount:
        """
        Count the leads that match; none of them is fetched, except one ID where a `results_limit` is given.

        Source: Close API, Advanced Filtering (`include_counts`; a `results_limit` of 0 gives no data).
        """
        body: JsonObject = {
            "query": s_query,
            "results_limit": results_limit or 0,
            "include_counts": True,
            "_limit": 1,
            "_fields": {"lead": ["id"]},
        }
        answer = await self.caller.send("POST", SEARCH_PATH, body)
        count = parse(_SearchPage, answer, what=f"POST {SEARCH_PATH}").count
        return MatchCount(total=count.total, limited=count.total if results_limit is None else count.limited)

    def list_lead_ids(
        self, s_query: SQuery, *, sort: Sequence[JsonValue] = (), limit: int | None = None, with_names: bool = False
    ) -> AsyncGenerator[LeadPage, None]:
        """The leads that match, page by page; see `adapters.close_members`. Raises `CloseError`."""
        return list_leads(self.caller, s_query, sort=sort, limit=limit, with_names=with_names, bounds=self.listing)

    async def fetch_catalog(self, kinds: frozenset[CatalogKind]) -> Catalog:
        """Fetch each kind once, paged to the end, all kinds at the same time."""
        return await fetch_catalog(self.caller, kinds)

    async def fetch_unsubscribed(self, *, max_addresses: int) -> frozenset[str] | None:
        """
        The addresses that get no mass mail, in lower case; `None` as soon as there are more than `max_addresses`.

        Source: Close API, Unsubscribed Emails.
        """
        found: set[str] = set()
        async for item in list_pages(self.caller, UNSUBSCRIBED_PATH, id_key="email"):
            found.add(parse(_Unsubscribed, item, what=f"GET {UNSUBSCRIBED_PATH}").email.casefold())
            if len(found) > max_addresses:
                return None
        return frozenset(found)

    async def fetch_action(self, kind: BulkKind, action_id: str) -> BulkAction:
        """One bulk action by its ID. Raises `NotFoundError`."""
        return await fetch_action(self.caller, kind, action_id)

    async def list_actions(self, kind: BulkKind) -> AsyncGenerator[BulkAction, None]:
        """Every bulk action of one kind, paged to the end, each ID once. Source: Close API, Bulk Actions."""
        path = f"/bulk_action/{kind}/"
        async for item in list_pages(self.caller, path):
            yield parse(BulkAction, item, what=f"GET {path}")

    async def list_created_actions(self, kind: BulkKind, *, since: datetime | None = None) -> AsyncIterator[BulkAction]:
        """
        Every bulk action of one kind that the event log says was created, each ID once.

        Close hides what an event holds from keys of non-administrators after an hour: then only the ID is known.
        `since` is compared with the time the event was last updated. Source: Close API, Events.
        """
        params = {"object_type": f"bulk_action.{kind}", "action": "created"}
        if since is not None:
            params["date_updated__gte"] = since.astimezone(UTC).isoformat()
        seen: set[str] = set()
        async for item in list_events(self.caller, params):
            event = parse(_Event, item, what="GET /event/")
            if event.object_id not in seen:
                seen.add(event.object_id)
                yield _action_of(event)

    async def count_action_events(
        self, action_id: str, *, action: LeadEventAction, since: datetime, max_events: int
    ) -> int | None:
        """
        How many leads the event log says that a bulk action updated or deleted, each lead once.

        Every event of that sort since `since` is read, those of others too; `None` when there are more than
        `max_events` of them. Source: Close API, Events (`meta.bulk_action_id`).
        """
        params = {
            "object_type": "lead",
            "action": action,
            "date_updated__gte": since.astimezone(UTC).isoformat(),
        }
        leads: set[str] = set()
        n_read = 0
        async for item in list_events(self.caller, params):
            n_read += 1
            if n_read > max_events:
                return None
            event = parse(_Event, item, what="GET /event/")
            if isinstance(event.meta, dict) and event.meta.get("bulk_action_id") == action_id:
                leads.add(event.object_id)
        return len(leads)


async def fetch_identity(caller: Caller) -> Identity:
    """
    `GET /me/`, checked against the organization that the connection expects.

    Where several organizations are listed, the first is the key's. Source: Close API, Users ("Me").

    Raises:
        WrongOrganizationError: The key belongs to another organization.
    """
    me = parse(_Me, await caller.get("/me/"), what="GET /me/")
    organization = me.organizations[0]
    identity = Identity(user_id=me.id, organization_id=organization.id, organization_name=organization.name)
    return check_identity(identity, caller.connection.organization_id)


def action_path(kind: BulkKind, action_id: str) -> str:
    """Path of one bulk action. Raises `NotFoundError` for what cannot be an ID (and might lead to another path)."""
    if not _ID.fullmatch(action_id):
        raise NotFoundError(f"{visible(action_id, max_chars=80)} is not the ID of a bulk action")
    return f"/bulk_action/{kind}/{action_id}/"


async def fetch_action(caller: Caller, kind: BulkKind, action_id: str) -> BulkAction:
    """One bulk action by its ID. Raises `NotFoundError`; `BadAnswerError` when another one is answered."""
    path = action_path(kind, action_id)
    return the_action(await caller.get(path), action_id, what=f"GET {path}")


def the_action(answer: JsonValue, action_id: str, *, what: str) -> BulkAction:
    """The bulk action in an answer, which must be the one asked for. Raises `BadAnswerError`."""
    action = parse(BulkAction, answer, what=what)
    if action.id != action_id:
        raise BadAnswerError(f"{what} answered another bulk action: {visible(action.id, max_chars=80)}")
    return action


def _action_of(event: _Event) -> BulkAction:
    made: JsonObject = {"id": event.object_id, "api_key_id": event.api_key_id}
    if isinstance(event.data, dict):
        return parse(BulkAction, {**event.data, **made}, what="GET /event/")
    return BulkAction(
        id=event.object_id,
        organization_id=event.organization_id,
        created_by=event.user_id,
        api_key_id=event.api_key_id,
        date_created=event.date_created,
    )
