"""The bulk actions of an audit as a table file: one record per action, newest first, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable

from bulkplan.core.spreadsheet import csv_line
from bulkplan.model.audit import AuditedAction, AuditReport
from bulkplan.report.audit_words import iso

COLUMNS: tuple[tuple[str, Callable[[AuditedAction], str | int | None]], ...] = (
    ("kind", lambda action: action.kind),
    ("id", lambda action: action.id),
    ("created_at", lambda action: iso(action.created_at)),
    ("user_id", lambda action: action.user_id),
    ("user_name", lambda action: action.user_name),
    ("api_key_id", lambda action: action.api_key_id),
    ("action_type", lambda action: action.action_type),
    ("subject_id", lambda action: action.subject_id),
    ("subject", lambda action: action.subject),
    ("status", lambda action: action.status),
    ("n_leads", lambda action: action.n_leads),
    ("n_leads_processed", lambda action: action.n_leads_processed),
    ("origin", lambda action: action.origin),
    ("run_key", lambda action: action.run_key),
    ("note", lambda action: action.note),
)


def audit_csv(report: AuditReport) -> str:
    """
    A head and a record for each action (RFC 4180); what is not known is an empty cell.

    Alarms, runs that were not applied and the rest of the audit are not in it: the JSON form has them.
    """
    alarms = _alarms(report)
    rows = (
        csv_line([*("" if (value := read(action)) is None else str(value) for _, read in COLUMNS), alarms(action)])
        for action in report.actions
    )
    return csv_line([*(name for name, _ in COLUMNS), "alarms"]) + "".join(rows)


def _alarms(report: AuditReport) -> Callable[[AuditedAction], str]:
    """The rules of the alarms that name an action."""
    by_action: dict[str, dict[str, None]] = {}
    for alarm in report.alarms:
        for action_id in alarm.action_ids:
            by_action.setdefault(action_id, {})[alarm.rule] = None
    return lambda action: " ".join(by_action.get(action.id, ()))
