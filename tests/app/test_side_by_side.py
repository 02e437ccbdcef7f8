"""Runs of one apply side by side: each once and in order; what starting one after the other gave besides is kept."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from support.applying import Applying
from support.plan_world import make_record, plan_of, spec_data, wanted_run

from bulkplan.app.gate import Gate
from bulkplan.app.interrupting import Interrupt
from bulkplan.app.line import FRESH_S, OPEN_AT_ONCE, REUSED_S, Line
from bulkplan.app.listings import SharedListings
from bulkplan.app.side_by_side import PREPARED_AT_ONCE, SideBySide
from bulkplan.core.result import ResultKind
from bulkplan.errors import CloseError, HeldBackError, NotFoundError, TryLaterError
from bulkplan.model.plan import Overlap
from bulkplan.model.record import RecordStatus
from bulkplan.model.remote import BulkAction
from bulkplan.sandbox.faults import FaultKind

N_RUNS = 30


async def soon():
    for _ in range(10):
        await asyncio.sleep(0)


# the line


class Stop:
    """Whether an apply goes on."""

    def __init__(self):
        self.goes_on = True

    def __call__(self):
        return self.goes_on


class Walker:
    """A run in line, that notes when it is called."""

    def __init__(self, line):
        self.ticket = line.join()
        self.n_called = 0

    def wait(self):
        self.ticket.wait(self._called)
        return self

    def _called(self):
        self.n_called += 1


def line_of(count, *, n_well=0, **more):
    line = Line(Stop(), n_well=n_well, **more)
    return line, [Walker(line) for _ in range(count)]


def passing(walkers):
    return [number for number, walker in enumerate(walkers) if walker.ticket.may_pass]


def test_places_are_given_in_order_however_late_the_first_comes():
    _line, walkers = line_of(4, n_well=4)
    for walker in reversed(walkers[1:]):
        walker.wait()
    assert passing(walkers) == []
    walkers[0].wait()
    assert passing(walkers) == [0, 1, 2]
    assert [walker.n_called for walker in walkers] == [1, 1, 1, 0]


def test_one_that_never_comes_is_not_waited_for_once_it_has_left():
    _line, walkers = line_of(2)
    walkers[1].wait()
    walkers[0].ticket.leave()
    assert passing(walkers) == [1]


@pytest.mark.parametrize(
    ("n_well", "write_s", "is_single", "places"),
    [
        (0, 0.0, False, 1),
        (2, 0.0, False, 1),
        (3, 0.0, False, 2),
        (5, 0.0, False, 4),
        (100, 0.0, False, OPEN_AT_ONCE),
        pytest.param(100, 0.004, False, OPEN_AT_ONCE, id="a quick state"),
        pytest.param(100, 0.3, False, 3, id="a slow state"),
        pytest.param(100, 4.0, False, 1, id="a state as slow as a push"),
        pytest.param(100, 0.0, True, 1, id="without markers"),
    ],
)
def test_no_more_are_on_their_way_than_went_well_before(n_well, write_s, is_single, places):
    _line, walkers = line_of(20, n_well=n_well, write_s=write_s, is_single=is_single)
    for walker in walkers:
        walker.wait()
    assert passing(walkers) == list(range(places))


def test_nobody_passes_while_one_is_in_doubt_and_all_hear_when_nothing_further_starts():
    line, walkers = line_of(3, n_well=3)
    for walker in walkers:
        walker.wait()
    walkers[0].ticket.doubt()
    assert passing(walkers) == [0]
    walkers[1].wait()
    line.goes_on.goes_on = False
    walkers[0].ticket.leave()
    assert [walker.n_called for walker in walkers] == [1, 2, 1]
    assert passing(walkers) == []


def test_those_who_wait_for_a_doubt_go_on_in_order_when_it_is_over():
    _line, walkers = line_of(3, n_well=3)
    walkers[0].wait().ticket.doubt()
    walkers[1].wait()
    walkers[2].wait()
    assert passing(walkers) == [0]
    walkers[0].ticket.leave()
    assert passing(walkers) == [1, 2]


def test_asked_to_go_on_a_doubt_holds_nobody_back():
    _line, walkers = line_of(2, n_well=3, holds=False)
    walkers[0].wait().ticket.doubt()
    assert passing([walkers[0], walkers[1].wait()]) == [0, 1]


@pytest.mark.parametrize(
    ("n_well", "status", "then"),
    [
        pytest.param(3, RecordStatus.SENDING, [0, 1], id="its intent is stored"),
        pytest.param(3, RecordStatus.SUBMITTED, [1, 2], id="Close has it"),
        pytest.param(3, RecordStatus.REFUSED, [0, 1], id="it tries again"),
        pytest.param(3, RecordStatus.UNKNOWN, [0, 1], id="nobody can tell"),
        pytest.param(0, RecordStatus.SUBMITTED, [0], id="the first go alone until all is known of them"),
    ],
)
def test_a_run_gives_up_its_place_once_close_has_it(n_well, status, then):
    _line, walkers = line_of(3, n_well=n_well)
    for walker in walkers:
        walker.wait()
    walkers[0].ticket.note_put(make_record(wanted_run(spec_data()), status=status), is_stored=True)
    assert passing(walkers) == then


# the gate


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def monotonic(self):
        return self.seconds


async def test_who_waited_for_too_long_is_counted_once_more_but_not_once_it_has_begun():
    clock, line = Clock(), Line(Stop())
    gate = Gate(line.join(), clock, Interrupt())
    await gate.enter()
    clock.seconds = FRESH_S + 1
    with pytest.raises(HeldBackError, match="is old"):
        await gate.enter()
    assert gate.is_open, "it keeps its place"
    gate.ticket.has_begun = True
    await gate.enter()


async def test_who_waits_is_held_back_when_the_apply_is_interrupted():
    interrupt = Interrupt()
    line = Line(lambda: not interrupt.is_set)
    first, second = Gate(line.join(), Clock(), interrupt), Gate(line.join(), Clock(), interrupt)
    await first.enter()
    waiting = asyncio.create_task(second.enter())
    await soon()
    assert not waiting.done()
    interrupt.set()
    with pytest.raises(HeldBackError, match="nothing further"):
        await waiting
    with pytest.raises(HeldBackError, match="nothing further"):
        await first.enter()


# looking through Close's lists together


class Listing:
    """Two lists whose reading takes until it is let go."""

    def __init__(self):
        self.n_begun = 0
        self.words = ["first"]
        self.go = asyncio.Event()
        self.error = None
        self.hidden = []

    async def list_actions(self, kind):
        self.n_begun += 1
        found = [BulkAction(id=f"bulkedit_{word}", s_query={"value": word}) for word in self.words]
        await self.go.wait()
        if self.error:
            raise self.error
        for action in found:
            yield action

    async def list_created_actions(self, kind):
        for action_id in self.hidden:
            yield BulkAction(id=action_id)

    async def fetch_action(self, kind, action_id):
        if action_id == "bulkedit_gone":
            raise NotFoundError(action_id)
        return BulkAction(id=action_id, s_query={"value": "hidden"})


async def test_who_asks_while_a_list_is_read_gets_the_next_one():
    """What Close lists when a run asks must be in what the run is shown."""
    listing = Listing()
    shared = SharedListings(listing)
    early = asyncio.create_task(shared.find("edit", "late"))
    await soon()
    listing.words.append("late")
    late = [asyncio.create_task(shared.find("edit", "late")) for _ in range(5)]
    await soon()
    listing.go.set()
    assert await early == ()
    assert [[action.id for action in found] for found in await asyncio.gather(*late)] == [["bulkedit_late"]] * 5
    assert listing.n_begun == 2


async def test_a_list_that_cannot_be_read_fails_all_who_wait_for_it_and_nobody_else():
    listing = Listing()
    shared = SharedListings(listing)
    listing.go.set()
    listing.error = CloseError("away")
    asked = await asyncio.gather(*(shared.find("edit", "x") for _ in range(5)), return_exceptions=True)
    assert [str(error) for error in asked] == ["away"] * 5
    assert listing.n_begun == 2, "the first reads at once, the others together"
    listing.error = None
    assert await shared.find("edit", "first") != ()


async def test_who_gives_up_leaves_nothing_behind_and_nobody_waiting():
    listing = Listing()
    shared = SharedListings(listing)
    reads, would_read, waits = (asyncio.create_task(shared.find("edit", "first")) for _ in range(3))
    await soon()
    would_read.cancel()
    with pytest.raises(TryLaterError, match="broken off"):
        await waits
    next_one = asyncio.create_task(shared.find("edit", "first"))
    await soon()
    reads.cancel()
    listing.go.set()
    assert [action.id for action in await next_one] == ["bulkedit_first"]


async def test_what_an_event_hides_is_fetched_unless_it_is_gone():
    listing = Listing()
    listing.go.set()
    listing.hidden = ["bulkedit_hidden", "bulkedit_gone"]
    assert [action.id for action in await SharedListings(listing).find("edit", "hidden")] == ["bulkedit_hidden"]


# rows


async def rows(count):
    plan = (await plan_of(*(wanted_run(spec_data(f"run-{number}")) for number in range(count)))).plan
    return list(plan.changes)


async def test_rows_that_share_leads_go_one_after_the_other_and_in_their_order():
    first, other, second = await rows(3)
    clash = Overlap(with_=first.key, n_leads=1, rule="two_emails", severity="warning", message="both")
    second = second.model_copy(update={"overlaps": (clash,)})
    heard = []

    async def start(change, ticket):
        heard.append(f"+{change.key.name}")
        await soon()
        heard.append(f"-{change.key.name}")
        ticket.leave()
        return True

    assert await SideBySide(Line(Stop()), start, lambda _: True).run([first, other, second]) == []
    assert heard[:2] == ["+run-0", "+run-1"]
    assert heard.index("-run-0") < heard.index("+run-2")


async def test_rows_that_were_held_back_or_may_not_start_are_given_back_in_their_order():
    changes = await rows(4)

    async def start(change, ticket):
        ticket.leave()
        return change is not changes[0]

    left = await SideBySide(Line(Stop()), start, lambda change: change is not changes[2]).run(changes)
    assert left == [changes[0], changes[2]]


async def test_so_many_rows_are_prepared_at_once_and_no_more():
    changes = await rows(PREPARED_AT_ONCE + 5)
    most, n_now = 0, 0

    async def start(change, ticket):
        nonlocal most, n_now
        n_now += 1
        most = max(most, n_now)
        await soon()
        n_now -= 1
        ticket.leave()
        return True

    assert await SideBySide(Line(Stop()), start, lambda _: True).run(changes) == []
    assert most == PREPARED_AT_ONCE


# a whole apply


class Counted(httpx.AsyncBaseTransport):
    """Counts what goes to the sandbox, and lets others have their turn meanwhile."""

    def __init__(self, inner, asked, starts):
        self.inner, self.asked, self.starts = inner, asked, starts

    async def handle_async_request(self, request):
        path = request.url.path.removeprefix("/api/v1")
        self.asked[request.method, path] += 1
        if (request.method, path) == ("POST", "/bulk_action/edit/"):
            self.starts.append((await request.aread()).decode())
        await soon()
        response = await self.inner.handle_async_request(request)
        await soon()
        return response


class Asking(Applying):
    """An `Applying` whose requests are counted."""

    def __init__(self, root):
        self.asked, self.starts = Counter(), []
        super().__init__(root)

    def transport(self):
        return Counted(super().transport(), self.asked, self.starts)


@pytest.fixture
def applying(tmp_path):
    made = Asking(tmp_path)
    for number in range(N_RUNS):
        made.write(f"run-{number:02}", action="{type: set_custom_field, field: Tags, values: [vip], operation: add}")
    return made


def outcomes(result):
    return Counter(row.kind for row in result.results)


def test_many_runs_share_their_looks_and_each_is_started_once_and_in_order(applying):
    result = applying.apply(wait=False)
    assert outcomes(result) == {ResultKind.RUNNING: N_RUNS}
    bodies = [body for _, _, body in applying.actions()]
    assert len(bodies) == len(set(bodies)) == N_RUNS
    assert applying.asked["POST", "/bulk_action/edit/"] == N_RUNS
    assert applying.asked["GET", "/bulk_action/edit/"] < N_RUNS
    nonces = {record.nonce: name for name, record in applying.records().items()}
    begun = [next(nonces[nonce] for nonce in nonces if nonce in body) for body in applying.starts]
    assert begun == sorted(begun)


def test_what_the_check_of_a_plan_has_just_counted_is_counted_again_once_something_was_sent(applying):
    saved = applying.save()
    applying.asked.clear()
    assert outcomes(applying.apply_saved(saved)) == {ResultKind.DONE: N_RUNS}
    by_the_check, prepared_later = N_RUNS + 1, N_RUNS - PREPARED_AT_ONCE
    assert applying.asked["POST", "/data/search/"] == by_the_check + prepared_later


def test_what_the_check_of_a_plan_counted_a_while_ago_is_counted_again(applying):
    saved = applying.save()
    applying.asked.clear()
    applying.before_apply = lambda: applying.clock.advance(REUSED_S)
    assert outcomes(applying.apply_saved(saved)) == {ResultKind.DONE: N_RUNS}
    assert applying.asked["POST", "/data/search/"] == N_RUNS + 1 + N_RUNS


@pytest.mark.parametrize("nth", [1, 2, 3, 9])
def test_after_a_run_of_unknown_outcome_nothing_more_is_begun(applying, nth):
    """What was on its way already ends as it ends; the rest is not begun, and the next apply begins it."""
    applying.fail(FaultKind.DROP, nth=nth)
    result = applying.apply(wait=False)
    found = outcomes(result)
    assert found[ResultKind.UNKNOWN] == 1
    assert nth - 1 <= found[ResultKind.RUNNING] == len(applying.actions()) < nth - 1 + OPEN_AT_ONCE
    assert found[ResultKind.RUNNING] == nth - 1 or nth > 3, "the first three go alone"
    assert found[ResultKind.NOT_SENT] == N_RUNS - 1 - found[ResultKind.RUNNING] > 0
    statuses = Counter(record.status for record in applying.records().values())
    assert statuses == Counter({RecordStatus.UNKNOWN: 1}) + Counter({RecordStatus.SUBMITTED: found[ResultKind.RUNNING]})
    assert len(applying.starts) == 1 + found[ResultKind.RUNNING]


def test_asked_to_go_on_the_others_start_all_the_same(applying):
    applying.fail(FaultKind.DROP, nth=5)
    found = outcomes(applying.apply(wait=False, keep_going=True))
    assert found == {ResultKind.UNKNOWN: 1, ResultKind.RUNNING: N_RUNS - 1}


@pytest.mark.parametrize("nth", [2, 5, 12])
def test_a_lost_answer_that_settles_holds_the_others_only_meanwhile(applying, nth):
    applying.fail(FaultKind.LOSE_ANSWER, nth=nth)
    assert outcomes(applying.apply(wait=False)) == {ResultKind.RUNNING: N_RUNS}
    assert len(applying.actions()) == len(applying.starts) == N_RUNS


def test_rate_limits_beside_a_doubt_are_waited_for_and_every_run_is_carried_out(applying):
    """A run that met a limit goes on with the record it wrote itself, though others had to be settled meanwhile."""
    for nth in (5, 6, 8):
        applying.fail(FaultKind.STATUS, status=429, nth=nth)
    applying.fail(FaultKind.LOSE_ANSWER, nth=7)
    assert outcomes(applying.apply(wait=False)) == {ResultKind.RUNNING: N_RUNS}
    assert len(applying.actions()) == N_RUNS
    assert len(applying.starts) == N_RUNS + 3


def test_a_limit_that_does_not_end_leaves_the_runs_for_later(applying):
    applying.fail(FaultKind.STATUS, status=429, nth=5, times=None)
    found = outcomes(applying.apply(wait=False))
    assert found[ResultKind.RUNNING] == len(applying.actions()) == 4
    assert found[ResultKind.LATER] > 0
    assert set(found) <= {ResultKind.RUNNING, ResultKind.LATER}


def test_markers_that_come_back_stripped_let_each_further_run_go_alone(applying):
    applying.fail(FaultKind.ECHO_STRIPPED, nth=6, times=None)
    assert outcomes(applying.apply(wait=False)) == {ResultKind.RUNNING: N_RUNS}
    marked = [record.marked for record in applying.records().values()]
    assert 6 <= sum(marked) < 6 + OPEN_AT_ONCE


def test_a_key_that_may_not_start_is_met_once(applying):
    applying.fail(FaultKind.STATUS, status=401, times=None)
    found = outcomes(applying.apply(wait=False))
    assert found == {ResultKind.REFUSED: 1, ResultKind.NOT_SENT: N_RUNS - 1}


def test_an_account_that_may_start_nothing_more_stops_those_that_have_not_begun(applying):
    applying.fail(FaultKind.STATUS, status=402, nth=9, times=None)
    found = outcomes(applying.apply(wait=False))
    assert found[ResultKind.RUNNING] == 8
    assert 1 <= found[ResultKind.REFUSED] <= OPEN_AT_ONCE
    assert found[ResultKind.NOT_SENT] == N_RUNS - 8 - found[ResultKind.REFUSED]
