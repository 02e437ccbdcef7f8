"""Exports over HTTP: start one, list them, see how one stands."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route, call_origin
from bulkplan.sandbox.downloads import download_url
from bulkplan.sandbox.endpoints.body_reader import BodyReader
from bulkplan.sandbox.endpoints.changes import insert_row, new_stamps
from bulkplan.sandbox.endpoints.tables import Table
from bulkplan.sandbox.errors import ApiError
from bulkplan.sandbox.export_rows import USUAL_FIELDS
from bulkplan.sandbox.exports import announce_export, export_object, read_export
from bulkplan.sandbox.legacy_query import EVERY_LEAD
from bulkplan.sandbox.queries import check_query
from bulkplan.sandbox.rows import Row, SqlValue, compact

JsonObject = dict[str, JsonValue]

FORMATS = ("csv", "json")
DATE_FORMATS = ("original", "iso8601", "excel")


def _shape(call: Call, row: Row) -> JsonObject:
    link = download_url(
        call.world, row, base_url=call.base_url, now=call.now, life_s=call.settings.download_link_seconds
    )
    return export_object(row, organization_id=call.organization_id, download_url=link)


EXPORTS = Table("SELECT * FROM export", "seq DESC", _shape)


def create_export(call: Call) -> JsonValue:
    """
    Start an export of leads, of their contacts, or of their opportunities; without `s_query` of every lead.

    Raises:
        FieldsError: keys that are missing or wrong.
        ApiError: 400, the query is not valid, or is not about leads.

    Source: Close API, "Exports".
    """
    reader = BodyReader.of(call)
    reader.require("format", "type")
    columns = _read(reader)
    reader.finish()
    node, sort, limit = reader.body.get("s_query"), reader.body.get("sort"), reader.body.get("results_limit")
    object_type = check_query(call, EVERY_LEAD if node is None else node, sort=sort, results_limit=limit)
    if object_type != "lead":
        raise ApiError(400, f"An export selects leads, not {object_type} objects.")
    export_id = call.world.new_id("expo_")
    own: dict[str, SqlValue] = {
        "id": export_id,
        "status": "created",
        "s_query": None if node is None else compact(node),
        "sort": compact([] if sort is None else sort),
        "results_limit": limit if isinstance(limit, int) else None,
        "tz_offset": call.tz_offset,
        "api_key_id": call.caller.api_key_id,
    }
    insert_row(call, "export", {**columns, **own, **new_stamps(call)})
    row = read_export(call.world, export_id)
    announce_export(call.world, row, "created", origin=call_origin(call))
    return _shape(call, row)


def _read(reader: BodyReader) -> dict[str, SqlValue]:
    columns: dict[str, SqlValue] = {
        "type": reader.choice("type", tuple(USUAL_FIELDS)),
        "format": reader.choice("format", FORMATS),
        "date_format": reader.choice("date_format", DATE_FORMATS) or "original",
        "fields": reader.json_texts("fields"),
        "include_activities": int(reader.flag("include_activities", default=False)),
        "include_smart_fields": int(reader.flag("include_smart_fields", default=False)),
        "send_done_email": int(reader.flag("send_done_email", default=True)),
    }
    if columns["include_activities"] and (columns["type"], columns["format"]) != ("leads", "json"):
        reader.wrong["include_activities"] = "Only a json export of leads can hold activities."
    if columns["include_smart_fields"] and columns["format"] == "json" and columns["type"] != "leads":
        reader.wrong["include_smart_fields"] = "Only csv exports and json exports of leads can hold smart fields."
    return columns


ROUTES = (
    Route("GET", "/export/", EXPORTS.list),
    Route("GET", "/export/lead/", EXPORTS.list),
    Route("POST", "/export/lead/", create_export, is_write=True),
    Route("GET", "/export/lead/{id}/", EXPORTS.get),
    Route("GET", "/export/{id}/", EXPORTS.get),
)
