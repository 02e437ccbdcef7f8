"""Which instant a moment means."""

from datetime import UTC, date, datetime

import pytest
from sandbox import query_nodes as node

from bulkplan.sandbox.moments import first_day_from, read_moment
from bulkplan.sandbox.query_values import QueryContext, QueryError


def at(moment, *, now="2026-03-31T10:20:30+00:00", tz_offset=0.0):
    context = QueryContext(now=datetime.fromisoformat(now), tz_offset=tz_offset, user_id="user_x")
    return read_moment(moment, context).strftime("%Y-%m-%d %H:%M:%S")


def test_now_is_the_time_of_asking():
    assert at(node.NOW) == "2026-03-31 10:20:30"


def test_fixed_utc_is_that_instant_in_any_offset():
    assert at(node.utc("2026-02-03T10:00:00-05:00")) == "2026-02-03 15:00:00"
    assert at(node.utc("2026-02-03T10:00:00Z"), tz_offset=9) == "2026-02-03 10:00:00"


@pytest.mark.parametrize(
    ("which", "tz_offset", "expected"),
    [
        ("start", 0.0, "2026-02-28 00:00:00"),
        ("end", 0.0, "2026-03-01 00:00:00"),
        ("start", -5.0, "2026-02-28 05:00:00"),
        ("end", 5.5, "2026-02-28 18:30:00"),
    ],
)
def test_a_local_day_begins_and_ends_at_the_callers_midnight(which, tz_offset, expected):
    assert at(node.local_day("2026-02-28", which), tz_offset=tz_offset) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (node.offset(days=90), "2025-12-31 10:20:30"),
        (node.offset("future", weeks=1, days=1), "2026-04-08 10:20:30"),
        (node.offset(months=1), "2026-02-28 10:20:30"),
        (node.offset(months=13), "2025-02-28 10:20:30"),
        (node.offset("future", months=11), "2027-02-28 10:20:30"),
        (node.offset(years=2, months=1), "2024-02-29 10:20:30"),
        (node.offset(months=1, days=1), "2026-02-27 10:20:30"),
        (node.offset(hours=1, minutes=1, seconds=1), "2026-03-31 09:19:29"),
        (node.offset(which_day_end="start", days=1), "2026-03-30 00:00:00"),
        (node.offset(which_day_end="end", days=1), "2026-03-31 00:00:00"),
        (node.offset(which_day_end="start"), "2026-03-31 00:00:00"),
        (node.offset(which_day_end="start", days=1, hours=1), "2026-03-30 09:20:30"),
    ],
)
def test_an_offset_moves_by_months_then_days_and_rounds_whole_days_only(moment, expected):
    assert at(moment) == expected


def test_an_offset_rounds_to_the_callers_day():
    late = {"now": "2026-03-31T23:30:00+00:00", "tz_offset": 2.0}
    assert at(node.offset(which_day_end="start", days=0), **late) == "2026-03-31 22:00:00"
    assert at(node.offset(months=1), **late) == "2026-02-28 23:30:00"


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ({}, 'a moment lacks the key "type"'),
        ({"type": "this_week"}, "Unknown moment type: this_week"),
        (node.local_day("2026-02-30", "start"), "must be YYYY-MM-DD, not '2026-02-30'"),
        (node.local_day("20260228", "start"), "must be YYYY-MM-DD"),
        (node.local_day("2026-02-28", "noon"), "must be start or end, not 'noon'"),
        (node.local_day("9999-12-31", "end"), "out of range"),
        (node.utc("yesterday"), "must be an ISO 8601 time, not 'yesterday'"),
        (node.utc("2026-02-03T10:00:00"), "must name its offset from UTC"),
        (node.offset("sideways", days=1), "Unknown offset direction: sideways"),
        (node.offset(fortnights=1), "Unknown offset unit: fortnights"),
        (node.offset(days=-1), "must be a whole number of at least 0, not -1"),
        (node.offset(days=1.5), "must be a whole number"),
        (node.offset(days=True), "must be a whole number"),
        (node.offset(years=3000), "out of range"),
        (node.offset("future", days=10**30), "out of range"),
        (node.offset(which_day_end="noon", days=1), "must be start or end"),
        ({**node.offset(days=1), "moment": node.utc("2026-02-03T10:00:00Z")}, 'must be {"type": "now"}'),
    ],
)
def test_a_wrong_moment_is_refused(moment, message):
    with pytest.raises(QueryError) as caught:
        at(moment)
    assert message in str(caught.value)


def test_an_impossible_offset_from_utc_is_refused():
    with pytest.raises(QueryError, match="Unknown timezone offset: 99"):
        at(node.local_day("2026-02-28", "start"), tz_offset=99)


def test_the_first_day_from_an_instant_is_the_day_that_begins_then_or_next():
    context = QueryContext(now=datetime(2026, 1, 1, tzinfo=UTC), tz_offset=2.0, user_id="user_x")
    assert first_day_from(datetime(2026, 3, 1, 22, tzinfo=UTC), context) == date(2026, 3, 2)
    assert first_day_from(datetime(2026, 3, 1, 22, 0, 1, tzinfo=UTC), context) == date(2026, 3, 3)
