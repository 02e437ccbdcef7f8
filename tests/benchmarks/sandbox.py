"""
How fast the sandbox is: a large world made, counted and edited; a small one served over HTTP.

The world is a file, as `sandbox serve --data` keeps it; requests are answered in process, so that it is the sandbox
itself that is measured. The floors are SQL by hand: the same count, and an edit that only writes the rows and their
events.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, Options, at_least, at_most
from benchmarks.measuring import timed_in_turn
from benchmarks.sandbox_floors import edit_by_hand, three_conditions_by_hand
from benchmarks.serving import figures_over_http

from bulkplan.sandbox import Sandbox, SandboxRequest, SandboxSettings
from bulkplan.sandbox.clock import SteppedClock, SystemClock

ABOUT = "a world of 100,000 leads in a file; and a small one over HTTP"
GOALS = {
    "100,000 leads made": at_most(60),
    "count with three nested conditions, 100,000 leads": at_most(50),
    "bulk edit of 50,000 leads of 100,000": at_most(10),
    "counts over HTTP, 1 client": at_least(500),
    "counts over HTTP, 4 clients": at_least(500),
}
EVERY_LEAD = {"type": "object_type", "object_type": "lead"}
HEADERS = (("authorization", "Basic a2V5Og=="), ("content-type", "application/json"))


def figures(options: Options) -> Iterator[Figure]:
    """Make a world in a file, measure, throw it away; then serve another."""
    n_leads = 2_000 if options.quick else 100_000
    clock = SteppedClock(SystemClock().now())
    settings = SandboxSettings(leads_per_second=float("inf"), export_documents_per_second=float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.db"
        start = time.perf_counter()
        Sandbox.open(path, leads=n_leads, clock=clock).close()
        yield Figure(f"{n_leads:,} leads made", time.perf_counter() - start, "s", note=_size_of(path))
        sandbox = Sandbox.open(path, clock=clock, settings=settings)
        yield from _queries(sandbox, n_leads)
        floor_s = edit_by_hand(path, Path(folder) / "by-hand.db", n_leads // 2)
        yield from _bulk(sandbox, clock, n_leads, floor_s)
        sandbox.close()
    yield from figures_over_http(options)


def _size_of(path: Path) -> str:
    return f"a file of {path.stat().st_size / 1e6:,.0f} MB"


def call(sandbox: Sandbox, method: str, path: str, body: object = None) -> object:
    """Ask in process; a refusal ends the benchmark."""
    raw = b"" if body is None else json.dumps(body).encode()
    answer = sandbox.handle(SandboxRequest(method, f"/api/v1{path}", (), HEADERS, raw))
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {answer.status} {answer.body!r}")
    return answer.json()


def field(name: str, condition: dict[str, object]) -> dict[str, object]:
    """A condition on a field of leads."""
    regular = {"type": "regular_field", "object_type": "lead", "field_name": name}
    return {"type": "field_condition", "field": regular, "condition": condition}


def three_conditions(sandbox: Sandbox) -> dict[str, object]:
    """Status, and either a custom field or no communication of late: what a mailing asks for."""
    connection = sandbox.world.connection
    (status_id,) = connection.execute("SELECT id FROM lead_status WHERE label = 'Customer'").fetchone()
    (field_id,) = connection.execute("SELECT id FROM custom_field WHERE name = 'Industry'").fetchone()
    custom = {"type": "custom_field", "custom_field_id": field_id}
    quiet = {"type": "moment_range", "before": {"type": "fixed_utc", "value": "2026-10-01T00:00:00+00:00"}}
    either = [
        {"type": "field_condition", "field": custom, "condition": {"type": "term", "values": ["SaaS", "Retail"]}},
        field("last_communication_date", quiet),
    ]
    status = {"type": "reference", "reference_type": "status.lead", "object_ids": [status_id]}
    return {
        "type": "and",
        "queries": [EVERY_LEAD, field("status_id", status), {"type": "or", "queries": either}],
    }


def _queries(sandbox: Sandbox, n_leads: int) -> Iterator[Figure]:
    """Count and search."""
    node, size = three_conditions(sandbox), f"{n_leads:,} leads"
    counting = {"query": node, "include_counts": True, "results_limit": 0}
    medians = timed_in_turn(
        {
            "by hand": lambda: three_conditions_by_hand(sandbox.world.connection),
            "count": lambda: call(sandbox, "POST", "/data/search/", counting),
            "every": lambda: call(sandbox, "POST", "/data/search/", {**counting, "query": EVERY_LEAD}),
            "page": lambda: call(sandbox, "POST", "/data/search/", {"query": node, "_limit": 200}),
            "full": lambda: call(sandbox, "GET", "/lead/"),
        },
        rounds=7,
    )
    ms = {name: 1000 * seconds for name, seconds in medians.items()}
    yield Figure(f"count with three nested conditions, {size}", ms["count"], "ms", "the SQL by hand", ms["by hand"])
    yield Figure(f"count of every lead, {size}", ms["every"], "ms")
    yield Figure(f"first page (200 IDs), three conditions, {size}", ms["page"], "ms", "its count", ms["count"])
    yield Figure(f"GET /lead/ (100 full leads), {size}", ms["full"], "ms")


def _bulk(sandbox: Sandbox, clock: SteppedClock, n_leads: int, floor_s: float) -> Iterator[Figure]:
    """Edit half of the leads, once; and write an export of a tenth."""
    (status_id,) = sandbox.world.connection.execute("SELECT id FROM lead_status WHERE label = 'Bad Fit'").fetchone()
    half, tenth = n_leads // 2, n_leads // 10
    edit = {"type": "set_lead_status", "lead_status_id": status_id, "s_query": EVERY_LEAD, "results_limit": half}
    call(sandbox, "POST", "/bulk_action/edit/", edit)
    clock.advance(3600)
    seconds = _once(sandbox, "/bulk_action/edit/")
    yield Figure(
        f"bulk edit of {half:,} leads of {n_leads:,}", seconds, "s", "rows and events written by hand", floor_s
    )
    export = {"format": "json", "type": "leads", "include_activities": True, "results_limit": tenth}
    call(sandbox, "POST", "/export/lead/", export)
    clock.advance(3600)
    yield Figure(f"export of {tenth:,} leads with activities", _once(sandbox, "/export/"), "s")


def _once(sandbox: Sandbox, path: str) -> float:
    start = time.perf_counter()
    call(sandbox, "GET", path)
    return time.perf_counter() - start
