"""What the event log says: how events are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from bulkplan.sandbox.clock import format_moment, parse_moment
from bulkplan.sandbox.ids import random_ids
from bulkplan.sandbox.objects import naive
from bulkplan.sandbox.rows import Row, compact, fetch_one, parsed, parsed_object, text

JsonObject = dict[str, JsonValue]

_INSERT = """
    INSERT INTO event (id, object_type, action, object_id, lead_id, user_id, api_key_id, request_id, changed_fields,
                       data, previous_data, meta, date_created, date_updated)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
UNWATCHED = frozenset({"date_updated", "updated_by"})
"""Keys that change with every write and are never named in `changed_fields`."""


@dataclass(frozen=True)
class Origin:
    """Who caused events, and when: the user, the key, the request and `meta`."""

    moment: str
    user_id: str | None
    api_key_id: str | None
    request_id: str | None
    meta: Mapping[str, JsonValue]


@dataclass(frozen=True)
class Event:
    """One thing that happened to one object; `data` after, `previous_data` the former values."""

    object_type: str
    action: str
    object_id: str
    lead_id: str | None = None
    data: JsonObject | None = None
    previous_data: JsonObject | None = None
    changed_fields: Sequence[str] = ()


def updated(object_type: str, *, before: JsonObject, after: JsonObject, lead_id: str | None) -> Event | None:
    """Return the event of a change, or None when nothing but the date of the update differs."""
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    changed = [key for key in keys if key not in UNWATCHED]
    if not changed:
        return None
    return Event(
        object_type,
        "updated",
        text(after, "id"),
        lead_id=lead_id,
        data=after,
        previous_data={key: before.get(key) for key in keys},
        changed_fields=changed,
    )


def updated_by(object_type: str, *, before: JsonObject, change: JsonObject, lead_id: str | None) -> Event | None:
    """Return the event of a change of which it is known what it gives, as `updated` would; for many objects."""
    keys = sorted(key for key in change if before.get(key) != change[key])
    changed = [key for key in keys if key not in UNWATCHED]
    if not changed:
        return None
    after = {**before, **change}
    previous = {key: before.get(key) for key in keys}
    return Event(object_type, "updated", text(after, "id"), lead_id, after, previous, changed)


def write_events(connection: sqlite3.Connection, events: Sequence[Event], origin: Origin) -> None:
    """Append events; part of the caller's transaction."""
    meta = compact(dict(origin.meta))
    named = {fields: compact(list(fields)) for fields in {tuple(event.changed_fields) for event in events}}
    rows = [
        (
            event_id, event.object_type, event.action, event.object_id, event.lead_id, origin.user_id,
            origin.api_key_id, origin.request_id, named[tuple(event.changed_fields)], _column(event.data),
            _column(event.previous_data), meta, origin.moment, origin.moment,
        )
        for event_id, event in zip(random_ids("ev_", len(events)), events, strict=True)
    ]  # fmt: skip
    connection.executemany(_INSERT, rows)


def write_update(connection: sqlite3.Connection, event: Event, origin: Origin, *, merge_within_s: float) -> None:
    """
    Append an `updated` event, or widen the one before it.

    Updates of one object by one user that come within `merge_within_s` seconds are one event: the first
    `date_created`, the `previous_data` from before all of them, a new `date_updated`.
    Source: Close API, "Event Log".
    """
    earliest = format_moment(parse_moment(origin.moment) - timedelta(seconds=merge_within_s))
    last = fetch_one(
        connection,
        "SELECT * FROM event WHERE object_id = ? ORDER BY date_updated DESC, seq DESC LIMIT 1",
        (event.object_id,),
    )
    if merge_within_s <= 0 or last is None or not _merges(last, event, origin, earliest=earliest):
        write_events(connection, [event], origin)
        return
    former = parsed(last["changed_fields"])
    changed = {str(name) for name in former} if isinstance(former, list) else set()
    previous = {**(event.previous_data or {}), **parsed_object(last["previous_data"])}
    connection.execute(
        """
        UPDATE event SET data = ?, previous_data = ?, changed_fields = ?, date_updated = ?, request_id = ? WHERE id = ?
        """,
        (
            _column(event.data),
            compact(previous),
            compact([*sorted(changed | set(event.changed_fields))]),
            origin.moment,
            origin.request_id,
            text(last, "id"),
        ),
    )


def _merges(last: Row, event: Event, origin: Origin, *, earliest: str) -> bool:
    same = (last["object_type"], last["action"], last["user_id"]) == (
        event.object_type,
        event.action,
        origin.user_id,
    )
    one_action = parsed_object(last["meta"]).get("bulk_action_id") == origin.meta.get("bulk_action_id")
    return same and one_action and text(last, "date_updated") >= earliest


def _column(value: JsonObject | None) -> str | None:
    return None if value is None else compact(value)


def event_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return an event as `GET /event/` answers it; its dates carry no offset and mean UTC."""
    return {
        "id": row["id"],
        "action": row["action"],
        "object_type": row["object_type"],
        "object_id": row["object_id"],
        "lead_id": row["lead_id"],
        "user_id": row["user_id"],
        "api_key_id": row["api_key_id"],
        "request_id": row["request_id"],
        "organization_id": organization_id,
        "changed_fields": parsed(row["changed_fields"]),
        "data": parsed(row["data"]),
        "previous_data": parsed(row["previous_data"]),
        "meta": parsed(row["meta"]),
        "date_created": naive(row["date_created"]),
        "date_updated": naive(row["date_updated"]),
    }
