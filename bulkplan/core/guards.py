"""Whether a run stays within its limits: what was measured and three layers of guards in, verdicts out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_low

from bulkplan.core.limits import (
    PROJECT_FILE,
    GuardLayers,
    Limit,
    allowed_drift,
    fewest_matches,
    largest_deviation,
    largest_drift,
    largest_share,
    most_matches,
    sort_rule,
)
from bulkplan.core.members import MemberDrift
from bulkplan.core.shares import all_leads, count_leads, percent_text, share, spaced
from bulkplan.core.sorting import DEFAULT_SORT
from bulkplan.model.plan import Matches, Verdict
from bulkplan.model.request import Family, Request

__all__ = ["GuardLayers", "RunFacts", "drift_allowance", "facts_of", "judge", "judge_drift", "zero_words"]

MIN_EARLIER_RUNS = 3
"""Below that, one odd run would be half of what the next is measured by."""


@dataclass(frozen=True)
class RunFacts:
    """
    What guards look at besides the count.

    `is_sorted`: the request takes its leads in an order of somebody's choice, such as that of its smart view.
    `earlier`: how many leads matched in the newest earlier runs of the same spec (see `core.history`).
    """

    is_sorted: bool
    earlier: tuple[int, ...]


def facts_of(request: Request, earlier: Iterable[int]) -> RunFacts:
    """The facts of a request."""
    is_sorted = request.body.get("sort") not in (None, [], [DEFAULT_SORT])
    return RunFacts(is_sorted=is_sorted, earlier=tuple(earlier))


def judge(matches: Matches, layers: GuardLayers, facts: RunFacts) -> tuple[Verdict, ...]:
    """
    Judge a match count. Measured is `matches.total`: what the filter matches, whatever `results_limit` cuts off.

    Returns:
        A verdict for each guard in force, in the order max_matches, max_percent, min_matches, max_deviation,
        require_sort_with_limit.
    """
    verdicts = (
        _judge_most(matches, layers),
        _judge_percent(matches, layers),
        _judge_fewest(matches, layers),
        _judge_deviation(matches, layers, facts),
        _judge_sort(matches, layers, facts),
    )
    return tuple(verdict for verdict in verdicts if verdict is not None)


def judge_drift(planned: int, now: int, layers: GuardLayers, *, members: MemberDrift | None = None) -> Verdict:
    """
    Judge how far the cohort moved since the plan was reviewed: who entered and left where that is known, else counts.

    Args:
        planned: Leads that matched in the plan.
        now: Leads that match at apply.
        layers: The guards of the run.
        members: Who entered and left; then `planned` and `now` say nothing more.
    """
    planned = members.planned if members else planned
    in_force = largest_drift(layers, planned)
    limit = in_force.limit
    moved = members.moved if members else abs(now - planned)
    is_percent = isinstance(limit.value, str)
    measured = _Measured(
        percent_text(share(moved, planned), limit.number) if is_percent else str(moved),
        denominator=planned if is_percent else None,
        of=f"the {count_leads(planned)} of the plan" if is_percent else None,
    )
    if moved <= allowed_drift(planned, limit):
        return _passed(limit, measured)
    refusing = [each for each in in_force.layers if moved > allowed_drift(planned, each)]
    enough = f"{min(100, math.ceil(share(moved, planned)))}%" if is_percent else str(moved)
    return _refused(
        limit,
        measured,
        message=_member_words(members, limit) if members else _drift_words(planned, now, limit),
        mend="make a new plan and have it reviewed, or "
        + " and ".join(_set_words(each, enough, layers.family) for each in refusing)
        + " in a reviewed change",
    )


def drift_allowance(planned: int, layers: GuardLayers) -> int:
    """How many leads the match count may move until apply, up or down."""
    return math.floor(allowed_drift(planned, largest_drift(layers, planned).limit))


def zero_words(layers: GuardLayers) -> str:
    """Why a run without any match is allowed, for rows whose `min_matches` is 0."""
    limit = fewest_matches(layers)
    if limit.layer == "default":
        return "a run with a schedule may match none"
    return f"guards.min_matches: 0 allows that{f' ({limit.set_at})' if limit.set_at else ''}"


@dataclass(frozen=True)
class _Measured:
    """What was measured: a number of leads, or a share `of` something that is `denominator` leads."""

    value: str
    denominator: int | None = None
    of: str | None = None


def _judge_most(matches: Matches, layers: GuardLayers) -> Verdict:
    in_force = most_matches(layers)
    limit, measured = in_force.limit, _Measured(str(matches.total))
    if matches.total <= limit.number:
        return _passed(limit, measured)
    refusing = [each for each in in_force.layers if matches.total > each.number]
    return _refused(
        limit,
        measured,
        message=f"{_matching(matches.total)}, the limit is {limit.words}",
        mend=_mend_most(refusing, str(_rounded_up(matches.total)), layers.family),
    )


def _judge_percent(matches: Matches, layers: GuardLayers) -> Verdict | None:
    in_force = largest_share(layers, matches.of_leads)
    if in_force is None:
        return None
    limit, found = in_force.limit, share(matches.total, matches.of_leads)
    whole = all_leads(matches.of_leads)
    measured = _Measured(percent_text(found, limit.number), matches.of_leads, whole)
    if found <= limit.number:
        return _passed(limit, measured)
    refusing = [each for each in in_force.layers if found > each.number]
    return _refused(
        limit,
        measured,
        message=f"{matches.total:,} of {whole} match = {spaced(measured.value)}, the limit is {limit.words}",
        mend=_mend_most(refusing, f"{min(100, math.ceil(found))}%", layers.family),
    )


def _judge_fewest(matches: Matches, layers: GuardLayers) -> Verdict:
    limit, measured = fewest_matches(layers), _Measured(str(matches.total))
    if matches.total >= limit.number:
        return _passed(limit, measured)
    return _refused(
        limit,
        measured,
        message=f"{_matching(matches.total)}, at least {limit.words} must",
        mend=f"look for a mistake in the filter, or {_set_words(limit, str(matches.total), layers.family)}",
    )


def _judge_deviation(matches: Matches, layers: GuardLayers, facts: RunFacts) -> Verdict | None:
    """How far the count is from the median of earlier runs. Of an even number of runs the lower middle one is taken."""
    in_force = largest_deviation(layers)
    if in_force is None:
        return None
    limit, n_runs = in_force.limit, len(facts.earlier)
    if n_runs < MIN_EARLIER_RUNS:
        return _passed(limit, _Measured(f"{n_runs} of {MIN_EARLIER_RUNS} earlier runs"))
    usual = median_low(facts.earlier)
    found = share(abs(matches.total - usual), usual)
    of = f"the median of the last {n_runs} runs, {usual:,}"
    measured = _Measured(percent_text(found, limit.number), usual, of)
    if found <= limit.number:
        return _passed(limit, measured)
    return _refused(
        limit,
        measured,
        message=_deviation_words(matches.total, usual, spaced(measured.value), of, limit),
        mend=_mend_deviation(in_force.layers, found, layers.family),
    )


def _judge_sort(matches: Matches, layers: GuardLayers, facts: RunFacts) -> Verdict | None:
    limit = sort_rule(layers)
    if limit is None or matches.limited >= matches.total:
        return None
    if facts.is_sorted or layers.has_sort:
        return _passed(limit, _Measured("sorted"))
    elsewhere = limit.set_at or ("the spec" if limit.layer == "spec" else PROJECT_FILE)
    off = _key(limit, layers.family)
    return _refused(
        limit,
        _Measured("not sorted"),
        message=f"results_limit takes {matches.limited:,} of the {count_leads(matches.total)} that match, and nobody "
        "says which: the oldest, then",
        mend="add options.sort, such as sort: [-date_created], or let the filter match no more than are taken, or set "
        f"{off}: false in {elsewhere} in a reviewed change",
    )


def _deviation_words(total: int, usual: int, shown: str, of: str, limit: Limit) -> str:
    direction = "more" if total > usual else "fewer"
    return f"{_matching(total)}, {shown} {direction} than {of}; the limit is {limit.words}"


def _mend_deviation(limits: Sequence[Limit], found: Fraction, family: Family) -> str:
    refusing = [limit for limit in limits if found > limit.number]
    steps = " and ".join(_set_words(limit, f"{math.ceil(found)}%", family) for limit in refusing)
    return f"look for what changed in the filter or in Close, or {steps} in a reviewed change"


def _drift_words(planned: int, now: int, limit: Limit) -> str:
    moved = abs(now - planned)
    direction = "more" if now > planned else "fewer"
    shown = f" = {_moved_percent(moved, planned, limit)} of the {planned:,} planned" if planned else ""
    return (
        f"{count_leads(planned)} matched in the plan and {now:,} match now: {moved:,} {direction}{shown}, the limit is "
        f"{limit.words}"
    )


def _member_words(drift: MemberDrift, limit: Limit) -> str:
    shown = f" = {_moved_percent(drift.moved, drift.planned, limit)}" if drift.planned else ""
    return (
        f"{drift.entered:,} entered, {drift.left:,} left since the plan: {drift.moved:,} of the {drift.planned:,} "
        f"planned{shown}, the limit is {limit.words}"
    )


def _moved_percent(moved: int, planned: int, limit: Limit) -> str:
    return spaced(percent_text(share(moved, planned), limit.number if isinstance(limit.value, str) else None))


def _passed(limit: Limit, measured: _Measured) -> Verdict:
    return Verdict(
        guard=limit.guard,
        is_ok=True,
        limit=str(limit.value),
        layer=limit.layer,
        set_at=limit.set_at,
        measured=measured.value,
        denominator=measured.denominator,
        denominator_words=measured.of,
    )


def _refused(limit: Limit, measured: _Measured, *, message: str, mend: str) -> Verdict:
    return _passed(limit, measured).model_copy(update={"is_ok": False, "message": message, "mend": mend})


def _mend_most(refusing: Sequence[Limit], value: str, family: Family) -> str:
    steps = " and ".join(_set_words(limit, value, family) for limit in refusing)
    return f"narrow the filter, or {steps} in a reviewed change"


def _set_words(limit: Limit, value: str, family: Family) -> str:
    """Where to write another limit. A default is replaced in the project file, `min_matches` also in the spec."""
    if limit.layer == "spec" or (limit.layer == "default" and limit.guard == "min_matches"):
        return f"set guards.{limit.guard}: {value} in {limit.set_at or 'the spec'}"
    return f"set {_key(limit, family)}: {value} in {limit.set_at or PROJECT_FILE}"


def _key(limit: Limit, family: Family) -> str:
    return f"guards.{limit.guard}" if limit.layer == "spec" else f"guards.{family}.{limit.guard}"


def _rounded_up(count: int) -> int:
    """To two leading digits: 1,204 becomes 1,300."""
    step = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // step) * step


def _matching(count: int) -> str:
    if count < 2:
        return "1 lead matches" if count else "no lead matches"
    return f"{count_leads(count)} match"
