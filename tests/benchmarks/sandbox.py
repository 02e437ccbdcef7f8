"""
How fast the sandbox is: run by hand, prints figures, asserts nothing.

    python tests/benchmarks/sandbox.py [LEADS]

Medians of several rounds; the ratio says how many times a count over all leads each query costs.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from bulkplan.sandbox import Sandbox, SandboxRequest, SandboxSettings
from bulkplan.sandbox.clock import SteppedClock, SystemClock
from bulkplan.sandbox.serve import SandboxServer

ROUNDS = 7
EVERY_LEAD = {"type": "object_type", "object_type": "lead"}
AUTHORIZATION = ("authorization", "Basic a2V5Og==")
HEADERS = (AUTHORIZATION, ("content-type", "application/json"))


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median of several rounds, in seconds."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


def show(name: str, seconds: float, *, per: int | None = None, base: float | None = None) -> None:
    """Print one figure."""
    rate = f"{per / seconds:>12,.0f} per second" if per else " " * 23
    ratio = f"  x{seconds / base:,.1f}" if base else ""
    say(f"{name:<46}{seconds * 1000:>12,.1f} ms {rate}{ratio}")


def call(sandbox: Sandbox, method: str, path: str, body: bytes = b"") -> object:
    """Ask in process; a refusal ends the benchmark."""
    answer = sandbox.handle(SandboxRequest(method, f"/api/v1{path}", (), HEADERS, body))
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {answer.status} {answer.body!r}")
    return answer.json()


def field(name: str, condition: dict[str, object]) -> dict[str, object]:
    """A condition on a field of leads."""
    regular = {"type": "regular_field", "object_type": "lead", "field_name": name}
    return {"type": "field_condition", "field": regular, "condition": condition}


def three_conditions(sandbox: Sandbox) -> dict[str, object]:
    """Status, a custom field and the last communication: what a mailing asks for."""
    connection = sandbox.world.connection
    (status_id,) = connection.execute("SELECT id FROM lead_status WHERE label = 'Customer'").fetchone()
    (field_id,) = connection.execute("SELECT id FROM custom_field WHERE name = 'Industry'").fetchone()
    custom = {"type": "custom_field", "custom_field_id": field_id}
    return {
        "type": "and",
        "queries": [
            EVERY_LEAD,
            field("status_id", {"type": "reference", "reference_type": "status.lead", "object_ids": [status_id]}),
            {"type": "field_condition", "field": custom, "condition": {"type": "term", "values": ["SaaS", "Retail"]}},
            field(
                "last_communication_date",
                {"type": "moment_range", "before": {"type": "fixed_utc", "value": "2026-10-01T00:00:00+00:00"}},
            ),
        ],
    }


def measure_queries(sandbox: Sandbox) -> None:
    """Count and search."""

    def count(node: dict[str, object]) -> None:
        body = json.dumps({"query": node, "include_counts": True, "results_limit": 0}).encode()
        call(sandbox, "POST", "/data/search/", body)

    def page(node: dict[str, object]) -> None:
        call(sandbox, "POST", "/data/search/", json.dumps({"query": node, "_limit": 200}).encode())

    base = timed(lambda: count(EVERY_LEAD))
    show("count of every lead", base)
    node = three_conditions(sandbox)
    show("count with three conditions", timed(lambda: count(node)), base=base)
    show("first page (200 ids) with three conditions", timed(lambda: page(node)), base=base)
    show("GET /lead/ (100 full leads)", timed(lambda: call(sandbox, "GET", "/lead/")), per=100)


def measure_bulk(sandbox: Sandbox, clock: SteppedClock, n_leads: int) -> None:
    """Edit half of the leads, once; and write an export of a tenth."""
    (status_id,) = sandbox.world.connection.execute("SELECT id FROM lead_status WHERE label = 'Bad Fit'").fetchone()
    half = n_leads // 2
    body = {"type": "set_lead_status", "lead_status_id": status_id, "s_query": EVERY_LEAD, "results_limit": half}
    call(sandbox, "POST", "/bulk_action/edit/", json.dumps(body).encode())
    clock.advance(3600)
    show(f"bulk edit of {half:,} leads", timed(lambda: call(sandbox, "GET", "/bulk_action/edit/"), 1), per=half)
    tenth = max(1, n_leads // 10)
    body = {"format": "json", "type": "leads", "include_activities": True, "results_limit": tenth}
    call(sandbox, "POST", "/export/lead/", json.dumps(body).encode())
    clock.advance(3600)
    show(f"export of {tenth:,} leads with activities", timed(lambda: call(sandbox, "GET", "/export/"), 1), per=tenth)


def measure_http(n_requests: int = 400, n_clients: int = 4) -> None:
    """Requests per second over HTTP, from one client and from several at once."""
    sandbox = Sandbox.open(None, leads=1000, clock=SystemClock())
    ready = threading.Event()
    server = SandboxServer(sandbox, on_ready=lambda _port: ready.set())
    thread = threading.Thread(target=server.run)
    thread.start()
    ready.wait(30)
    url = f"http://127.0.0.1:{server.port}/api/v1"

    def ask(path: str, number: int) -> None:
        with httpx.Client(auth=("key", ""), timeout=60) as client:
            for _ in range(number):
                client.get(url + path).raise_for_status()

    def together(path: str) -> None:
        threads = [threading.Thread(target=ask, args=(path, n_requests // n_clients)) for _ in range(n_clients)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    try:
        for path in ("/me/", "/lead/?_limit=10"):
            show(f"HTTP GET {path}, one client", timed(lambda path=path: ask(path, n_requests), 3), per=n_requests)
            show(f"HTTP GET {path}, {n_clients} clients", timed(lambda path=path: together(path), 3), per=n_requests)
    finally:
        server.stop()
        thread.join()
        sandbox.close()


def main(n_leads: int) -> None:
    """Make a world in a file, measure, throw it away."""
    clock = SteppedClock(SystemClock().now())
    settings = SandboxSettings(leads_per_second=float("inf"), export_documents_per_second=float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.db"
        seconds = timed(lambda: Sandbox.open(path, leads=n_leads, clock=clock).close(), 1)
        show(f"making a world of {n_leads:,} leads", seconds, per=n_leads)
        say(f"{'its file':<46}{path.stat().st_size / 1e6:>12,.1f} MB")
        sandbox = Sandbox.open(path, clock=clock, settings=settings)
        measure_queries(sandbox)
        measure_bulk(sandbox, clock, n_leads)
        sandbox.close()
    measure_http()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
