"""What changes leads, for one lead or for many: status, custom fields, removal; each with its activities and events."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from bulkplan.sandbox.activity_objects import SELECT_ACTIVITY, activity_object, status_change_object, user_name
from bulkplan.sandbox.custom_values import custom_values
from bulkplan.sandbox.events import Event, Origin, updated, updated_by, write_events
from bulkplan.sandbox.ids import random_id, random_ids
from bulkplan.sandbox.lead_objects import load_leads, own_records
from bulkplan.sandbox.rows import Row, fetch_all, id_list, text

JsonObject = dict[str, JsonValue]

_INSERT_CHANGE = """
    INSERT INTO activity (id, kind, lead_id, old_status_id, user_id, activity_at, date_created, date_updated,
                          new_status_id)
    VALUES (?, 'lead_status_change', ?, ?, ?, ?, ?, ?, ?)
"""
CHILD_EVENTS = {"contacts": "contact", "opportunities": "opportunity", "tasks": "task.lead"}
"""Object types of the children that stand in the JSON of a lead."""


def status_labels(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the labels of lead and opportunity statuses by id."""
    rows = fetch_all(connection, "SELECT id, label FROM lead_status UNION ALL SELECT id, label FROM opportunity_status")
    return {text(row, "id"): text(row, "label") for row in rows}


def set_status(
    connection: sqlite3.Connection, ids: Sequence[str], *, status_id: str, origin: Origin, organization_id: str
) -> None:
    """Give leads a status; those that have it already are left alone, without activity and event."""
    before = own_records(connection, ids, organization_id=organization_id)
    changing = [lead_id for lead_id in ids if lead_id in before and before[lead_id]["status_id"] != status_id]
    if not changing:
        return
    labels = status_labels(connection)
    connection.execute(
        """
        UPDATE lead SET status_id = ?, date_updated = ?, updated_by = ?
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (status_id, origin.moment, origin.user_id, id_list(changing)),
    )
    change: JsonObject = {
        "status_id": status_id,
        "status_label": labels[status_id],
        "date_updated": origin.moment,
        "updated_by": origin.user_id,
    }
    events = [updated_by("lead", before=before[lead_id], change=change, lead_id=lead_id) for lead_id in changing]
    write_events(connection, [event for event in events if event], origin)
    former = {lead_id: text(before[lead_id], "status_id") for lead_id in changing}
    record_status_changes(connection, former, status_id=status_id, origin=origin, organization_id=organization_id)


def record_status_changes(
    connection: sqlite3.Connection,
    former_status_ids: Mapping[str, str],
    *,
    status_id: str,
    origin: Origin,
    organization_id: str,
) -> None:
    """Leave the status-change activity of each lead, with its event; `former_status_ids` by lead id."""
    labels = status_labels(connection)
    alike = status_change_object(
        {
            "id": "",
            "lead_id": "",
            "user_id": origin.user_id,
            "user_name": user_name(connection, origin.user_id),
            "activity_at": origin.moment,
            "date_created": origin.moment,
            "date_updated": origin.moment,
            "new_status_id": status_id,
        },
        labels=labels,
        organization_id=organization_id,
    )
    ids = random_ids("acti_", len(former_status_ids))
    changes = [
        (activity_id, lead_id, old) for activity_id, (lead_id, old) in zip(ids, former_status_ids.items(), strict=True)
    ]
    same = (origin.user_id, origin.moment, origin.moment, origin.moment, status_id)
    connection.executemany(_INSERT_CHANGE, [(*change, *same) for change in changes])
    events = [
        Event(
            "activity.lead_status_change",
            "created",
            activity_id,
            lead_id=lead_id,
            data={
                **alike,
                "id": activity_id,
                "lead_id": lead_id,
                "old_status_id": old,
                "old_status_label": labels[old],
            },
        )
        for activity_id, lead_id, old in changes
    ]
    write_events(connection, events, origin)


def record_opportunity_status_change(
    connection: sqlite3.Connection, before: JsonObject, *, status_id: str, origin: Origin, organization_id: str
) -> None:
    """Leave the status-change activity of an opportunity, with its event; `before` is the opportunity as it was."""
    row: Row = {
        "id": random_id("acti_"),
        "kind": "opportunity_status_change",
        "lead_id": before["lead_id"],
        "contact_id": before["contact_id"],
        "user_id": origin.user_id,
        "user_name": user_name(connection, origin.user_id),
        "activity_at": origin.moment,
        "date_created": origin.moment,
        "date_updated": origin.moment,
        "opportunity_id": before["id"],
        "old_status_id": before["status_id"],
        "new_status_id": status_id,
    }
    connection.execute(
        """
        INSERT INTO activity (id, kind, lead_id, contact_id, user_id, activity_at, date_created, date_updated,
                              opportunity_id, old_status_id, new_status_id)
        VALUES (:id, :kind, :lead_id, :contact_id, :user_id, :activity_at, :date_created, :date_updated,
                :opportunity_id, :old_status_id, :new_status_id)
        """,
        row,
    )
    data = activity_object(row, labels=status_labels(connection), organization_id=organization_id)
    event = Event(
        "activity.opportunity_status_change", "created", text(row, "id"), lead_id=text(row, "lead_id"), data=data
    )
    write_events(connection, [event], origin)


def change_custom_field(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    *,
    change: Callable[[Sequence[str]], None],
    origin: Origin,
    organization_id: str,
) -> None:
    """
    Change custom fields of leads, and say so where it made a difference.

    Args:
        connection: inside the caller's transaction.
        ids: the leads.
        change: writes the values of the leads it is given.
        origin: whose change it is.
        organization_id: goes into the events.
    """
    before = own_records(connection, ids, organization_id=organization_id)
    present = list(before)
    former = {lead_id: _custom_part(before[lead_id]) for lead_id in present}
    change(present)
    current = custom_values(connection, present)
    changed = [lead_id for lead_id in present if former[lead_id] != current.get(lead_id, {})]
    touch_leads(connection, changed, origin)
    stamp: JsonObject = {"date_updated": origin.moment, "updated_by": origin.user_id}
    events: list[Event] = []
    for lead_id in changed:
        own = {key: value for key, value in before[lead_id].items() if not key.startswith("custom.")}
        event = updated(
            "lead", before=before[lead_id], after={**own, **current.get(lead_id, {}), **stamp}, lead_id=lead_id
        )
        if event:
            events.append(event)
    write_events(connection, events, origin)


def _custom_part(lead: Mapping[str, JsonValue]) -> JsonObject:
    return {key: value for key, value in lead.items() if key.startswith("custom.")}


def touch_leads(connection: sqlite3.Connection, ids: Sequence[str], origin: Origin) -> None:
    """Note on leads that they were changed, when and by whom."""
    connection.execute(
        "UPDATE lead SET date_updated = ?, updated_by = ? WHERE id IN (SELECT value FROM json_each(?))",
        (origin.moment, origin.user_id, id_list(ids)),
    )


def delete_leads(connection: sqlite3.Connection, ids: Sequence[str], *, origin: Origin, organization_id: str) -> None:
    """Remove leads with all that hangs off them; the lead and each child give a `deleted` event."""
    leads = load_leads(connection, ids, organization_id=organization_id, moment=origin.moment)
    events: list[Event] = []
    for lead in leads:
        lead_id = text(lead, "id")
        events.append(Event("lead", "deleted", lead_id, lead_id=lead_id, previous_data=lead))
        for key, object_type in CHILD_EVENTS.items():
            events += _child_events(lead[key], object_type=object_type, lead_id=lead_id)
    events += _activity_events(connection, ids, organization_id=organization_id)
    write_events(connection, events, origin)
    connection.execute("DELETE FROM lead WHERE id IN (SELECT value FROM json_each(?))", (id_list(ids),))


def _child_events(children: JsonValue, *, object_type: str, lead_id: str) -> list[Event]:
    if not isinstance(children, list):
        return []
    return [
        Event(object_type, "deleted", text(child, "id"), lead_id=lead_id, previous_data=child)
        for child in children
        if isinstance(child, dict)
    ]


def _activity_events(connection: sqlite3.Connection, ids: Sequence[str], *, organization_id: str) -> list[Event]:
    labels = status_labels(connection)
    rows = fetch_all(
        connection,
        f"{SELECT_ACTIVITY} WHERE lead_id IN (SELECT value FROM json_each(?)) ORDER BY lead_id, id",  # noqa: S608 - own names
        (id_list(ids),),
    )
    return [
        Event(
            f"activity.{row['kind']}",
            "deleted",
            text(row, "id"),
            lead_id=text(row, "lead_id"),
            previous_data=activity_object(row, labels=labels, organization_id=organization_id),
        )
        for row in rows
    ]
