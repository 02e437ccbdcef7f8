"""Which rows of a plan wait for others, and which of them apply would never start."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bulkplan.model.plan import Change, ChangeKind, Plan
from bulkplan.model.record import Recorded, RecordStatus

_GOES_ON = frozenset({ChangeKind.IN_PROGRESS})
"""Rows that apply follows to their end, and then starts what waits for them."""


def with_dependency_notes(plan: Plan, records: Collection[Recorded]) -> Plan:
    """
    Say of each row that would run which of its dependencies may keep it from running.

    Args:
        plan: All of its rows decided and judged.
        records: Every record of the store.
    """
    done = _done_names(records)
    held: dict[str, str] = {}
    changes: list[Change] = []
    for change in plan.changes:
        notes: list[str] = []
        for name in change.depends_on if change.would_run else ():
            note, is_final = _note(name, plan.changes, done, held)
            notes += [note] if note else []
            if is_final:
                held.setdefault(str(change.key), name)
        changes.append(change.model_copy(update={"notes": (*change.notes, *notes)}) if notes else change)
    return plan.model_copy(update={"changes": tuple(changes)})


def _note(
    name: str, changes: Collection[Change], done: Collection[str], held: Mapping[str, str]
) -> tuple[str | None, bool]:
    """What is to be said of a dependency, and whether it surely keeps the row from being started."""
    rows = [row for row in changes if row.key.name == name and row.kind is not ChangeKind.ORPHAN]
    if not rows:
        if name in done:
            return None, False
        return (
            f"depends on {name}, which is not done and not in this plan: applying this plan does not start it; "
            f"run {name} before, or plan without --select"
        ), True
    waiting = next((row for row in rows if str(row.key) in held), None)
    if waiting is not None:
        return f"depends on {waiting.key}, which waits for {held[str(waiting.key)]}: apply does not start it", True
    stuck = next((row for row in rows if not (row.would_run or _is_done(row))), None)
    if stuck is None:
        return None, False
    if stuck.kind in _GOES_ON:
        return f"depends on {stuck.key}, which is {stuck.kind.value}: apply starts it once that is done", False
    stands = "blocked" if stuck.is_blocked else stuck.kind.value
    return f"depends on {stuck.key}, which is {stands}: apply does not start it before that is done", True


def _is_done(row: Change) -> bool:
    return row.kind is ChangeKind.NO_OP and row.record_status in (None, RecordStatus.DONE)


def _done_names(records: Collection[Recorded]) -> frozenset[str]:
    """The specs of which every run of the newest version is done."""
    newest: dict[str, int] = {}
    for record in records:
        newest[record.key.name] = max(record.key.version, newest.get(record.key.name, 0))
    open_names = {
        record.key.name
        for record in records
        if record.key.version == newest[record.key.name] and record.status is not RecordStatus.DONE
    }
    return frozenset(newest) - open_names
