"""How a write over the API is stored and noted: rows, stamps, and the event of what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, call_origin
from bulkplan.sandbox.events import Event, updated, write_events, write_update
from bulkplan.sandbox.rows import SqlValue, text

JsonObject = dict[str, JsonValue]
Load = Callable[[Call, str], JsonObject]
"""Reads an object by id as the API answers it, or raises NotFoundError."""


@dataclass(frozen=True)
class Kind:
    """
    A kind of object that can be written.

    `object_type` names it in events. `stamps` are the columns that say when and by whom it was changed; a table
    without them has none.
    """

    object_type: str
    table: str
    load: Load
    stamps: tuple[str, ...] = ("date_updated", "updated_by")


def insert_row(call: Call, table: str, columns: Mapping[str, SqlValue]) -> None:
    """Add a row; the names of the columns are ours."""
    names, marks = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    call.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", dict(columns))  # noqa: S608 - own names


def update_row(call: Call, table: str, object_id: str, columns: Mapping[str, SqlValue]) -> None:
    """Write columns of a row, if any; their names are ours."""
    if columns:
        marks = ", ".join(f"{name} = :{name}" for name in columns)
        call.connection.execute(
            f"UPDATE {table} SET {marks} WHERE id = :_id",  # noqa: S608 - own names
            {**columns, "_id": object_id},
        )


def delete_row(call: Call, table: str, object_id: str) -> None:
    """Remove a row."""
    call.connection.execute(f"DELETE FROM {table} WHERE id = ?", (object_id,))  # noqa: S608 - own names


def new_stamps(call: Call) -> dict[str, SqlValue]:
    """Return the columns that say who made a row, and when."""
    user_id, moment = call.caller.user_id, call.moment
    return {"created_by": user_id, "updated_by": user_id, "date_created": moment, "date_updated": moment}


def next_position(call: Call, table: str) -> int:
    """Return the place at the end of a list."""
    (position,) = call.connection.execute(f"SELECT coalesce(max(position), -1) + 1 FROM {table}").fetchone()  # noqa: S608 - own names
    return int(position)


def announce_created(call: Call, kind: Kind, object_id: str) -> JsonObject:
    """Write the `created` event of a new object; returns the object."""
    found = kind.load(call, object_id)
    event = Event(kind.object_type, "created", object_id, lead_id=lead_of(found), data=found)
    write_events(call.connection, [event], call_origin(call))
    return found


def change_object(call: Call, kind: Kind, object_id: str, write: Callable[[], None]) -> JsonObject:
    """
    Carry out a change, and stamp and announce it where it made a difference.

    Args:
        call: the request.
        kind: what is changed.
        object_id: which one; NotFoundError when there is none.
        write: writes the rows.

    Returns:
        The object as it is then.
    """
    before = kind.load(call, object_id)
    write()
    return announce_change(call, kind, before)


def announce_change(call: Call, kind: Kind, before: JsonObject) -> JsonObject:
    """Stamp and announce what differs from `before`, if anything does; returns the object as it is now."""
    object_id = text(before, "id")
    after = kind.load(call, object_id)
    event = updated(kind.object_type, before=before, after=after, lead_id=lead_of(after))
    if event is None:
        return after
    values: dict[str, SqlValue] = {"date_updated": call.moment, "updated_by": call.caller.user_id}
    update_row(call, kind.table, object_id, {name: values[name] for name in kind.stamps})
    after = kind.load(call, object_id)
    write_update(
        call.connection, replace(event, data=after), call_origin(call), merge_within_s=call.settings.event_merge_seconds
    )
    return after


def remove_object(call: Call, kind: Kind, object_id: str) -> JsonObject:
    """Remove an object and say so; returns what it was. Raises NotFoundError."""
    before = kind.load(call, object_id)
    delete_row(call, kind.table, object_id)
    announce_deleted(call, kind, before)
    return before


def announce_deleted(call: Call, kind: Kind, before: JsonObject) -> None:
    """Write the `deleted` event of an object."""
    event = Event(kind.object_type, "deleted", text(before, "id"), lead_id=lead_of(before), previous_data=before)
    write_events(call.connection, [event], call_origin(call))


def lead_of(value: JsonObject) -> str | None:
    """Return the lead an object belongs to; a lead belongs to itself."""
    lead_id = value.get("lead_id")
    if isinstance(lead_id, str):
        return lead_id
    own_id = value.get("id")
    return own_id if isinstance(own_id, str) and own_id.startswith("lead_") else None
