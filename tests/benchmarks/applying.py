"""
What applying adds to the requests that it takes: many independent runs against a sandbox, started and not waited for.

The rate floor, at 20 requests a second for each endpoint group, in windows of a second of which the first is there at
once. From the first intent to the last outcome each run demands one request of three groups: a count of its leads, the
question whose key it is, and the request that starts it; so 200 runs take 200 / 20 - 1 = 9 seconds. The whole command
counts the leads of each run of a saved plan before anything is sent: 400 / 20 - 1 = 19 seconds, and what a command
takes that asks Close nothing is left out. (The looks through the lists are shared; a run that is prepared before
anything was sent is not counted once more.)

Our own work is taken in one process, with the state in a local file: the time between one start and the next in which
nobody waits for Close, durable writes counted. Watching is counted in requests, on a clock that only the waits move.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx
from benchmarks.figures import Figure, Options, at_most, ratio_at_most
from benchmarks.watching import requests_to_watch
from e2e.project import API_KEY, KEY_VARIABLE, Project, environ, spec
from e2e.served import Served, serve
from support.applying import Applying

from bulkplan.core.result import ResultKind

N_RUNS, RATE, SLACK_S = 200, 20, 0.5
WATCHED_S = 300.0
ABOUT = f"{N_RUNS} independent runs with --no-wait, state in a local file; {N_RUNS} running actions watched"
TAG = "{type: set_custom_field, field: Tags, values: [vip], operation: add}"


def _named(n_runs: int, latency_ms: int) -> str:
    return f"{n_runs} runs, {RATE}/s, {latency_ms} ms an answer"


def _own(n_runs: int) -> str:
    return f"our own work for a run, median of {n_runs}"


def _watched(n_runs: int) -> str:
    return f"{n_runs} running actions watched for {WATCHED_S / 60:.0f} minutes"


GOALS = {
    _named(N_RUNS, 0): ratio_at_most(1.05),
    f"{_named(N_RUNS, 0)}, whole command": ratio_at_most(1.05),
    _own(N_RUNS): at_most(30),
    _watched(N_RUNS): ratio_at_most(0.25),
}


def figures(options: Options) -> Iterator[Figure]:
    """Our own work; whole commands, beside the rate floor; then watching."""
    n_runs = 40 if options.quick else N_RUNS
    with tempfile.TemporaryDirectory(prefix="bulkplan-applying-") as name:
        yield _own_work(Path(name) / "own", n_runs)
        for latency_ms in (0, 100):
            yield from _against_the_floor(Path(name) / f"slow-{latency_ms}", n_runs, latency_ms)
    by_list, alone = (asyncio.run(requests_to_watch(n_runs, WATCHED_S, is_shared=each)) for each in (True, False))
    yield Figure(_watched(n_runs), by_list, "requests", "one request for each", alone)


def _against_the_floor(folder: Path, n_runs: int, latency_ms: int) -> Iterator[Figure]:
    with _project(folder, n_runs) as (project, served):
        if latency_ms:
            served.fault("latency", seconds=latency_ms / 1000, times=None)
        start_up_s = _timed(lambda: project.run("status", "--no-refresh"))
        seconds = _timed(lambda: _apply(project, served)) - start_up_s
        asked, n_limited = served.requests(), served.starts() - n_runs
        started_s = _first_intent_to_last_outcome(project)
    note = f"{SLACK_S} s are taken off"
    per_run = sum(asked.values()) / n_runs
    floor_s = n_runs / RATE - 1
    name = _named(n_runs, latency_ms)
    yield Figure(name, started_s - SLACK_S, "s", "the rate floor", floor_s, f"{note}; {n_limited} limited")
    whole = f"{name}, whole command"
    floor_s += n_runs / RATE
    yield Figure(whole, seconds - SLACK_S, "s", "the rate floor", floor_s, f"{note}; {per_run:.1f} requests a run")


def _first_intent_to_last_outcome(project: Project) -> float:
    slots = project.run("state", "export").json["slots"]
    runs = [slot["content"] for slot in slots if slot["key"].startswith("run/")]
    moments = [datetime.fromisoformat(entry["at"]) for run in runs for entry in run["history"]]
    return (max(moments) - min(moments)).total_seconds()


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


@contextmanager
def _project(folder: Path, n_runs: int) -> Iterator[tuple[Project, Served]]:
    """A project of so many runs, planned already, and the sandbox it is about."""
    (folder / "specs").mkdir(parents=True)
    words = ("--leads", "100", "--leads-per-second", "100000", "--rate-limit", f"{RATE}/1")
    with serve(folder / "world.db", *words) as served:
        project = Project(folder, environ(**{KEY_VARIABLE: API_KEY}), ())
        project.configure({"served": served.target})
        for name in ("first", "second"):
            numbers = ", ".join(map(str, range(n_runs // 2)))
            project.write(f"specs/{name}.yaml", spec(name, more=f"for_each: {{n: [{numbers}]}}\n"))
        planned = project.run("plan", "--out", "plan.json", "--no-members", timeout_s=300)
        assert planned.code == 0, planned
        yield project, served.as_new()


def _apply(project: Project, served: Served) -> None:
    """Every run must have been started, and be on record as started."""
    done = project.run("apply", "plan.json", "--no-wait", "--quiet", timeout_s=900)
    assert done.code == 0, done


class _Timed(httpx.AsyncBaseTransport):
    """Notes at each start how long everything took so far, less what Close took."""

    def __init__(self, inner: httpx.AsyncBaseTransport, marks: list[float]) -> None:
        self.inner, self.marks, self.waited_s = inner, marks, 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        began = time.perf_counter()
        if request.method == "POST" and request.url.path.endswith("/bulk_action/edit/"):
            self.marks.append(began - self.waited_s)
        try:
            return await self.inner.handle_async_request(request)
        finally:
            self.waited_s += time.perf_counter() - began


class _Measured(Applying):
    """An `Applying` that is timed."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.marks: list[float] = []
        self.timed = _Timed(super().transport(), self.marks)

    def transport(self) -> httpx.AsyncBaseTransport:
        return self.timed


def _own_work(root: Path, n_runs: int) -> Figure:
    measured = _Measured(root)
    for number in range(n_runs):
        measured.write(f"run-{number:03}", action=TAG)
    plan = measured.plan()
    result = measured.apply(plan, wait=False)
    assert all(row.kind is ResultKind.RUNNING for row in result.results)
    gaps = [1000 * (after - before) for before, after in zip(measured.marks, measured.marks[1:], strict=False)]
    mean = sum(gaps) / len(gaps)
    return Figure(_own(n_runs), statistics.median(gaps), "ms", note=f"mean {mean:.1f} ms, worst {max(gaps):.0f} ms")
