"""What SQLite takes for the sandbox's work when it is asked by hand, and nothing else is done."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import time
from pathlib import Path

_COUNT = """
    SELECT count(*) FROM lead
    WHERE status_id = (SELECT id FROM lead_status WHERE label = 'Customer')
        AND (last_communication_date < '2026-10-01T00:00:00+00:00' OR EXISTS (
            SELECT 1 FROM custom_value AS v JOIN custom_field AS f ON f.id = v.custom_field_id
            WHERE v.object_id = lead.id AND f.name = 'Industry' AND v.text_value IN ('SaaS', 'Retail')))
"""
_EVENT = """
    INSERT INTO event (id, object_type, action, object_id, lead_id, changed_fields, data, previous_data, meta,
                       date_created, date_updated)
    VALUES (?, ?, ?, ?, ?, '[]', ?, ?, '{}', ?, ?)
"""
_ACTIVITY = """
    INSERT INTO activity (id, kind, lead_id, activity_at, date_created, date_updated, old_status_id, new_status_id)
    VALUES (?, 'lead_status_change', ?, ?, ?, ?, ?, ?)
"""
MOMENT = "2026-11-22T12:00:00.000000+00:00"
LEAD_JSON, ACTIVITY_JSON, FORMER_JSON = "{" + 1100 * "x" + "}", "{" + 500 * "x" + "}", "{" + 150 * "x" + "}"
"""As long as those of a lead, of the activity that a change of status leaves, and of what was before."""


def three_conditions_by_hand(connection: sqlite3.Connection) -> int:
    """Count in one statement."""
    (found,) = connection.execute(_COUNT).fetchone()
    return int(found)


def edit_by_hand(world: Path, copy: Path, n_leads: int) -> float:
    """The seconds it takes to give so many leads of a copy of the world a status: the same rows, and as long events."""
    shutil.copy(world, copy)
    connection = sqlite3.connect(copy, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")
    (status,) = connection.execute("SELECT id FROM lead_status WHERE label = 'Bad Fit'").fetchone()
    leads = [lead for (lead,) in connection.execute("SELECT id FROM lead LIMIT ?", (n_leads,))]
    activities = [f"acti_{secrets.token_urlsafe(32)}" for _ in leads]
    events = [_event("lead", "updated", lead, lead, LEAD_JSON, FORMER_JSON) for lead in leads]
    more = [
        _event("activity.lead_status_change", "created", activity, lead, ACTIVITY_JSON, None)
        for lead, activity in zip(leads, activities, strict=True)
    ]
    start = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    updates = [(status, MOMENT, lead) for lead in leads]
    connection.executemany("UPDATE lead SET status_id = ?, date_updated = ? WHERE id = ?", updates)
    rows = [(activities[n], lead, MOMENT, MOMENT, MOMENT, status, status) for n, lead in enumerate(leads)]
    connection.executemany(_ACTIVITY, rows)
    connection.executemany(_EVENT, events)
    connection.executemany(_EVENT, more)
    connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def _event(kind: str, action: str, object_id: str, lead: str, data: str, former: str | None) -> tuple[str | None, ...]:
    return (f"ev_{secrets.token_urlsafe(32)}", kind, action, object_id, lead, data, former, MOMENT, MOMENT)
