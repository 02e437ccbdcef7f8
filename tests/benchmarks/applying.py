"""
What applying adds to the requests that it takes: many independent runs against a sandbox served over HTTP.

Our own work is CPU, of the whole command less its start-up: runs go side by side, so a wall clock would show Close and
not us; `stores` has the time that the durable writes take. The rate floor is what the limit of requests allows: each
run needs one of the busiest group, and the first window is free.
"""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import httpx
from benchmarks.figures import Figure, Options, at_most, ratio_at_most
from e2e.project import API_KEY, KEY_VARIABLE, Project, environ, spec
from e2e.served import Served, serve

from bulkplan.core.marker import make_marker, mark_body

N_RUNS = 200
RATE = 20
LATENCY_S = 0.15
ABOUT = f"{N_RUNS} independent runs over HTTP with --no-wait, state in a local file"
GOALS = {
    f"our own work for a run, {N_RUNS} runs": at_most(30),
    f"{N_RUNS} runs at {RATE} requests a second, {1000 * LATENCY_S:.0f} ms each": ratio_at_most(1.05),
}
LISTED_EVERY = 10
"""So many runs share a reading of the listings, about."""
_KIND = "/bulk_action/edit/"


def figures(options: Options) -> Iterator[Figure]:
    """Our own work beside bare requests; then a slow Close with a limit."""
    n_runs = 20 if options.quick else N_RUNS
    with tempfile.TemporaryDirectory(prefix="bulkplan-applying-") as name:
        folder = Path(name)
        with _project(folder / "quick", n_runs, "--rate-limit", "none") as (project, served):
            start_up_s = _cpu_of(lambda: project.run("status", "--no-refresh"))
            ours_s = _cpu_of(lambda: _apply(project, served)) - start_up_s
            asked = served.requests()
            bare_s = _bare(served, folder / "bare.db", n_runs)
            yield Figure(
                f"our own work for a run, {n_runs} runs",
                1000 * ours_s / n_runs,
                "ms",
                "bare requests and writes",
                1000 * bare_s / n_runs,
                f"{sum(asked.values()) / n_runs:.1f} requests a run",
            )
        with _project(folder / "slow", n_runs, "--rate-limit", f"{RATE}/1") as (project, served):
            served.fault("latency", seconds=LATENCY_S, times=None)
            seconds, cpu_s = 0.0, 0.0

            def apply() -> None:
                nonlocal seconds
                seconds = _apply(project, served)

            cpu_s = _cpu_of(apply)
            yield Figure(
                f"{n_runs} runs at {RATE} requests a second, {1000 * LATENCY_S:.0f} ms each",
                seconds - 0.5,
                "s",
                "the rate floor",
                max(n_runs / RATE - 1, LATENCY_S),
                f"0.5 s are taken off; {cpu_s:.1f} s of CPU",
            )


def _cpu_of(act: Callable[[], object]) -> float:
    """Seconds of CPU of the processes that `act` runs to their end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def _project(folder: Path, n_runs: int, *words: str) -> Iterator[tuple[Project, Served]]:
    """A project of so many runs, planned already, and the sandbox it is about."""
    folder.mkdir()
    (folder / "specs").mkdir()
    with serve(folder / "world.db", "--leads", "100", "--leads-per-second", "100000", *words) as served:
        project = Project(folder, environ(**{KEY_VARIABLE: API_KEY}), ())
        project.configure({"served": served.target})
        for name in ("first", "second"):
            numbers = ", ".join(map(str, range(n_runs // 2)))
            project.write(f"specs/{name}.yaml", spec(name, more=f"for_each: {{n: [{numbers}]}}\n"))
        planned = project.run("plan", "--out", "plan.json", "--no-members", timeout_s=300)
        assert planned.code == 0, planned
        yield project, served.as_new()


def _apply(project: Project, served: Served) -> float:
    """Seconds from the first intent to the last outcome, by the records; every run must have been started once."""
    done = project.run("apply", "plan.json", "--no-wait", "--quiet", timeout_s=900)
    assert done.code == 0, done
    slots = project.run("state", "export").json["slots"]
    runs = [slot["content"] for slot in slots if slot["key"].startswith("run/")]
    assert len(runs) == served.starts(), done
    moments = [datetime.fromisoformat(entry["at"]) for run in runs for entry in run["history"]]
    return (max(moments) - min(moments)).total_seconds()


def _bare(served: Served, path: Path, n_runs: int) -> float:
    """Seconds of CPU of the same requests by bare httpx, one after the other, and of two durable writes for each."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("CREATE TABLE bare (number INTEGER)")
        began = time.process_time()
        asyncio.run(_requests(served, n_runs))
        for number in range(2 * n_runs):
            connection.execute("INSERT INTO bare VALUES (?)", (number,))
        return time.process_time() - began


async def _requests(served: Served, n_runs: int) -> None:
    base, auth = served.base_url, (API_KEY, "")
    query = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}
    body = {"type": "set_lead_status", "s_query": query, "results_limit": 100, "sort": []}
    body["lead_status_id"] = served.get("/status/lead/")["data"][0]["id"]
    count = {"query": query, "results_limit": 0, "include_counts": True, "_limit": 1, "_fields": {"lead": ["id"]}}
    async with httpx.AsyncClient(base_url=base, auth=auth, trust_env=False) as reader:
        for number in range(n_runs):
            (await reader.post("/data/search/", json=count)).raise_for_status()
            async with httpx.AsyncClient(base_url=base, auth=auth, trust_env=False) as sender:
                (await sender.get("/me/")).raise_for_status()
                sent = mark_body(body, make_marker("a" * 16, f"{number:016}"))
                (await sender.post(_KIND, json=sent)).raise_for_status()
            if number % LISTED_EVERY == 0:
                await _listings(reader, number)


async def _listings(reader: httpx.AsyncClient, n_listed: int) -> None:
    for skip in range(0, n_listed + 1, 100):
        (await reader.get(_KIND, params={"_limit": 100, "_skip": skip})).raise_for_status()
    paging: dict[str, str | int] = {}
    while True:
        params = {"object_type": "bulk_action.edit", "action": "created", "_limit": 50, **paging}
        page = (await reader.get("/event/", params=params)).raise_for_status().json()
        if not page["cursor_next"]:
            return
        paging = {"_cursor": page["cursor_next"]}
