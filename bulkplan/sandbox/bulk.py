"""How bulk actions move on: created, loading, processing, done; paused and resumed in between.

Nothing runs in the background. Whoever asks the world anything first calls `advance`, which moves every open action
to where it should be by the world's clock, inside one transaction. So all processes that share a world see one truth,
and a process that is killed leaves an action where its last transaction left it: no effect is lost or made twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import JsonValue

from bulkplan.sandbox.bulk_effects import Work, count_objects, take_effect
from bulkplan.sandbox.bulk_objects import bulk_action_object
from bulkplan.sandbox.clock import format_moment, parse_moment
from bulkplan.sandbox.events import Event, Origin, updated, write_events, write_update
from bulkplan.sandbox.queries import find_lead_ids
from bulkplan.sandbox.rows import (
    CHUNK,
    Row,
    SqlValue,
    chunks,
    fetch_all,
    fetch_int,
    fetch_one,
    integer,
    optional_text,
    parsed_object,
    text,
)
from bulkplan.sandbox.settings import SandboxSettings
from bulkplan.sandbox.world import World

JsonObject = dict[str, JsonValue]

_OPEN = """
    SELECT * FROM bulk_action
    WHERE status IN ('created', 'loading', 'processing', 'resuming') AND date_created <= ? ORDER BY seq
"""


def advance(world: World, settings: SandboxSettings) -> None:
    """Move every open bulk action to where it should be now."""
    with world.reading() as connection:
        if not fetch_all(connection, _OPEN, (format_moment(world.now()),)):
            return
    with world.transaction() as connection:
        now = world.now()
        for row in fetch_all(connection, _OPEN, (format_moment(now),)):
            _Stepper(world, settings, now).advance(row)


def read_action(world: World, action_id: str) -> Row:
    """Read the row of an action that exists."""
    row = fetch_one(world.connection, "SELECT * FROM bulk_action WHERE id = ?", (action_id,))
    if row is None:
        raise LookupError(action_id)
    return row


def change_action(world: World, row: Row, changes: Mapping[str, SqlValue], *, origin: Origin, merge_s: float) -> Row:
    """Write columns of an action, with `date_updated` and the `updated` event; returns the new row."""
    assignments = ", ".join(f"{name} = :{name}" for name in (*changes, "date_updated"))
    world.connection.execute(
        f"UPDATE bulk_action SET {assignments} WHERE id = :id",  # noqa: S608 - own names
        {**changes, "date_updated": origin.moment, "id": text(row, "id")},
    )
    changed = read_action(world, text(row, "id"))
    event = updated(
        f"bulk_action.{row['kind']}",
        before=bulk_action_object(row, organization_id=world.organization_id),
        after=bulk_action_object(changed, organization_id=world.organization_id),
        lead_id=None,
    )
    if event:
        write_update(world.connection, event, origin, merge_within_s=merge_s)
    return changed


def announce(world: World, row: Row, action: str, *, origin: Origin) -> None:
    """Write the `created`, `completed` or `paused` event of an action."""
    data = bulk_action_object(row, organization_id=world.organization_id)
    event = Event(f"bulk_action.{row['kind']}", action, text(row, "id"), data=data)
    write_events(world.connection, [event], origin)


@dataclass(frozen=True)
class _Stepper:
    """Takes one action as far as it goes by `now`."""

    world: World
    settings: SandboxSettings
    now: datetime

    def advance(self, row: Row) -> None:
        """Take steps until none is left; each status has its own."""
        steps: Mapping[str, Callable[[Row], Row]] = {
            "created": self._begin,
            "loading": self._load,
            "resuming": self._resume,
            "processing": self._process,
        }
        while True:
            step = steps.get(text(row, "status"))
            after = step(row) if step else row
            if after["status"] == row["status"]:
                return
            row = after

    def _begin(self, row: Row) -> Row:
        created = text(row, "date_created")
        if self.settings.loading_seconds > 0 and parse_moment(created) >= self.now:
            return row
        return self._change(row, {"status": "loading", "loading_at": created})

    def _load(self, row: Row) -> Row:
        """Fix the matched set, as of the instant loading ended."""
        loaded = parse_moment(text(row, "loading_at")) + timedelta(seconds=self.settings.loading_seconds)
        if loaded > self.now:
            return row
        found = find_lead_ids(self.world, row, now=loaded)
        work = self._work(row)
        n_objects = 0
        for start, part in zip(range(0, len(found), CHUNK), chunks(found), strict=True):
            counts = count_objects(self.world.connection, work, part)
            n_objects += sum(counts.values())
            self.world.connection.executemany(
                "INSERT INTO bulk_target (bulk_action_id, position, lead_id, n_objects) VALUES (?, ?, ?, ?)",
                [
                    (work.action_id, start + number, lead_id, counts.get(lead_id, 0))
                    for number, lead_id in enumerate(part)
                ],
            )
        moment = format_moment(loaded)
        columns: dict[str, SqlValue] = {"n_leads": len(found), "n_objects": n_objects}
        return self._change(row, {**columns, "status": "processing", "loaded_at": moment, "processing_at": moment})

    def _resume(self, row: Row) -> Row:
        """Go on where the pause began; `processing_at` is when the resume was asked for."""
        if row["loaded_at"] is None:
            return self._change(row, {"status": "loading", "loading_at": text(row, "processing_at")})
        return self._change(row, {"status": "processing", "processed_before": integer(row, "n_leads_processed")})

    def _process(self, row: Row) -> Row:
        """Do the leads that are due, in batches."""
        n_leads, done = integer(row, "n_leads"), integer(row, "n_leads_processed")
        due, is_failing = self._due(row)
        work = self._work(row)
        for start in range(done, due, CHUNK):
            self._batch(work, start, min(start + CHUNK, due))
        columns: dict[str, SqlValue] = {"n_leads_processed": due}
        if due > done:
            columns["n_objects_processed"] = fetch_int(
                self.world.connection,
                "SELECT coalesce(sum(n_objects), 0) FROM bulk_target WHERE bulk_action_id = ? AND is_processed",
                (work.action_id,),
            )
        if is_failing or due >= n_leads:
            columns.update(status="error" if is_failing else "done", finished_at=format_moment(self.now))
        elif due == done:
            return row
        after = self._change(row, columns)
        if after["status"] == "done":
            announce(self.world, after, "completed", origin=self._origin(row))
        return after

    def _due(self, row: Row) -> tuple[int, bool]:
        """Say how many leads should be done by now, and whether the action fails there."""
        n_leads, speed = integer(row, "n_leads"), self.settings.leads_per_second
        elapsed = max(0.0, (self.now - parse_moment(text(row, "processing_at"))).total_seconds())
        done = integer(row, "processed_before") + (n_leads if math.isinf(speed) else math.floor(elapsed * speed))
        due = max(integer(row, "n_leads_processed"), min(n_leads, done))
        limits = parsed_object(row["effect"])["limits"]
        fail_after = limits.get("fail_after") if isinstance(limits, dict) else None
        stick_after = limits.get("stick_after") if isinstance(limits, dict) else None
        if isinstance(fail_after, int) and due >= fail_after:
            return fail_after, True
        return (min(due, stick_after), False) if isinstance(stick_after, int) else (due, False)

    def _batch(self, work: Work, start: int, end: int) -> None:
        window = (work.action_id, start, end)
        rows = fetch_all(
            self.world.connection,
            """
            SELECT lead_id FROM bulk_target WHERE bulk_action_id = ? AND position >= ? AND position < ?
            ORDER BY position
            """,
            window,
        )
        take_effect(self.world.connection, work, [text(row, "lead_id") for row in rows])
        self.world.connection.execute(
            "UPDATE bulk_target SET is_processed = 1 WHERE bulk_action_id = ? AND position >= ? AND position < ?",
            window,
        )

    def _change(self, row: Row, changes: Mapping[str, SqlValue]) -> Row:
        return change_action(
            self.world, row, changes, origin=self._origin(row), merge_s=self.settings.event_merge_seconds
        )

    def _origin(self, row: Row, meta: Mapping[str, JsonValue] | None = None) -> Origin:
        return Origin(
            moment=format_moment(self.now),
            user_id=optional_text(row, "created_by"),
            api_key_id=optional_text(row, "api_key_id"),
            request_id=None,
            meta=meta or {},
        )

    def _work(self, row: Row) -> Work:
        doing = parsed_object(row["effect"])["doing"]
        action_id = text(row, "id")
        return Work(
            action_id=action_id,
            kind=text(row, "kind"),
            doing=doing if isinstance(doing, dict) else {},
            origin=self._origin(row, {"bulk_action_id": action_id}),
            organization_id=self.world.organization_id,
        )
