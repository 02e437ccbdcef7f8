"""Performs the effects of the apply engine: the one place where its wishes meet Close, the store and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bulkplan.core import effects as fx
from bulkplan.core.codec import dump_record, load_record, run_slot_key
from bulkplan.core.likeness import could_be
from bulkplan.core.marker import is_marked, is_of_another
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
GRACE_S = 5.0
"""So long a call that is under way may still take once an end was asked for."""


class Progress(Protocol):
    """Hears how far each run is."""

    def update(self, key: RunKey, message: str, record: Record | None) -> None:
        """`message` is empty when only the record's counts moved."""
        ...

    def step(self, label: str, done: int, total: int) -> None:
        """`done` of `total` of the work named `label` are over."""
        ...


class Interrupt:
    """Set by the first signal: nothing new starts, waiting ends, what is in flight is finished and stored."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Ask for an orderly end."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether an end was asked for."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until it is set."""
        await self._event.wait()


async def unless_given_up(call: Coroutine[None, None, ResultT], interrupt: Interrupt) -> ResultT:
    """
    What a call returns. Raises `TryLaterError` when an end was asked for and the call is not over within the grace.

    The first signal cancels nothing by itself: what Close is about to answer is still heard.
    """
    calling, waiting = asyncio.ensure_future(call), asyncio.ensure_future(_grace(interrupt))
    try:
        await asyncio.wait({calling, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if calling.done():
            return calling.result()
        raise TryLaterError("interrupted before Close answered", hint="run the same command again")
    finally:
        calling.cancel()
        waiting.cancel()
        await asyncio.gather(calling, waiting, return_exceptions=True)


async def _grace(interrupt: Interrupt) -> None:
    await interrupt.wait()
    await asyncio.sleep(GRACE_S)


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

    `fetch_action`: how an action is looked at, where many are watched together; raises `CloseError`.
    """

    edges: Edges
    fetch_action: FetchAction | None = None
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
                return self._put(record)
            case fx.FindActions():
                return await self._given_time(self._find(effect))
            case fx.FindCandidates(record):
                return await self._given_time(self._find_candidates(record))
            case fx.Connect():
                return await self._given_time(self._connect())
            case fx.Send(path, body):
                return await self._send(path, body)
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

    async def _find(self, effect: fx.FindActions) -> tuple[BulkAction, ...]:
        listed = {action.id: action async for action in self.edges.reader.list_actions(effect.kind)}
        async for event in self.edges.reader.list_created_actions(effect.kind):
            if event.id not in listed and (action := await self._whole(effect.kind, event)):
                listed[action.id] = action
        return tuple(listed[key] for key in sorted(listed) if is_marked(listed[key].s_query, effect.word))

    async def _whole(self, kind: BulkKind, event: BulkAction) -> BulkAction | None:
        """The action of an event whose content Close hides: after an hour, from keys without the right to see it."""
        return event if event.s_query is not None else await self._fetch(kind, event.id)

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

    async def _connect(self) -> Identity:
        self._session = await self._stack.enter_async_context(self.edges.writer.open_session())
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
