"""Guards once more, on fresh data, right before a run is sent: the same code as at plan."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import aclosing, closing
from dataclasses import dataclass

from bulkplan.app.cohorts import query_of, sort_of
from bulkplan.app.counting import NoProgress, Progress
from bulkplan.app.layers import guard_layers
from bulkplan.app.overlaps import new_overlaps
from bulkplan.core.cohort import listing_limit
from bulkplan.core.guards import facts_of, judge, judge_drift
from bulkplan.core.members import GrowingMembers, MemberCollector, MemberDrift, Members, compare_members, members_of
from bulkplan.core.planner import ALL_LEADS
from bulkplan.core.records import PlannedRun
from bulkplan.errors import RefusedError
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Change, Matches, Plan, Verdict
from bulkplan.model.request import FAMILY_BY_KIND, Request
from bulkplan.model.run import RunKey
from bulkplan.ports import Clock, CloseReader

ASKED_AT_ONCE = 64
"""More are not under way at once anyhow; those that only wait to be asked would seem older than they are."""


class Rechecker:
    """
    Counts a row again and turns it into the run to send. All leads are counted once for one apply.

    The caller says how old a count may be, so that what the check of a saved plan has just counted need not be counted
    twice.

    Where the plan knows the members of a row, they are fetched again: once, at the first look, and anew only when its
    count has moved since then, or when it had to wait for other runs, which may have changed its leads.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        plan_digest: str | None,
        workspace: Workspace,
        reader: CloseReader,
        clock: Clock,
        progress: Progress | None = None,
        kept: Callable[[RunKey], Members | None] | None = None,
        open_members: Callable[[], GrowingMembers] = MemberCollector,
    ) -> None:
        """`kept` gives the members that lie beside the plan; `open_members` holds those that match now."""
        self._kept, self._open_members = kept, open_members
        self._plan, self._digest, self._workspace, self._reader = plan, plan_digest, workspace, reader
        self._clock = clock
        self._progress = progress or NoProgress()
        self._wanted = {run.key: run for run in workspace.runs}
        self._total: int | None = None
        self._counts: dict[RunKey, _Count] = {}
        self._looks: dict[RunKey, _Look] = {}
        self._turn = asyncio.Lock()
        self._counting = asyncio.Lock()
        self._places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def __call__(self, change: Change, *, counted_after: float = math.inf) -> Rechecked:
        """
        The run as reviewed. `counted_after`, in monotonic seconds: a count that was asked for after it will do.

        Raises `RefusedError` when a guard refuses it now, `CloseError`.
        """
        if change.depends_on:
            self._looks.pop(change.key, None)
        refused = [verdict for verdict in await self.verdicts(change, counted_after) if not verdict.is_ok]
        if refused:
            text = "; ".join(verdict.message or verdict.guard for verdict in refused)
            raise RefusedError(f"refused on fresh data: {text}", hint=refused[0].mend)
        return Rechecked(self.planned(change), self._counts[change.key].asked_at)

    async def verdicts(self, change: Change, counted_after: float = math.inf) -> tuple[Verdict, ...]:
        """What every guard of the row says now, the drift since the plan included."""
        request, planned = _request(change), _matches(change)
        found = await self._count(change.key, request, counted_after)
        # The body carries the approved count as its limit; what the spec asks for is what cuts leads off.
        limited = found if change.asked_limit is None else min(found, change.asked_limit)
        fresh = Matches(total=found, limited=limited, of_leads=await self._all_leads())
        layers = guard_layers(self._workspace, self._wanted[change.key], FAMILY_BY_KIND[request.kind])
        members = await self._members(change, request, found)
        facts = facts_of(request, change.earlier_counts)
        return (*judge(fresh, layers, facts), judge_drift(planned.total, found, layers, members=members))

    async def overlaps(self) -> tuple[str, ...]:
        """Which rows have leads in common by now, though the project wants none, in words. Raises `CloseError`."""
        return await new_overlaps(self._plan, rules=self._workspace.project.overlaps, reader=self._reader)

    def planned(self, change: Change) -> PlannedRun:
        """The run as reviewed, unjudged. Raises `RefusedError` for a row without a request."""
        request, matches = _request(change), _matches(change)
        return PlannedRun(
            key=change.key,
            kind=request.kind,
            action_type=change.action_type,
            body=request.body,
            fingerprint=change.fingerprint or "",
            request_digest=change.request_digest or "",
            approved=matches.limited,
            planned_at=self._plan.now,
            asked_limit=change.asked_limit,
            record_version=change.record_version,
            plan_digest=self._digest,
            max_drift_leads=change.max_drift_leads or 0,
        )

    async def _count(self, key: RunKey, request: Request, counted_after: float) -> int:
        """How many leads match: now, or by a count that was asked for after `counted_after`."""
        count = self._counts.get(key)
        if count is None or count.asked_at <= counted_after:
            async with self._places:
                asked_at = self._clock.monotonic()
                found = (await self._reader.count(query_of(request))).total
            count = self._counts[key] = _Count(found, asked_at)
        return count.found

    async def _members(self, change: Change, request: Request, found: int) -> MemberDrift | None:
        """Who entered and left since the plan; `None` where it knows counts only. `found` leads match now."""
        cohort = change.cohort
        if cohort is None:
            return None
        if change.cohort_kind == "frozen":
            return MemberDrift(cohort.n_leads, entered=0, left=max(0, cohort.n_leads - found))
        planned = members_of(cohort, self._kept(change.key) if self._kept else None)
        if planned is None:
            return None
        async with self._turn:  # one cohort at a time is held
            look = self._looks.get(change.key)
            if look is None or look.count != found:
                with closing(self._open_members()) as now:
                    await self._fetch(change, request, now, n_expected=found)
                    look = self._looks[change.key] = _Look(found, compare_members(planned, now))
        return look.drift

    async def _fetch(self, change: Change, request: Request, now: GrowingMembers, *, n_expected: int) -> None:
        """Add who matches now."""
        n_fetched, limit = 0, listing_limit(change.asked_limit)
        total = n_expected if limit is None else min(limit, n_expected)
        listing = self._reader.list_lead_ids(query_of(request), sort=sort_of(request), limit=limit)
        async with aclosing(listing) as pages:
            async for page in pages:
                now.add(lead.id for lead in page)
                n_fetched += len(page)
                self._progress.step(f"{change.key}: comparing leads", n_fetched, max(total, n_fetched))

    async def _all_leads(self) -> int:
        async with self._counting:  # rows are counted side by side
            if self._total is None:
                self._total = (await self._reader.count(ALL_LEADS)).total
            return self._total


@dataclass(frozen=True)
class Rechecked:
    """A run that no guard refuses, and when, in monotonic seconds, the count that they judged was asked for."""

    run: PlannedRun
    counted_at: float


@dataclass(frozen=True)
class _Count:
    """So many leads matched when Close was asked."""

    found: int
    asked_at: float


@dataclass(frozen=True)
class _Look:
    """Who had come and gone when so many leads matched."""

    count: int
    drift: MemberDrift


def _request(change: Change) -> Request:
    if change.request is None or not isinstance(change.request.body.get("s_query"), dict):
        raise RefusedError(f"the plan holds no request for {change.key}", hint="make a new plan")
    return change.request


def _matches(change: Change) -> Matches:
    if change.matches is None:
        raise RefusedError(f"the plan holds no match count for {change.key}", hint="make a new plan")
    return change.matches
