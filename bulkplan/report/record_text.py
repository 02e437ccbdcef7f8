"""One record for people: where the run stands, what was sent, who did what when, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bulkplan.core.holder import holder_words
from bulkplan.core.verify import verification_words
from bulkplan.model.record import HistoryEntry, Record, Recorded, RecordStatus
from bulkplan.report.lines import Line, Span, Style
from bulkplan.report.long_lists import without_long_lists

RESUMABLE = timedelta(days=7)
"""A paused action can be resumed for so long. Source: Close API, Bulk Actions."""

STYLE_BY_STATUS: Mapping[RecordStatus, Style] = {
    RecordStatus.SENDING: "warn",
    RecordStatus.SUBMITTED: "change",
    RecordStatus.DONE: "ok",
    RecordStatus.FAILED: "error",
    RecordStatus.REFUSED: "error",
    RecordStatus.UNKNOWN: "error",
    RecordStatus.RELEASED: "muted",
    RecordStatus.FORGOTTEN: "muted",
}

_HINTS: Mapping[RecordStatus, Callable[[Recorded], str | None]] = {
    RecordStatus.SENDING: lambda _: "bulkplan apply looks in Close what became of it, and sends nothing twice",
    RecordStatus.SUBMITTED: lambda record: _paused_hint(record) if record.remote_status == "paused" else None,
    RecordStatus.DONE: lambda _: None,
    RecordStatus.FAILED: lambda _: "look at the action in Close; raise the spec's version to run it again",
    RecordStatus.REFUSED: lambda _: "mend the cause, then run bulkplan apply again",
    RecordStatus.UNKNOWN: lambda record: (
        f"look in Close, then: bulkplan state settle '{record.key}' --ran ID, or --did-not-run --reason TEXT"
    ),
    RecordStatus.RELEASED: lambda _: "bulkplan apply runs it again",
    RecordStatus.FORGOTTEN: lambda _: None,
}


def hint_for(record: Recorded) -> str | None:
    """What to do next about a run; `None` when there is nothing to do."""
    if record.status is RecordStatus.FORGOTTEN:
        return None
    if record.alarm or mismatches(record):
        return f"look at {record.remote_id or 'it'} in Close; bulkplan state show '{record.key}' has the details"
    return _HINTS[record.status](record)


def mismatches(record: Recorded) -> tuple[str, ...]:
    """What does not add up of what a finished run did."""
    return record.verification.problems if record.verification else ()


def state_words(record: Recorded) -> str:
    """Where a run stands, in a word: that of the record, or `running` and `paused` while Close has it."""
    if record.status is not RecordStatus.SUBMITTED:
        return str(record.status)
    return "paused" if record.remote_status == "paused" else "running"


def progress_words(record: Recorded) -> str:
    """How far a run is: `120 of 214 leads`, or the approved count as long as Close has not matched."""
    counts = record.counts
    if counts.n_leads is None:
        return f"{_leads(counts.approved)} approved"
    if counts.n_leads_processed is None or counts.n_leads_processed == counts.n_leads:
        return _leads(counts.n_leads)
    return f"{counts.n_leads_processed:,} of {_leads(counts.n_leads)}"


def moment(at: datetime | None) -> str:
    """A moment in UTC, to the second."""
    return f"{at.isoformat(' ', 'seconds')[:19]} UTC" if at else "–"  # in half the time of strftime


def forgotten_lines(tombstone: Record) -> tuple[Line, ...]:
    """What forgetting a run came to: `winback@2 forgotten. …`."""
    words = f"Its history stays (bulkplan state show '{tombstone.key}'), and its run key never runs again."
    return ((Span(str(tombstone.key), "title"), Span(" forgotten. "), Span(words)),)


def summary_lines(record: Record) -> tuple[Line, ...]:
    """A record in short: where the run stands, what it did to how many leads, when, and who started it."""
    told = ("target", "action", "in Close", "leads", "started", "finished", "by")
    head = (Span(str(record.key), "title"), Span("  "), Span(state_words(record), STYLE_BY_STATUS[record.status]))
    facts = dict(_facts(record))
    return (head, *((Span(f"  {name:<14}", "muted"), Span(value)) for name in told if (value := facts[name])))


def record_lines(record: Record) -> tuple[Line, ...]:
    """The whole record: facts, history, the request as sent (without the marker; of long lists the start), evidence."""
    head = (Span(str(record.key), "title"), Span("  "), Span(state_words(record), STYLE_BY_STATUS[record.status]))
    lines: list[Line] = [head, ()]
    if record.alarm:
        lines += [(Span("  alarm: ", "error"), Span(record.alarm)), ()]
    lines += [(Span(f"  {name:<14}", "muted"), Span(value)) for name, value in _facts(record) if value]
    lines += [(Span("  mismatch: ", "error"), Span(problem)) for problem in mismatches(record)]
    lines += [
        (Span("  note: ", "muted"), Span(note)) for note in (record.verification.notes if record.verification else ())
    ]
    if hint := hint_for(record):
        lines += [(), (Span("  hint: ", "strong"), Span(hint))]
    lines += [(), (Span("History", "strong"),), *map(_history_line, record.history)]
    lines += [(), (Span("Request", "strong"), Span(f"  POST /bulk_action/{record.kind}/", "muted"))]
    lines += _json_lines(without_long_lists(dict(record.body)))
    for evidence in record.evidence:
        lines += [(), (Span("Evidence", "strong"),), *_json_lines(evidence)]
    return tuple(lines)


def _facts(record: Record) -> tuple[tuple[str, str | None], ...]:
    return (
        ("target", f"{record.target} ({record.organization_id})"),
        ("action", record.action_type),
        (
            "in Close",
            f"{record.remote_id} ({record.remote_status or 'status not seen yet'})" if record.remote_id else None,
        ),
        ("leads", progress_words(record)),
        ("started", moment(record.sent_after)),
        ("finished", moment(record.finished_at) if record.finished_at else None),
        ("verified", verification_words(record.verification) if record.verification else None),
        ("held by", holder_words(record)),
        ("by", f"{record.actor} on {record.host}"),
        ("commit", record.commit),
        ("CI run", ci_words(record)),
        ("planned", moment(record.planned_at)),
        ("saved plan", record.plan_digest),
        ("fingerprint", record.fingerprint),
        ("request", record.request_digest),
        ("attempt", f"{record.attempt}{'' if record.marked else ', without a marker'}"),
    )


def ci_words(record: Record) -> str | None:
    """From which CI run a record is: `https://… (attempt 2, pull request 12, begun by dana)`; `None` outside of CI."""
    ci = record.ci
    if ci is None:
        return record.ci_run_url
    parts = [
        f"attempt {ci.attempt}" if ci.attempt and ci.attempt > 1 else "",
        f"pull request {ci.pull_request}" if ci.pull_request else ci.ref or "",
        f"begun by {ci.triggering_actor}" if ci.triggering_actor and ci.triggering_actor != record.actor else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"{record.ci_run_url or 'a CI job'}" + (f" ({said})" if said else "")


def _history_line(entry: HistoryEntry) -> Line:
    remote = f" ({entry.remote_status})" if entry.remote_status else ""
    return (
        Span(f"  {moment(entry.at)}  ", "muted"),
        Span(f"{entry.status:<11}", STYLE_BY_STATUS[entry.status]),
        Span(f"{entry.note}{remote}, by {entry.actor}"),
    )


def _paused_hint(record: Recorded) -> str:
    until = f" until {moment(record.paused_at + RESUMABLE)}" if record.paused_at else " within 7 days"
    return f"bulkplan resume '{record.key}'{until}"


def _leads(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"


def _json_lines(value: object) -> list[Line]:
    return [(Span(f"  {line}"),) for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines()]
