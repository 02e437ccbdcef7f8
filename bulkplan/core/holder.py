"""Who has permission to send a run, and since when: the words for an attempt whose outcome is not recorded."""

from __future__ import annotations

from datetime import datetime, timedelta

from bulkplan.core.records import OPEN
from bulkplan.model.record import Recorded

_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def holder_words(record: Recorded, *, now: datetime | None = None) -> str | None:
    """
    Who made an open attempt: `dana on laptop (process 7, https://ci.example/run/1), since 2026-… UTC, 3 minutes ago`.

    `None` when the record is not open. Without `now` the span is left out.
    """
    if record.status not in OPEN:
        return None
    where = ", ".join(word for word in (f"process {record.pid}", record.ci_run_url) if word)
    ago = f", {span_words(now - record.sent_after)} ago" if now is not None else ""
    return f"{record.actor} on {record.host} ({where}), since {record.sent_after:%Y-%m-%d %H:%M:%S} UTC{ago}"


def span_words(span: timedelta) -> str:
    """A span in its largest whole unit: `3 minutes`. One that is negative, because clocks differ, is `0 seconds`."""
    seconds = max(0, round(span.total_seconds()))
    size, unit = next(((size, unit) for size, unit in _SPANS if seconds >= size), _SPANS[-1])
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
