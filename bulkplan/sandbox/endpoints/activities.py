"""What was done about a lead: lists of every kind of activity, one activity, and its removal."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from bulkplan.sandbox.activity_objects import ACTIVITY_TYPES, SELECT_ACTIVITY, activity_object
from bulkplan.sandbox.call import Call, Endpoint, Route
from bulkplan.sandbox.endpoints.changes import Kind, remove_object
from bulkplan.sandbox.endpoints.events import OPERATORS, read_date
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import ApiError, NotFoundError
from bulkplan.sandbox.lead_changes import status_labels
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.rows import Row, fetch_one

JsonObject = dict[str, JsonValue]

PATHS: Mapping[str, str] = {
    "note": "/activity/note/",
    "call": "/activity/call/",
    "email": "/activity/email/",
    "meeting": "/activity/meeting/",
    "sms": "/activity/sms/",
    "lead_status_change": "/activity/status_change/lead/",
    "opportunity_status_change": "/activity/status_change/opportunity/",
}
"""Path of each kind that has one of its own. Source: Close API, "Activities"."""

_KINDS_BY_TYPE = {name.lower(): kind for kind, name in ACTIVITY_TYPES.items()}


def _shape(call: Call, row: Row) -> JsonObject:
    return activity_object(row, labels=status_labels(call.connection), organization_id=call.organization_id)


ACTIVITIES = Table(SELECT_ACTIVITY, "date_created DESC, id", _shape)


def load_activity(call: Call, activity_id: str, kind: str) -> JsonObject:
    """Read one activity of a kind; raises NotFoundError."""
    row = fetch_one(call.connection, f"{SELECT_ACTIVITY} WHERE id = ? AND kind = ?", (activity_id, kind))
    if row is None:
        raise NotFoundError
    return _shape(call, row)


def activity_kind(kind: str) -> Kind:
    """Say how activities of a kind are written and named in events."""
    return Kind(f"activity.{kind}", "activity", lambda call, activity_id: load_activity(call, activity_id, kind))


def list_activities(call: Call) -> JsonValue:
    """
    Answer activities of every kind, newest first.

    `_type` and `_type__in` take names such as `Note,Call`; ids of leads, contacts and users may be several.
    Source: Close API, "Activities".
    """
    conditions = _conditions(call)
    named = call.query.get("_type__in", call.query.get("_type"))
    if named is not None:
        kinds = [_kind_of(name.strip()) for name in named.split(",")]
        conditions.add(f"kind IN ({', '.join('?' * len(kinds))})", *kinds)
    return ACTIVITIES.list(call, conditions=conditions.sql, params=conditions.params)


def _kind_of(name: str) -> str:
    kind = _KINDS_BY_TYPE.get(name.lower())
    if kind is None:
        raise ApiError(400, f"Unknown activity type: {name}")
    return kind


def _conditions(call: Call) -> Conditions:
    conditions = Conditions()
    conditions.add_listed(call, "lead_id", "user_id", "contact_id")
    for column in ("date_created", "activity_at"):
        for suffix, operator in OPERATORS.items():
            name = f"{column}__{suffix}"
            if name in call.query:
                conditions.add(f"{column} {operator} ?", read_date(call.query[name], name=name))
    return conditions


def _list_of(kind: str) -> Endpoint:
    def answer(call: Call) -> JsonValue:
        conditions = _conditions(call)
        conditions.add("kind = ?", kind)
        if kind == "email":
            conditions.add_given(call, "bulk_email_action_id", "template_id", "sequence_subscription_id")
        if kind == "opportunity_status_change":
            conditions.add_given(call, "opportunity_id")
        return ACTIVITIES.list(call, conditions=conditions.sql, params=conditions.params)

    return answer


def _get_of(kind: str) -> Endpoint:
    return lambda call: pick(load_activity(call, call.id, kind), call.fields)


def _remove_of(kind: str) -> Endpoint:
    """Removing a change of status takes the note of it away and leaves the status as it is."""

    def answer(call: Call) -> JsonValue:
        remove_object(call, activity_kind(kind), call.id)
        return {}

    return answer


def _routes(kind: str, path: str) -> tuple[Route, ...]:
    return (
        Route("GET", path, _list_of(kind)),
        Route("GET", path + "{id}/", _get_of(kind)),
        Route("DELETE", path + "{id}/", _remove_of(kind), is_write=True),
    )


ROUTES = (
    Route("GET", "/activity/", list_activities),
    *(route for kind, path in PATHS.items() for route in _routes(kind, path)),
)
