"""What `--since` means: a span back from now, a day, an instant, or everything."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bulkplan.cli.durations import parse_duration
from bulkplan.errors import UsageError

EVERYTHING = "all"
_FORMS = "write a span (30d, 12h), a day (2026-10-01), an instant (2026-10-01T12:00Z), or all"


def moment_of(text: str, *, now: datetime, timezone: tzinfo) -> datetime | None:
    """
    The moment that `text` means, aware; `None` for everything.

    A day begins at midnight in `timezone`, in which an instant without an offset is, too. Raises `UsageError`.
    """
    if text == EVERYTHING:
        return None
    moment = _calendar_moment(text, timezone) or _back_from(now, text)
    if moment > now:
        raise UsageError(f'--since "{text}" is in the future', hint=_FORMS)
    return moment


def _calendar_moment(text: str, timezone: tzinfo) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), tzinfo=timezone).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _back_from(now: datetime, text: str) -> datetime:
    try:
        return now - timedelta(seconds=parse_duration(text))
    except argparse.ArgumentTypeError as error:
        raise UsageError(f'--since "{text}" is no time', hint=_FORMS) from error
    except OverflowError as error:
        raise UsageError(f'--since "{text}" is too long ago', hint="--since all") from error
