"""The story of `apply --reviewed`: a plan made after the merge is held against those that were reviewed before it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from bulkplan.app.layers import guard_layers
from bulkplan.app.saved_plan import FetchFresh
from bulkplan.core.frozen import is_frozen
from bulkplan.core.members import Members
from bulkplan.core.records import FOLLOWED
from bulkplan.core.reviewed import (
    Looked,
    Review,
    by_plan,
    keys_of,
    match_reviews,
    moved_since,
    usable_plans,
    without_period,
)
from bulkplan.errors import PlanRefusedError
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Plan, SealedPlan
from bulkplan.model.record import Recorded
from bulkplan.model.request import FAMILY_BY_KIND
from bulkplan.model.run import RunKey

KeptMembers = Callable[[Plan, RunKey], Members | None]
"""Gives the members of a large cohort that lie beside a plan, where they were found."""

_AGAIN = (
    "open a pull request (an edit, a raised version, or an empty commit): its plan shows every run that is "
    "pending, and merging it approves them"
)


async def check_reviewed(
    fresh: Plan,
    reviewed: Sequence[SealedPlan],
    *,
    workspace: Workspace,
    render_at: Callable[[datetime], FetchFresh],
    recurring: Collection[tuple[RunKey, str]],
    key: bytes | None,
    kept: KeptMembers | None = None,
) -> None:
    """
    Whether every row that would be sent was reviewed, and is still what was reviewed within its drift guard.

    Args:
        fresh: The plan made now.
        reviewed: The plans of the pull requests that were merged.
        workspace: The specs now.
        render_at: Renders runs as if they were planned at that instant.
        recurring: Which scheduled runs need no review any more: see `recurring_runs`.
        key: The secret of the environment, where there is one: then only signed plans count.
        kept: The members that lie beside a plan, reviewed or fresh.

    Raises:
        PlanRefusedError: With a sentence for each row that is not.
        CloseError: Names and texts could not be read.
    """
    plans, foreign = usable_plans(reviewed, fresh, key=key)
    reviews, reasons = match_reviews(fresh, plans, recurring=recurring)
    for now, group in by_plan(reviews).items():
        reasons += await _moved(group, workspace, render_at(now), kept=kept, fresh=fresh)
    if reasons:
        lines = "\n".join(f"  - {reason}" for reason in dict.fromkeys((*reasons, *foreign)))
        raise PlanRefusedError(f"this is not what was reviewed; nothing was sent:\n{lines}", hint=_AGAIN)


def recurring_runs(records: Iterable[Recorded]) -> frozenset[tuple[RunKey, str]]:
    """What ran in some period of its schedule, by key without the period and fingerprint: that approved all periods."""
    return frozenset(
        (without_period(record.key), record.fingerprint)
        for record in records
        if record.key.period is not None and record.status in FOLLOWED
    )


async def _moved(
    reviews: Sequence[Review], workspace: Workspace, fetch: FetchFresh, *, kept: KeptMembers | None, fresh: Plan
) -> list[str]:
    requests = await fetch(keys_of(reviews))
    wanted = {run.key: run for run in workspace.runs}
    found: list[str] = []
    for review in reviews:
        run, request = wanted[review.fresh.key], requests[review.fresh.key]
        layers = guard_layers(workspace, run, FAMILY_BY_KIND[request.kind])
        looked = Looked(
            request,
            layers,
            is_frozen=is_frozen(run.spec),
            kept_then=kept(review.plan.plan, review.row.key) if kept else None,
            kept_now=kept(fresh, review.fresh.key) if kept else None,
        )
        found += moved_since(review, looked)
    return found
