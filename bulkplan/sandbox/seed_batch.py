"""How seeded rows are gathered and written, and how dates before or after the making of a world are counted."""

import sqlite3
from datetime import UTC, date, datetime, time, timedelta

Cell = str | int | float | None

_COLUMNS = {  # the columns a seeder fills, in order; the rest keep their defaults
    "meta": "key, value",
    "user": "id, position, email, first_name, last_name, image, date_created, date_updated",
    "membership": "id, user_id, role_id, permissions_granted",
    "lead_status": "id, position, label",
    "pipeline": "id, position, name, date_created, date_updated",
    "opportunity_status": "id, pipeline_id, position, label, type",
    "custom_field": (
        "id, position, name, description, type, choices, accepts_multiple_values, is_shared, created_by, updated_by, "
        "date_created, date_updated"
    ),
    "custom_field_object": "custom_field_id, object_type",
    "email_template": (
        "id, position, name, subject, body, is_archived, created_by, updated_by, date_created, date_updated"
    ),
    "sequence": "id, position, name, status, timezone, steps, created_by, updated_by, date_created, date_updated",
    "connected_account": "id, position, type, email, identities, user_id, date_created, date_updated",
    "phone_number": (
        "id, position, number, number_formatted, label, type, is_group_number, user_id, country, date_created, "
        "date_updated"
    ),
    "smart_view": ("id, position, name, type, query, s_query, is_user_dependent, user_id, date_created, date_updated"),
    "unsubscribed_email": "email, date_created",
    "lead": (
        "id, name, description, url, status_id, created_by, updated_by, date_created, date_updated, "
        "last_communication_date, last_lead_status_change_date"
    ),
    "address": "lead_id, position, label, address_1, city, state, zipcode, country",
    "contact": "id, lead_id, position, name, title, created_by, updated_by, date_created, date_updated",
    "contact_email": "contact_id, position, email, type",
    "contact_phone": "contact_id, position, phone, type",
    "contact_url": "contact_id, position, url, type",
    "opportunity": (
        "id, lead_id, contact_id, user_id, status_id, note, value, value_currency, value_period, confidence, "
        "expected_date, date_won, date_lost, created_by, updated_by, date_created, date_updated"
    ),
    "opportunity_status_period": "opportunity_id, started_at, status_id, ended_at",
    "activity": (
        "id, kind, lead_id, contact_id, user_id, activity_at, date_created, date_updated, direction, status, note, "
        "date_sent, has_reply, subject, sender, to_addresses, template_id, duration, opportunity_id, old_status_id, "
        "new_status_id"
    ),
    "task": "id, lead_id, assigned_to, text, date, is_complete, created_by, updated_by, date_created, date_updated",
    "custom_value": "object_id, custom_field_id, position, text_value, number_value, moment_value",
    "sequence_subscription": (
        "id, sequence_id, contact_id, lead_id, contact_email, status, status_reason, start_date, sender_account_id, "
        "sender_email, sender_name, created_by, updated_by, date_created, date_updated"
    ),
}


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * (columns.count(",") + 1))
    # A mail address may be drawn twice, and is unsubscribed once.
    return f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - only names from the table above


_INSERTS = {table: _insert(table, columns) for table, columns in _COLUMNS.items()}


class Batch:
    """Rows waiting to be written, per table."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._rows: dict[str, list[tuple[Cell, ...]]] = {table: [] for table in _COLUMNS}

    def add(self, table: str, *row: Cell) -> None:
        """Gather one row, its cells in the order of `_COLUMNS`."""
        self._rows[table].append(row)

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert what was gathered, and begin anew."""
        for table, rows in self._rows.items():
            if rows:
                connection.executemany(_INSERTS[table], rows)
                rows.clear()


class Days:
    """Dates and timestamps counted from the first instant of the day a world is made."""

    def __init__(self, day: date) -> None:
        """Count from 00:00 UTC of `day`."""
        self._day = day
        self._midnight = datetime.combine(day, time(), tzinfo=UTC)

    def stamp(self, days_ago: float) -> str:
        """Answer the timestamp so many days (with fractions) ago; negative: ahead."""
        moment = self._midnight - timedelta(seconds=round(days_ago * 86_400))
        return moment.isoformat(timespec="microseconds")

    def date(self, days_ago: int) -> str:
        """Answer the date so many days ago; negative: ahead."""
        return (self._day - timedelta(days=days_ago)).isoformat()
