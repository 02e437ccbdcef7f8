"""Statuses of leads and opportunities, and pipelines: list, read; statuses also make, rename, remove."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.endpoints.body_reader import BodyReader
from bulkplan.sandbox.endpoints.changes import (
    Kind,
    announce_created,
    change_object,
    insert_row,
    next_position,
    remove_object,
    update_row,
)
from bulkplan.sandbox.errors import ApiError, NotFoundError
from bulkplan.sandbox.paging import list_body, pick
from bulkplan.sandbox.rows import SqlValue, fetch_all, fetch_int, fetch_one

JsonObject = dict[str, JsonValue]

STATUS_TYPES = ("active", "won", "lost")

_OPPORTUNITY_STATUS = """
    SELECT s.id, s.label, s.type, s.pipeline_id, pipeline.name AS pipeline_name
    FROM opportunity_status AS s JOIN pipeline ON pipeline.id = s.pipeline_id
"""


def lead_statuses(call: Call) -> list[JsonObject]:
    """Read the lead statuses, in their order."""
    rows = fetch_all(call.connection, "SELECT id, label FROM lead_status ORDER BY position, id")
    return [{**row, "organization_id": call.organization_id} for row in rows]


def opportunity_statuses(call: Call) -> list[JsonObject]:
    """Read the statuses of all pipelines, in their order."""
    rows = fetch_all(call.connection, f"{_OPPORTUNITY_STATUS} ORDER BY pipeline.position, s.position, s.id")
    return [{**row, "organization_id": call.organization_id} for row in rows]


def pipelines(call: Call) -> list[JsonObject]:
    """Read the pipelines with their statuses."""
    statuses = opportunity_statuses(call)
    rows = fetch_all(call.connection, "SELECT id, name, date_created, date_updated FROM pipeline ORDER BY position, id")
    return [
        {
            **row,
            "organization_id": call.organization_id,
            "statuses": [dict(status) for status in statuses if status["pipeline_id"] == row["id"]],
        }
        for row in rows
    ]


def _load_lead_status(call: Call, status_id: str) -> JsonObject:
    row = fetch_one(call.connection, "SELECT id, label FROM lead_status WHERE id = ?", (status_id,))
    if row is None:
        raise NotFoundError
    return {**row, "organization_id": call.organization_id}


def _load_opportunity_status(call: Call, status_id: str) -> JsonObject:
    row = fetch_one(call.connection, f"{_OPPORTUNITY_STATUS} WHERE s.id = ?", (status_id,))
    if row is None:
        raise NotFoundError
    return {**row, "organization_id": call.organization_id}


LEAD_STATUS = Kind("status.lead", "lead_status", _load_lead_status, stamps=())
OPPORTUNITY_STATUS = Kind("status.opportunity", "opportunity_status", _load_opportunity_status, stamps=())


def list_lead_statuses(call: Call) -> JsonValue:
    """Answer all lead statuses, in their order. Source: Close API, "Lead Statuses"."""
    return list_body((pick(item, call.fields) for item in lead_statuses(call)), has_more=False)


def list_opportunity_statuses(call: Call) -> JsonValue:
    """Answer the statuses of all pipelines. Source: Close API, "Opportunity Statuses"."""
    return list_body((pick(item, call.fields) for item in opportunity_statuses(call)), has_more=False)


def list_pipelines(call: Call) -> JsonValue:
    """Answer the pipelines with their statuses. Source: Close API, "Pipelines"."""
    return list_body((pick(item, call.fields) for item in pipelines(call)), has_more=False)


def get_lead_status(call: Call) -> JsonValue:
    """Answer one lead status."""
    return pick(_load_lead_status(call, call.id), call.fields)


def get_opportunity_status(call: Call) -> JsonValue:
    """Answer one opportunity status."""
    return pick(_load_opportunity_status(call, call.id), call.fields)


def create_lead_status(call: Call) -> JsonValue:
    """Make a lead status, as the last one."""
    label, status_id = _read_label(call), call.world.new_id("stat_")
    insert_row(call, "lead_status", {"id": status_id, "label": label, "position": next_position(call, "lead_status")})
    return announce_created(call, LEAD_STATUS, status_id)


def create_opportunity_status(call: Call) -> JsonValue:
    """Make an opportunity status, as the last one of its pipeline; without `pipeline_id` of the first one."""
    reader = BodyReader.of(call)
    reader.require("label", "type")
    status_type = reader.choice("type", STATUS_TYPES)
    pipeline_id = reader.reference_id("pipeline_id", call.connection, "pipeline")
    label = reader.text("label")
    reader.finish()
    first = fetch_one(call.connection, "SELECT id FROM pipeline ORDER BY position, id LIMIT 1")
    status_id = call.world.new_id("stat_")
    columns: dict[str, SqlValue] = {
        "id": status_id,
        "label": label,
        "type": status_type,
        "pipeline_id": pipeline_id or str((first or {})["id"]),
        "position": next_position(call, "opportunity_status"),
    }
    insert_row(call, "opportunity_status", columns)
    return announce_created(call, OPPORTUNITY_STATUS, status_id)


def _read_label(call: Call) -> str | None:
    reader = BodyReader.of(call)
    reader.require("label")
    label = reader.text("label")
    reader.finish()
    return label


def _rename(call: Call, kind: Kind) -> JsonValue:
    kind.load(call, call.id)
    label = _read_label(call)
    return change_object(call, kind, call.id, lambda: update_row(call, kind.table, call.id, {"label": label}))


def rename_lead_status(call: Call) -> JsonValue:
    """Give a lead status another label."""
    return _rename(call, LEAD_STATUS)


def rename_opportunity_status(call: Call) -> JsonValue:
    """Give an opportunity status another label."""
    return _rename(call, OPPORTUNITY_STATUS)


def remove_lead_status(call: Call) -> JsonValue:
    """Remove a lead status that no lead has; answers an empty object."""
    return _remove(call, LEAD_STATUS, "SELECT count(*) FROM lead WHERE status_id = ?")


def remove_opportunity_status(call: Call) -> JsonValue:
    """Remove an opportunity status that no opportunity has; answers an empty object."""
    return _remove(call, OPPORTUNITY_STATUS, "SELECT count(*) FROM opportunity WHERE status_id = ?")


def _remove(call: Call, kind: Kind, users: str) -> JsonValue:
    kind.load(call, call.id)
    if fetch_int(call.connection, users, (call.id,)):
        raise ApiError(400, "A status that is in use cannot be deleted.")
    if fetch_int(call.connection, f"SELECT count(*) FROM {kind.table}") == 1:  # noqa: S608 - own names
        raise ApiError(400, "The last status cannot be deleted.")
    remove_object(call, kind, call.id)
    return {}


ROUTES = (
    Route("GET", "/status/lead/", list_lead_statuses),
    Route("POST", "/status/lead/", create_lead_status, is_write=True),
    Route("GET", "/status/lead/{id}/", get_lead_status),
    Route("PUT", "/status/lead/{id}/", rename_lead_status, is_write=True),
    Route("DELETE", "/status/lead/{id}/", remove_lead_status, is_write=True),
    Route("GET", "/status/opportunity/", list_opportunity_statuses),
    Route("POST", "/status/opportunity/", create_opportunity_status, is_write=True),
    Route("GET", "/status/opportunity/{id}/", get_opportunity_status),
    Route("PUT", "/status/opportunity/{id}/", rename_opportunity_status, is_write=True),
    Route("DELETE", "/status/opportunity/{id}/", remove_opportunity_status, is_write=True),
    Route("GET", "/pipeline/", list_pipelines),
)
