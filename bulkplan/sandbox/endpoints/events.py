"""What happened: `GET /event/`, newest first, in pages with cursors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.cursors import open_cursor, question_digest, seal_cursor
from bulkplan.sandbox.endpoints.tables import Conditions
from bulkplan.sandbox.errors import ApiError, NotFoundError
from bulkplan.sandbox.events import event_object
from bulkplan.sandbox.paging import read_page
from bulkplan.sandbox.rows import Row, fetch_all, fetch_one, integer, text

MAX_LIMIT = 50
KEPT_DAYS = 30
"""Older events are gone. Source: Close API, "Event Log"."""

FILTERS = ("object_type", "object_id", "action", "lead_id", "user_id", "request_id")
ALLOWED_FILTERS = frozenset(
    frozenset(names.split())
    for names in (
        "",
        "object_type object_id",
        "object_type action",
        "object_id action",
        "lead_id object_type",
        "lead_id object_type action",
        "lead_id user_id",
        "lead_id user_id object_type",
        "lead_id user_id object_type action",
        "user_id object_id",
        "user_id object_id action",
        "user_id object_type",
        "user_id object_type action",
        "lead_id",
        "user_id",
        "request_id",
    )
)
"""Which filters may stand together. Source: Close API, "Event Log"."""

OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def list_events(call: Call) -> JsonValue:
    """
    Answer `{data, cursor_next, cursor_previous}`; `cursor_next` leads to older events.

    Raises:
        ApiError: 400, filters that may not stand together, a bad date or cursor, `_skip`, a limit over 50.
    """
    page = read_page(_without_skip(call), max_limit=MAX_LIMIT, default_limit=MAX_LIMIT)
    conditions = _conditions(call)
    question = question_digest({name: value for name, value in sorted(call.query.items()) if name != "_cursor"})
    goes_back = _add_place(call, conditions, question=question)
    rows = _read(call, conditions, limit=page.limit + 1, goes_back=goes_back)
    has_more = len(rows) > page.limit
    rows = rows[: page.limit]
    if goes_back:
        rows.reverse()
    has_older = has_more or goes_back
    has_newer = has_more if goes_back else "_cursor" in call.query
    return {
        "data": [event_object(row, organization_id=call.organization_id) for row in rows],
        "cursor_next": _cursor(call, rows[-1], question, "older") if rows and has_older else None,
        "cursor_previous": _cursor(call, rows[0], question, "newer") if rows and has_newer else None,
    }


def get_event(call: Call) -> JsonValue:
    """Answer one event."""
    row = fetch_one(call.connection, "SELECT * FROM event WHERE id = ?", (call.id,))
    if row is None or text(row, "date_updated") < _kept_since(call) or text(row, "date_created") > call.moment:
        raise NotFoundError
    return event_object(row, organization_id=call.organization_id)


def _without_skip(call: Call) -> dict[str, str]:
    if "_skip" in call.query:
        raise ApiError(400, "_skip is not supported for events; use _cursor.")
    return dict(call.query)


def _conditions(call: Call) -> Conditions:
    given = frozenset(name for name in FILTERS if name in call.query)
    if given not in ALLOWED_FILTERS:
        raise ApiError(400, f"This combination of filters is not supported: {', '.join(sorted(given))}.")
    conditions = Conditions()
    conditions.add_given(call, *FILTERS)
    conditions.add("date_updated >= ?", _kept_since(call))
    conditions.add("date_created <= ?", call.listing_horizon())
    for suffix, operator in OPERATORS.items():
        given_date = call.query.get(f"date_updated__{suffix}")
        if given_date is not None:
            conditions.add(f"date_updated {operator} ?", read_date(given_date, name=f"date_updated__{suffix}"))
    return conditions


def _kept_since(call: Call) -> str:
    return format_moment(call.now - timedelta(days=KEPT_DAYS))


def read_date(given: str, *, name: str) -> str:
    """Read an ISO timestamp or date, UTC without an offset, into the form of rows; raises ApiError 400."""
    try:
        moment = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError as error:
        raise ApiError(400, f"{name} is not a valid date.") from error
    return format_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _add_place(call: Call, conditions: Conditions, *, question: str) -> bool:
    cursor = call.query.get("_cursor")
    if cursor is None:
        return False
    place = open_cursor(cursor, organization_id=call.organization_id)
    if place.get("events") != question:
        raise ApiError(400, "The cursor does not belong to this request.")
    goes_back = place["to"] == "newer"
    operator = ">" if goes_back else "<"
    conditions.add(f"(date_updated, seq) {operator} (?, ?)", text(place, "at"), integer(place, "seq"))
    return goes_back


def _read(call: Call, conditions: Conditions, *, limit: int, goes_back: bool) -> list[Row]:
    order = "date_updated, seq" if goes_back else "date_updated DESC, seq DESC"
    sql = f"SELECT * FROM event WHERE {' AND '.join(conditions.sql)} ORDER BY {order} LIMIT ?"  # noqa: S608 - own names
    return fetch_all(call.connection, sql, (*conditions.params, limit))


def _cursor(call: Call, row: Row, question: str, direction: str) -> str:
    place: dict[str, JsonValue] = {
        "events": question,
        "to": direction,
        "at": row["date_updated"],
        "seq": row["seq"],
    }
    return seal_cursor(place, organization_id=call.organization_id)


ROUTES = (Route("GET", "/event/", list_events), Route("GET", "/event/{id}/", get_event))
