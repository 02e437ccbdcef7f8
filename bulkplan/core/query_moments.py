"""The moments of a structured query in English: `on or after 2026-08-25`, `before 90 days ago`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from pydantic import JsonValue

from bulkplan.core.near import join_words
from bulkplan.model.base import JsonMapping

_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")


def say_span(node: JsonMapping) -> str:
    """
    The bounds `on_or_after` and `before` of a node, in words; empty when it has none.

    Source: Close API, Advanced Filtering ("Moments").
    """
    start, end = node.get("on_or_after"), node.get("before")
    if start is not None and end is not None and (day := _whole_day(start, end)):
        return f"on {day}"
    words = []
    if start is not None:
        words.append(f"after {_moment(start)}" if _is_end(start) else f"on or after {_moment(start)}")
    if end is not None:
        words.append(f"on or before {_moment(end)}" if _is_end(end) else f"before {_moment(end)}")
    return join_words(words)


def _is_end(moment: JsonValue) -> bool:
    """Whether a moment is the last instant of its day: `before` it takes in the day, `on_or_after` it leaves it out."""
    return isinstance(moment, Mapping) and "end" in (moment.get("which"), moment.get("which_day_end"))


def _moment(moment: JsonValue) -> str:
    if not isinstance(moment, Mapping):
        return f"a moment without words here ({moment})"
    kind = moment.get("type")
    if kind == "now":
        return "now"
    if kind == "fixed_local_date":
        return str(moment.get("value"))
    if kind == "fixed_utc":
        return _instant(str(moment.get("value")))
    if kind == "offset":
        return _offset(moment)
    return f"a moment without words here ({kind})"


def _instant(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    at = at.astimezone(UTC) if at.tzinfo else at
    return f"{at:%Y-%m-%d %H:%M:%S} UTC".replace(":00 UTC", " UTC", 1)


def _offset(moment: JsonMapping) -> str:
    spans = moment.get("offset")
    parts = [_span(unit, spans.get(unit)) for unit in _UNITS] if isinstance(spans, Mapping) else []
    said = join_words(part for part in parts if part)
    base = moment.get("moment")
    is_now = base is None or (isinstance(base, Mapping) and base.get("type") == "now")
    if not said:
        return "now" if is_now and not moment.get("which_day_end") else "today" if is_now else _moment(base)
    if moment.get("direction") == "future":
        return f"{said} from now" if is_now else f"{said} after {_moment(base)}"
    return f"{said} ago" if is_now else f"{said} before {_moment(base)}"


def _span(unit: str, count: JsonValue) -> str | None:
    if not isinstance(count, int | float) or not count:
        return None
    return f"{count:g} {unit if count != 1 else unit.removesuffix('s')}"


def _whole_day(start: JsonValue, end: JsonValue) -> str | None:
    """The day that two bounds enclose exactly, where they are written as days."""
    if not isinstance(start, Mapping) or not isinstance(end, Mapping) or _is_end(start):
        return None
    if start.get("type") != "fixed_local_date" or end.get("type") != "fixed_local_date":
        return None
    try:
        first, last = date.fromisoformat(str(start.get("value"))), date.fromisoformat(str(end.get("value")))
    except ValueError:
        return None
    day_after = first if _is_end(end) else first + timedelta(days=1)
    return str(first) if last == day_after else None
