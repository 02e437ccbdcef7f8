"""Opportunities: list, read, make, change, remove; a change of status leaves its activity."""

from __future__ import annotations

from datetime import timedelta

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, call_origin
from bulkplan.sandbox.endpoints.body_reader import BodyReader, given_columns
from bulkplan.sandbox.endpoints.changes import (
    Kind,
    announce_change,
    announce_created,
    insert_row,
    new_stamps,
    remove_object,
    update_row,
)
from bulkplan.sandbox.endpoints.lead_body import FieldWrite, read_field_writes
from bulkplan.sandbox.endpoints.leads import LEADS_MAX_LIMIT
from bulkplan.sandbox.endpoints.tables import Conditions, listed_ids
from bulkplan.sandbox.errors import ApiError, NotFoundError
from bulkplan.sandbox.lead_changes import record_opportunity_status_change
from bulkplan.sandbox.lead_objects import select_fields
from bulkplan.sandbox.opportunity_objects import load_opportunities
from bulkplan.sandbox.rows import Row, SqlValue, fetch_all, fetch_one, text

JsonObject = dict[str, JsonValue]

ORDERS = ("date_created", "date_updated", "date_won", "confidence", "value")
VALUE_PERIODS = ("one_time", "monthly", "annual")
CLOSING_DATES = {"won": "date_won", "lost": "date_lost"}
"""Which date a status of a type fills in, where none is given."""


def load_opportunity(call: Call, opportunity_id: str) -> JsonObject:
    """Read one opportunity; raises NotFoundError."""
    found = load_opportunities(call.connection, [opportunity_id], organization_id=call.organization_id)
    if not found:
        raise NotFoundError
    return found[0]


OPPORTUNITY = Kind("opportunity", "opportunity", load_opportunity)


def list_opportunities(call: Call) -> JsonValue:
    """
    Answer opportunities, newest first unless `_order_by` says otherwise, with `total_results`.

    Source: Close API, "Opportunities".
    """
    order = call.query.get("_order_by", "-date_created")
    if order.removeprefix("-") not in ORDERS:
        raise ApiError(400, f"_order_by must be one of {', '.join(ORDERS)}, with or without a - before it.")
    conditions = Conditions()
    conditions.add_given(call, "lead_id", "status_id", "user_id", "value_period")
    sql = f"{order.removeprefix('-')}{' DESC' if order.startswith('-') else ''}"
    ids, has_more, total = listed_ids(call, "opportunity", conditions, max_limit=LEADS_MAX_LIMIT, order=sql)
    found = load_opportunities(call.connection, ids, organization_id=call.organization_id)
    return {"data": [select_fields(item, call.fields) for item in found], "has_more": has_more, "total_results": total}


def get_opportunity(call: Call) -> JsonValue:
    """Answer one opportunity."""
    return select_fields(load_opportunity(call, call.id), call.fields)


def create_opportunity(call: Call) -> JsonValue:
    """Make an opportunity of a lead; without a status it gets the first one of the first pipeline."""
    reader = BodyReader.of(call)
    reader.require("lead_id")
    lead_id = reader.reference_id("lead_id", call.connection, "lead")
    status, columns, writes = _read(call, reader)
    status = status or _first_status(call)
    opportunity_id = call.world.new_id("oppo_")
    columns = {
        "confidence": 50,
        "value_currency": "USD",
        "value_period": "one_time",
        "user_id": call.caller.user_id,
        **{name: value for name, value in columns.items() if value is not None},
        "id": opportunity_id,
        "lead_id": lead_id,
        "status_id": text(status, "id"),
    }
    insert_row(call, "opportunity", {**columns, **_closing_date(call, status, columns), **new_stamps(call)})
    for write in writes:
        write.write(call, [opportunity_id])
    return select_fields(announce_created(call, OPPORTUNITY, opportunity_id), call.fields)


def change_opportunity(call: Call) -> JsonValue:
    """Change what the body names; a change of status leaves an activity, and its closing date."""
    before = load_opportunity(call, call.id)
    status, columns, writes = _read(call, BodyReader.of(call))
    if status is not None and status["id"] != before["status_id"]:
        dates: dict[str, SqlValue] = {name: str(before[name]) for name in CLOSING_DATES.values() if before[name]}
        columns = {**columns, **_closing_date(call, status, {**dates, **columns})}
        # The spans an opportunity spent in a status are kept by this column and the date beside it.
        columns |= {"status_id": text(status, "id"), "date_updated": call.moment}
    update_row(call, "opportunity", call.id, columns)
    for write in writes:
        write.write(call, [call.id])
    after = announce_change(call, OPPORTUNITY, before)
    if after["status_id"] != before["status_id"]:
        record_opportunity_status_change(
            call.connection,
            before,
            status_id=text(after, "status_id"),
            origin=call_origin(call),
            organization_id=call.organization_id,
        )
    return select_fields(after, call.fields)


def _read(call: Call, reader: BodyReader) -> tuple[Row | None, dict[str, SqlValue], tuple[FieldWrite, ...]]:
    """Check the keys that make and change share: the status if it is named, the columns, the custom fields."""
    columns: dict[str, SqlValue] = {
        "note": reader.text("note"),
        "value": reader.whole("value"),
        "value_currency": reader.text("value_currency"),
        "value_period": reader.choice("value_period", VALUE_PERIODS),
        "confidence": reader.whole("confidence", low=0, high=100),
        "expected_date": reader.date("expected_date"),
        "date_won": reader.date("date_won"),
        "date_lost": reader.date("date_lost"),
        "user_id": reader.reference_id("user_id", call.connection, "user"),
        "contact_id": reader.reference_id("contact_id", call.connection, "contact"),
    }
    for name in ("value_period", "confidence", "user_id"):
        if reader.has(name) and reader.body[name] is None:
            reader.wrong[name] = "Cannot be null."
    status = _status(call, reader)
    writes = read_field_writes(call, reader.body, "opportunity", reader.wrong)
    reader.finish()
    return status, given_columns(reader, columns), writes


def _status(call: Call, reader: BodyReader) -> Row | None:
    if reader.has("status_id"):
        reader.require("status_id")
        return reader.reference("status_id", call.connection, "opportunity_status")
    label = reader.text("status")
    if label is None:
        return None
    rows = fetch_all(call.connection, "SELECT * FROM opportunity_status WHERE label = ?", (label,))
    if len(rows) != 1:
        reader.wrong["status"] = "Is not an opportunity status of this organization."
    return rows[0] if len(rows) == 1 else None


def _first_status(call: Call) -> Row:
    found = fetch_one(
        call.connection,
        """
        SELECT s.* FROM opportunity_status AS s JOIN pipeline ON pipeline.id = s.pipeline_id
        ORDER BY pipeline.position, s.position LIMIT 1
        """,
    )
    return found or {}


def _closing_date(call: Call, status: Row, columns: dict[str, SqlValue]) -> dict[str, SqlValue]:
    name = CLOSING_DATES.get(str(status["type"]))
    if name is None or columns.get(name) is not None:
        return {}
    return {name: (call.now + timedelta(hours=call.tz_offset)).date().isoformat()}


def remove_opportunity(call: Call) -> JsonValue:
    """Remove an opportunity; answers an empty object."""
    remove_object(call, OPPORTUNITY, call.id)
    return {}


ROUTES = (
    Route("GET", "/opportunity/", list_opportunities),
    Route("POST", "/opportunity/", create_opportunity, is_write=True),
    Route("GET", "/opportunity/{id}/", get_opportunity),
    Route("PUT", "/opportunity/{id}/", change_opportunity, is_write=True),
    Route("DELETE", "/opportunity/{id}/", remove_opportunity, is_write=True),
)
