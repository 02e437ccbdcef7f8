"""Which moment a spec means by `90 days ago` or `2026-01-31`, and the range that Close is asked for."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from bulkplan.model.base import JsonObject

MOMENT_FORMS = '2026-01-31, 2026-01-31T14:30, now, today, yesterday, tomorrow, "90 days ago", "in 2 weeks"'
_TICK = timedelta(microseconds=1)
YEARS = range(1900, 2201)
"""A moment outside of them is a slip of the pen."""
_DAY_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\s?(z|[+-]\d{2}(:?\d{2})?)?")
_UNITS = r"(minute|hour|day|week|month|quarter|year)s?"
_AGO_PATTERN = re.compile(rf"(\d{{1,6}}|an?) {_UNITS} ago")
_AHEAD_PATTERN = re.compile(rf"in (\d{{1,6}}|an?) {_UNITS}")
_START_PATTERN = re.compile(r"start of (?:this |the )?(week|month|quarter|year)")
_NAMED_DAYS: Mapping[str, int] = {"yesterday": -1, "today": 0, "tomorrow": 1}
_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}


class Day(NamedTuple):
    """A whole local day."""

    day: date


class Instant(NamedTuple):
    """A point in time, aware, in UTC. `is_now` tells the word `now` from a written instant."""

    at: datetime
    is_now: bool = False


def parse_moment(text: str, *, now: datetime, zone: tzinfo) -> Day | Instant | None:
    """
    Read a moment: words of days give a `Day` of the zone, words of hours and minutes an exact `Instant`.

    Args:
        text: One of `MOMENT_FORMS`; instants without an offset are in `zone`.
        now: Aware; what relative words are measured from.
        zone: The target's time zone.

    Returns:
        `None` for anything else, and for moments outside of `YEARS`.
    """
    words = " ".join(text.lower().split())
    try:
        moment = _parse_fixed(words, zone) or _parse_relative(words, now.astimezone(zone))
    except (ValueError, OverflowError):  # 2026-02-30, or 999999 years ago
        return None
    if moment is None:
        return None
    return moment if (moment.day if isinstance(moment, Day) else moment.at).year in YEARS else None


def _parse_fixed(words: str, zone: tzinfo) -> Day | Instant | None:
    if _DAY_PATTERN.fullmatch(words):
        return Day(date.fromisoformat(words))
    if not _INSTANT_PATTERN.fullmatch(words):
        return None
    stated = datetime.fromisoformat(words.replace(" ", "T", 1).replace(" ", "").upper())
    return Instant((stated if stated.tzinfo else stated.replace(tzinfo=zone)).astimezone(UTC))


def _parse_relative(words: str, now: datetime) -> Day | Instant | None:
    if words == "now":
        return Instant(now.astimezone(UTC), is_now=True)
    if words in _NAMED_DAYS:
        return Day(now.date() + timedelta(days=_NAMED_DAYS[words]))
    if start := _START_PATTERN.fullmatch(words):
        return Day(_start_of(start[1], now.date()))
    if ago := _AGO_PATTERN.fullmatch(words):
        return _shift(now, -_count(ago[1]), ago[2])
    if ahead := _AHEAD_PATTERN.fullmatch(words):
        return _shift(now, _count(ahead[1]), ahead[2])
    return None


def _count(word: str) -> int:
    return int(word) if word.isdecimal() else 1


def _shift(now: datetime, count: int, unit: str) -> Day | Instant:
    if unit in ("minute", "hour"):
        span = timedelta(minutes=count) if unit == "minute" else timedelta(hours=count)
        return Instant(now.astimezone(UTC) + span)  # in UTC: an hour is an hour, also across a clock change
    if unit in ("day", "week"):
        return Day(now.date() + timedelta(days=count * (7 if unit == "week" else 1)))
    return Day(_add_months(now.date(), count * _MONTHS[unit]))


def _add_months(day: date, months: int) -> date:
    """The same day of another month, or its last day where it is shorter."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, calendar.monthrange(year, month0 + 1)[1]))


def _start_of(unit: str, day: date) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    first_month = day.month - (day.month - 1) % _MONTHS[unit]
    return day.replace(month=first_month, day=1)


_BOUNDS_OF_DAY: Mapping[str, tuple[int | None, int | None]] = {
    "on": (0, 1),
    "before": (None, 0),
    "after": (1, None),
    "on_or_before": (None, 1),
    "on_or_after": (0, None),
}
"""The half-open span `[from, to)` that each operator means for a day, in days counted from it."""


def day_range(operator: str, day: date, *, zone: tzinfo | None) -> JsonObject:
    """
    The condition for a whole day: `{"type": "moment_range", "on_or_after": …, "before": …}`.

    Args:
        operator: `on`, `before`, `after`, `on_or_before` or `on_or_after`.
        day: The day meant.
        zone: Its zone, for fields that hold an instant. `None` for fields that hold a date: those are compared as
            local dates, so that no zone can shift them.

    Source: Close API, Advanced Filtering; `on_or_after` is inclusive, `before` exclusive.
    """
    lower, upper = _BOUNDS_OF_DAY[operator]
    return _range(_day_moment(day, lower, zone), _day_moment(day, upper, zone))


def instant_range(operator: str, at: datetime) -> JsonObject:
    """The condition for an instant, exact to the microsecond. `operator` is any but `on`."""
    shifted = at + _TICK if operator in ("after", "on_or_before") else at
    moment = fixed_utc(shifted)
    return _range(None, moment) if "before" in operator else _range(moment, None)


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Local midnight in UTC; where a clock change skips midnight, the first instant of the day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def fixed_utc(at: datetime) -> JsonObject:
    """An instant as Close reads it."""
    return {"type": "fixed_utc", "value": at.astimezone(UTC).isoformat()}


def _day_moment(day: date, shift: int | None, zone: tzinfo | None) -> JsonObject | None:
    if shift is None:
        return None
    bound = day + timedelta(days=shift)
    if zone is None:
        return {"type": "fixed_local_date", "value": bound.isoformat(), "which": "start"}
    return fixed_utc(start_of_day(bound, zone))


def _range(lower: JsonObject | None, upper: JsonObject | None) -> JsonObject:
    condition: JsonObject = {"type": "moment_range"}
    if lower is not None:
        condition["on_or_after"] = lower
    if upper is not None:
        condition["before"] = upper
    return condition
