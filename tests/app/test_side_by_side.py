"""Runs of one apply side by side: what starting in order gave besides is kept."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from support.applying import Applying
from support.plan_world import plan_of, spec_data, wanted_run

from bulkplan.app.listings import SharedListings
from bulkplan.app.starts import OPEN_AT_ONCE, SideBySide, Starts
from bulkplan.core.result import ResultKind
from bulkplan.errors import CloseError, HeldBackError
from bulkplan.model.plan import Overlap
from bulkplan.model.record import RecordStatus
from bulkplan.model.remote import BulkAction
from bulkplan.sandbox.faults import FaultKind

N_RUNS = 30


class Listing:
    """Two listings whose reading takes until it is let go."""

    def __init__(self):
        self.n_begun = 0
        self.words = ["first"]
        self.go = asyncio.Event()
        self.error = None

    async def read(self, kind):
        self.n_begun += 1
        found = tuple(BulkAction(id=f"bulkedit_{word}", s_query={"value": word}) for word in self.words)
        await self.go.wait()
        if self.error:
            raise self.error
        return found


async def soon():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_asks_while_a_listing_is_read_gets_the_next_one():
    """What Close lists when a run asks must be in what the run is shown."""
    listing, shared = Listing(), SharedListings()
    early = asyncio.create_task(shared.find("edit", "late", listing.read))
    await soon()
    listing.words.append("late")
    late = [asyncio.create_task(shared.find("edit", "late", listing.read)) for _ in range(5)]
    await soon()
    listing.go.set()
    assert await early == ()
    assert [[action.id for action in found] for found in await asyncio.gather(*late)] == [["bulkedit_late"]] * 5
    assert listing.n_begun == 2


async def test_a_listing_that_cannot_be_read_fails_all_who_wait_for_it_and_nobody_else():
    listing, shared = Listing(), SharedListings()
    listing.go.set()
    listing.error = CloseError("away")
    asked = await asyncio.gather(*(shared.find("edit", "x", listing.read) for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in asked] == ["away"] * 3
    listing.error = None
    assert await shared.find("edit", "first", listing.read) != ()
    assert listing.n_begun == 2


async def rows(count):
    plan = (await plan_of(*(wanted_run(spec_data(f"run-{number}")) for number in range(count)))).plan
    return list(plan.changes)


async def test_rows_that_overlap_go_one_after_the_other_and_in_their_order():
    first, other, second = await rows(3)
    clash = Overlap(with_=first.key, n_leads=1, rule="two_emails", severity="warning", message="both")
    second = second.model_copy(update={"overlaps": (clash,)})
    heard = []

    async def start(change):
        heard.append(f"+{change.key.name}")
        await soon()
        heard.append(f"-{change.key.name}")
        return False

    left = await SideBySide(start, lambda _: True, lambda: 10).run([first, other, second])
    assert left == []
    assert heard[:2] == ["+run-0", "+run-1"]
    assert heard.index("-run-0") < heard.index("+run-2")


async def test_a_row_that_was_held_back_is_tried_again_unless_nothing_may_start():
    (row,) = await rows(1)
    tries = iter([True, True, False])

    async def start(change):
        return next(tries)

    assert await SideBySide(start, lambda _: True, lambda: 10).run([row]) == []
    assert next(tries, None) is None
    assert await SideBySide(start, lambda _: False, lambda: 10).run([row]) == [row]


async def test_nobody_passes_while_one_is_in_doubt_and_the_first_go_alone():
    starts = Starts()
    first, second, third = (starts.turn_of(lambda: True) for _ in range(3))
    await first.enter()
    waiting = asyncio.create_task(second.enter())
    first.settled()
    await soon()
    assert not waiting.done()
    starts.note_success()
    starts.note_success()
    first.leave()
    await waiting
    second.doubt()
    with pytest.raises(HeldBackError):
        second.starts.turn_of(lambda: True).check()
    late = asyncio.create_task(third.enter())
    await soon()
    assert not late.done()
    second.leave()
    await late


class Counted(httpx.AsyncBaseTransport):
    """Counts what goes to the sandbox."""

    def __init__(self, inner, asked):
        self.inner, self.asked = inner, asked

    async def handle_async_request(self, request):
        self.asked[request.method, request.url.path.removeprefix("/api/v1")] += 1
        return await self.inner.handle_async_request(request)


class Asking(Applying):
    """An `Applying` whose requests are counted."""

    def __init__(self, root):
        self.asked = Counter()
        super().__init__(root)

    def transport(self):
        return Counted(super().transport(), self.asked)


@pytest.fixture
def applying(tmp_path):
    made = Asking(tmp_path)
    for number in range(N_RUNS):
        made.write(f"run-{number:02}", action="{type: set_custom_field, field: Tags, values: [vip], operation: add}")
    return made


def outcomes(result):
    return Counter(row.kind for row in result.results)


def test_many_runs_share_their_looks_and_each_is_started_once(applying):
    result = applying.apply(wait=False)
    assert outcomes(result) == {ResultKind.RUNNING: N_RUNS}
    assert len(applying.actions()) == N_RUNS
    assert len({body for _, _, body in applying.actions()}) == N_RUNS
    assert applying.asked["POST", "/bulk_action/edit/"] == N_RUNS
    assert applying.asked["GET", "/bulk_action/edit/"] < N_RUNS


@pytest.mark.parametrize("nth", [1, 2, 9])
def test_after_a_run_of_unknown_outcome_nothing_more_is_started(applying, nth):
    """What was on its way already ends as it ends; the rest is not begun, and the next apply begins it."""
    applying.fail(FaultKind.DROP, nth=nth)
    result = applying.apply(wait=False)
    found = outcomes(result)
    assert found[ResultKind.UNKNOWN] == 1
    assert nth - 1 <= found[ResultKind.RUNNING] == len(applying.actions()) < max(1, 2 * (nth - 1)) + OPEN_AT_ONCE
    assert found[ResultKind.RUNNING] == nth - 1 or nth > 2, "the first two go alone"
    assert found[ResultKind.NOT_SENT] == N_RUNS - 1 - found[ResultKind.RUNNING] > 0
    statuses = Counter(record.status for record in applying.records().values())
    assert statuses == {RecordStatus.UNKNOWN: 1, RecordStatus.SUBMITTED: found[ResultKind.RUNNING]} or nth == 1


def test_keep_going_starts_the_others_all_the_same(applying):
    applying.fail(FaultKind.DROP, nth=3)
    found = outcomes(applying.apply(wait=False, keep_going=True))
    assert found == {ResultKind.UNKNOWN: 1, ResultKind.RUNNING: N_RUNS - 1}


def test_a_lost_answer_that_settles_holds_the_others_only_meanwhile(applying):
    applying.fail(FaultKind.LOSE_ANSWER, nth=3)
    assert outcomes(applying.apply(wait=False)) == {ResultKind.RUNNING: N_RUNS}
    assert len(applying.actions()) == N_RUNS


def test_a_key_that_may_not_start_is_met_once(applying):
    applying.fail(FaultKind.STATUS, status=401, times=None)
    found = outcomes(applying.apply(wait=False))
    assert found == {ResultKind.REFUSED: 1, ResultKind.NOT_SENT: N_RUNS - 1}
