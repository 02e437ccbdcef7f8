"""What the specs ask for and nobody applied, what cannot be applied, and records whose spec is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from bulkplan.core.changes import Decision, decide, orphans
from bulkplan.core.lookup import by_full_name
from bulkplan.model.audit import FileChange, UnappliedRun
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import Recorded
from bulkplan.model.run import WantedRun

UNAPPLIED = frozenset({ChangeKind.RUN, ChangeKind.NOT_YET, ChangeKind.EXPIRED, ChangeKind.CONFLICT})
_EDITED = "its spec was edited after it ran; bulkplan plan tells whether it would send something else"


def unapplied(
    wanted: Sequence[WantedRun], records: Collection[Recorded], *, now: datetime, timezone: tzinfo
) -> tuple[UnappliedRun, ...]:
    """
    One row for each wanted run that was not applied, and for each record that no spec asks for, by key.

    Nothing is asked of Close: of an edited spec only `plan` can tell whether the edit matters.
    """
    related = by_full_name(records)
    rows = [_row(run, decide(run, related.get(run.key.full_name, []), now=now, timezone=timezone)) for run in wanted]
    gone = orphans(records, {run.key.full_name for run in wanted}, now=now)
    found = [*(row for row in rows if row), *(_orphan(each) for each in gone)]
    return tuple(sorted(found, key=lambda row: row.key))


def files_of(rows: Iterable[UnappliedRun]) -> tuple[str, ...]:
    """The spec files of the rows, each once."""
    return tuple(dict.fromkeys(row.file for row in rows if row.file is not None))


def with_changes(rows: Iterable[UnappliedRun], changes: Mapping[str, FileChange]) -> tuple[UnappliedRun, ...]:
    """The rows with the last change of each one's file."""
    return tuple(row.model_copy(update={"last_change": changes.get(row.file or "")}) for row in rows)


def _row(run: WantedRun, decision: Decision) -> UnappliedRun | None:
    kind, reason, hint = decision.kind, decision.reason, decision.hint
    if decision.needs_compare:
        kind, reason, hint = ChangeKind.CONFLICT, _EDITED, "raise the version to run it again, or take the edit back"
    if kind not in UNAPPLIED:
        return None
    return UnappliedRun(
        key=str(run.key),
        change=kind,
        reason=reason,
        hint=hint,
        file=run.source.file,
        line=run.source.line,
        owner=run.spec.owner,
    )


def _orphan(decision: Decision) -> UnappliedRun:
    key = str(decision.record.key) if decision.record else ""
    return UnappliedRun(key=key, change=ChangeKind.ORPHAN, reason=decision.reason, hint=decision.hint)
