"""How exports move on: created, started, in progress, done; and what one looks like in JSON.

Nothing runs in the background: whoever asks the world anything first calls `advance_exports`. The file is written as a
whole when the matched set is known; the counters then run by the world's clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import JsonValue

from bulkplan.sandbox import search
from bulkplan.sandbox.clock import format_moment, parse_moment
from bulkplan.sandbox.events import Event, Origin, updated, write_events, write_update
from bulkplan.sandbox.export_rows import USUAL_FIELDS, Wanted, write_export
from bulkplan.sandbox.legacy_query import EVERY_LEAD
from bulkplan.sandbox.query_sql import QueryContext, QueryError
from bulkplan.sandbox.rows import Row, SqlValue, fetch_all, fetch_one, integer, optional_text, parsed, text
from bulkplan.sandbox.settings import SandboxSettings
from bulkplan.sandbox.world import World

JsonObject = dict[str, JsonValue]

EVENT_TYPE = "export.lead"

_OPEN = "SELECT * FROM export WHERE status IN ('created', 'started', 'in_progress') ORDER BY seq"


def export_object(row: Row, *, organization_id: str, download_url: str | None) -> JsonObject:
    """Return an export as the API answers it. Source: Close API, "Exports"."""
    names = (
        "id", "status", "type", "format", "results_limit", "n_docs", "n_docs_processed", "created_by", "updated_by",
        "date_created", "date_updated",
    )  # fmt: skip
    fields = parsed(row["fields"])
    return {
        **{name: row[name] for name in names},
        "date_format": row["date_format"] if row["format"] == "csv" else None,
        "download_url": download_url if row["status"] == "done" else None,
        "fields": fields if fields is not None else [*USUAL_FIELDS[text(row, "type")]],
        "include_activities": bool(row["include_activities"]),
        "include_smart_fields": bool(row["include_smart_fields"]),
        "s_query": parsed(row["s_query"]),
        "sort": parsed(row["sort"]),
        "send_done_email": bool(row["send_done_email"]),
        "organization_id": organization_id,
    }


def advance_exports(world: World, settings: SandboxSettings) -> None:
    """Move every open export to where it should be now."""
    with world.reading() as connection:
        if not fetch_all(connection, _OPEN):
            return
    with world.transaction() as connection:
        now = world.now()
        for row in fetch_all(connection, _OPEN):
            _advance(world, settings, row, now)


def _advance(world: World, settings: SandboxSettings, row: Row, now: datetime) -> None:
    created = parse_moment(text(row, "date_created"))
    matched = created + timedelta(seconds=settings.loading_seconds)
    if settings.loading_seconds > 0 and created >= now:
        return
    if row["status"] == "created":
        row = _change(world, settings, row, {"status": "started"}, now)
    if matched > now:
        return
    if row["status"] == "started":
        row = _start(world, settings, row, now)
    if row["status"] == "in_progress":
        _count(world, settings, row, now, elapsed_s=(now - matched).total_seconds())


def _start(world: World, settings: SandboxSettings, row: Row, now: datetime) -> Row:
    """Match, and write the whole file; a query that has become invalid ends the export in error."""
    limit, hours = row["results_limit"], row["tz_offset"]
    context = QueryContext(
        now=now,
        tz_offset=float(hours) if isinstance(hours, (int, float)) else 0.0,
        user_id=optional_text(row, "created_by") or "",
    )
    node = parsed(row["s_query"])
    try:
        found = search.ids(
            world,
            EVERY_LEAD if node is None else node,
            context,
            sort=parsed(row["sort"]),
            limit=limit if isinstance(limit, int) else None,
        )
    except QueryError:
        return _change(world, settings, row, {"status": "error"}, now)
    file = write_export(world, found, _wanted(row), moment=format_moment(now))
    world.connection.execute("INSERT INTO export_file VALUES (?, ?)", (text(row, "id"), file.content))
    return _change(world, settings, row, {"status": "in_progress", "n_docs": file.n_documents}, now)


def _wanted(row: Row) -> Wanted:
    fields = parsed(row["fields"])
    return Wanted(
        type=text(row, "type"),
        format=text(row, "format"),
        date_format=text(row, "date_format"),
        fields=tuple(str(name) for name in fields) if isinstance(fields, list) else None,
        with_activities=bool(row["include_activities"]),
        with_smart_fields=bool(row["include_smart_fields"]),
    )


def _count(world: World, settings: SandboxSettings, row: Row, now: datetime, *, elapsed_s: float) -> None:
    n_docs, speed = integer(row, "n_docs"), settings.export_documents_per_second
    done = n_docs if math.isinf(speed) else min(n_docs, math.floor(elapsed_s * speed))
    if done < n_docs:
        if done > integer(row, "n_docs_processed"):
            _change(world, settings, row, {"n_docs_processed": done}, now)
        return
    after = _change(world, settings, row, {"n_docs_processed": n_docs, "status": "done"}, now)
    announce_export(world, after, "completed", origin=_origin(row, now))


def _change(world: World, settings: SandboxSettings, row: Row, changes: Mapping[str, SqlValue], now: datetime) -> Row:
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    world.connection.execute(
        f"UPDATE export SET {assignments}, date_updated = :_now WHERE id = :_id",  # noqa: S608 - own names
        {**changes, "_now": format_moment(now), "_id": text(row, "id")},
    )
    after = read_export(world, text(row, "id"))
    event = updated(EVENT_TYPE, before=_event_data(world, row), after=_event_data(world, after), lead_id=None)
    if event:
        write_update(world.connection, event, _origin(row, now), merge_within_s=settings.event_merge_seconds)
    return after


def read_export(world: World, export_id: str) -> Row:
    """Read the row of an export that exists."""
    row = fetch_one(world.connection, "SELECT * FROM export WHERE id = ?", (export_id,))
    if row is None:
        raise LookupError(export_id)
    return row


def announce_export(world: World, row: Row, action: str, *, origin: Origin) -> None:
    """Write the `created` or `completed` event of an export."""
    event = Event(EVENT_TYPE, action, text(row, "id"), data=_event_data(world, row))
    write_events(world.connection, [event], origin)


def _event_data(world: World, row: Row) -> JsonObject:
    return export_object(row, organization_id=world.organization_id, download_url=None)


def _origin(row: Row, now: datetime) -> Origin:
    return Origin(
        moment=format_moment(now),
        user_id=optional_text(row, "created_by"),
        api_key_id=optional_text(row, "api_key_id"),
        request_id=None,
        meta={},
    )
