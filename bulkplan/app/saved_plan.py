"""The story of `apply PLAN`: a saved plan is checked against all it was made from, used once, and carried out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from bulkplan.app.apply import apply_plan
from bulkplan.app.following import ApplyOptions
from bulkplan.app.interrupting import unless_given_up
from bulkplan.app.performer import Edges
from bulkplan.app.recheck import Rechecker
from bulkplan.app.records import read_shelf
from bulkplan.core.codec import dump_record, load_plan_use, plan_slot_key
from bulkplan.core.digest import canonical_json
from bulkplan.core.exclusion import with_all
from bulkplan.core.frozen import comparable
from bulkplan.core.records import FOLLOWED, OPEN, ApplyContext
from bulkplan.core.result import ApplyResult, planned_anew
from bulkplan.core.seal import Circumstances, check_sealed, moved_dependencies, moved_records
from bulkplan.core.visible import visible
from bulkplan.errors import InterruptedApplyError, PlanRefusedError, StoreError
from bulkplan.model.base import JsonObject
from bulkplan.model.plan import Change, ChangeKind, Plan, SealedPlan
from bulkplan.model.record import PlanUse, Standing
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey
from bulkplan.model.store import PutResult

FetchFresh = Callable[[tuple[RunKey, ...]], Awaitable[Mapping[RunKey, Request]]]
"""Renders the requests of these runs again, with the names and texts that Close has now."""

TOLD_FROM_LEADS = 2_000
"""From so many leads on it takes seconds to list them again."""

MAX_TOLD = 5
"""Differences of one run that are told: more say no more."""

_AGAIN = "make a new plan with bulkplan plan --out FILE and have it reviewed"


@dataclass(frozen=True)
class SavedPlanStory:
    """What a saved plan is applied with."""

    sealed: SealedPlan
    circumstances: Circumstances
    recheck: Rechecker
    fetch_fresh: FetchFresh
    edges: Edges
    context: ApplyContext
    options: ApplyOptions

    async def check(self) -> None:
        """
        Whether the plan may be applied here and now, or was used before. Changes nothing.

        Raises:
            PlanRefusedError: It was altered, expired, is for elsewhere, or something it relies on moved; every
                reason is named with both values.
        """
        if self.is_used():
            return
        reasons = [*check_sealed(self.sealed, self.circumstances)]
        if not reasons:
            reasons = await unless_given_up(self._moved(), self.edges.interrupt)
        if reasons:
            raise PlanRefusedError("the saved plan is refused:\n" + "\n".join(f"  - {r}" for r in reasons), hint=_AGAIN)

    def is_used(self) -> bool:
        """
        Whether this plan was applied before, with this state.

        Raises `StoreError`, and `PlanRefusedError` for another plan that bears its ID.
        """
        slot = self.edges.store.get(plan_slot_key(self.sealed.plan.plan_id))
        if slot is None:
            return False
        use = load_plan_use(slot)
        if use.plan_digest != self.sealed.digest:
            raise PlanRefusedError(
                f"the plan was altered: {use.plan_id} was used with the digest {use.plan_digest}, "
                f"this one has {self.sealed.digest}",
                hint=_AGAIN,
            )
        return use.plan_id == self.sealed.plan.plan_id

    async def apply(self) -> ApplyResult:
        """
        Use the plan up, then carry it out. A plan that was used before is only followed, never sent again; its result
        names what it never started.

        Raises `PlanRefusedError`, `StoreError`.
        """
        if self.is_used():
            return await self._follow_used()
        if self.edges.interrupt.is_set:
            raise InterruptedApplyError(
                "interrupted before anything was sent", hint="the plan is unused: apply it again"
            )
        self._use_up()
        return planned_anew(await self._apply(self.sealed.plan))

    async def _apply(self, plan: Plan) -> ApplyResult:
        return await apply_plan(
            plan, edges=self.edges, context=self.context, options=self.options, recheck=self.recheck
        )

    def _use_up(self) -> None:
        """Store that the plan is used, before its first request: of two appliers one wins."""
        plan = self.sealed.plan
        use = PlanUse(
            plan_id=plan.plan_id,
            plan_digest=self.sealed.digest,
            organization_id=plan.organization_id,
            run_keys=tuple(str(change.key) for change in plan.changes if change.would_run),
            used_at=self.edges.clock.now(),
            actor=self.context.provenance.actor,
            write_id=self.edges.draw_word(),
        )
        key = plan_slot_key(plan.plan_id)
        result = self.edges.store.put(key, dump_record(use), expected_version=0)
        if result is PutResult.STORED:
            return
        slot = self.edges.store.get(key)
        if slot is None:
            raise StoreError("the state store did not take the plan's use; nothing was sent")
        if load_plan_use(slot).write_id != use.write_id:
            raise PlanRefusedError(
                f"the plan {plan.plan_id} is being applied by {load_plan_use(slot).actor}",
                hint="wait for it, then run the same command again: it follows what was started",
            )

    async def _follow_used(self) -> ApplyResult:
        """Settle and follow what the first use started; what it never started needs a new plan."""
        records = {record.key: record for record in read_shelf(self.edges.store).standings}
        rows = tuple(_as_found(change, records.get(change.key)) for change in self.sealed.plan.changes)
        result = await self._apply(self.sealed.plan.model_copy(update={"changes": rows}))
        planned = {change.key for change in self._rows_to_run()}
        missing = tuple(row.key for row in rows if row.kind is ChangeKind.CONFLICT and row.key in planned)
        return replace(result, unstarted=missing)

    async def _moved(self) -> list[str]:
        return [
            *self._moved_records(),
            *await self._moved_dependencies(),
            *await self._drift(),
            *await self.recheck.overlaps(),
        ]

    def _moved_records(self) -> tuple[str, ...]:
        shelf = read_shelf(self.edges.store)
        return moved_records(self.sealed.plan, {str(record.key): record.version for record in shelf.standings})

    async def _moved_dependencies(self) -> tuple[str, ...]:
        rows = self._rows_to_run()
        fresh = await self.fetch_fresh(tuple(change.key for change in rows))
        return tuple(
            reason
            for change in rows
            for reason in moved_dependencies(change, fresh[change.key]) or _moved_names(change, fresh[change.key])
        )

    async def _drift(self) -> tuple[str, ...]:
        rows = self._rows_to_run()
        for change in rows:
            cohort = change.cohort
            has_members = cohort and (cohort.members or cohort.members_digest)
            if cohort and has_members and cohort.n_leads >= TOLD_FROM_LEADS:
                words = f"comparing its {cohort.n_leads:,} leads with those that match now"
                self.edges.progress.update(change.key, words, None)
        # Those that start first are counted last: what was counted moments ago is not counted again.
        verdicts = await asyncio.gather(*(self.recheck.verdicts(change) for change in reversed(rows)))
        return tuple(
            f"{change.key}: {verdict.message}"
            for change, of_row in zip(rows, reversed(verdicts), strict=True)
            for verdict in of_row
            if not verdict.is_ok and verdict.guard == "max_drift"
        )

    def _rows_to_run(self) -> tuple[Change, ...]:
        return tuple(change for change in self.sealed.plan.changes if change.would_run)


def _moved_names(change: Change, fresh: Request) -> tuple[str, ...]:
    """What the names of a spec mean now, where that is no longer what was reviewed; each with both values."""
    if change.request is None:
        return ()
    if change.request.kind != fresh.kind:
        return (f"the plan was altered: {change.key} is the action {change.request.kind}, its spec is {fresh.kind}",)
    planned: JsonObject = {**with_all(comparable(change.request.body)), "results_limit": change.asked_limit}
    now = comparable(fresh.body, is_frozen=change.cohort_kind == "frozen")
    now = {"results_limit": None, **now}
    if canonical_json(planned) == canonical_json(now):
        return ()
    from bulkplan.core.diff import differences

    found = differences(planned, now, names={**change.request.names, **fresh.names})
    return tuple(
        f"{change.key}: the names of its spec mean something else since the plan: "
        f"{one.path} was {_value(one.before)} then, it is {_value(one.after)} now"
        for one in found[:MAX_TOLD]
    )


def _value(value: JsonValue) -> str:
    return visible(json.dumps(value, ensure_ascii=False), max_chars=200)


def _as_found(change: Change, record: Standing | None) -> Change:
    """A row of a used plan, by what its record says now."""
    if not change.would_run:
        return change
    if record is not None and record.status in OPEN:
        return change.model_copy(update={"kind": ChangeKind.UNKNOWN})
    if record is not None and record.status in FOLLOWED:
        return change.model_copy(update={"kind": ChangeKind.IN_PROGRESS, "record_status": record.status})
    reason = f"the plan was used before; its record says {record.status if record else 'nothing'}"
    return change.model_copy(update={"kind": ChangeKind.CONFLICT, "reason": reason, "hint": _AGAIN})
