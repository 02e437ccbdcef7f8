"""The protocols at the edge of bulkplan: what the stories need, and what an adapter must promise."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

from bulkplan.model.base import JsonMapping, SQuery
from bulkplan.model.store import Provenance, PutResult, Slot

if TYPE_CHECKING:  # a command that needs a store alone must not wait for all that plans and records are made of
    from bulkplan.model.audit import FileChange
    from bulkplan.model.catalog import Catalog, CatalogKind
    from bulkplan.model.lead import FoundLead
    from bulkplan.model.remote import Answer, BulkAction, Identity, LeadEventAction, MatchCount
    from bulkplan.model.request import BulkKind

__all__ = [
    "Clock",
    "CloseReader",
    "CloseWriter",
    "Matcher",
    "Provenance",
    "PutResult",
    "SendSession",
    "Slot",
    "SpecHistory",
    "Store",
]


class CloseReader(Protocol):
    """Reads Close. Every call may raise `NotAuthorizedError`, `CloseError` or one of its kinds."""

    async def fetch_identity(self) -> Identity:
        """Whose key this is (`GET /me/`)."""
        ...

    async def count(self, s_query: SQuery, *, results_limit: int | None = None) -> MatchCount:
        """Count the leads that match (`POST /data/search/` with `include_counts`)."""
        ...

    def list_lead_ids(
        self, s_query: SQuery, *, sort: Sequence[JsonValue] = (), limit: int | None = None, with_names: bool = False
    ) -> AsyncGenerator[Sequence[FoundLead], None]:
        """
        The leads that match, page by page, each once where none comes or goes meanwhile; names only where asked for.

        With a `limit` (up to `core.cohort.MAX_LISTED_IN_ORDER`) the first so many in the order of `sort`; else all of
        them, in no promised order. Whoever stops early closes it.
        """
        ...

    async def fetch_catalog(self, kinds: frozenset[CatalogKind]) -> Catalog:
        """Fetch each kind once, paged to the end."""
        ...

    async def fetch_unsubscribed(self, *, max_addresses: int) -> frozenset[str] | None:
        """The e-mail addresses that get no mass mail; `None` when there are more than `max_addresses`."""
        ...

    async def fetch_action(self, kind: BulkKind, action_id: str) -> BulkAction:
        """One bulk action by its ID."""
        ...

    def list_actions(self, kind: BulkKind) -> AsyncGenerator[BulkAction, None]:
        """Every bulk action of one kind, paged to the end; each ID once, in no promised order."""
        ...

    def list_created_actions(self, kind: BulkKind, *, since: datetime | None = None) -> AsyncIterator[BulkAction]:
        """Every bulk action of one kind that the event log says was created; the second listing."""
        ...

    async def count_action_events(
        self, action_id: str, *, action: LeadEventAction, since: datetime, max_events: int
    ) -> int | None:
        """How many leads the event log says a bulk action changed; `None` when it holds more than `max_events`."""
        ...


class SendSession(Protocol):
    """One dedicated connection for one request. Nothing on it is ever sent twice."""

    async def fetch_identity(self) -> Identity:
        """`GET /me/` on this very connection."""
        ...

    async def post(self, path: str, body: JsonMapping) -> Answer:
        """Send the request. Never raises for what the network or Close does: the answer says it. May be called once."""
        ...


class CloseWriter(Protocol):
    """Changes Close."""

    def open_session(self, kind: BulkKind) -> AbstractAsyncContextManager[SendSession]:
        """
        Wait for the turn of a request of this kind under Close's rate limit, then connect.

        Entering raises `CloseError` when there is no connection (then nothing was sent).
        """
        ...

    async def pause(self, kind: BulkKind, action_id: str) -> BulkAction:
        """Pause a bulk action."""
        ...

    async def resume(self, kind: BulkKind, action_id: str) -> BulkAction:
        """Resume a paused bulk action."""
        ...


class Store(Protocol):
    """
    Keeps texts under keys with compare-and-swap per key; `core.codec` turns records into texts and back.

    Acknowledged writes last. Nothing is ever removed.
    """

    @property
    def name(self) -> str:
        """Where it is, for people; never a secret."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why the last put was surely or maybe not stored, for people; `None` where it was, or nobody knows."""
        ...

    def lineage(self) -> str:
        """A random name given when the store was made; another lineage is another history."""
        ...

    def get(self, key: str) -> Slot | None:
        """The slot, or `None` when there surely is none. Raises `StoreError` (unavailable, unreadable)."""
        ...

    def put(self, key: str, text: str, *, expected_version: int) -> PutResult:
        """Store version `expected_version + 1` if the key is at `expected_version` (0: absent)."""
        ...

    def list(self, prefix: str = "", *, first_hand: bool = False) -> Sequence[Slot]:
        """
        Every slot whose key begins with `prefix`, by key.

        `first_hand`: each is read where it is kept, and not from a copy that was made of many to be quick.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class SpecHistory(Protocol):
    """Knows since when spec files are as they are."""

    def last_changes(self, files: Sequence[str]) -> Mapping[str, FileChange]:
        """The last change of each file (POSIX form, below the project); a file of which nothing is known is absent."""
        ...


class Matcher(Protocol):
    """Answers structured queries about one made-up lead, offline."""

    def find_ids(
        self, queries: Sequence[SQuery], *, lead: JsonMapping, catalog: Catalog, now: datetime, zone: tzinfo
    ) -> Sequence[frozenset[str]]:
        """
        The IDs of the objects that each query selects: the lead itself, or what hangs off it.

        Args:
            queries: Each about one kind of object, which it names.
            lead: As Close answers it, with `activities`, and `sequence_subscriptions` in its contacts.
            catalog: The organization that the lead is of; `me` is its first user.
            now: Aware; the moment from which relative dates are measured.
            zone: In which days begin and end.

        Raises:
            BadRequestError: A query cannot be answered; the message says why.
        """
        ...


class Clock(Protocol):
    """Time, handed in so that tests can step it."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
