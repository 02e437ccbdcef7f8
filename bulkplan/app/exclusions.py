"""What the project's rules take out of later runs of a plan: the leads of earlier ones, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from bulkplan.app.counting import Progress
from bulkplan.app.layers import guard_layers
from bulkplan.core.exclusion import MAX_EXCLUDED, exclude, is_too_long
from bulkplan.core.overlap import Common, Pair, excludes_any, pairs_to_exclude, rows_of, with_exclusions
from bulkplan.core.planner import counted
from bulkplan.model.base import SQuery
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Change, Matches, Overlap, Plan
from bulkplan.model.request import FAMILY_BY_KIND, Request
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.ports import CloseReader

EXCLUDING = "excluding leads of earlier runs"


async def add_exclusions(
    plan: Plan, workspace: Workspace, *, reader: CloseReader, progress: Progress, max_leads: int = MAX_EXCLUDED
) -> Plan:
    """
    The plan, each row without the leads that an earlier row takes, where the project has `exclude` for the two.

    Asks Close nothing where no rule says so. Rows are counted and judged anew with what is left of them; one of which
    more than `max_leads` would have to be named is refused.

    Raises:
        CloseError: Leads could not be listed or counted.
    """
    if not excludes_any(workspace.project.overlaps):
        return plan
    excluding = _Excluding(workspace, reader, max_leads)
    changes: list[Change] = []
    for number, change in enumerate(plan.changes, start=1):
        changes.append(await excluding.row(change, changes))
        progress.step(EXCLUDING, number, len(plan.changes))
    return plan.model_copy(update={"changes": tuple(changes)})


@dataclass
class _Excluding:
    """Goes through the rows of one plan in their order. Keeps which rows were kept out of which."""

    workspace: Workspace
    reader: CloseReader
    max_leads: int
    kept_out: dict[RunKey, frozenset[RunKey]] = field(default_factory=dict)
    rendered: dict[RunKey, SQuery] = field(default_factory=dict)

    async def row(self, change: Change, earlier: Sequence[Change]) -> Change:
        """The row without the leads of those before it."""
        later = next(iter(rows_of([change])), None)
        if later is None:
            return change
        self.rendered[change.key] = later.s_query
        pairs = pairs_to_exclude(rows_of(earlier), later, self.workspace.project.overlaps)
        found = [common for common in await asyncio.gather(*map(self._common, pairs)) if common.n_leads]
        if not found:
            return change
        runs_first = {row.key for row in earlier if row.would_run}
        told = [common.waiting() for common in found if common.pair.first.key not in runs_first]
        taken = [common for common in found if common.pair.first.key in runs_first]
        if not taken:
            return with_exclusions(change, told)
        return await self._without(change, taken, told)

    async def _common(self, pair: Pair) -> Common:
        """The leads of both rows; of too many only their number."""
        lead_ids: list[str] = []
        async with aclosing(self.reader.list_lead_ids(pair.s_query, limit=self.max_leads + 1)) as pages:
            async for page in pages:
                lead_ids += [lead.id for lead in page]
        if len(lead_ids) <= self.max_leads:
            return Common(pair, len(set(lead_ids)), frozenset(lead_ids))
        return Common(pair, (await self.reader.count(pair.s_query)).total, None)

    async def _without(self, change: Change, taken: Sequence[Common], told: Sequence[Overlap]) -> Change:
        request, lead_ids = _as_rendered(change), frozenset[str]().union(*(one.lead_ids or () for one in taken))
        self.kept_out[change.key] = frozenset(one.pair.first.key for one in taken)
        is_named = all(one.lead_ids is not None for one in taken) and len(lead_ids) <= self.max_leads
        if is_named:
            request = exclude(request, [self._query_of(one.pair, change.key) for one in taken], lead_ids)
        if not is_named or is_too_long(request):
            return with_exclusions(change, [*told, *(one.refused() for one in taken)])
        row = await self._counted(change, request)
        return with_exclusions(row, [*told, *(one.excluded() for one in taken)])

    def _query_of(self, pair: Pair, later: RunKey) -> SQuery:
        """
        What the earlier row takes. Where all that was kept out of it is kept out of the later one as well, it is the
        query that it was rendered with, so that queries do not grow with every row.
        """
        first = pair.first.key
        is_shared = self.kept_out.get(first, frozenset()) <= self.kept_out[later]
        return self.rendered[first] if is_shared else pair.first.s_query

    async def _counted(self, change: Change, request: Request) -> Change:
        """The row with what is left of it, judged anew."""
        wanted = _wanted(self.workspace, change.key)
        total, whole = await asyncio.gather(self._total(request.body["s_query"]), self._total(request.unsuppressed))
        before = change.matches.total if change.matches else 0
        matches = Matches(
            total=total,
            limited=total if change.asked_limit is None else min(total, change.asked_limit),
            suppressed=None if request.unsuppressed is None else max(0, whole - total),
            excluded=max(0, before - total),
            of_leads=change.matches.of_leads if change.matches else 0,
        )
        bare = change.model_copy(update={"request": None, "request_digest": None, "max_drift_leads": 0})
        return counted(bare, request, guard_layers(self.workspace, wanted, FAMILY_BY_KIND[request.kind]), matches)

    async def _total(self, s_query: object) -> int:
        return (await self.reader.count(s_query)).total if isinstance(s_query, dict) else 0


def _as_rendered(change: Change) -> Request:
    """Its request without the ceiling."""
    if change.request is None:
        raise ValueError(f"{change.key}: a row without a request takes nobody")
    body = {**change.request.body, "results_limit": change.asked_limit}
    return change.request.model_copy(update={"body": body})


def _wanted(workspace: Workspace, key: RunKey) -> WantedRun:
    return next(run for run in workspace.runs if run.key == key)
