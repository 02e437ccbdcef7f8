"""What Close says of its rate limits: the `ratelimit` header, the wait that a 429 asks for, the endpoint groups."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_WAIT_S = 3600.0
"""No header makes us believe in a longer wait."""

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
