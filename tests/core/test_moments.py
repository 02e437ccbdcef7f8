"""What moments mean: words, days and instants, in zones with and without clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.moments import Day, Instant, day_range, instant_range, parse_moment, start_of_day

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # half past midnight of the 23rd in Berlin


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("today", date(2026, 11, 23)),
        ("Yesterday", date(2026, 11, 22)),
        ("tomorrow", date(2026, 11, 24)),
        ("90 days ago", date(2026, 8, 25)),
        ("1 day ago", date(2026, 11, 22)),
        ("a week ago", date(2026, 11, 16)),
        ("in  2  weeks", date(2026, 12, 7)),
        ("9 months ago", date(2026, 2, 23)),
        ("2 quarters ago", date(2026, 5, 23)),
        ("in 1 year", date(2027, 11, 23)),
        ("start of week", date(2026, 11, 23)),
        ("start of this month", date(2026, 11, 1)),
        ("start of the quarter", date(2026, 10, 1)),
        ("start of year", date(2026, 1, 1)),
    ],
)
def test_words_of_days_name_a_day_of_the_targets_zone(text, day):
    assert parse_moment(text, now=NOW, zone=BERLIN) == Day(day)


@pytest.mark.parametrize(("text", "day"), [("1 month ago", date(2026, 2, 28)), ("in 1 month", date(2026, 4, 30))])
def test_a_month_clamps_to_the_last_day(text, day):
    assert parse_moment(text, now=datetime(2026, 3, 31, 12, tzinfo=UTC), zone=UTC) == Day(day)


def test_a_year_before_a_leap_day_is_the_28th():
    assert parse_moment("a year ago", now=datetime(2028, 2, 29, tzinfo=UTC), zone=UTC) == Day(date(2027, 2, 28))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", datetime(2026, 11, 22, 23, 30, tzinfo=UTC)),
        ("30 minutes ago", datetime(2026, 11, 22, 23, 0, tzinfo=UTC)),
        ("in 3 hours", datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ("2026-07-01T12:00", datetime(2026, 7, 1, 10, 0, tzinfo=UTC)),
        ("2026-01-01 12:00:30", datetime(2026, 1, 1, 11, 0, 30, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, 0, tzinfo=UTC)),
        ("2026-07-01T12:00:00.5-04:00", datetime(2026, 7, 1, 16, 0, 0, 500000, tzinfo=UTC)),
        ("2026-07-01 12:00:00 +02:00", datetime(2026, 7, 1, 10, 0, tzinfo=UTC)),
    ],
)
def test_hours_minutes_and_written_times_are_exact_instants(text, at):
    moment = parse_moment(text, now=NOW, zone=BERLIN)
    assert isinstance(moment, Instant)
    assert moment.at == at
    assert moment.at.utcoffset() == UTC.utcoffset(None)


def test_an_hour_is_an_hour_across_a_clock_change():
    now = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 in Berlin, where 02:00 to 03:00 was skipped
    moment = parse_moment("2 hours ago", now=now, zone=BERLIN)
    assert moment == Instant(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "90 day",
        "90 days",
        "-3 days ago",
        "2026-02-30",
        "2026-1-1",
        "20260101",
        "2026-W05-1",
        "2026-01-01T25:00",
        "31.01.2026",
        "999999 years ago",
        "in 99999 months",
        "0026-01-31",
        "1.5 days ago",
        "days ago",
    ],
)
def test_anything_else_is_no_moment(text):
    assert parse_moment(text, now=NOW, zone=BERLIN) is None


@given(st.text(max_size=40) | st.from_regex(r"(in )?[0-9]{1,7} (day|month|year|hour)s?( ago)?", fullmatch=True))
def test_no_text_makes_the_parser_fail(text):
    assert parse_moment(text, now=NOW, zone=BERLIN) is None or text.strip()


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("on", {"on_or_after": "2026-03-28T23:00:00+00:00", "before": "2026-03-29T22:00:00+00:00"}),
        ("before", {"before": "2026-03-28T23:00:00+00:00"}),
        ("after", {"on_or_after": "2026-03-29T22:00:00+00:00"}),
        ("on_or_before", {"before": "2026-03-29T22:00:00+00:00"}),
        ("on_or_after", {"on_or_after": "2026-03-28T23:00:00+00:00"}),
    ],
)
def test_a_day_is_the_local_day_also_when_the_clock_changes(operator, expected):
    condition = day_range(operator, date(2026, 3, 29), zone=BERLIN)
    moments = {key: {"type": "fixed_utc", "value": value} for key, value in expected.items()}
    assert condition == {"type": "moment_range", **moments}


def test_a_date_field_is_compared_by_local_date_without_a_zone():
    assert day_range("on", date(2026, 12, 31), zone=None) == {
        "type": "moment_range",
        "on_or_after": {"type": "fixed_local_date", "value": "2026-12-31", "which": "start"},
        "before": {"type": "fixed_local_date", "value": "2027-01-01", "which": "start"},
    }


def test_a_day_whose_midnight_is_skipped_begins_at_its_first_instant():
    cairo = ZoneInfo("Africa/Cairo")  # 2026-04-24: 00:00 became 01:00
    assert start_of_day(date(2026, 4, 24), cairo).astimezone(cairo).isoformat() == "2026-04-24T01:00:00+03:00"


def test_after_an_instant_does_not_take_the_instant_in():
    at = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    assert instant_range("after", at)["on_or_after"]["value"] == "2026-11-22T10:30:00.000001+00:00"
    assert instant_range("on_or_after", at)["on_or_after"]["value"] == "2026-11-22T10:30:00+00:00"
    assert instant_range("before", at)["before"]["value"] == "2026-11-22T10:30:00+00:00"
    assert instant_range("on_or_before", at)["before"]["value"] == "2026-11-22T10:30:00.000001+00:00"


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "UTC"]))
def test_before_and_on_or_after_a_day_leave_no_gap(day, name):
    zone = ZoneInfo(name)
    assert day_range("before", day, zone=zone)["before"] == day_range("on_or_after", day, zone=zone)["on_or_after"]
    assert day_range("after", day, zone=zone)["on_or_after"] == day_range("on", day, zone=zone)["before"]
