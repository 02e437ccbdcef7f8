"""How fast requests may start, as Close's `ratelimit` header says, and how many may be under way."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bulkplan.ports import Clock

MAX_IN_FLIGHT = 64
SCOUTS = 16
"""Requests of a group that start before any answer has said how many may."""
MAX_WAIT_S = 3600.0
"""No header makes us believe in a longer wait."""

MAX_PACE_S = 60.0
"""The longest that pacing holds a request back; past it the answer (or its 429) decides."""

_SCARCE = 0.1
"""Below this share of the limit, requests are spread over the time to the reset."""

_GUESSED_WINDOW_S = 1.0
"""How long a new window is taken to last until its first answer says so."""

_PART = re.compile(r"([a-z]+)\s*=\s*([0-9.]+)", re.IGNORECASE | re.ASCII)
_ID = re.compile(r"[a-z]+_(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]+", re.ASCII)


@dataclass(frozen=True)
class RateLimit:
    """A `ratelimit` header: requests per window, requests left in it, seconds until it starts anew."""

    limit: float | None
    remaining: float | None
    reset_s: float | None


def parse_rate_limit(header: str) -> RateLimit:
    """
    Read `limit=100, remaining=50, reset=5`, also with semicolons; what is not a number is left out.

    Source: Close API, Rate limits.
    """
    parts = {name.lower(): _number(text) for name, text in _PART.findall(header[:200])}
    return RateLimit(limit=parts.get("limit"), remaining=parts.get("remaining"), reset_s=parts.get("reset"))


def wait_asked_s(headers: Mapping[str, str]) -> float | None:
    """
    Seconds that a 429 asks to wait: the larger of the reset and `retry-after`, at most `MAX_WAIT_S`; `None`: unsaid.

    Source: Close API, Rate limits.
    """
    reset = parse_rate_limit(headers.get("ratelimit", "")).reset_s
    after = _number(headers.get("retry-after", "").strip())
    said = [wait for wait in (reset, after) if wait is not None]
    return max(said) if said else None


def _number(text: str) -> float | None:
    try:
        number = float(text[:20])
    except ValueError:
        return None
    return min(number, MAX_WAIT_S) if math.isfinite(number) and number >= 0 else None


def group_of(method: str, path: str) -> str:
    """
    The endpoint group that a request is counted in, e.g. `GET bulk_action/edit`.

    Source: Close API, Rate limits ("per endpoint group: path and method"); IDs do not make a group.
    """
    parts = [part for part in path.split("/") if part and not _ID.fullmatch(part)]
    return f"{method} {'/'.join(parts[:2])}"


@dataclass
class _Window:
    """What is known of one group. Times are of the monotonic clock."""

    limit: float = math.inf
    remaining: float = math.inf
    longest_reset_s: float = 0.0
    resets_at: float = 0.0
    next_start_at: float = 0.0
    blocked_until: float = 0.0
    under_way: int = 0
    is_answered: bool = False
    queue: asyncio.Lock = field(default_factory=asyncio.Lock)
    scouts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SCOUTS))

    def leave(self) -> None:
        """A request is over."""
        self.under_way -= 1


@dataclass
class Pacer:
    """
    Lets requests start no faster than Close allows; shared by all concurrent calls of one client.

    Requests of one group start one after the other, each by what is known when its turn has come. Until a first answer
    only `SCOUTS` of them are under way; then, unless it has named a limit, none is held back but by `max_in_flight`.
    Where answers of other groups have named no limit, no scouts go ahead.
    Waits go through the clock, so a test can step them.
    """

    clock: Clock
    max_in_flight: int = MAX_IN_FLIGHT
    _windows: dict[str, _Window] = field(default_factory=dict)
    _names_limits: bool | None = None
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.max_in_flight)

    @asynccontextmanager
    async def turn(self, group: str) -> AsyncIterator[None]:
        """Wait for this group's turn and for a free slot; the slot is held until the block ends."""
        window = self._windows.setdefault(group, _Window())
        async with AsyncExitStack() as held:
            async with window.queue:
                if not window.is_answered and self._names_limits is not False:
                    await held.enter_async_context(window.scouts)
                await held.enter_async_context(self._slots)
                await self._wait_for_start(window)
                window.under_way += 1
                held.callback(window.leave)
            yield

    def learn(self, group: str, headers: Mapping[str, str], *, status: int) -> None:
        """Take in what an answer says of its group. To be called before the turn of that answer ends."""
        window = self._windows.setdefault(group, _Window())
        window.is_answered = True
        now = self.clock.monotonic()
        if status == 429:
            self._names_limits = True
            self._block(window, now, wait_asked_s(headers) or 1.0)
            return
        said = parse_rate_limit(headers.get("ratelimit", ""))
        is_named = said.remaining is not None and said.reset_s is not None
        self._names_limits = self._names_limits or is_named
        if said.remaining is None or said.reset_s is None:
            return
        window.limit = said.limit or math.inf
        window.longest_reset_s = max(window.longest_reset_s, said.reset_s)
        # Requests under way may not be counted yet in what Close says is left.
        window.remaining = max(said.remaining - max(window.under_way - 1, 0), 0.0)
        window.resets_at = now + min(said.reset_s, MAX_PACE_S)

    def pace_s(self, group: str) -> float:
        """Seconds a request that the limit in force comes to, as far as answers of this group told; 0: no limit."""
        window = self._windows.get(group)
        return window.longest_reset_s / window.limit if window else 0.0

    @staticmethod
    def _block(window: _Window, now: float, wait_s: float) -> None:
        window.remaining = 0.0
        window.blocked_until = max(window.blocked_until, now + min(wait_s, MAX_PACE_S))
        window.resets_at = max(window.resets_at, window.blocked_until)

    async def _wait_for_start(self, window: _Window) -> None:
        start_at = self._reserve(window)
        # Looked at anew after each sleep: a 429 to somebody else may have come meanwhile.
        while (wait := max(start_at, window.blocked_until) - self.clock.monotonic()) > 0:
            await self.clock.sleep(wait)

    def _reserve(self, window: _Window) -> float:
        """Take one place in the window, and say when its turn is."""
        start_at = max(self.clock.monotonic(), window.next_start_at)
        if window.remaining < 1 and start_at < window.resets_at:
            start_at = window.resets_at
        if start_at >= window.resets_at:
            # Those that are under way may arrive in the new window, and be counted there.
            window.remaining = max(window.limit - window.under_way, 1.0)
            window.resets_at = start_at + _GUESSED_WINDOW_S
        window.remaining -= 1
        window.next_start_at = start_at + self._spacing(window, start_at)
        return start_at

    @staticmethod
    def _spacing(window: _Window, start_at: float) -> float:
        if window.remaining >= _SCARCE * window.limit or math.isinf(window.limit):
            return 0.0
        return max(window.resets_at - start_at, 0.0) / (window.remaining + 1)
