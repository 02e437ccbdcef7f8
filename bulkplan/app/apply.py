"""The story of `apply`: settle what is open, start what was reviewed, follow it to its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bulkplan.app.dependencies import Dependencies
from bulkplan.app.following import ApplyOptions, Following
from bulkplan.app.ledger import Ledger
from bulkplan.app.line import Line
from bulkplan.app.listings import SharedListings
from bulkplan.app.performer import Edges, Performer
from bulkplan.app.records import Shelf, read_shelf
from bulkplan.app.side_by_side import SideBySide
from bulkplan.app.starting import Recheck, Starting
from bulkplan.app.watching import SharedFetches
from bulkplan.core.codec import load_record, run_slot_key
from bulkplan.core.records import FOLLOWED, ApplyContext
from bulkplan.core.result import ApplyResult, ResultKind, RunResult, followed_result
from bulkplan.core.settle import is_watched, look_for_twins, settle
from bulkplan.errors import BulkplanError, RefusedError
from bulkplan.model.plan import Change, ChangeKind, Plan
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import RunKey

SKIPPED_KINDS = frozenset({ChangeKind.NO_OP, ChangeKind.NOT_YET, ChangeKind.EXPIRED, ChangeKind.ORPHAN})


async def apply_plan(
    plan: Plan, *, edges: Edges, context: ApplyContext, options: ApplyOptions, recheck: Recheck
) -> ApplyResult:
    """
    Carry out a plan. One run's failure never stops or hides the others.

    Raises nothing for a single run: its row of the result says what became of it.
    """
    ledger, listings = Ledger(keep_going=options.keep_going), SharedListings(edges.reader)
    following = Following(edges, options, ledger, SharedFetches(edges.reader, edges.clock), listings)
    starting = Starting(edges, context, recheck, ledger, following, listings)
    apply = _Apply(plan, edges, ledger, following, starting, listings)
    await apply.settle_open()
    await apply.note_rows_at_rest()
    await apply.watch_released()
    await apply.start_and_follow()
    results = tuple(ledger.results[change.key] for change in plan.changes)
    return ApplyResult(results, interrupted=edges.interrupt.is_set)


@dataclass(frozen=True)
class _Apply:
    """One apply under way."""

    plan: Plan
    edges: Edges
    ledger: Ledger
    following: Following
    starting: Starting
    listings: SharedListings

    async def settle_open(self) -> None:
        """Look for every open attempt, all at once, before anything is sent."""
        rows = [change for change in self.plan.changes if _is_open(change)]
        await asyncio.gather(*(self._settle(change) for change in rows))

    async def _settle(self, change: Change) -> None:
        try:
            record = self._record(change.key)
            if record is None:
                raise RefusedError(f"the state record of {change.key} is gone", hint="make a new plan")
            performer = Performer(self.edges, listings=self.listings)
            outcome = await performer.run(settle(record, self.starting.context))
        except BulkplanError as error:
            self.ledger.note(RunResult(change.key, ResultKind.UNKNOWN, error.message, error.hint))
            return
        self.starting.take(outcome)

    async def note_rows_at_rest(self) -> None:
        """Rows that nothing is done for, and those that are running already."""
        for change in self.plan.changes:
            if _is_open(change):
                continue
            if change.kind in SKIPPED_KINDS:
                self.ledger.note(RunResult(change.key, ResultKind.SKIPPED, change.reason, change.hint))
            elif change.kind is ChangeKind.CONFLICT:
                self.ledger.note(RunResult(change.key, ResultKind.CONFLICT, change.reason, change.hint))
            elif change.kind is ChangeKind.FAILED:
                self.ledger.note(RunResult(change.key, ResultKind.FAILED, change.reason, change.hint))
            elif change.is_blocked:
                await self.starting.refuse(change, _blocked(change))
            elif change.kind in (ChangeKind.IN_PROGRESS, ChangeKind.PAUSED):
                self._follow_recorded(change)

    async def watch_released(self) -> None:
        """Rows at rest that a person released once: whether that attempt shows in Close after all."""
        for record in self._records_to_watch():
            if self.edges.interrupt.is_set:
                return
            try:
                alarm = await Performer(self.edges).run(look_for_twins(record, self.starting.context))
            except BulkplanError:
                continue  # nothing is to be done for this row; the next apply looks again
            if alarm is not None:
                self.starting.take(alarm)

    def _records_to_watch(self) -> list[Record]:
        """One listing of the state, and none where no row is at rest with an action in Close."""
        resting = {
            change.key
            for change in self.plan.changes
            if change.record_status in FOLLOWED and self.ledger.stands_as(change.key, ResultKind.SKIPPED)
        }
        try:
            shelf = read_shelf(self.edges.store) if resting else Shelf(())
        except BulkplanError:
            return []
        now = self.edges.clock.now()
        mine = (each for each in shelf.standings if each.key in resting)
        return [shelf.record(each.key) for each in mine if is_watched(each, now=now)]

    def _follow_recorded(self, change: Change) -> None:
        try:
            record = self._record(change.key)
        except BulkplanError as error:
            self.ledger.note(RunResult(change.key, ResultKind.STATE_BEHIND, error.message, error.hint))
            return
        if record is not None:
            self.ledger.note(followed_result(record, was_sent=False))
            if change.kind is ChangeKind.IN_PROGRESS:
                self.following.begin(record, self.ledger.results[change.key], self.starting.context)

    async def start_and_follow(self) -> None:
        """Start rows whose dependencies are done, side by side; follow what runs; until nothing moves."""
        dependencies = Dependencies(self.plan, self.edges.store, self.ledger)
        pending = [change for change in self.plan.changes if change.would_run]
        is_marked = self.starting.context.use_marker
        line = Line(self._goes_on, holds=not self.ledger.keep_going, is_single=not is_marked)
        rows = SideBySide(line, self.starting.start, lambda row: self._goes_on() and dependencies.unmet(row) is None)
        while True:
            pending = await rows.run(pending)
            if self.following.is_over:
                break
            await self.following.take_finished()
        for change in pending:
            self.ledger.note(dependencies.not_started(change, is_interrupted=self.edges.interrupt.is_set))

    def _goes_on(self) -> bool:
        """Whether anything further may start."""
        return self.ledger.stop_reason is None and not self.edges.interrupt.is_set

    def _record(self, key: RunKey) -> Record | None:
        slot = self.edges.store.get(run_slot_key(key))
        return load_record(slot) if slot else None


def _is_open(change: Change) -> bool:
    """Whether nobody knows yet what became of its request, be there a spec for it or not."""
    return change.kind is ChangeKind.UNKNOWN or (
        change.kind is ChangeKind.ORPHAN and change.record_status in (RecordStatus.SENDING, RecordStatus.UNKNOWN)
    )


def _blocked(change: Change) -> RunResult:
    refused = [verdict for verdict in change.verdicts if not verdict.is_ok]
    clashes = [overlap for overlap in change.overlaps if overlap.severity == "error"]
    text = "; ".join([*(one.message or one.guard for one in refused), *(one.message for one in clashes)])
    mends = [*(one.mend for one in refused), *(one.mend for one in clashes)]
    mend = next((mend for mend in mends if mend), None)
    return RunResult(change.key, ResultKind.BLOCKED, text, mend)
