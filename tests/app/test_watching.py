"""Watching many running actions: how many requests that takes, and that nobody is shown less than alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import ExitStack

import pytest

from bulkplan.app.watching import FEW, FIRST_GATHER_S, LONGEST_GATHER_S, SharedFetches
from bulkplan.errors import BadAnswerError, NotFoundError, TryLaterError
from bulkplan.model.remote import BulkAction


class Reader:
    """A Close of numbered actions, one page of a hundred after the other; ours may come after many `older` ones."""

    def __init__(self, count, *, older=0, missing=()):
        self.names = [f"bulkedit_{number}" for number in range(count)]
        self.listed = [*(f"bulkedit_old{number}" for number in range(older)), *self.names]
        self.missing = set(missing)
        self.asked = Counter()
        self.error = None
        self.status = "processing"
        self.is_read = asyncio.Event()

    async def fetch_action(self, kind, action_id):
        self.asked["fetch"] += 1
        if action_id in self.missing:
            raise NotFoundError(action_id)
        return BulkAction(id=action_id, status=self.status)

    async def list_actions(self, kind):
        for number, name in enumerate(self.listed):
            if number % 100 == 0:
                self.asked["page"] += 1
                status = self.status
                self.is_read.set()
                await asyncio.sleep(0)
                if self.error:
                    raise self.error
            if name not in self.missing:
                yield BulkAction(id=name, status=status)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now_s = 0.0
        self.slept = []

    def monotonic(self):
        return self.now_s

    async def sleep(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.now_s += seconds


def watching(stack, reader, count):
    fetches = SharedFetches(reader, Clock())
    for _ in range(count):
        stack.enter_context(fetches.following("edit"))
    return fetches


async def fetch_all(reader, count):
    with ExitStack() as stack:
        fetches = watching(stack, reader, count)
        asking = (fetches.fetch("edit", name) for name in reader.names[:count])
        return await asyncio.gather(*asking, return_exceptions=True)


@pytest.mark.parametrize(
    ("followed", "older", "asked"),
    [
        pytest.param(1, 0, {"fetch": 1}, id="one"),
        pytest.param(FEW, 0, {"fetch": FEW}, id="few"),
        pytest.param(FEW + 1, 0, {"page": 1}, id="a-page"),
        pytest.param(200, 0, {"page": 2}, id="many"),
        pytest.param(200, 4_800, {"page": 50}, id="many-behind-old-ones"),
        pytest.param(200, 100_000, {"page": 50, "fetch": 200}, id="a-list-that-does-not-pay"),
        pytest.param(5, 100, {"page": 1, "fetch": 5}, id="five-behind-old-ones"),
    ],
)
async def test_many_are_asked_about_by_one_list_and_never_at_much_more_than_one_by_one(followed, older, asked):
    reader = Reader(followed, older=older)
    found = await fetch_all(reader, followed)
    assert [action.id for action in found] == reader.names
    assert reader.asked == asked


async def test_what_the_list_lacks_is_fetched_by_itself():
    reader = Reader(50, missing={"bulkedit_7"})
    found = await fetch_all(reader, 50)
    assert [number for number, each in enumerate(found) if isinstance(each, NotFoundError)] == [7]
    assert reader.asked == {"page": 1, "fetch": 1}


async def test_a_list_that_may_work_later_fails_all_who_wait_for_it_and_one_that_cannot_be_read_nobody():
    reader = Reader(20)
    reader.error = TryLaterError("busy")
    assert {str(each) for each in await fetch_all(reader, 20)} == {"busy"}
    reader.error = BadAnswerError("this is no list")
    assert [action.id for action in await fetch_all(reader, 20)] == reader.names
    assert reader.asked == {"page": 2, "fetch": 20}


async def test_who_asks_while_a_list_is_read_is_answered_by_the_next_one():
    """What was read before a question was put would answer it with what was true before."""
    reader = Reader(20)
    with ExitStack() as stack:
        fetches = watching(stack, reader, 20)
        early = [asyncio.create_task(fetches.fetch("edit", name)) for name in reader.names]
        await reader.is_read.wait()
        reader.status = "done"
        late = [asyncio.create_task(fetches.fetch("edit", name)) for name in reader.names]
        assert {action.status for action in await asyncio.gather(*early)} == {"processing"}
        assert {action.status for action in await asyncio.gather(*late)} == {"done"}


async def test_who_gives_up_leaves_nothing_behind_and_the_others_ask_again():
    reader = Reader(20)
    with ExitStack() as stack:
        fetches = watching(stack, reader, 20)
        asking = [asyncio.create_task(fetches.fetch("edit", name)) for name in reader.names]
        await asyncio.sleep(0)
        asking[0].cancel()
        others = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(each) for each in others[1:]} == {TryLaterError}
        again = await asyncio.gather(*(fetches.fetch("edit", name) for name in reader.names))
        assert [action.id for action in again] == reader.names


async def test_questions_are_gathered_the_longer_the_longer_it_takes():
    reader, clock = Reader(4), Clock()
    fetches = SharedFetches(reader, clock)
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(fetches.following("edit"))
        for now_s in (0.0, 20.0, 3600.0):
            clock.now_s = now_s
            await fetches.fetch("edit", "bulkedit_0")
    assert clock.slept == [FIRST_GATHER_S, 2.0, LONGEST_GATHER_S]
