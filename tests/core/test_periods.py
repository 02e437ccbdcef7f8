"""The period of a run key, on the clocks of its timezone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bulkplan.core.periods import find_timezone, period_label, timezone_hint


@pytest.mark.parametrize(
    ("every", "now", "timezone", "label"),
    [
        ("day", "2026-11-22T12:00", "UTC", "2026-11-22"),
        ("day", "2026-11-22T23:30", "Europe/Berlin", "2026-11-23"),
        ("day", "2026-11-22T03:00", "America/New_York", "2026-11-21"),
        ("week", "2026-11-22T12:00", "UTC", "2026-W47"),
        ("week", "2026-11-22T23:00", "Europe/Berlin", "2026-W48"),
        ("week", "2027-01-01T12:00", "UTC", "2026-W53"),
        ("week", "2024-12-30T12:00", "UTC", "2025-W01"),
        ("month", "2026-11-30T23:30", "Europe/Berlin", "2026-12"),
        ("quarter", "2026-11-22T12:00", "UTC", "2026-Q4"),
        ("quarter", "2026-03-31T22:30", "Europe/Berlin", "2026-Q2"),
        ("year", "2026-12-31T23:30", "Europe/Berlin", "2027"),
    ],
)
def test_the_period_is_that_of_the_local_clock(every, now, timezone, label):
    assert period_label(every, now=datetime.fromisoformat(now).replace(tzinfo=UTC), timezone=timezone) == label


@pytest.mark.parametrize(
    "name", ["", "Europe", "Berlin", "../etc/passwd", "/etc/localtime", "a\x00b", "x" * 5000, "europe/nowhere"]
)
def test_what_is_no_timezone_is_none(name):
    assert find_timezone(name) is None
    with pytest.raises(ValueError, match=r".*"):
        period_label("day", now=datetime(2026, 1, 1, tzinfo=UTC), timezone=name)


def test_a_city_is_enough_for_a_hint():
    assert timezone_hint("Berlin") == 'did you mean "Europe/Berlin"?'
    assert "America/New_York" in timezone_hint("New York")
    assert "IANA" in timezone_hint("???")
