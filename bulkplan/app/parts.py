"""The part of a plan that one job of many takes: its rows, and those of other jobs that may touch the same leads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bulkplan.app.cohorts import CohortWish, add_cohorts
from bulkplan.app.counting import Progress
from bulkplan.core.overlap import pairs_of, rows_of
from bulkplan.core.shards import Shares, rows_in, shard_of
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Change, Plan
from bulkplan.model.run import RunKey
from bulkplan.model.shard import Shard
from bulkplan.ports import CloseReader


@dataclass(frozen=True)
class Part:
    """Which rows of a whole plan are ours: those of `own`, or all of them where it is `None`."""

    own: frozenset[RunKey] | None = None
    shard: Shard | None = None
    shares: Shares | None = None

    def of(self, plan: Plan) -> Plan:
        """The plan with our rows alone; a whole one as it is."""
        return plan if self.shard is None or self.shares is None else shard_of(plan, self.shares, self.shard)


def part_of(plan: Plan, workspace: Workspace, shard: Shard | None) -> Part:
    """Our part of a plan, by all runs that the specs ask for, whatever was selected of them."""
    if shard is None:
        return Part()
    shares = Shares(workspace.runs, workspace.project.overlaps, of=shard.of)
    return Part(rows_in(plan.changes, shares, shard), shard, shares)


async def with_cohorts_of(
    plan: Plan, part: Part, workspace: Workspace, *, reader: CloseReader, wish: CohortWish, progress: Progress
) -> Plan:
    """
    The plan, our rows with the leads that were asked for.

    Of the rows of other jobs, those that may clash with one of ours get their members too, where a plan keeps any: so
    that the two are compared as a whole plan would compare them. They are neither listed in a file nor shown.

    Raises:
        InvalidFilesError: A frozen run takes more leads than a request can hold.
        CloseError: Leads could not be listed.
    """
    if part.own is None:
        return await add_cohorts(plan, workspace, reader=reader, wish=wish, progress=progress)
    own = _only(plan, part.own)
    found = (await add_cohorts(own, workspace, reader=reader, wish=wish, progress=progress)).changes
    if wish.members:
        near, unseen = _only(plan, _neighbours(plan, part.own, workspace)), replace(wish, sink=None, sample=0)
        found += (await add_cohorts(near, workspace, reader=reader, wish=unseen, progress=progress)).changes
    return _replaced(plan, found)


def _neighbours(plan: Plan, own: Collection[RunKey], workspace: Workspace) -> frozenset[RunKey]:
    """Rows of other jobs that may clash with one of ours."""
    pairs = pairs_of(rows_of(plan.changes), workspace.project.overlaps)
    keys = (pair.keys for pair in pairs if not pair.keys.isdisjoint(own))
    return frozenset[RunKey]().union(*keys).difference(own)


def _only(plan: Plan, keys: Collection[RunKey]) -> Plan:
    return plan.model_copy(update={"changes": tuple(change for change in plan.changes if change.key in keys)})


def _replaced(plan: Plan, rows: Collection[Change]) -> Plan:
    by_key = {row.key: row for row in rows}
    return plan.model_copy(update={"changes": tuple(by_key.get(change.key, change) for change in plan.changes)})
