"""How many requests watching takes: runs that are followed together, on a clock that only the waits move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import nullcontext
from datetime import timedelta

from support.engine_world import World, context

from bulkplan.app.watching import SharedFetches
from bulkplan.core import effects as fx
from bulkplan.core.follow import FollowPolicy, follow
from bulkplan.model.record import Record
from bulkplan.model.remote import BulkAction
from bulkplan.model.store import PutResult

_PAGE = 100


class _Close:
    """Actions that run all the while, and how often anything was asked."""

    def __init__(self, names: list[str]) -> None:
        self.names, self.n_asked = names, 0

    async def fetch_action(self, kind: str, action_id: str) -> BulkAction:
        self.n_asked += 1
        return BulkAction(id=action_id, status="processing")

    async def list_actions(self, kind: str) -> AsyncGenerator[BulkAction, None]:
        for number, name in enumerate(self.names):
            self.n_asked += number % _PAGE == 0
            yield BulkAction(id=name, status="processing")


class _Time:
    """Moved on by whoever has waited for the longest, once nobody has anything else to do."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.now_s + seconds, woken))
        await woken

    async def pass_by(self) -> None:
        """Until nobody sleeps any more."""
        while True:
            for _ in range(20):
                await asyncio.sleep(0)
            if not self.sleepers:
                return
            self.now_s = min(at for at, _ in self.sleepers)
            for at, woken in [each for each in self.sleepers if each[0] <= self.now_s]:
                self.sleepers.remove((at, woken))
                woken.set_result(None)


async def requests_to_watch(count: int, seconds: float, *, is_shared: bool) -> int:
    """How many requests it takes to watch so many running actions for so long, together or each by itself."""
    record = World().apply().record
    records = [record.model_copy(update={"remote_id": f"bulkedit_{number}"}) for number in range(count)]
    close, clock = _Close([str(each.remote_id) for each in records]), _Time()
    fetches = SharedFetches(close, clock) if is_shared else None
    tasks = [asyncio.create_task(_watch(each, seconds, close, clock, fetches)) for each in records]
    await clock.pass_by()
    await asyncio.gather(*tasks)
    return close.n_asked


async def _watch(record: Record, seconds: float, close: _Close, clock: _Time, fetches: SharedFetches | None) -> None:
    fetch = fetches.fetch if fetches else close.fetch_action
    steps, result = follow(record, context(), FollowPolicy(seconds)), None
    with fetches.following("edit") if fetches else nullcontext():
        while True:
            try:
                effect = steps.send(result)
            except StopIteration:
                return
            result = None
            match effect:
                case fx.ReadClock():
                    result = fx.Instant(record.sent_after + timedelta(seconds=clock.now_s), clock.now_s)
                case fx.Sleep(pause_s):
                    await clock.sleep(pause_s)
                case fx.DrawWord():
                    result = "v" * 16
                case fx.PutRecord():
                    result = PutResult.STORED
                case fx.FetchAction(kind, action_id):
                    result = await fetch(kind, action_id)
