"""The words that every form of an audit says in the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from bulkplan.model.audit import AuditedAction, AuditReport, FileChange, Origin, RunDecision
from bulkplan.model.request import FAMILY_BY_KIND, BulkKind

ORIGIN_WORDS: Mapping[Origin, str] = {
    "ours": "ours",
    "adopted": "adopted",
    "ours-unrecorded": "ours but unrecorded",
    "other-project": "of another project",
    "outside": "outside of git",
    "unclear": "unclear",
}
KIND_WORDS: Mapping[BulkKind, str] = {
    "edit": "edit",
    "delete": "delete",
    "email": "email",
    "sequence_subscription": "sequence",
}
NOTHING_SENT = "Nothing was sent to Close."


def minute(at: datetime | None) -> str:
    """A moment in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else "–"


def iso(at: datetime | None) -> str | None:
    """A moment for programs: ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def since_words(report: AuditReport) -> str:
    """Of which time the audit is: `since 2026-10-24 12:00 UTC`."""
    return f"since {minute(report.since)} UTC" if report.since else "everything that Close lists"


def creator_words(action: AuditedAction) -> str:
    """Who made an action: the name, or the ID, and the API key where the event log tells."""
    who = action.user_name or action.user_id or "nobody that Close names"
    return f"{who}, API key {action.api_key_id}" if action.api_key_id else who


def deed_words(action: AuditedAction) -> str:
    """What an action does: `set_lead_status “Contacted”`."""
    return f"{action.action_type} “{action.subject}”" if action.subject else action.action_type


def leads_words(action: AuditedAction) -> str:
    """How many leads: `214`, `120 of 214`, or a dash where Close has not matched yet."""
    if action.n_leads is None:
        return "–"
    if action.n_leads_processed in (None, action.n_leads):
        return f"{action.n_leads:,}"
    return f"{action.n_leads_processed:,} of {action.n_leads:,}"


def change_words(change: FileChange | None) -> str | None:
    """Since when a spec is as it is: `since 2026-11-02 12:00 UTC, commit 0123456789ab by Dana`."""
    if change is None:
        return None
    if change.commit is None:
        return "not committed"
    when = f"since {minute(change.at)} UTC" if change.is_exact else f"since {minute(change.at)} UTC or before"
    return f"{when}, commit {change.commit[:12]} by {change.author}"


def decision_words(decision: RunDecision) -> str:
    """Who let a run happen, and from where."""
    parts = [
        f"by {decision.actor}" + (f" on {decision.host}" if decision.host else ""),
        f"commit {decision.commit[:12]}" if decision.commit else "",
        decision.ci_run_url or "",
        f"plan {decision.plan_digest[:19]}" if decision.plan_digest else "",
    ]
    return f"{decision.what} {', '.join(part for part in parts if part)}"


def by_kind_and_origin(report: AuditReport) -> tuple[tuple[BulkKind, Mapping[Origin, int]], ...]:
    """How many actions of each kind came from where; kinds without any are left out."""
    counted = {kind: Counter(each.origin for each in report.actions if each.kind == kind) for kind in FAMILY_BY_KIND}
    return tuple((kind, counts) for kind, counts in counted.items() if counts)


def summary_words(report: AuditReport) -> str:
    """`12 bulk actions: 8 ours, 3 outside of git. 1 alarm.`"""
    counted = Counter(action.origin for action in report.actions)
    parts = [f"{counted[origin]:,} {words}" for origin, words in ORIGIN_WORDS.items() if counted[origin]]
    actions = f"{count_words(len(report.actions), 'bulk action')}" + (f": {', '.join(parts)}" if parts else "")
    return f"{_capital(actions)}. {_capital(count_words(len(report.alarms), 'alarm'))}."


def count_words(count: int, thing: str) -> str:
    """`1 alarm`, `2 alarms`, `no alarm`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}" if count else f"no {thing}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
