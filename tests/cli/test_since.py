"""What `--since` means, and how what it does not mean is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bulkplan.cli.since import moment_of
from bulkplan.errors import UsageError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30d", datetime(2026, 10, 23, 12, tzinfo=UTC)),
        ("1h30m", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("2026-10-01", datetime(2026, 9, 30, 22, tzinfo=UTC)),
        ("2026-10-01T12:00", datetime(2026, 10, 1, 10, tzinfo=UTC)),
        ("2026-10-01T12:00Z", datetime(2026, 10, 1, 12, tzinfo=UTC)),
        ("all", None),
    ],
)
def test_a_span_a_day_an_instant_or_everything(text, moment):
    assert moment_of(text, now=NOW, timezone=BERLIN) == moment


@pytest.mark.parametrize("text", ["", "30", "yesterday", "2026-13-01", "-3d", "2027-01-01", "99999999d", "9999-12-31"])
def test_what_is_no_time_in_the_past_is_refused_with_the_forms(text):
    with pytest.raises(UsageError) as refused:
        moment_of(text, now=NOW, timezone=BERLIN)
    assert refused.value.hint


def test_the_beginning_of_time_is_no_traceback():
    with pytest.raises(UsageError):
        moment_of("0001-01-01", now=NOW, timezone=ZoneInfo("Asia/Tokyo"))
