"""Which row may start: all that it depends on is done; and in words, why one was not started."""

from __future__ import annotations

from dataclasses import dataclass

from bulkplan.app.ledger import Ledger
from bulkplan.app.records import shelf_from
from bulkplan.core.codec import RUN_PREFIX
from bulkplan.core.result import ResultKind, RunResult
from bulkplan.model.plan import Change, ChangeKind, Plan
from bulkplan.model.record import RecordStatus
from bulkplan.ports import Store


@dataclass(frozen=True)
class Dependencies:
    """What the rows of a plan wait for, by its other rows and, for specs outside of it, by the state."""

    plan: Plan
    store: Store
    ledger: Ledger

    def unmet(self, change: Change) -> str | None:
        """The first dependency that is not done, in words. Raises `StoreError`."""
        for name in change.depends_on:
            rows = [row for row in self.plan.changes if row.key.name == name and row.kind is not ChangeKind.ORPHAN]
            if not rows and not self._is_done_in_state(name):
                return f"it depends on {name}, which has not run"
            for row in rows:
                if not self._is_done(row):
                    return f"it depends on {row.key}, which is not done"
        return None

    def _is_done(self, row: Change) -> bool:
        if row.kind is ChangeKind.NO_OP:
            return row.record_status in (None, RecordStatus.DONE)
        return self.ledger.stands_as(row.key, ResultKind.DONE)

    def _is_done_in_state(self, name: str) -> bool:
        """Whether the newest record of a spec outside this plan is done."""
        listed = shelf_from(self.store.list(f"{RUN_PREFIX}{name}")).standings
        mine = [record for record in listed if record.key.name == name]
        newest = max((record.key.version for record in mine), default=0)
        return bool(mine) and all(r.status is RecordStatus.DONE for r in mine if r.key.version == newest)

    def not_started(self, change: Change, *, is_interrupted: bool) -> RunResult:
        """The result of a row that never had its turn."""
        if is_interrupted:
            return RunResult(change.key, ResultKind.NOT_SENT, "not started: interrupted", "run apply again")
        if self.ledger.stop_reason:
            text = f"not started, because {self.ledger.stop_reason}"
            return RunResult(change.key, ResultKind.NOT_SENT, text, "run apply again when that is settled")
        unmet = self.unmet(change) or "it could not be started"
        is_early = any(
            result.kind is ResultKind.RUNNING and key.name in change.depends_on
            for key, result in self.ledger.results.items()
        )
        kind = ResultKind.LATER if is_early else ResultKind.NOT_SENT
        return RunResult(change.key, kind, f"not started: {unmet}", "run apply again when it is done")
