"""What became of a recorded run: whether it is still open, and how to say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bulkplan.model.record import Recorded, RecordStatus

RESUMABLE_FOR = timedelta(days=7)
"""How long a paused action can be resumed. Source: Close API, Bulk Actions."""

_OPEN = frozenset({RecordStatus.SENDING, RecordStatus.UNKNOWN, RecordStatus.SUBMITTED})


_FATES: Mapping[RecordStatus, str] = {
    RecordStatus.SENDING: "was begun at {when} without a known outcome",
    RecordStatus.SUBMITTED: "is still running in Close (since {when})",
    RecordStatus.DONE: "ran (done at {when})",
    RecordStatus.FAILED: "ran and ended in an error at {when}",
    RecordStatus.REFUSED: "was not executed ({note})",
    RecordStatus.UNKNOWN: "may or may not have run (sent after {when})",
    RecordStatus.RELEASED: "did not run ({note})",
    RecordStatus.FORGOTTEN: "was forgotten by hand ({note})",
}
"""What became of a run, as the end of a sentence that begins with its key."""


def is_open(record: Recorded, now: datetime) -> bool:
    """Whether its run may still touch leads: unknown, running, or paused and able to go on."""
    return record.status in _OPEN and not is_paused_too_long(record, now)


def is_paused_too_long(record: Recorded, now: datetime) -> bool:
    """Whether its run is paused, and can no longer be resumed."""
    until = resumable_until(record)
    return until is not None and now >= until


def resumable_until(record: Recorded) -> datetime | None:
    """Until when a paused run can be resumed; `None` when it is not paused."""
    if record.status is not RecordStatus.SUBMITTED or record.remote_status != "paused":
        return None
    return (record.paused_at or record.sent_after) + RESUMABLE_FOR


def moment_words(moment: datetime) -> str:
    """A moment for people: `2026-11-22 21:16 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or 'UTC'}"


def fate(record: Recorded) -> str:
    """What became of a run, as the end of a sentence that begins with its key."""
    form = "is paused in Close (since {paused_at})" if resumable_until(record) else _FATES[record.status]
    return form.format_map(record_words(record))


def record_words(record: Recorded) -> dict[str, str]:
    """The facts of a record that sentences about it are filled with."""
    ended_at = record.finished_at if record.status in (RecordStatus.DONE, RecordStatus.FAILED) else None
    until = resumable_until(record)
    return {
        "key": str(record.key),
        "full_name": record.key.full_name,
        "next_version": str(record.key.version + 1),
        "when": moment_words(ended_at or record.sent_after),
        "host": record.host,
        "remote": f" ({record.remote_id})" if record.remote_id else "",
        "note": record.last_note or "no reason is recorded",
        "paused_at": moment_words(record.paused_at or record.sent_after),
        "resumable_until": moment_words(until) if until else "",
    }
