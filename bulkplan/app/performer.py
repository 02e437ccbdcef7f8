"""Performs the effects of the apply engine: the one place where its wishes meet Close, the store and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bulkplan.app.gate import Gate
from bulkplan.app.interrupting import Interrupt, unless_given_up
from bulkplan.app.listings import SharedListings
from bulkplan.core import effects as fx
from bulkplan.core.codec import dump_record, load_record, run_slot_key
from bulkplan.core.likeness import could_be
from bulkplan.core.marker import is_of_another
from bulkplan.errors import BulkplanError, NotFoundError, StoreError, TryLaterError
from bulkplan.model.base import JsonMapping
from bulkplan.model.record import Record
from bulkplan.model.remote import Answer, BulkAction, Identity
from bulkplan.model.request import BulkKind
from bulkplan.model.run import RunKey
from bulkplan.model.store import PutResult
from bulkplan.ports import Clock, CloseReader, CloseWriter, SendSession, Store

ResultT = TypeVar("ResultT")
_CLOCK_SLACK = timedelta(minutes=5)


class Progress(Protocol):
    """Hears how far each run is."""

    def update(self, key: RunKey, message: str, record: Record | None) -> None:
        """`message` is empty when only the record's counts moved."""
        ...

    def step(self, label: str, done: int, total: int) -> None:
        """`done` of `total` of the work named `label` are over."""
        ...


@dataclass(frozen=True)
class Edges:
    """Everything outside that an apply touches."""

    reader: CloseReader
    writer: CloseWriter
    store: Store
    clock: Clock
    draw_word: Callable[[], str]
    is_process_gone: Callable[[int], bool]
    host: str
    user_id: str
    progress: Progress
    interrupt: Interrupt


FetchAction = Callable[[BulkKind, str], Awaitable[BulkAction]]


@dataclass
class Performer:
    """
    Performs effects for one run: it owns that run's dedicated connection while there is one.

    `fetch_action`: how an action is looked at, where many are watched together; raises `CloseError`. `listings`: where
    many look through Close's lists together. `gate`: what it passes, where many runs are started together.
    """

    edges: Edges
    fetch_action: FetchAction | None = None
    listings: SharedListings | None = None
    gate: Gate | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    has_sent: bool = False
    """Whether the request of this run was handed to the connection: from then on nothing may say "not sent"."""
    _session: SendSession | None = None

    async def run(self, steps: fx.Steps[ResultT]) -> ResultT:
        """Drive a part of the engine to its end. What an effect raises is raised inside the engine."""
        try:
            effect = next(steps)
            while True:
                try:
                    result = await self._perform(effect)
                except BulkplanError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as stop:
            value: ResultT = stop.value
            return value
        finally:
            await self._disconnect()

    async def _perform(self, effect: fx.Effect[object]) -> object:  # noqa: C901 - one arm per effect
        match effect:
            case fx.ReadClock():
                return self._instant()
            case fx.Sleep(seconds):
                await self._sleep(seconds)
            case fx.DrawWord():
                return self.edges.draw_word()
            case fx.GetRecord(key):
                return self._get(key)
            case fx.PutRecord(record):
                return self._put_noted(record)
            case fx.FindActions():
                return await self._given_time(self._find(effect))
            case fx.FindCandidates(record):
                return await self._given_time(self._find_candidates(record))
            case fx.Connect(kind):
                return await self._connect_in_turn(kind)
            case fx.Send(path, body):
                return await self._send(path, body)
            case fx.InDoubt():
                if self.gate is not None:
                    self.gate.doubt()
            case fx.Disconnect():
                await self._disconnect()
            case fx.IsHolderGone(record):
                return record.host == self.edges.host and self.edges.is_process_gone(record.pid)
            case fx.FetchAction(kind, action_id):
                return await self._given_time(self._fetch(kind, action_id))
            case fx.PauseAction(kind, action_id):
                return await self.edges.writer.pause(kind, action_id)
            case fx.Report(key, message, record):
                self.edges.progress.update(key, message, record)
            case _:
                raise TypeError(f"no way to perform {type(effect).__name__}")
        return None

    def _instant(self) -> fx.Instant:
        clock = self.edges.clock
        return fx.Instant(clock.now(), clock.monotonic(), self.edges.interrupt.is_set)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, or until interrupted."""
        if self.edges.interrupt.is_set:
            return
        sleeping = asyncio.ensure_future(self.edges.clock.sleep(seconds))
        interrupted = asyncio.ensure_future(self.edges.interrupt.wait())
        _, pending = await asyncio.wait({sleeping, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    def _get(self, key: RunKey) -> Record | None:
        slot = self.edges.store.get(run_slot_key(key))
        return load_record(slot) if slot else None

    def _put(self, record: Record) -> PutResult:
        try:
            return self.edges.store.put(
                run_slot_key(record.key), dump_record(record), expected_version=record.version - 1
            )
        except StoreError:
            return PutResult.UNSURE

    def _put_noted(self, record: Record) -> PutResult:
        clock = self.edges.clock
        began_at = clock.monotonic()
        result = self._put(record)
        if self.gate is not None:
            self.gate.note_put(record, is_stored=result is PutResult.STORED, seconds=clock.monotonic() - began_at)
        return result

    async def _find(self, effect: fx.FindActions) -> tuple[BulkAction, ...]:
        listings = self.listings or SharedListings(self.edges.reader)
        return await listings.find(effect.kind, effect.word)

    async def _find_candidates(self, record: Record) -> tuple[BulkAction, ...]:
        since = record.sent_after - _CLOCK_SLACK
        listed = [action async for action in self.edges.reader.list_actions(record.kind)]
        return tuple(
            action
            for action in sorted(listed, key=lambda action: action.id)
            if action.created_by in (None, self.edges.user_id)
            and _is_after(action.date_created, since)
            and not is_of_another(action.s_query, record.nonces)
            and could_be(action, record.body)
        )

    async def _connect_in_turn(self, kind: BulkKind) -> Identity:
        """Connect once the gate is open, and only leave it open behind us: from here to the intent nobody waits."""
        while True:
            if self.gate is not None:
                await self.gate.enter()
            identity = await self._given_time(self._connect(kind))
            if self.gate is None or self.gate.is_open:
                return identity
            await self._disconnect()

    async def _connect(self, kind: BulkKind) -> Identity:
        self._session = await self._stack.enter_async_context(self.edges.writer.open_session(kind))
        return await self._session.fetch_identity()

    async def _send(self, path: str, body: JsonMapping) -> Answer:
        if self._session is None:
            raise RuntimeError("send before connect")
        had_sent, self.has_sent = self.has_sent, True
        try:
            answer = await self._given_time(self._session.post(path, body))
        except TryLaterError:
            return Answer(handed_over=True, failure="interrupted while waiting for the answer")
        self.has_sent = had_sent or answer.handed_over
        return answer

    async def _given_time(self, call: Coroutine[None, None, ResultT]) -> ResultT:
        return await unless_given_up(call, self.edges.interrupt)

    async def _disconnect(self) -> None:
        self._session = None
        await self._stack.aclose()

    async def _fetch(self, kind: BulkKind, action_id: str) -> BulkAction | None:
        try:
            return await (self.fetch_action or self.edges.reader.fetch_action)(kind, action_id)
        except NotFoundError:
            return None


def _is_after(moment: datetime | None, since: datetime) -> bool:
    return moment is None or moment >= since
