"""The recorded runs of a target, and one record, as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from bulkplan.core.records import OPEN
from bulkplan.model.base import JsonObject
from bulkplan.model.record import Record, Recorded
from bulkplan.model.shard import Shard
from bulkplan.report.record_text import hint_for

FORMAT_VERSION = "1.0"


def status_document(
    records: Sequence[Recorded], *, target: str, problems: Sequence[str] = (), shard: Shard | None = None
) -> JsonObject:
    """
    The document: `{"format_version", "target", "shard", "runs": [...], "problems": [...]}`.

    A run is `{"key", "name", "version", "state", "action_type", "remote_id", "remote_status", "counts", "started_at",
    "finished_at", "alarm", "verification", "holder", "hint"}`: `counts` and `verification` as in the record, `state` as
    the record has it, moments as ISO 8601 in UTC, what is not known null. `problems` are words about runs that could
    not be read or looked up. `shard` is `{"number", "of"}` where only the runs of one were asked for, else null.
    """
    return {
        "format_version": FORMAT_VERSION,
        "target": target,
        "shard": shard.model_dump(mode="json") if shard else None,
        "runs": [_run(record) for record in records],
        "problems": list(problems),
    }


def record_document(record: Record) -> JsonObject:
    """One record as it is kept, in `{"format_version", "record": {...}}`."""
    return {"format_version": FORMAT_VERSION, "record": record.model_dump(mode="json", by_alias=True)}


def _run(record: Recorded) -> JsonValue:
    return {
        "key": str(record.key),
        "name": record.key.full_name,
        "version": record.key.version,
        "state": str(record.status),
        "action_type": record.action_type,
        "remote_id": record.remote_id,
        "remote_status": record.remote_status,
        "counts": record.counts.model_dump(mode="json"),
        "started_at": _moment(record.sent_after),
        "finished_at": _moment(record.finished_at),
        "alarm": record.alarm,
        "verification": record.verification.model_dump(mode="json") if record.verification else None,
        "holder": _holder(record),
        "hint": hint_for(record),
    }


def _holder(record: Recorded) -> JsonValue:
    """Who made an attempt whose outcome is not recorded: `{"actor", "host", "pid", "ci_run_url", "since"}`."""
    if record.status not in OPEN:
        return None
    return {
        "actor": record.actor,
        "host": record.host,
        "pid": record.pid,
        "ci_run_url": record.ci_run_url,
        "since": _moment(record.sent_after),
    }


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
