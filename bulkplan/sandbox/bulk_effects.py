"""What a bulk action does to a batch of its leads: edits, removals, mails, subscriptions; each with its events."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.activity_objects import email_object, user_name
from bulkplan.sandbox.custom_fields import StoredValue, change_values, clear_values
from bulkplan.sandbox.events import Event, Origin, updated, write_events
from bulkplan.sandbox.ids import random_id
from bulkplan.sandbox.lead_changes import change_custom_field, delete_leads, set_status
from bulkplan.sandbox.objects import subscription_object
from bulkplan.sandbox.rows import Row, compact, fetch_all, id_list, text

JsonObject = dict[str, JsonValue]

RESUMED_FROM = {"resume": "paused", "resume_finished": "finished", "pause": "active"}
"""Which subscriptions each action type takes. Source: Close API, "Bulk sequence subscriptions"."""


@dataclass(frozen=True)
class Work:
    """A bulk action at work: its kind, what it does (see `bulk_requests.Effect.doing`), whose it is."""

    action_id: str
    kind: str
    doing: JsonObject
    origin: Origin
    organization_id: str


def count_objects(connection: sqlite3.Connection, work: Work, lead_ids: Sequence[str]) -> dict[str, int]:
    """Say how many objects the action will make or change for each lead; leads without any may be left out."""
    if work.kind == "email":
        found = _recipients(connection, lead_ids, preference=work.doing["contact_preference"])
    elif work.kind == "sequence_subscription":
        found = _subscription_rows(connection, work, lead_ids)
    else:
        return dict.fromkeys(lead_ids, 1)
    counts: dict[str, int] = {}
    for row in found:
        lead_id = text(row, "lead_id")
        counts[lead_id] = counts.get(lead_id, 0) + 1
    return counts


def take_effect(connection: sqlite3.Connection, work: Work, lead_ids: Sequence[str]) -> None:
    """Carry the action out for a batch of leads, inside the caller's transaction; leads that are gone are skipped."""
    if work.kind == "delete":
        delete_leads(connection, lead_ids, origin=work.origin, organization_id=work.organization_id)
    elif work.kind == "email":
        _send(connection, work, lead_ids)
    elif work.kind == "sequence_subscription":
        _subscribe(connection, work, lead_ids)
    elif "lead_status_id" in work.doing:
        set_status(
            connection,
            lead_ids,
            status_id=text(work.doing, "lead_status_id"),
            origin=work.origin,
            organization_id=work.organization_id,
        )
    else:
        _edit_field(connection, work, lead_ids)


def _edit_field(connection: sqlite3.Connection, work: Work, lead_ids: Sequence[str]) -> None:
    field_id, operation = text(work.doing, "field_id"), text(work.doing, "operation")
    values = _stored(work.doing.get("values"))

    def change(ids: Sequence[str]) -> None:
        if operation == "clear":
            clear_values(connection, field_id, ids)
        else:
            change_values(connection, field_id, ids, values, operation=operation)

    change_custom_field(connection, lead_ids, change=change, origin=work.origin, organization_id=work.organization_id)


def _stored(values: JsonValue) -> list[StoredValue]:
    found: list[StoredValue] = []
    for columns in values if isinstance(values, list) else []:
        if isinstance(columns, list):
            words, number, moment = columns
            found.append(
                StoredValue(
                    words if isinstance(words, str) else None,
                    number if isinstance(number, (int, float)) else None,
                    moment if isinstance(moment, str) else None,
                )
            )
    return found


def _recipients(connection: sqlite3.Connection, lead_ids: Sequence[str], *, preference: JsonValue) -> list[Row]:
    """
    Read who is written to: `lead_id`, `contact_id`, `email`.

    `lead`: the first address of the lead's contacts; `contact`: the first address of each contact. A first address
    that is unsubscribed is not replaced by another.
    """
    return fetch_all(
        connection,
        """
        WITH ranked AS (
            SELECT c.lead_id, c.id AS contact_id, c.position, e.email,
                   row_number() OVER (PARTITION BY c.lead_id ORDER BY c.position, c.id, e.position) AS in_lead,
                   row_number() OVER (PARTITION BY c.id ORDER BY e.position) AS in_contact
            FROM contact AS c JOIN contact_email AS e ON e.contact_id = c.id
            WHERE c.lead_id IN (SELECT value FROM json_each(:ids))
        )
        SELECT lead_id, contact_id, email FROM ranked
        WHERE (in_lead = 1 OR (:every_contact AND in_contact = 1))
            AND email NOT IN (SELECT email FROM unsubscribed_email)
        ORDER BY lead_id, position, contact_id
        """,
        {"ids": id_list(lead_ids), "every_contact": int(preference == "contact")},
    )


def _send(connection: sqlite3.Connection, work: Work, lead_ids: Sequence[str]) -> None:
    moment, name = work.origin.moment, user_name(connection, work.origin.user_id)
    rows: list[Row] = [
        {
            "id": random_id("acti_"),
            "lead_id": row["lead_id"],
            "contact_id": row["contact_id"],
            "user_id": work.origin.user_id,
            "user_name": name,
            "activity_at": moment,
            "date_created": moment,
            "date_updated": moment,
            "direction": "outgoing",
            "status": "sent",
            "date_sent": moment,
            "has_reply": 0,
            "subject": work.doing["subject"],
            "sender": work.doing["sender"],
            "to_addresses": compact([row["email"]]),
            "template_id": work.doing["template_id"],
            "bulk_email_action_id": work.action_id,
            "sequence_subscription_id": None,
        }
        for row in _recipients(connection, lead_ids, preference=work.doing["contact_preference"])
    ]
    connection.executemany(
        """
        INSERT INTO activity (id, kind, lead_id, contact_id, user_id, activity_at, date_created, date_updated,
                              direction, status, date_sent, has_reply, subject, sender, to_addresses, template_id,
                              bulk_email_action_id)
        VALUES (:id, 'email', :lead_id, :contact_id, :user_id, :activity_at, :date_created, :date_updated, :direction,
                :status, :date_sent, :has_reply, :subject, :sender, :to_addresses, :template_id, :bulk_email_action_id)
        """,
        rows,
    )
    events = [
        Event(
            "activity.email",
            "created",
            text(row, "id"),
            lead_id=text(row, "lead_id"),
            data=email_object(row, organization_id=work.organization_id),
        )
        for row in rows
    ]
    write_events(connection, events, work.origin)


def _subscription_rows(connection: sqlite3.Connection, work: Work, lead_ids: Sequence[str]) -> list[Row]:
    """Read what the action takes: contacts to subscribe, or subscriptions to pause or resume."""
    if work.doing["action_type"] == "subscribe":
        recipients = _recipients(connection, lead_ids, preference=work.doing["contact_preference"])
        had = fetch_all(
            connection,
            """
            SELECT DISTINCT contact_id FROM sequence_subscription
            WHERE sequence_id = ? AND lead_id IN (SELECT value FROM json_each(?))
            """,
            (text(work.doing, "sequence_id"), id_list(lead_ids)),
        )
        excluded = {row["contact_id"] for row in had}
        return [row for row in recipients if row["contact_id"] not in excluded]
    sequence_id = work.doing["sequence_id"]
    return fetch_all(
        connection,
        """
        SELECT id, lead_id FROM sequence_subscription
        WHERE status = :status AND (:sequence_id IS NULL OR sequence_id = :sequence_id)
            AND lead_id IN (SELECT value FROM json_each(:ids))
        ORDER BY lead_id, id
        """,
        {
            "status": RESUMED_FROM[text(work.doing, "action_type")],
            "sequence_id": sequence_id if isinstance(sequence_id, str) else None,
            "ids": id_list(lead_ids),
        },
    )


def _subscribe(connection: sqlite3.Connection, work: Work, lead_ids: Sequence[str]) -> None:
    rows = _subscription_rows(connection, work, lead_ids)
    if work.doing["action_type"] == "subscribe":
        _add_subscriptions(connection, work, rows)
        return
    ids = [text(row, "id") for row in rows]
    before = _subscriptions(connection, work, ids)
    connection.execute(
        """
        UPDATE sequence_subscription SET status = ?, status_reason = 'bulk-action', bulk_action_id = ?, updated_by = ?,
            date_updated = ?
        WHERE id IN (SELECT value FROM json_each(?))
        """,
        (
            "paused" if work.doing["action_type"] == "pause" else "active", work.action_id, work.origin.user_id,
            work.origin.moment, id_list(ids),
        ),
    )  # fmt: skip
    events = [
        updated("sequence_subscription", before=before[key], after=after, lead_id=text(after, "lead_id"))
        for key, after in _subscriptions(connection, work, ids).items()
    ]
    write_events(connection, [event for event in events if event], work.origin)


def _subscriptions(connection: sqlite3.Connection, work: Work, ids: Sequence[str]) -> dict[str, JsonObject]:
    rows = fetch_all(
        connection,
        "SELECT * FROM sequence_subscription WHERE id IN (SELECT value FROM json_each(?)) ORDER BY lead_id, id",
        (id_list(ids),),
    )
    return {text(row, "id"): subscription_object(row, organization_id=work.organization_id) for row in rows}


def _add_subscriptions(connection: sqlite3.Connection, work: Work, rows: Sequence[Row]) -> None:
    callers = work.doing["calls_assigned_to"]
    fixed: JsonObject = {
        "sequence_id": work.doing["sequence_id"],
        "sender_account_id": work.doing["sender_account_id"],
        "sender_email": work.doing["sender_email"],
        "sender_name": work.doing["sender_name"],
        "calls": None if callers is None else compact(callers),
        "action_id": work.action_id,
        "user_id": work.origin.user_id,
        "moment": work.origin.moment,
    }
    made: list[Row] = [{**fixed, **row, "id": random_id("sub_")} for row in rows]
    connection.executemany(
        """
        INSERT INTO sequence_subscription (id, sequence_id, contact_id, lead_id, contact_email, status, status_reason,
            start_date, sender_account_id, sender_email, sender_name, calls_assigned_to, bulk_action_id, created_by,
            updated_by, date_created, date_updated)
        VALUES (:id, :sequence_id, :contact_id, :lead_id, :email, 'active', 'bulk-action', :moment, :sender_account_id,
            :sender_email, :sender_name, :calls, :action_id, :user_id, :user_id, :moment, :moment)
        """,
        made,
    )
    events = [
        Event("sequence_subscription", "created", key, lead_id=text(found, "lead_id"), data=found)
        for key, found in _subscriptions(connection, work, [text(row, "id") for row in made]).items()
    ]
    write_events(connection, events, work.origin)
