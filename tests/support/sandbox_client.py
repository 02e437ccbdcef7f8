"""A small client for sandbox tests: requests in, status and JSON out, and a clock that is stepped by hand."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from bulkplan.sandbox import Sandbox, SandboxRequest, SandboxResponse, SandboxSettings
from bulkplan.sandbox.clock import SteppedClock

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
SLOW = SandboxSettings(leads_per_second=10.0, loading_seconds=2.0)
EVERY_LEAD = {"type": "object_type", "object_type": "lead"}


def basic(key="key", password=""):
    return "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()


class SandboxClient:
    """Speaks to one sandbox in process, without faults of the wire."""

    def __init__(self, path: Path | None = None, *, leads=60, settings: SandboxSettings | None = None, clock=None):
        self.clock = clock or SteppedClock(NOON)
        self.sandbox = Sandbox.open(path, leads=leads, clock=self.clock, settings=settings)

    def send(self, method, path, body=None, query: Mapping[str, object] = {}, headers=()) -> SandboxResponse:
        return self.sandbox.handle(request(method, path, body, query, headers))

    def get(self, path, **query) -> JsonValue:
        return self.ok("GET", path, query=query)

    def ok(self, method, path, body=None, query: Mapping[str, object] = {}) -> JsonValue:
        answer = self.send(method, path, body, query)
        assert answer.status == 200, answer.body
        return answer.json()

    def refused(self, method, path, body=None, query: Mapping[str, object] = {}, status=400) -> JsonValue:
        answer = self.send(method, path, body, query)
        assert answer.status == status, answer.body
        return answer.json()

    def rows(self, sql, *params):
        return self.sandbox.world.connection.execute(sql, params).fetchall()

    def value(self, sql, *params):
        return self.rows(sql, *params)[0][0]

    # what tests ask for again and again
    def status_id(self, label):
        return self.value("SELECT id FROM lead_status WHERE label = ?", label)

    def field_id(self, name):
        return self.value("SELECT id FROM custom_field WHERE name = ?", name)

    def lead_ids(self):
        return [lead_id for (lead_id,) in self.rows("SELECT id FROM lead ORDER BY date_created DESC, id")]

    def search(self, query, **body):
        return self.ok("POST", "/data/search/", {"query": query, **body})

    def start(self, kind, **body):
        return self.ok("POST", f"/bulk_action/{kind}/", {"s_query": EVERY_LEAD, **body})

    def finish(self, action, seconds=3600.0):
        self.clock.advance(seconds)
        kinds = {
            "bulkedit": "edit",
            "bulkdelete": "delete",
            "bulkemail": "email",
            "bulkseqsub": "sequence_subscription",
        }
        kind = kinds[action["id"].partition("_")[0]]
        return self.get(f"/bulk_action/{kind}/{action['id']}/")

    def run(self, kind, **body):
        return self.finish(self.start(kind, **body))

    def events(self, **query):
        found, cursor = [], None
        while True:
            page = self.get("/event/", **query, **({"_cursor": cursor} if cursor else {}))
            found += page["data"]
            cursor = page["cursor_next"]
            if cursor is None:
                return found


def request(method, path, body=None, query: Mapping[str, object] = {}, headers=()) -> SandboxRequest:
    given = {"authorization": basic(), "content-type": "application/json", **dict(headers)}
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    full = path if path.startswith("/_sandbox") else f"/api/v1{path}"
    pairs = tuple((name, str(value)) for name, value in query.items())
    return SandboxRequest(method, full, pairs, tuple(given.items()), raw)


def leads_with(*ids):
    """A query for exactly these leads."""
    clauses = [{"type": "id", "value": lead_id} for lead_id in ids]
    return {"type": "and", "queries": [EVERY_LEAD, {"type": "or", "queries": clauses}]}
