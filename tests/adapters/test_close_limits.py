import asyncio
import collections
import heapq
import itertools
import math

import pytest
from adapters.close_fakes import SteppedClock
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.adapters.close_limits import (
    MAX_WAIT_S,
    SCOUTS,
    Pacer,
    RateLimit,
    group_of,
    parse_rate_limit,
    wait_asked_s,
)


@pytest.mark.parametrize(
    ("header", "limit"),
    [
        ("limit=100, remaining=50, reset=5", RateLimit(100, 50, 5)),
        ("limit=160; remaining=0; reset=7.25", RateLimit(160, 0, 7.25)),
        ("Limit = 16,remaining=3 ,RESET=0.5", RateLimit(16, 3, 0.5)),
        ("reset=3", RateLimit(None, None, 3)),
        ("limit=a, remaining=-5, reset=nan", RateLimit(None, None, None)),
        ("reset=1.2.3", RateLimit(None, None, None)),
        ("reset=99999999999999", RateLimit(None, None, MAX_WAIT_S)),
        ("", RateLimit(None, None, None)),
    ],
)
def test_the_header_is_read_in_all_its_forms(header, limit):
    assert parse_rate_limit(header) == limit


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"ratelimit": "reset=1.5", "retry-after": "2"}, 2),
        ({"ratelimit": "limit=1, remaining=0, reset=8", "retry-after": "3"}, 8),
        ({"retry-after": "4"}, 4),
        ({"ratelimit": "reset=5", "retry-after": "soon"}, 5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e9"}, MAX_WAIT_S),
        ({}, None),
    ],
)
def test_the_larger_wait_that_makes_sense_is_taken(headers, wait):
    assert wait_asked_s(headers) == wait


@given(st.text(), st.text())
def test_junk_in_headers_never_fails(limit, after):
    wait = wait_asked_s({"ratelimit": limit, "retry-after": after})
    assert wait is None or 0 <= wait <= MAX_WAIT_S


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/me/", "GET me"),
        ("/bulk_action/edit/", "GET bulk_action/edit"),
        ("/bulk_action/edit/bulkedit_0A1/", "GET bulk_action/edit"),
        ("/bulk_action/sequence_subscription/bulkseqsub_A/", "GET bulk_action/sequence_subscription"),
        ("/lead/lead_7Zx/", "GET lead"),
        ("/custom_field_schema/lead/", "GET custom_field_schema/lead"),
    ],
)
def test_a_group_is_method_and_path_without_ids(path, group):
    assert group_of("GET", path) == group


async def take(pacer, group, times, headers=None, status=200):
    starts = []

    async def one():
        async with pacer.turn(group):
            starts.append(pacer.clock.monotonic())
            if headers:
                pacer.learn(group, headers, status=status)

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
    assert await take(pacer, "GET a", 1) == [1005.0]


async def test_when_little_is_left_requests_are_spread_to_the_reset():
    clock = SteppedClock()
    pacer = Pacer(clock)
    await take(pacer, "GET a", 1, {"ratelimit": "limit=100, remaining=4, reset=8"})
    starts = await take(pacer, "GET a", 5)
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert all(gap >= 1.5 for gap in gaps)
    assert starts[-1] == pytest.approx(1008.0)


async def test_a_429_holds_back_every_call_of_its_group_also_those_that_wait_already():
    clock = SteppedClock()
    pacer = Pacer(clock)
    await take(pacer, "GET a", 1, {"ratelimit": "limit=10, remaining=0, reset=1"})
    waiting = asyncio.create_task(take(pacer, "GET a", 1))
    await asyncio.sleep(0)
    pacer.learn("GET a", {"retry-after": "30"}, status=429)
    assert (await waiting)[0] >= 1030.0
    assert (await take(pacer, "GET a", 1))[0] >= 1030.0


async def test_a_huge_reset_holds_back_for_a_minute_at_most():
    clock = SteppedClock()
    pacer = Pacer(clock)
    await take(pacer, "GET a", 1, {"ratelimit": "limit=10, remaining=0, reset=1e9", "retry-after": "99999"}, status=429)
    assert (await take(pacer, "GET a", 1))[0] <= 1060.0


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


class FixedWindows:
    """Allows so many requests per second by the clock, as Close does: a request counts when it arrives."""

    def __init__(self, clock, limit):
        self.clock, self.limit = clock, limit
        self.counted = collections.Counter()

    def answer(self):
        now = self.clock.monotonic()
        window = math.floor(now)
        self.counted[window] += 1
        left = self.limit - self.counted[window]
        headers = {"ratelimit": f"limit={self.limit}, remaining={max(left, 0)}, reset={window + 1 - now:.3f}"}
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

    async def run(self, work):
        while not work.done():
            for _ in range(300):
                await asyncio.sleep(0)
            if self.waiting:
                at, _, woken = heapq.heappop(self.waiting)
                self.at = max(at, self.at)
                woken.set_result(None)
        return await work


@pytest.mark.parametrize("limit", [20, 100])
async def test_many_requests_take_as_long_as_the_limit_asks_for_and_none_is_refused(limit):
    clock = WaitingClock()
    server, pacer = FixedWindows(clock, limit), Pacer(clock)
    statuses = []

    async def one():
        async with pacer.turn("POST data/search"):
            await clock.sleep(0.15)
            headers, status = server.answer()
            statuses.append(status)
            pacer.learn("POST data/search", headers, status=status)

    begun = clock.monotonic()
    await clock.run(asyncio.gather(*(one() for _ in range(200))))
    assert set(statuses) == {200}
    floor_s = (200 - 1) // limit + 0.15
    assert clock.monotonic() - begun <= floor_s + 1.0  # the last few of a window are spread over the rest of it


async def test_before_the_first_answer_only_a_few_are_sent():
    pacer = Pacer(SteppedClock())
    started, answered = [], asyncio.Event()

    async def one():
        async with pacer.turn("GET a"):
            started.append(1)
            await answered.wait()
            pacer.learn("GET a", {}, status=200)

    tasks = [asyncio.create_task(one()) for _ in range(100)]
    for _ in range(300):
        await asyncio.sleep(0)
    assert len(started) == SCOUTS
    answered.set()
    await asyncio.gather(*tasks)
    assert len(started) == 100


@pytest.mark.parametrize(
    ("headers", "status", "n_started"),
    [({}, 200, 40), ({"ratelimit": "limit=100, remaining=99, reset=1"}, 200, SCOUTS), ({}, 429, SCOUTS)],
)
async def test_no_scouts_go_ahead_where_other_answers_named_no_limit(headers, status, n_started):
    pacer = Pacer(SteppedClock())
    pacer.learn("GET me", headers, status=status)
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


def test_the_limit_in_force_is_told_as_a_pace():
    pacer = Pacer(SteppedClock())
    assert pacer.pace_s("GET a") == 0.0
    pacer.learn("GET a", {"ratelimit": "limit=20, remaining=19, reset=0.4"}, status=200)
    pacer.learn("GET a", {"ratelimit": "limit=20, remaining=19, reset=1"}, status=200)
    pacer.learn("GET b", {}, status=200)
    assert pacer.pace_s("GET a") == pytest.approx(0.05)
    assert pacer.pace_s("GET b") == 0.0
