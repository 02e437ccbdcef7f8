"""Which day, week, month, quarter or year an instant falls into: the period in a run key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from bulkplan.core.near import did_you_mean

Every = Literal["day", "week", "month", "quarter", "year"]

_LABELS: Mapping[Every, Callable[[datetime], str]] = {
    "day": lambda local: f"{local.year:04}-{local.month:02}-{local.day:02}",
    "week": lambda local: f"{local.isocalendar().year:04}-W{local.isocalendar().week:02}",
    "month": lambda local: f"{local.year:04}-{local.month:02}",
    "quarter": lambda local: f"{local.year:04}-Q{(local.month + 2) // 3}",
    "year": lambda local: f"{local.year:04}",
}


def period_label(every: Every, *, now: datetime, timezone: str) -> str:
    """
    The period that `now` falls into on the clocks of `timezone`.

    Returns:
        `2026-11-22` (day), `2026-W47` (ISO week), `2026-11` (month), `2026-Q4` (quarter) or `2026` (year).

    Raises:
        ValueError: when there is no such timezone.
    """
    zone = find_timezone(timezone)
    if zone is None:
        raise ValueError(timezone)
    return _LABELS[every](now.astimezone(zone))


def find_timezone(name: str) -> tzinfo | None:
    """The timezone of an IANA name; `None` when there is none."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    # Names of folders and names with odd characters come back as whatever the file system says.
    except (KeyError, ValueError, OSError):
        return None


def timezone_hint(name: str) -> str:
    """How to write the timezone that was probably meant."""
    guess = did_you_mean(name, sorted(_likely(name)), 2)
    return guess or "write an IANA name such as Europe/Berlin, America/New_York or UTC"


def _likely(name: str) -> set[str]:
    """Zones to compare with: those sharing a word's beginning first, so that a bare city is found too."""
    zones = {zone for zone in available_timezones() if "/" in zone or zone == "UTC"}
    city = name.rsplit("/", maxsplit=1)[-1].replace(" ", "_").casefold()
    same_city = {zone for zone in zones if zone.rsplit("/", maxsplit=1)[-1].casefold() == city}
    return same_city or zones
