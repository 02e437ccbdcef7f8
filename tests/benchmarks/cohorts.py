"""
What cohorts cost: fetched, stored, digested and compared.

The whole way is measured, from `POST /data/search/` to the row of the plan, against a Close that is made up on the fly:
it has one lead a second, and answers by arithmetic. Memory is the peak that tracemalloc sees, in a run of its own,
because it slows everything down; what the pretended Close takes is in it.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
from benchmarks.figures import Figure, Options, at_least, at_most
from support.plan_world import make_workspace, spec_data, wanted_run

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.cohort_files import DiskSpool
from bulkplan.adapters.secret import Secret
from bulkplan.app.cohorts import CohortWish, add_cohorts
from bulkplan.core.cohort import compare_members
from bulkplan.core.planner import ALL_LEADS
from bulkplan.model.plan import Change, ChangeKind, Matches, Plan
from bulkplan.model.request import Request

FIRST = datetime(2015, 1, 1, tzinfo=UTC)
SIZES = (100_000, 1_000_000)
QUICK_SIZES = (2_000, 20_000)
ABOUT = "lead IDs fetched, stored, digested and compared, against a Close that answers at once"
GOALS = {
    "1,000,000 leads fetched and digested, peak": at_most(64),
    "1,000,000 leads, peak above 100,000's": at_most(5),
    "1,000,000 members compared": at_most(1),
    "1,000,000 members compared, peak with both sets": at_most(64),
    "windows side by side: requests a second": at_least(90),
}
SLOW_S, LIMIT_PER_S = 0.05, 100
"""
How long a slow Close takes for an answer, and how many requests a second it takes. As many are under way then as with
16 a second that take 0.3 s each.
"""
MIB = 1024 * 1024


def lead_id(number: int) -> str:
    return f"lead_{number * 2654435761 % 2**32:043d}"


class ArithmeticClose(httpx.AsyncBaseTransport):
    """One lead a second since `FIRST`; a cursor is the number of the next one. Answers at once unless it is `slow`."""

    def __init__(self, n_leads: int, *, is_slow: bool = False) -> None:
        self.n_leads, self.n_requests, self.is_slow = n_leads, 0, is_slow
        self._window, self._n_in_window = 0, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread())
        self.n_requests += 1
        if not self.is_slow:
            return self._answer(body)
        headers = {"ratelimit": self._rate_limit()}
        if self._n_in_window > LIMIT_PER_S:
            return httpx.Response(429, json={"error": "API call count exceeded"}, headers=headers)
        await asyncio.sleep(SLOW_S)
        answer = self._answer(body)
        answer.headers.update(headers)
        return answer

    def _rate_limit(self) -> str:
        """Count a request in its second."""
        now = time.monotonic()
        if int(now) != self._window:
            self._window, self._n_in_window = int(now), 0
        self._n_in_window += 1
        left = max(0, LIMIT_PER_S - self._n_in_window)
        return f"limit={LIMIT_PER_S}, remaining={left}, reset={self._window + 1 - now:.3f}"

    def _answer(self, body: dict) -> httpx.Response:
        start, end = self._span(body["query"])
        total, dates = end - start, "date_created" in body["_fields"]["lead"]
        if body["sort"][0]["direction"] == "desc":
            start = end - 1
        start = int(body.get("cursor") or start)
        stop = min(end, start + body["_limit"])
        data = [self._lead(number, dates=dates) for number in range(start, stop)]
        cursor = str(stop) if stop < end else None
        answer = {"data": data, "cursor": cursor, "count": {"total": total, "limited": total}}
        return httpx.Response(200, json=answer)

    def _span(self, query: dict) -> tuple[int, int]:
        clause = query["queries"][-1]
        if clause["type"] != "field_condition":
            return 0, self.n_leads
        bounds = (clause["condition"]["on_or_after"], clause["condition"]["before"])
        start, end = (self._number(bound["value"]) if bound else None for bound in bounds)
        return start or 0, self.n_leads if end is None else end

    @staticmethod
    def _number(moment: str) -> int:
        return -(-(datetime.fromisoformat(moment) - FIRST) // timedelta(seconds=1))

    @staticmethod
    def _lead(number: int, *, dates: bool) -> dict[str, str]:
        lead = {"__object_type": "lead", "id": lead_id(number)}
        return {**lead, "date_created": (FIRST + timedelta(seconds=number)).isoformat()} if dates else lead


def plan_of(n_leads: int) -> Plan:
    run = wanted_run(spec_data("large"))
    body = {"s_query": ALL_LEADS, "results_limit": n_leads, "sort": [], "send_done_email": False}
    row = Change(
        key=run.key,
        kind=ChangeKind.RUN,
        reason="never ran",
        action_type="delete",
        summary="",
        source=run.source,
        matches=Matches(total=n_leads, limited=n_leads, of_leads=n_leads),
        request=Request(kind="delete", body=body),
    )
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return Plan(plan_id="p", tool_version="0", target="t", organization_id="o", now=now, expires_at=now, changes=(row,))


async def list_all(n_leads: int, *, is_slow: bool = False) -> tuple[Change, int]:
    close = ArithmeticClose(n_leads, is_slow=is_slow)
    connection = Connection("https://close.test/api/v1", Secret("k"), "a benchmark", None, close)
    wish = CohortWish(members=True, open_spool=DiskSpool)
    async with open_reader(connection) as reader:
        plan = await add_cohorts(
            plan_of(n_leads), make_workspace([wanted_run(spec_data("large"))]), reader=reader, wish=wish
        )
    return plan.changes[0], close.n_requests


def figures(options: Options) -> Iterator[Figure]:
    """Memory grows from the smaller size to the larger; the floor is what Python's sets of the IDs take."""
    small, large = QUICK_SIZES if options.quick else SIZES
    yield from _compared(large)
    yield from _fetched(large)
    yield _paced(large // 10)
    peaks = {n_leads: _peak_mib(lambda n=n_leads: asyncio.run(list_all(n))) for n_leads in (small, large)}
    in_sets = _peak_mib(lambda: len({lead_id(n) for n in range(large)} ^ {lead_id(n) for n in range(1000, large)}))
    yield Figure(f"{large:,} leads fetched and digested, peak", peaks[large], "MiB", "two sets of IDs", in_sets)
    yield Figure(f"{large:,} leads, peak above {small:,}'s", peaks[large] - peaks[small], "MiB")


def _fetched(n_leads: int) -> Iterator[Figure]:
    start = time.perf_counter()
    row, n_requests = asyncio.run(list_all(n_leads))
    seconds = time.perf_counter() - start
    assert row.cohort is not None
    assert row.cohort.n_leads == n_leads
    start = time.perf_counter()
    digest = hashlib.sha256()
    for each in sorted({lead_id(n) for n in range(n_leads)}):
        digest.update(each.encode())
    floor = time.perf_counter() - start
    name = f"{n_leads:,} leads fetched and digested"
    yield Figure(name, seconds, "s", "sorted and digested in a set", floor, f"{n_requests:,} requests")


def _compared(n_leads: int) -> Iterator[Figure]:
    """Two cohorts that share all but a thousand leads each way."""
    ids = [{lead_id(n) for n in range(start, start + n_leads)} for start in (0, 1000)]
    texts = [_members(each) for each in ids]
    start = time.perf_counter()
    drift = compare_members(*texts)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    left, entered = len(ids[0] - ids[1]), len(ids[1] - ids[0])
    floor = time.perf_counter() - start
    assert (drift.left, drift.entered) == (left, entered)
    yield Figure(f"{n_leads:,} members compared", seconds, "s", "two sets of IDs, built before", floor)
    del ids
    held = sum(map(len, texts)) / MIB
    peak = _peak_mib(lambda: compare_members(*texts)) + held
    yield Figure(
        f"{n_leads:,} members compared, peak with both sets", peak, "MiB", "the sets, as a plan holds them", held
    )


def _paced(n_leads: int) -> Figure:
    """How near the listing of windows comes to the rate limit when an answer takes its time."""
    start = time.perf_counter()
    _, n_requests = asyncio.run(list_all(n_leads, is_slow=True))
    rate = n_requests / (time.perf_counter() - start)
    words = f"{SLOW_S * 1000:.0f} ms an answer"
    return Figure("windows side by side: requests a second", rate, "/s", "the rate limit", LIMIT_PER_S, words)


def _members(lead_ids: set[str]) -> str:
    return b64encode(b"".join(sorted(hashlib.sha256(each.encode()).digest()[:8] for each in lead_ids))).decode()


def _peak_mib(work: Callable[[], object]) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()
