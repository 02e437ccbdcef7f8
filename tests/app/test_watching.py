"""Watching many running actions: how many requests that takes."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import ExitStack

import pytest
from support.engine_world import World, context

from bulkplan.app.watching import FEW, GATHER_S, SharedFetches
from bulkplan.core.follow import FIRST_POLL_S, SLOWEST_POLL_S, FollowPolicy, follow
from bulkplan.errors import NotFoundError, TryLaterError
from bulkplan.model.remote import BulkAction


class Reader:
    """A Close of numbered actions, one page of a hundred after the other."""

    def __init__(self, count, *, missing=()):
        self.names = [f"bulkedit_{number}" for number in range(count)]
        self.missing = set(missing)
        self.asked = Counter()
        self.error = None

    async def fetch_action(self, kind, action_id):
        self.asked["fetch"] += 1
        if action_id in self.missing:
            raise NotFoundError(action_id)
        return BulkAction(id=action_id, status="processing")

    async def list_actions(self, kind):
        for number, name in enumerate(self.names):
            if number % 100 == 0:
                self.asked["page"] += 1
                if self.error:
                    raise self.error
            if name not in self.missing:
                yield BulkAction(id=name, status="processing")


class Clock:
    def __init__(self):
        self.slept = []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def fetch_all(reader, count, clock=None):
    shared, clock = SharedFetches(), clock or Clock()
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(shared.following("edit"))
        fetches = (shared.fetch("edit", name, reader=reader, clock=clock) for name in reader.names[:count])
        return await asyncio.gather(*fetches, return_exceptions=True)


@pytest.mark.parametrize(
    ("followed", "listed", "asked"),
    [
        (1, 500, {"fetch": 1}),
        (FEW, 500, {"fetch": FEW}),
        (FEW + 1, 500, {"page": 1}),
        (200, 200, {"page": 2}),
        (200, 5000, {"page": 2}),
    ],
)
async def test_many_are_asked_about_by_one_list_and_few_one_by_one(followed, listed, asked):
    reader, clock = Reader(listed), Clock()
    found = await fetch_all(reader, followed, clock)
    assert [action.id for action in found] == reader.names[:followed]
    assert reader.asked == asked
    assert clock.slept == ([GATHER_S] if followed > FEW else [])


async def test_what_the_list_lacks_is_fetched_by_itself():
    reader = Reader(50, missing={"bulkedit_7"})
    found = await fetch_all(reader, 20)
    assert [type(each) for each in found].count(NotFoundError) == 1
    assert isinstance(found[7], NotFoundError)
    assert reader.asked == {"page": 1, "fetch": 1}


async def test_a_list_that_fails_fails_everyone_who_waits_and_is_asked_for_again():
    reader = Reader(50)
    reader.error = TryLaterError("busy")
    assert {str(each) for each in await fetch_all(reader, 20)} == {"busy"}
    reader.error = None
    assert all(isinstance(each, BulkAction) for each in await fetch_all(reader, 20))


def test_a_run_that_takes_an_hour_is_asked_about_some_hundred_times():
    world = World()
    record = world.apply().record
    world.run(follow(record, context(), FollowPolicy(3600.0, spread=0.5)))
    pauses = world.sleeps
    assert pauses[0] == pytest.approx(1.1 * FIRST_POLL_S)
    assert pauses[:-1] == sorted(pauses[:-1])
    assert max(pauses) == pytest.approx(1.1 * SLOWEST_POLL_S)
    assert 100 < len(pauses) < 130
