"""How many requests an API key has left in an endpoint group."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import datetime

from bulkplan.sandbox.settings import RateLimit

ORGANIZATION_FACTOR = 3
"""All keys together may do this many times what one key may. Source: Close API, "Rate limits"."""


@dataclass(frozen=True)
class Allowance:
    """What a key has left: requests until `reset_s` seconds from now; `is_exceeded` when this one was too many."""

    limit: int
    remaining: int
    reset_s: float
    is_exceeded: bool

    def headers(self) -> dict[str, str]:
        """Return the rate limit headers; `retry-after` in whole seconds, rounded up, only when exceeded."""
        found = {"ratelimit": f"limit={self.limit}, remaining={self.remaining}, reset={self.reset_s:g}"}
        if self.is_exceeded:
            found["retry-after"] = str(max(1, math.ceil(self.reset_s)))
        return found


class RateLimiter:
    """Counts requests in fixed windows per endpoint group, for each key and for the organization."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}
        self._lock = threading.Lock()

    def take(self, group: str, api_key_id: str, *, now: datetime, limit: RateLimit) -> Allowance:
        """Count one request of a key in an endpoint group and say what is left."""
        window = math.floor(now.timestamp() / limit.window_s)
        reset_s = round((window + 1) * limit.window_s - now.timestamp(), 3)
        with self._lock:
            used = self._count((group, api_key_id), window)
            used_by_all = self._count((group, ""), window)
        is_exceeded = used > limit.limit or used_by_all > limit.limit * ORGANIZATION_FACTOR
        remaining = 0 if is_exceeded else limit.limit - used
        return Allowance(limit.limit, remaining, reset_s, is_exceeded)

    def _count(self, key: tuple[str, str], window: int) -> int:
        counted_window, used = self._windows.get(key, (window, 0))
        used = used + 1 if counted_window == window else 1
        self._windows[key] = (window, used)
        return used
