"""Webhook subscriptions: list, read, make, change, remove."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.endpoints.body_reader import BodyReader, given_columns
from bulkplan.sandbox.endpoints.changes import delete_row, insert_row, new_stamps, next_position, update_row
from bulkplan.sandbox.endpoints.tables import Table
from bulkplan.sandbox.errors import ApiError
from bulkplan.sandbox.rows import SqlValue, compact, fetch_int
from bulkplan.sandbox.webhook_filters import FilterError, check_filter
from bulkplan.sandbox.webhooks import webhook_object

JsonObject = dict[str, JsonValue]

MOST_WEBHOOKS = 40
"""Source: Close API, "Webhooks"."""

WEBHOOKS = Table("SELECT * FROM webhook", "position, id", lambda _call, row: webhook_object(row))


def create_webhook(call: Call) -> JsonValue:
    """Make a subscription with a key of its own; answers 201. Source: Close API, "Webhooks"."""
    reader = BodyReader.of(call)
    reader.require("url", "events")
    columns = _read(reader)
    reader.finish()
    if fetch_int(call.connection, "SELECT count(*) FROM webhook") >= MOST_WEBHOOKS:
        raise ApiError(400, f"An organization can have at most {MOST_WEBHOOKS} webhook subscriptions.")
    webhook_id = call.world.new_id("whsub_")
    own: dict[str, SqlValue] = {
        "id": webhook_id,
        "position": next_position(call, "webhook"),
        "status": "active",
        "signature_key": secrets.token_hex(32),
    }
    insert_row(call, "webhook", {**columns, **own, **new_stamps(call)})
    return WEBHOOKS.shape(call, WEBHOOKS.row(call, webhook_id))


def change_webhook(call: Call) -> JsonValue:
    """Change URL, events or status; null leaves a key as it is."""
    WEBHOOKS.row(call, call.id)
    given: JsonObject = {key: value for key, value in call.json_object().items() if value is not None}
    reader = BodyReader(given)
    columns = _read(reader)
    status = reader.choice("status", ("active", "paused"))
    reader.finish()
    if status is not None:
        columns |= {"status": status, "pause_reason": "api" if status == "paused" else None, "failing_since": None}
    update_row(call, "webhook", call.id, {**columns, "updated_by": call.caller.user_id, "date_updated": call.moment})
    return WEBHOOKS.shape(call, WEBHOOKS.row(call, call.id))


def _read(reader: BodyReader) -> dict[str, SqlValue]:
    url = reader.text("url")
    if url is not None and not _is_web_address(url):
        reader.wrong["url"] = "Must be a URL that begins with http:// or https://."
    columns: dict[str, SqlValue] = {
        "url": url,
        "events": _events(reader),
        "verify_ssl": int(reader.flag("verify_ssl", default=True)),
    }
    return given_columns(reader, columns)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _events(reader: BodyReader) -> str | None:
    given = reader.body.get("events")
    if given is None:
        return None
    events: list[JsonValue] = []
    for number, item in enumerate(given if isinstance(given, list) and given else [None]):
        if not isinstance(item, dict):
            reader.wrong["events"] = "Must be a list of objects with object_type and action, not empty."
            continue
        event = BodyReader(item)
        event.require("object_type", "action")
        found: JsonObject = {"object_type": event.text("object_type"), "action": event.text("action")}
        if event.body.get("extra_filter") is not None:
            found["extra_filter"] = event.body["extra_filter"]
            try:
                check_filter(event.body["extra_filter"])
            except FilterError as error:
                event.wrong["extra_filter"] = str(error)
        events.append(found)
        reader.wrong |= {f"events.{number}.{key}": message for key, message in event.wrong.items()}
    return compact(events)


def remove_webhook(call: Call) -> JsonValue:
    """Remove a subscription, with what waits for it; answers an empty object."""
    WEBHOOKS.row(call, call.id)
    delete_row(call, "webhook", call.id)
    return {}


ROUTES = (
    Route("GET", "/webhook/", WEBHOOKS.list),
    Route("POST", "/webhook/", create_webhook, is_write=True, status=201),
    Route("GET", "/webhook/{id}/", WEBHOOKS.get),
    Route("PUT", "/webhook/{id}/", change_webhook, is_write=True),
    Route("DELETE", "/webhook/{id}/", remove_webhook, is_write=True),
)
