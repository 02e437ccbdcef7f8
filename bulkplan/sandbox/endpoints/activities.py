"""What was done about a lead: status changes and e-mails."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.endpoints.events import OPERATORS, read_date
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.objects import email_object, status_change_object
from bulkplan.sandbox.rows import Row, fetch_all, text

JsonObject = dict[str, JsonValue]


def _status_change(call: Call, row: Row) -> JsonObject:
    labels = {
        text(status, "id"): text(status, "label") for status in fetch_all(call.connection, "SELECT * FROM lead_status")
    }
    return status_change_object(row, labels=labels, organization_id=call.organization_id)


STATUS_CHANGES = Table("SELECT * FROM activity", "date_created DESC, id", _status_change)
EMAILS = Table(
    "SELECT * FROM activity",
    "date_created DESC, id",
    lambda call, row: email_object(row, organization_id=call.organization_id),
)


def list_status_changes(call: Call) -> JsonValue:
    """Answer changes of leads' statuses, newest first. Source: Close API, "Lead Status Changes"."""
    conditions = _of_kind(call, "lead_status_change")
    return STATUS_CHANGES.list(call, conditions=conditions.sql, params=conditions.params)


def list_emails(call: Call) -> JsonValue:
    """Answer e-mails, newest first; `bulk_email_action_id` narrows to those of one bulk action."""
    conditions = _of_kind(call, "email")
    conditions.add_given(call, "bulk_email_action_id", "template_id")
    return EMAILS.list(call, conditions=conditions.sql, params=conditions.params)


def _of_kind(call: Call, kind: str) -> Conditions:
    conditions = Conditions()
    conditions.add("kind = ?", kind)
    conditions.add_given(call, "lead_id", "user_id", "contact_id")
    for suffix, operator in OPERATORS.items():
        given = call.query.get(f"date_created__{suffix}")
        if given is not None:
            conditions.add(f"date_created {operator} ?", read_date(given, name=f"date_created__{suffix}"))
    return conditions


ROUTES = (
    Route("GET", "/activity/status_change/lead/", list_status_changes),
    Route("GET", "/activity/email/", list_emails),
)
