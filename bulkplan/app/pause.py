"""The stories of `pause` and `resume`: holding an action in Close, and letting it go on within seven days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bulkplan.app.performer import Edges
from bulkplan.app.records import find_record
from bulkplan.core.codec import dump_record, run_slot_key
from bulkplan.core.follow import move_for
from bulkplan.core.records import ApplyContext, Stamp, moved
from bulkplan.errors import BadRequestError, RefusedError, StoreError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.remote import BulkAction
from bulkplan.model.store import PutResult

RESUMABLE = timedelta(days=7)
"""A paused action can be resumed for so long. Source: Close API, Bulk Actions."""


async def pause_run(name: str, edges: Edges, context: ApplyContext) -> Record:
    """
    Pause the action of a run.

    Raises `UsageError` (no such run), `RefusedError` (it is not running), `CloseError`, `StoreError`.
    """
    record = _running(find_record(edges.store, name))
    action = await edges.reader.fetch_action(record.kind, str(record.remote_id))
    if action.is_final:
        raise _ended(record, action)
    if action.status != "paused":
        action = await edges.writer.pause(record.kind, action.id)
    return _keep(record, action, edges, context)


@dataclass(frozen=True)
class Resumed:
    """A run that goes on in Close; `was_running` before anybody asked, so that nothing was to be done."""

    record: Record
    was_running: bool


async def resume_run(name: str, edges: Edges, context: ApplyContext) -> Resumed:
    """
    Resume the paused action of a run; one that runs is left running.

    Raises `UsageError` (no such run), `RefusedError` (ended, or paused for more than seven days), `CloseError`,
    `StoreError`.
    """
    record = _running(find_record(edges.store, name))
    action = await edges.reader.fetch_action(record.kind, str(record.remote_id))
    if action.is_final:
        raise _ended(record, action)
    if action.status != "paused":
        is_news = record.alarm or record.remote_status != action.status
        return Resumed(_keep(record, action, edges, context) if is_news else record, was_running=True)
    paused_at = record.paused_at or action.date_updated
    if paused_at is not None and edges.clock.now() - paused_at > RESUMABLE:
        raise _too_late(record, f"paused since {paused_at:%Y-%m-%d %H:%M} UTC")
    try:
        resumed = await edges.writer.resume(record.kind, action.id)
    except BadRequestError as error:
        raise _too_late(record, error.message) from error
    return Resumed(_keep(record, resumed, edges, context), was_running=False)


def _running(record: Record) -> Record:
    if record.remote_id is None:
        raise RefusedError(f"{record.key} has no action in Close: its record says {record.status}")
    if record.status is not RecordStatus.SUBMITTED:
        raise RefusedError(f"{record.key} is {record.status}; only a running action can be paused or resumed")
    return record


def _ended(record: Record, action: BulkAction) -> RefusedError:
    return RefusedError(f"{record.key} has ended in Close already: {action.status}", hint="bulkplan status shows it")


def _too_late(record: Record, why: str) -> RefusedError:
    return RefusedError(
        f"{record.key} cannot be resumed: {why}",
        hint="Close resumes within 7 days only; raise the spec's version to run it again for the leads that are left",
    )


def _keep(record: Record, action: BulkAction, edges: Edges, context: ApplyContext) -> Record:
    stamp = Stamp(edges.clock.now(), edges.draw_word())
    move = replace(move_for(record, action), clears_alarm=action.status != "paused")
    following = moved(record, move, stamp, context.provenance)
    result = edges.store.put(run_slot_key(record.key), dump_record(following), expected_version=record.version)
    if result is not PutResult.STORED:
        raise StoreError(
            f"Close says {action.status}, but the state could not be updated ({result})",
            hint="bulkplan status reads it again from Close",
        )
    return following
