"""The story of `apply`: settle what is open, start what was reviewed, follow it to its end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Protocol

from bulkplan.app.performer import Edges, Performer, unless_given_up
from bulkplan.app.records import read_shelf
from bulkplan.app.verify import verified
from bulkplan.core.codec import load_record, run_slot_key
from bulkplan.core.effects import Steps
from bulkplan.core.engine import adopt_lost, apply_run
from bulkplan.core.follow import FollowPolicy, follow
from bulkplan.core.outcome import Outcome
from bulkplan.core.records import FOLLOWED, ApplyContext, PlannedRun
from bulkplan.core.result import (
    NEEDS_PERSON,
    ApplyResult,
    ResultKind,
    RunResult,
    followed_result,
    result_of,
)
from bulkplan.core.settle import is_watched, look_for_twins, settle
from bulkplan.core.visible import visible
from bulkplan.errors import BulkplanError, NotAuthorizedError, RefusedError
from bulkplan.model.plan import Change, ChangeKind, Plan
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import RunKey

SKIPPED_KINDS = frozenset({ChangeKind.NO_OP, ChangeKind.NOT_YET, ChangeKind.EXPIRED, ChangeKind.ORPHAN})
IN_DOUBT = frozenset({ResultKind.UNKNOWN, ResultKind.ALARM, ResultKind.STATE_BEHIND})


class Recheck(Protocol):
    """Turns a row into the run to send."""

    async def __call__(self, change: Change) -> PlannedRun:
        """Count again and judge the guards on fresh data. Raises `RefusedError` when one refuses."""
        ...

    def planned(self, change: Change) -> PlannedRun:
        """The run as reviewed, without looking again."""
        ...


@dataclass(frozen=True)
class ApplyOptions:
    """
    How long to stay, and what to do beside a run that nobody can tell about.

    `wait`: follow to the end, for `wait_timeout_s` at most. `keep_going`: start independent runs all the same.
    """

    wait: bool = True
    wait_timeout_s: float | None = None
    keep_going: bool = False


@dataclass
class _Ledger:
    """The results so far, and the follows under way."""

    results: dict[RunKey, RunResult] = field(default_factory=dict)
    following: dict[asyncio.Task[Record], RunResult] = field(default_factory=dict)
    stop_reason: str | None = None

    def note(self, result: RunResult) -> None:
        self.results[result.key] = result


async def apply_plan(
    plan: Plan, *, edges: Edges, context: ApplyContext, options: ApplyOptions, recheck: Recheck
) -> ApplyResult:
    """
    Carry out a plan. One run's failure never stops or hides the others.

    Raises nothing for a single run: its row of the result says what became of it.
    """
    apply = _Apply(plan, edges, context, options, recheck)
    await apply.settle_open()
    await apply.note_rows_at_rest()
    await apply.watch_released()
    await apply.start_and_follow()
    results = tuple(apply.ledger.results[change.key] for change in plan.changes)
    return ApplyResult(results, interrupted=edges.interrupt.is_set)


class _Apply:
    """One apply under way."""

    def __init__(
        self, plan: Plan, edges: Edges, context: ApplyContext, options: ApplyOptions, recheck: Recheck
    ) -> None:
        self.plan, self.edges, self.context, self.options, self.recheck = plan, edges, context, options, recheck
        self.ledger = _Ledger()

    async def settle_open(self) -> None:
        """Look for every open attempt, all at once, before anything is sent."""
        rows = [change for change in self.plan.changes if _is_open(change)]
        await asyncio.gather(*(self._settle(change) for change in rows))

    async def _settle(self, change: Change) -> None:
        try:
            record = self._record(change.key)
            if record is None:
                raise RefusedError(f"the state record of {change.key} is gone", hint="make a new plan")
            outcome = await Performer(self.edges).run(settle(record, self.context))
        except BulkplanError as error:
            self.ledger.note(RunResult(change.key, ResultKind.UNKNOWN, error.message, error.hint))
            return
        self._take(outcome)

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
                await self._refuse(change, _blocked(change))
            elif change.kind in (ChangeKind.IN_PROGRESS, ChangeKind.PAUSED):
                self._follow_recorded(change)

    async def watch_released(self) -> None:
        """Rows at rest that a person released once: whether that attempt shows in Close after all."""
        for record in self._records_to_watch():
            if self.edges.interrupt.is_set:
                return
            try:
                alarm = await Performer(self.edges).run(look_for_twins(record, self.context))
            except BulkplanError:
                continue  # nothing is to be done for this row; the next apply looks again
            if alarm is not None:
                self._take(alarm)

    def _records_to_watch(self) -> list[Record]:
        """One listing of the state, and none where no row is at rest with an action in Close."""
        resting = {
            change.key
            for change in self.plan.changes
            if change.record_status in FOLLOWED and self._is_skipped(change.key)
        }
        try:
            records = read_shelf(self.edges.store).records if resting else ()
        except BulkplanError:
            return []
        now = self.edges.clock.now()
        return [record for record in records if record.key in resting and is_watched(record, now=now)]

    def _is_skipped(self, key: RunKey) -> bool:
        result = self.ledger.results.get(key)
        return result is not None and result.kind is ResultKind.SKIPPED

    def _follow_recorded(self, change: Change) -> None:
        try:
            record = self._record(change.key)
        except BulkplanError as error:
            self.ledger.note(RunResult(change.key, ResultKind.STATE_BEHIND, error.message, error.hint))
            return
        if record is not None:
            self.ledger.note(followed_result(record, was_sent=False))
            if change.kind is ChangeKind.IN_PROGRESS:
                self._follow(record, self.ledger.results[change.key])

    async def start_and_follow(self) -> None:
        """Start rows whose dependencies are done, one after the other; follow what runs; until nothing moves."""
        pending = [change for change in self.plan.changes if change.would_run]
        while True:
            pending = await self._start_ready(pending)
            if not self.ledger.following:
                break
            await self._take_finished()
        for change in pending:
            self.ledger.note(self._not_started(change))

    async def _start_ready(self, pending: list[Change]) -> list[Change]:
        """Start every row that may start now; the rest is returned."""
        waiting: list[Change] = []
        for change in pending:
            if self._may_start(change):
                await self._start(change)
            else:
                waiting.append(change)
        return waiting

    def _may_start(self, change: Change) -> bool:
        if self.ledger.stop_reason or self.edges.interrupt.is_set:
            return False
        return self._unmet(change) is None

    def _unmet(self, change: Change) -> str | None:
        """The first dependency that is not done, in words."""
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
        result = self.ledger.results.get(row.key)
        return result is not None and result.kind is ResultKind.DONE

    def _is_done_in_state(self, name: str) -> bool:
        """Whether the newest record of a spec outside this plan is done."""
        mine = [record for record in read_shelf(self.edges.store).records if record.key.name == name]
        newest = max((record.key.version for record in mine), default=0)
        return bool(mine) and all(r.status is RecordStatus.DONE for r in mine if r.key.version == newest)

    async def _start(self, change: Change) -> None:
        performer = Performer(self.edges)
        try:
            run = await unless_given_up(self.recheck(change), self.edges.interrupt)
            outcome = await performer.run(apply_run(run, self.context))
        except RefusedError as error:
            await self._refuse(change, RunResult(change.key, ResultKind.BLOCKED, error.message, error.hint))
        except BulkplanError as error:
            if performer.has_sent:
                hint = "run apply again: it looks in Close what became of it, and sends nothing blindly"
                self.ledger.note(RunResult(change.key, ResultKind.UNKNOWN, error.message, hint, is_in_doubt=True))
                return
            text, is_unauthorized = f"nothing was sent: {error.message}", isinstance(error, NotAuthorizedError)
            self.ledger.note(
                RunResult(change.key, ResultKind.NOT_SENT, text, error.hint, is_unauthorized=is_unauthorized)
            )
            if is_unauthorized:
                self.ledger.stop_reason = error.message
        else:
            self._take(outcome)
            result = self.ledger.results[change.key]
            is_in_doubt = performer.has_sent and not result.was_sent and result.kind in IN_DOUBT
            self.ledger.note(replace(result, is_in_doubt=is_in_doubt))
            self._consider_stopping(outcome)

    async def _refuse(self, change: Change, refusal: RunResult) -> None:
        """Note a refusal, unless the run turns out to have run before, unknown to this state."""
        try:
            adopted = await Performer(self.edges).run(adopt_lost(self.recheck.planned(change), self.context))
        except BulkplanError:
            adopted = None  # it is refused either way; the next apply looks again
        if adopted is None:
            self.ledger.note(refusal)
        else:
            self._take(adopted)

    def _take(self, outcome: Outcome) -> None:
        trouble = self.edges.store.trouble if outcome.is_store_at_fault else None
        if trouble:
            outcome = replace(outcome, message=f"{outcome.message} ({visible(trouble, max_chars=300)})")
        result = result_of(outcome)
        self.ledger.note(result)
        if outcome.is_marker_lost:
            self.context = replace(self.context, use_marker=False)
        if result.kind is ResultKind.RUNNING and outcome.record is not None:
            self._follow(outcome.record, result)

    def _consider_stopping(self, outcome: Outcome) -> None:
        result = self.ledger.results[outcome.key]
        if outcome.stops_apply:
            self.ledger.stop_reason = f"{outcome.key}: {outcome.message}"
        elif result.kind in NEEDS_PERSON and not self.options.keep_going:
            self.ledger.stop_reason = f"{outcome.key} is {result.kind}; --keep-going starts the others all the same"

    def _follow(self, record: Record, result: RunResult) -> None:
        if result.was_sent and not self.options.wait:
            return
        # What was sent by an earlier apply is looked at once even so: what depends on it may start now.
        steps = follow(record, self.context, FollowPolicy(self.options.wait_timeout_s if self.options.wait else 0.0))
        task = asyncio.create_task(self._to_the_end(steps))
        self.ledger.following[task] = result

    async def _to_the_end(self, steps: Steps[Record]) -> Record:
        """Follow a run; once it is done, count what it did."""
        return await verified(await Performer(self.edges).run(steps), self.edges, self.context)

    async def _take_finished(self) -> None:
        finished, _ = await asyncio.wait(self.ledger.following, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            before = self.ledger.following.pop(task)
            try:
                self.ledger.note(followed_result(task.result(), was_sent=before.was_sent, note=before.note))
            except BulkplanError as error:
                # Close carries the action on, and its record says submitted: only our watching broke off.
                text = f"{before.message}; watching it broke off: {error.message}"
                self.ledger.note(replace(before, message=text, hint=error.hint or before.hint))

    def _not_started(self, change: Change) -> RunResult:
        if self.edges.interrupt.is_set:
            return RunResult(change.key, ResultKind.NOT_SENT, "not started: interrupted", "run apply again")
        if self.ledger.stop_reason:
            text = f"not started, because {self.ledger.stop_reason}"
            return RunResult(change.key, ResultKind.NOT_SENT, text, "run apply again when that is settled")
        unmet = self._unmet(change) or "it could not be started"
        is_early = any(
            result.kind is ResultKind.RUNNING and key.name in change.depends_on
            for key, result in self.ledger.results.items()
        )
        kind = ResultKind.LATER if is_early else ResultKind.NOT_SENT
        return RunResult(change.key, kind, f"not started: {unmet}", "run apply again when it is done")

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
