"""
What cohorts cost: fetched, stored, digested and compared with an older set.

The whole way is measured, from `POST /data/search/` to who entered and who left since an older plan, against a Close
that is made up on the fly: it has one lead a second, and answers by arithmetic. Memory is measured twice, each in a
process of its own: the peak that tracemalloc sees, and what the process takes above what it took once everything was
imported. What the pretended Close takes is in both.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from benchmarks.figures import Figure, Options, at_least, at_most
from benchmarks.measuring import ROOT, timed_in_turn
from support.plan_world import make_workspace, spec_data, wanted_run

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.cohort_files import DiskSpool
from bulkplan.adapters.member_shelf import MemberShelf
from bulkplan.adapters.member_spool import MemberSpool
from bulkplan.adapters.secret import Secret
from bulkplan.app.cohorts import CohortWish, add_cohorts
from bulkplan.core.cohort import MAX_MEMBERS
from bulkplan.core.members import Members, compare_members, encoded, members_of
from bulkplan.core.planner import ALL_LEADS
from bulkplan.core.seal import dump_sealed, load_sealed, seal
from bulkplan.model.plan import Change, ChangeKind, Cohort, Matches, Plan
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey

FIRST = datetime(2015, 1, 1, tzinfo=UTC)
SIZES = (100_000, 1_000_000)
QUICK_SIZES = (2_000, 20_000)
MOVED = 1000
"""Leads that entered since the older plan, and as many that left."""
ABOUT = (
    "lead IDs fetched, stored, digested and compared with an older set (all of it), from a Close that answers at once"
)
PEAKS = {"process": "peak of the process", "tracemalloc": "peak in tracemalloc"}
GOALS = {
    **{f"1,000,000 leads, all of it: {words}": at_most(64) for words in PEAKS.values()},
    **{f"1,000,000 leads above 100,000: {words}": at_most(5) for words in PEAKS.values()},
    "1,000,000 members compared": at_most(1),
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


async def list_all(n_leads: int, *, is_slow: bool = False, keeper: MemberShelf | None = None) -> tuple[Change, int]:
    """The row of a plan with its leads looked at, and how many requests that took."""
    close = ArithmeticClose(n_leads, is_slow=is_slow)
    connection = Connection("https://close.test/api/v1", Secret("k"), "a benchmark", None, close)
    wish = CohortWish(members=True, open_spool=DiskSpool, open_members=MemberSpool, keeper=keeper)
    async with open_reader(connection) as reader:
        plan = await add_cohorts(
            plan_of(n_leads), make_workspace([wanted_run(spec_data("large"))]), reader=reader, wish=wish
        )
    return plan.changes[0], close.n_requests


@dataclass(frozen=True)
class Whole:
    """What one run of the whole way took."""

    requests: int
    fetched_s: float
    compared_s: float


def save_older(folder: Path, n_leads: int) -> Path:
    """A saved plan of `n_leads`, of which a thousand are gone now, with its members beside it if they are many."""
    path, plan = folder / "older.json", plan_of(n_leads)
    members = MemberSpool()
    with closing(members), MemberShelf() as shelf:
        for start in range(MOVED, n_leads + MOVED, 200):
            members.add(lead_id(n) for n in range(start, min(start + 200, n_leads + MOVED)))
        row = plan.changes[0]
        held = {"members": encoded(members)} if n_leads <= MAX_MEMBERS else None
        cohort = Cohort(
            n_leads=n_leads, digest="sha256:0", **(held or {"members_digest": shelf.keep(row.key, members)})
        )
        plan = plan.model_copy(update={"changes": (row.model_copy(update={"cohort": cohort}),)})
        path.write_text(dump_sealed(seal(plan, key=None)), encoding="utf-8")
        shelf.save(path, plan)
    return path


def go_whole_way(n_leads: int, older: Path, *, rounds: int = 1) -> Whole:
    """Fetch, store, digest, and compare (so many times) with the members of an older plan, read from its files."""
    with MemberShelf() as now:
        start = time.perf_counter()
        row, n_requests = asyncio.run(list_all(n_leads, keeper=now))
        fetched_s = time.perf_counter() - start
        after = members_of(row.cohort, now.get(row.key))
        assert after is not None
        compared_s = timed_in_turn({"": lambda: compare_with(older, row.key, after)}, rounds=rounds)[""]
    return Whole(n_requests, fetched_s, compared_s)


def compare_with(older: Path, key: RunKey, after: Members) -> None:
    """Read an older plan with what lies beside it, check both, and say who entered and left."""
    with MemberShelf() as then:
        plan = load_sealed(older.read_text(encoding="utf-8")).plan
        assert then.load(older, plan)
        before = members_of(plan.changes[0].cohort, then.get(key))
        assert before is not None
        drift = compare_members(before, after)
    assert (drift.left, drift.entered) == (MOVED, MOVED)


def main(how: str, n_leads: int, older: Path) -> None:
    """One run in this process; prints the MiB it took at most."""
    if how == "tracemalloc":
        tracemalloc.start()
        go_whole_way(n_leads, older)
        sys.stdout.write(f"{tracemalloc.get_traced_memory()[1] / MIB}")
        return
    before = _status_mib("VmRSS")
    go_whole_way(n_leads, older)
    sys.stdout.write(f"{_status_mib('VmHWM') - before}")


def figures(options: Options) -> Iterator[Figure]:
    """Memory grows from the smaller size to the larger; the floor is what Python's sets of the IDs take."""
    small, large = QUICK_SIZES if options.quick else SIZES
    with TemporaryDirectory() as folder:
        older = {}
        for n_leads in (small, large):
            place = Path(folder, str(n_leads))
            place.mkdir()
            older[n_leads] = save_older(place, n_leads)
        yield from _timed(large, older[large])
        yield _paced(large // 10, "windows side by side" + (", few" if options.quick else ""))
        in_sets = _peak_mib(lambda: len({lead_id(n) for n in range(large)} ^ {lead_id(n) for n in range(1000, large)}))
        for how, words in PEAKS.items():
            peaks = {n_leads: _peak_of_process(how, n_leads, older[n_leads]) for n_leads in (small, large)}
            yield Figure(f"{small:,} leads, all of it: {words}", peaks[small], "MiB")
            yield Figure(f"{large:,} leads, all of it: {words}", peaks[large], "MiB", "two sets of IDs", in_sets)
            yield Figure(f"{large:,} leads above {small:,}: {words}", peaks[large] - peaks[small], "MiB")


def _timed(n_leads: int, older: Path) -> Iterator[Figure]:
    whole = go_whole_way(n_leads, older, rounds=3)
    start = time.perf_counter()
    digest, now = hashlib.sha256(), {lead_id(n) for n in range(n_leads)}
    for each in sorted(now):
        digest.update(each.encode())
    floor = time.perf_counter() - start
    name = f"{n_leads:,} leads fetched and digested"
    yield Figure(name, whole.fetched_s, "s", "sorted and digested in a set", floor, f"{whole.requests:,} requests")
    then = {lead_id(n) for n in range(MOVED, n_leads + MOVED)}
    start = time.perf_counter()
    assert (len(now - then), len(then - now)) == (MOVED, MOVED)
    floor = time.perf_counter() - start
    note = "read and checked, too"
    yield Figure(f"{n_leads:,} members compared", whole.compared_s, "s", "two sets of IDs, built before", floor, note)


def _paced(n_leads: int, name: str) -> Figure:
    """How near the listing of windows comes to the rate limit when an answer takes its time."""
    start = time.perf_counter()
    _, n_requests = asyncio.run(list_all(n_leads, is_slow=True))
    rate = n_requests / (time.perf_counter() - start)
    words = f"{SLOW_S * 1000:.0f} ms an answer"
    return Figure(f"{name}: requests a second", rate, "/s", "the rate limit", LIMIT_PER_S, words)


def _peak_of_process(how: str, n_leads: int, older: Path) -> float:
    """The MiB that a process of its own took for the whole way."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r}); from pathlib import Path; "
        f"from benchmarks.cohorts import main; main({how!r}, {n_leads}, Path({str(older)!r}))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _status_mib(name: str) -> float:
    """A figure of this process, as Linux tells it (`VmHWM`: the most that it ever took)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def _peak_mib(work: Callable[[], object]) -> float:
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()
