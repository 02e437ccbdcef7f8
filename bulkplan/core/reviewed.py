"""
Whether a plan made after the merge is what was reviewed in the pull requests; a reason for each row that is not.

A reviewed plan can only veto. What is sent is always a row of the fresh plan, made from the specs at the merged commit
under their guards; so a reviewed plan that somebody forged lets no request through that those specs do not ask for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bulkplan.core.comparison import meaning_of
from bulkplan.core.diff import differences
from bulkplan.core.digest import canonical_json
from bulkplan.core.fates import moment_words
from bulkplan.core.frozen import comparable
from bulkplan.core.guards import GuardLayers, judge_drift
from bulkplan.core.members import Members, compare_members, members_of
from bulkplan.core.seal import foreign_reasons, moved_dependencies
from bulkplan.model.plan import Change, ChangeKind, Plan, SealedPlan
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey

VALID_FOR = timedelta(days=7)
VALID_FOR_DELETES = timedelta(days=1)
"""From plan to apply. A review takes longer than a saved plan lasts; counts are taken anew, and drift is bounded."""

_MAX_TOLD = 3


@dataclass(frozen=True)
class Review:
    """A row of the fresh plan, and the row and the plan that it was reviewed by."""

    fresh: Change
    row: Change
    plan: SealedPlan


@dataclass(frozen=True)
class Looked:
    """
    What was found about a reviewed row now: its request as if it were planned when it was reviewed; its guards.

    `kept_then` and `kept_now` are the members that lie beside the reviewed plan and the fresh one, of large cohorts.
    """

    request: Request
    layers: GuardLayers
    is_frozen: bool
    kept_then: Members | None = None
    kept_now: Members | None = None


def usable_plans(plans: Iterable[SealedPlan], fresh: Plan, *, key: bytes | None) -> tuple[list[SealedPlan], list[str]]:
    """The plans that were made for the same organization, target and project, newest first; and why others were not."""
    usable: list[SealedPlan] = []
    reasons: list[str] = []
    for sealed in plans:
        found = foreign_reasons(sealed, fresh, key=key)
        if found:
            reasons += [f"the plan {sealed.plan.plan_id} does not count: {reason}" for reason in found]
        else:
            usable.append(sealed)
    return sorted(usable, key=lambda sealed: sealed.plan.now, reverse=True), reasons


def match_reviews(
    fresh: Plan, plans: Sequence[SealedPlan], *, recurring: Collection[tuple[RunKey, str]] = ()
) -> tuple[list[Review], list[str]]:
    """
    Find for each row that would be sent the newest reviewed row of the same run with the same meaning.

    Args:
        fresh: The plan made after the merge.
        plans: The reviewed ones, newest first.
        recurring: What ran in another period of its schedule: its key without the period, and its fingerprint. The
            next period of that needs no review of its own.

    Returns:
        The reviews, and a sentence for each row that has none.
    """
    reviews: list[Review] = []
    reasons: list[str] = []
    for change in fresh.changes:
        if not change.would_run or _recurs(change, recurring):
            continue
        review = _newest(change, plans)
        if review is None:
            reasons.append(_not_reviewed(change, plans))
        elif reason := _objection(review, fresh.now):
            reasons.append(reason)
        else:
            reviews.append(review)
    return reviews, reasons


def moved_since(review: Review, looked: Looked) -> tuple[str, ...]:
    """What differs since the review, beyond what its guards allow; a sentence each."""
    return (*_other_request(review, looked), *moved_dependencies(review.row, looked.request), *_drift(review, looked))


def by_plan(reviews: Iterable[Review]) -> Mapping[datetime, list[Review]]:
    """The reviews by the instant of their plan."""
    found: dict[datetime, list[Review]] = {}
    for review in reviews:
        found.setdefault(review.plan.plan.now, []).append(review)
    return found


def without_period(key: RunKey) -> RunKey:
    """The key of a run, whatever the period of its schedule."""
    return key._replace(period=None)


def _recurs(change: Change, recurring: Collection[tuple[RunKey, str]]) -> bool:
    return change.key.period is not None and (without_period(change.key), change.fingerprint) in recurring


def _newest(change: Change, plans: Sequence[SealedPlan]) -> Review | None:
    """The row of the very run, else one of the same spec for another period of its schedule."""
    for sealed in plans:
        rows = [row for row in sealed.plan.changes if _is_same_spec(row, change)]
        rows.sort(key=lambda row: row.key != change.key)
        if rows:
            return Review(change, rows[0], sealed)
    return None


def _is_same_spec(row: Change, change: Change) -> bool:
    is_same = without_period(row.key) == without_period(change.key)
    return is_same and row.fingerprint is not None and row.fingerprint == change.fingerprint


def _not_reviewed(change: Change, plans: Sequence[SealedPlan]) -> str:
    if not plans:
        return f"{change.key} would run, and there is no reviewed plan"
    if any(row.key.full_name == change.key.full_name for sealed in plans for row in sealed.plan.changes):
        return f"{change.key} would run, but what was reviewed was another version or another meaning of it"
    return f"{change.key} would run, but no reviewed plan holds it"


def _objection(review: Review, now: datetime) -> str | None:
    """Why a reviewed row says nothing for the fresh one; `None` when it does."""
    row, plan = review.row, review.plan.plan
    if not row.would_run and row.kind is not ChangeKind.NOT_YET and row.key == review.fresh.key:
        stood = "refused by " + ", ".join(row.blocked_by) if row.is_blocked else row.kind.value
        return f"{row.key} would run, but was reviewed as {stood}: {row.reason}"
    valid_for = VALID_FOR_DELETES if row.action_type == "delete" else VALID_FOR
    if now < plan.now:
        return f"{row.key} was reviewed by a plan of {moment_words(plan.now)}, which is later than now: clocks differ"
    if now - plan.now > valid_for:
        days = f"{valid_for.days} day{'' if valid_for.days == 1 else 's'}"
        return f"{row.key} was reviewed by a plan of {moment_words(plan.now)}; a review holds for {days}"
    return None


def _other_request(review: Review, looked: Looked) -> tuple[str, ...]:
    reviewed = meaning_of(review.row)
    if reviewed is None:
        return (f"{review.row.key} was reviewed without its request",) if review.row.key == review.fresh.key else ()
    now = comparable(looked.request.body, is_frozen=looked.is_frozen)
    if canonical_json(reviewed) == canonical_json(now):
        return ()
    found = [change.path for change in differences(reviewed, now)]
    told = ", ".join(found[:_MAX_TOLD]) + (f" and {len(found) - _MAX_TOLD} more" if len(found) > _MAX_TOLD else "")
    return (f"the request of {review.fresh.key} is not the one that was reviewed: {told or 'it'} differs",)


def _drift(review: Review, looked: Looked) -> tuple[str, ...]:
    """Another period of a schedule has other leads by design: its guards alone judge them."""
    then, now = review.row, review.fresh
    if then.key != now.key:
        return ()
    if then.matches is None or now.matches is None:
        return (f"{now.key} was reviewed without a match count",)
    before, after = members_of(then.cohort, looked.kept_then), members_of(now.cohort, looked.kept_now)
    members = None if before is None or after is None else compare_members(before, after)
    if looked.is_frozen and (members is None or members.entered):
        who = f"{members.entered:,} of those now are new" if members else "nobody knows whether its leads are the same"
        return (f"{now.key} is frozen to the leads of its review, and {who}",)
    verdict = judge_drift(then.matches.total, now.matches.total, looked.layers, members=members)
    return () if verdict.is_ok else (f"{now.key}: {verdict.message}",)


def keys_of(reviews: Iterable[Review]) -> tuple[RunKey, ...]:
    """The runs of these rows."""
    return tuple(review.fresh.key for review in reviews)
