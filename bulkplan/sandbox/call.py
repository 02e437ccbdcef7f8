"""What an endpoint is given: the request, read, and the world it acts on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from bulkplan.sandbox.auth import Caller
from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.errors import ApiError
from bulkplan.sandbox.events import Origin
from bulkplan.sandbox.http import parse_object
from bulkplan.sandbox.paging import Page, read_fields, read_page
from bulkplan.sandbox.quirks import NO_QUIRKS, Quirks
from bulkplan.sandbox.settings import SandboxSettings
from bulkplan.sandbox.world import World

API_ROOT = "/api/v1"


@dataclass(frozen=True)
class Call:
    """
    One request on its way through an endpoint.

    `path` is below `/api/v1`; `ids` are the variable parts of the path; `tz_offset` is in hours; `query` has the last
    value of each parameter; `base_url` is the address the client knows this server by.
    """

    world: World
    settings: SandboxSettings
    caller: Caller
    method: str
    path: str
    now: datetime
    request_id: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    tz_offset: float = 0.0
    quirks: Quirks = NO_QUIRKS
    base_url: str = ""

    @property
    def connection(self) -> sqlite3.Connection:
        """The world's connection; writing endpoints run inside a transaction."""
        return self.world.connection

    @property
    def organization_id(self) -> str:
        """The one organization of the world."""
        return self.world.organization_id

    @property
    def moment(self) -> str:
        """The present, as rows store it."""
        return format_moment(self.now)

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.ids["id"]

    @property
    def fields(self) -> tuple[str, ...] | None:
        """What `_fields` names, or None."""
        return read_fields(self.query)

    def page(self, *, max_limit: int | None = None, default_limit: int = 100) -> Page:
        """Read `_limit` and `_skip`; raises ApiError 400."""
        limit = self.settings.open_questions.max_list_limit if max_limit is None else max_limit
        return read_page(self.query, max_limit=limit, default_limit=default_limit)

    def json_object(self) -> dict[str, JsonValue]:
        """Parse the body; raises ApiError 400 when it is not a JSON object."""
        return parse_object(self.body)

    def listing_horizon(self) -> str:
        """Say up to when things are listed: now, less the lag of listings."""
        return format_moment(self.now - timedelta(seconds=self.quirks.listing_lag_s))


Endpoint = Callable[[Call], JsonValue]
"""Answers a call with JSON, or raises ApiError."""


@dataclass(frozen=True)
class Route:
    """
    One method of one path pattern, such as `/lead/{id}/`.

    `is_write` runs it inside a transaction. `status` is that of success: newer resources answer a create with 201.
    Source: Close API, "HTTP response codes".
    """

    method: str
    pattern: str
    endpoint: Endpoint
    is_write: bool = False
    status: int = 200


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """Read a yes/no parameter (true, false, 1, 0); None when it is not given; raises ApiError 400."""
    given = query.get(name)
    if given is None:
        return None
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if given.lower() not in words:
        raise ApiError(400, f"{name} must be true or false.")
    return words[given.lower()]


def call_origin(call: Call) -> Origin:
    """Say where the events of an API call come from."""
    return Origin(
        moment=call.moment,
        user_id=call.caller.user_id,
        api_key_id=call.caller.api_key_id,
        request_id=call.request_id,
        meta={"request_method": call.method, "request_path": API_ROOT + call.path},
    )
