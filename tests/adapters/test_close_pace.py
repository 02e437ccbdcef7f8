import asyncio
import collections
import heapq
import itertools
import math
import random

import pytest
from adapters.close_fakes import SteppedClock
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkplan.adapters.close_pace import MAX_IN_FLIGHT, SCOUTS, Pacer


class FixedWindows:
    """Allows so many requests per window by the clock, as Close does: a request counts when it arrives."""

    def __init__(self, clock, limit, window_s=1.0, n_digits=3):
        self.clock, self.limit, self.window_s, self.n_digits = clock, limit, window_s, n_digits
        self.counted = collections.Counter()
        self.moments = []

    def answer(self):
        now = self.clock.monotonic()
        window = math.floor(now / self.window_s)
        self.counted[window] += 1
        left, reset_s = self.limit - self.counted[window], (window + 1) * self.window_s - now
        headers = {"ratelimit": f"limit={self.limit}, remaining={max(left, 0)}, reset={reset_s:.{self.n_digits}f}"}
        return headers, 200 if left >= 0 else 429


class WaitingClock(SteppedClock):
    """Moves on to the next moment that somebody waits for, once nobody has anything else to do."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    async def sleep(self, seconds):
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self.waiting, (self.monotonic() + seconds, len(self.slept), woken))
        self.slept.append(seconds)
        await woken

    async def idle(self):
        for _ in range(300):
            await asyncio.sleep(0)

    async def run(self, work):
        work = asyncio.ensure_future(work)
        while not work.done():
            await self.idle()
            while self.waiting:
                at, _, woken = heapq.heappop(self.waiting)
                if not woken.done():
                    self.at = max(at, self.at)
                    woken.set_result(None)
                    break
        return await work


async def ask(pacer, server, up_s, down_s):
    """One request that arrives after `up_s` seconds and is answered after `down_s` more; its status."""
    async with pacer.turn("POST data/search") as turn:
        await pacer.clock.sleep(up_s)
        headers, status = server.answer()
        server.moments.append(pacer.clock.monotonic())
        await pacer.clock.sleep(down_s)
        turn.learn(headers, status=status)
    return status


async def take(pacer, group, times, headers=None, status=200):
    starts = []

    async def one():
        async with pacer.turn(group) as turn:
            starts.append(turn.started_at)
            if headers is not None:
                turn.learn(headers, status=status)

    for _ in range(times):
        await one()
    return starts


async def test_nothing_is_held_back_until_an_answer_names_a_limit():
    clock = SteppedClock()
    await take(Pacer(clock), "GET me", 50)
    assert clock.slept == []


async def test_a_used_up_limit_is_waited_for_and_other_groups_go_on():
    clock = SteppedClock()
    pacer = Pacer(clock)
    await take(pacer, "GET a", 1, {"ratelimit": "limit=100, remaining=0, reset=5"})
    assert await take(pacer, "GET b", 1) == [1000.0]
    assert await take(pacer, "GET a", 1) == [pytest.approx(1005.0, abs=0.01)]


async def test_when_little_is_left_requests_are_spread_to_the_reset():
    clock = SteppedClock()
    pacer = Pacer(clock)
    await take(pacer, "GET a", 1, {"ratelimit": "limit=100, remaining=4, reset=8"})
    starts = await take(pacer, "GET a", 5)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert all(gap >= 1.5 for gap in gaps)
    assert starts[-1] == pytest.approx(1008.0, abs=0.01)


async def test_a_429_holds_back_every_call_of_its_group_also_those_that_wait_already():
    clock = WaitingClock()
    pacer = Pacer(clock)
    limited = asyncio.Event()

    async def refused():
        async with pacer.turn("GET a") as turn:
            await limited.wait()
            turn.learn({"retry-after": "30"}, status=429)

    slow = asyncio.create_task(refused())
    await clock.idle()
    await take(pacer, "GET a", 1, {"ratelimit": "limit=10, remaining=0, reset=1"})
    waiting = asyncio.create_task(take(pacer, "GET a", 1))
    await clock.idle()
    limited.set()
    await slow
    assert (await clock.run(waiting))[0] >= 1030.0
    assert (await take(pacer, "GET a", 1))[0] >= 1030.0


async def test_a_huge_reset_holds_back_for_a_minute_at_most():
    clock = SteppedClock()
    pacer = Pacer(clock)
    await take(pacer, "GET a", 1, {"ratelimit": "limit=10, remaining=0, reset=1e9", "retry-after": "99999"}, status=429)
    assert (await take(pacer, "GET a", 1))[0] <= 1060.01


async def test_concurrent_calls_share_what_is_left():
    clock = SteppedClock()
    pacer = Pacer(clock)
    await take(pacer, "GET a", 1, {"ratelimit": "limit=10, remaining=5, reset=4"})
    starts = await asyncio.gather(*(take(pacer, "GET a", 1) for _ in range(12)))
    assert sum(start[0] < 1004.0 for start in starts) <= 5


async def test_no_more_than_the_allowed_number_are_under_way():
    pacer = Pacer(SteppedClock(), max_in_flight=3)
    under_way, most = 0, 0

    async def one():
        nonlocal under_way, most
        async with pacer.turn("GET a"):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 3


@pytest.mark.parametrize("limit", [20, 100])
async def test_many_requests_take_as_long_as_the_limit_asks_for_and_none_is_refused(limit):
    clock = WaitingClock()
    server, pacer = FixedWindows(clock, limit), Pacer(clock)
    begun = clock.monotonic()
    statuses = await clock.run(asyncio.gather(*(ask(pacer, server, 0.1, 0.05) for _ in range(200))))
    assert set(statuses) == {200}
    n_rounds = math.ceil(limit / MAX_IN_FLIGHT)
    assert clock.monotonic() - begun <= (200 - 1) // limit + n_rounds * 0.15 + 0.05 + 0.01


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(1, 40),
    window_s=st.sampled_from([1.0, 2.5, 10.0]),
    phase=st.floats(0, 1),
    ways=st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)), min_size=1, max_size=150),
    n_at_once=st.integers(1, 64),
)
def test_answers_out_of_order_waste_no_place_and_take_none_too_many(limit, window_s, phase, ways, n_at_once):
    async def windows_taken():
        clock = WaitingClock()
        clock.at = 1000 * window_s + phase * window_s
        server, pacer = FixedWindows(clock, limit, window_s), Pacer(clock, n_at_once)
        await clock.run(ask(pacer, server, 0.1, 0.1))  # before the first answer nobody knows of a limit
        statuses = await clock.run(asyncio.gather(*(ask(pacer, server, up, down) for up, down in ways)))
        assert set(statuses) == {200}
        return server.counted

    counted = asyncio.run(windows_taken())
    # The first window may be nearly over, and the last one is not filled. In between the road may be too narrow.
    between = [counted[window] for window in range(min(counted) + 1, max(counted))]
    assert all(n == limit for n in between if limit <= n_at_once)


async def test_a_place_is_free_again_once_an_answer_shows_that_it_was_taken_in_a_window_that_is_over():
    clock = WaitingClock()
    server, pacer = FixedWindows(clock, 2), Pacer(clock)
    await clock.run(ask(pacer, server, 0.0, 0.1))
    slow = asyncio.ensure_future(ask(pacer, server, 0.0, 1.3))
    others = asyncio.gather(*(ask(pacer, server, 0.0, 0.01) for _ in range(2)))
    await clock.run(asyncio.gather(slow, others))
    assert server.moments == pytest.approx([1000.0, 1000.1, 1001.1, 1001.4], abs=0.01)


async def test_a_request_that_arrives_in_the_next_window_tells_of_that_one():
    clock = WaitingClock()
    server, pacer = FixedWindows(clock, 3), Pacer(clock)
    for _ in range(2):
        await clock.run(ask(pacer, server, 0.0, 0.45))
    await clock.run(ask(pacer, server, 0.2, 0.0))
    await clock.run(asyncio.gather(*(ask(pacer, server, 0.0, 0.3) for _ in range(2))))
    assert server.moments == pytest.approx([1000.0, 1000.45, 1001.1, 1001.1, 1001.1], abs=0.01)


async def test_a_reset_that_is_rounded_is_met_once_and_then_allowed_for():
    clock = WaitingClock()
    server, pacer = FixedWindows(clock, 20, n_digits=1), Pacer(clock)
    ways = random.Random(7)
    asked = (ask(pacer, server, ways.uniform(0.02, 0.15), ways.uniform(0.02, 0.15)) for _ in range(300))
    statuses = await clock.run(asyncio.gather(*asked))
    assert 429 in statuses
    assert sum(n > 20 for n in server.counted.values()) == 1
    assert clock.monotonic() - 1000.0 <= (300 - 1) // 20 + 1.5


async def test_before_the_first_answer_only_a_few_are_sent():
    pacer = Pacer(SteppedClock())
    started, answered = [], asyncio.Event()

    async def one():
        async with pacer.turn("GET a") as turn:
            started.append(1)
            await answered.wait()
            turn.learn({}, status=200)

    tasks = [asyncio.create_task(one()) for _ in range(100)]
    for _ in range(300):
        await asyncio.sleep(0)
    assert len(started) == SCOUTS
    answered.set()
    await asyncio.gather(*tasks)
    assert len(started) == 100


@pytest.mark.parametrize(
    ("headers", "status", "n_started"),
    [
        ({}, 200, 40),
        ({"ratelimit": "limit=100, remaining=99, reset=1"}, 200, SCOUTS),
        ({"ratelimit": "limit=100000, remaining=99999, reset=1"}, 200, 40),
        ({}, 429, SCOUTS),
    ],
)
async def test_no_scouts_go_ahead_where_other_answers_named_no_limit_that_is_near(headers, status, n_started):
    pacer = Pacer(SteppedClock())
    await take(pacer, "GET me", 1, headers, status)
    started = []

    async def one():
        async with pacer.turn("POST data/search"):
            started.append(1)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(one()) for _ in range(40)]
    for _ in range(150):
        await asyncio.sleep(0)
    assert len(started) == n_started
    for task in tasks:
        task.cancel()


async def test_the_limit_in_force_is_told_as_a_pace():
    pacer = Pacer(SteppedClock())
    assert pacer.pace_s("GET a") == 0.0
    await take(pacer, "GET a", 1, {"ratelimit": "limit=20, remaining=19, reset=0.4"})
    await take(pacer, "GET a", 1, {"ratelimit": "limit=20, remaining=19, reset=1"})
    await take(pacer, "GET b", 1, {})
    assert pacer.pace_s("GET a") == pytest.approx(0.05)
    assert pacer.pace_s("GET b") == 0.0
