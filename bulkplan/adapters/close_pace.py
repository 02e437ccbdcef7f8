"""
How fast requests start, and how many are under way.

Theory: Close counts the requests of an endpoint group in windows, each when it arrives, and each answer says how many
may follow in the window that it was counted in, and when that ends. Answers come out of order, and nobody here knows
which of the requests that are under way are counted already. So what is left is the least that an answer of this window
has said, and each request holds a place of it until its own answer has come: then it is counted there, or was in a
window that is over. Whoever waits looks anew with every answer. So no place of a window stays empty, and none is taken
twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bulkplan.adapters.close_limits import parse_rate_limit, wait_asked_s
from bulkplan.ports import Clock

MAX_IN_FLIGHT = 64
SCOUTS = 16
"""Requests of a group that start before any answer has said how many may."""

MAX_PACE_S = 60.0
"""The longest that pacing holds a request back; past it the answer (or its 429) decides."""

_SCARCE = 0.1
"""Below this share of the limit, requests are spread over the time to the reset where others use the key as well."""

_GUESSED_WINDOW_S = 1.0
"""How long a new window is taken to last until its first answer says so."""

_ROUNDINGS_S = (0.002, 0.05, 0.1, 0.2, 0.4)
"""So much earlier than Close means may a reset be that it has rounded; the next one where it proves too little."""

_WIDE = 10
"""A limit of so many times what may be under way is not near."""

_TICK_S = 0.001
"""The shortest sleep: a clock may not move on by less."""


@dataclass
class _Window:
    """
    What is known of one group and its present window. Times are of the monotonic clock.

    `ends_at`: by then it is over, unless Close rounds more than is thought.
    `remaining`: requests not counted yet by the answers that came; those `under_way` are among them.
    `n_ours`: so many of ours at most are counted in it.
    `n_too_early`: windows in which a request was refused though nobody else is known to use the key.
    """

    limit: float = math.inf
    longest_reset_s: float = 0.0
    opened_at: float = -math.inf
    ends_at: float = -math.inf
    is_end_guessed: bool = True
    remaining: float = math.inf
    n_ours: int = 0
    is_shared: bool = False
    is_refused: bool = False
    n_too_early: int = 0
    last_start_at: float = -math.inf
    blocked_until: float = -math.inf
    under_way: int = 0
    is_answered: bool = False
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)
    scouts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SCOUTS))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """That an answer came; looked at by the one whose turn is next."""

    @property
    def n_free(self) -> float:
        """Requests that may still start in it."""
        return self.remaining - self.under_way

    def next_start_at(self, now: float) -> float:
        """When the next request may start, as far as is known at the moment `now`."""
        start_at = max(self.blocked_until, self.last_start_at + self._spacing())
        return max(start_at, self.ends_at) if self.n_free < 1 and now < self.ends_at else start_at

    def start(self, now: float) -> None:
        """A request starts."""
        if now >= self.ends_at:
            self._open(now, ends_at=now + _GUESSED_WINDOW_S, is_end_guessed=True)
        self.n_ours += 1
        self.under_way += 1
        self.last_start_at = now

    def give_up(self) -> None:
        """A request ends without an answer; it may have been counted."""
        self.under_way -= 1
        self.remaining -= 1

    def take_in(self, *, started_at: float, now: float, limit: float, remaining: float, reset_s: float) -> None:
        """What the answer at the moment `now` to the request that started at `started_at` says is left."""
        self.limit = limit
        self.longest_reset_s = max(self.longest_reset_s, reset_s)
        reset_s = min(reset_s, MAX_PACE_S)
        rounding_s = _ROUNDINGS_S[min(self.n_too_early, len(_ROUNDINGS_S) - 1)]
        ends_after, ends_by = started_at + reset_s, now + reset_s + rounding_s
        if started_at < self.opened_at and ends_after <= self.opened_at:
            self.n_ours -= 1
            return
        if self.is_end_guessed:
            self.ends_at, self.is_end_guessed = ends_by, False
        elif ends_after > self.ends_at:
            self._open(started_at, ends_at=ends_by, is_end_guessed=False)
            self.n_ours += 1
        else:
            self.ends_at = min(self.ends_at, ends_by)
        self.remaining = min(self.remaining, remaining)
        self.is_shared = limit - remaining > self.n_ours

    def block(self, until: float) -> None:
        """A request was refused; nothing may start before then."""
        self.n_too_early += not self.is_refused and not self.is_shared
        self.is_refused = True
        self.remaining = 0.0
        self.blocked_until = max(self.blocked_until, until)
        self.ends_at = max(self.ends_at, self.blocked_until)

    def _open(self, opened_at: float, *, ends_at: float, is_end_guessed: bool) -> None:
        self.opened_at, self.ends_at, self.is_end_guessed = opened_at, ends_at, is_end_guessed
        # Those that are under way may arrive in the new window, and be counted there; one at least may follow.
        self.n_ours = self.under_way
        self.remaining = max(self.limit, self.under_way + 1)
        self.is_shared = self.is_refused = False

    def _spacing(self) -> float:
        if not self.is_shared or self.n_free >= _SCARCE * self.limit or math.isinf(self.limit):
            return 0.0
        return max(self.ends_at - self.last_start_at, 0.0) / (max(self.n_free, 0.0) + 1)


@dataclass
class Turn:
    """One request that may start now, at `started_at` of the monotonic clock."""

    started_at: float
    _pacer: Pacer
    _window: _Window
    _is_answered: bool = False

    def learn(self, headers: Mapping[str, str], *, status: int) -> None:
        """Take in what the answer says of its group; to be called once, before the turn ends."""
        self._is_answered = True
        self._pacer.take_in(self._window, self.started_at, headers, status=status)

    def end(self) -> None:
        """Nothing more comes of it."""
        if not self._is_answered:
            self._window.give_up()


@dataclass
class Pacer:
    """
    Lets requests start no faster than Close allows; shared by all concurrent calls of one client.

    Requests of one group start one after the other, each by what is known when its turn has come. Until a first answer
    only `SCOUTS` of them are under way; then, unless it has named a limit, none is held back but by `max_in_flight`.
    No scouts go ahead where answers of other groups have named no limit, or one that is far away.
    Waits go through the clock, so a test can step them.
    """

    clock: Clock
    max_in_flight: int = MAX_IN_FLIGHT
    _windows: dict[str, _Window] = field(default_factory=dict)
    _is_wide: bool | None = None
    """Whether no limit that any group has named is near; `None`: nothing was answered yet."""
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.max_in_flight)

    @asynccontextmanager
    async def turn(self, group: str) -> AsyncIterator[Turn]:
        """Wait for this group's turn and for a free slot; the slot is held until the block ends."""
        window = self._windows.setdefault(group, _Window())
        async with AsyncExitStack() as held:
            async with window.queue:
                if not window.is_answered and not self._is_wide:
                    await held.enter_async_context(window.scouts)
                await held.enter_async_context(self._slots)
                turn = Turn(await self._start(window), self, window)
                held.callback(turn.end)
            yield turn

    def take_in(self, window: _Window, started_at: float, headers: Mapping[str, str], *, status: int) -> None:
        """For `Turn.learn`."""
        window.is_answered = True
        window.under_way -= 1
        window.news.set()
        now = self.clock.monotonic()
        if status == 429:
            self._is_wide = False
            window.block(now + min(wait_asked_s(headers) or 1.0, MAX_PACE_S))
            return
        said = parse_rate_limit(headers.get("ratelimit", ""))
        limit = (said.limit or math.inf) if said.remaining is not None else math.inf
        self._is_wide = self._is_wide is not False and limit >= _WIDE * self.max_in_flight
        if said.remaining is None or said.reset_s is None:
            return
        window.take_in(started_at=started_at, now=now, limit=limit, remaining=said.remaining, reset_s=said.reset_s)

    def pace_s(self, group: str) -> float:
        """Seconds a request that the limit in force comes to, as far as answers of this group told; 0: no limit."""
        window = self._windows.get(group)
        return window.longest_reset_s / window.limit if window else 0.0

    async def _start(self, window: _Window) -> float:
        """Wait until the next request of the group may start, start it, and say when."""
        while (wait := window.next_start_at(now := self.clock.monotonic()) - now) > 0:
            await self._sleep_until_news(window, max(wait, _TICK_S))
        window.start(now)
        return now

    async def _sleep_until_news(self, window: _Window, seconds: float) -> None:
        window.news.clear()
        either = [asyncio.ensure_future(self.clock.sleep(seconds)), asyncio.ensure_future(window.news.wait())]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in either:
                task.cancel()
