"""Whether a run stays within its limits: counts and three layers of guards in, verdicts out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from bulkplan.core.cohort import MemberDrift
from bulkplan.model.plan import GuardName, Matches, Verdict
from bulkplan.model.request import Family
from bulkplan.model.spec import Guards

Layer = Literal["default", "project", "spec"]

PROJECT_FILE = "bulkplan.yaml"
PERCENT_FROM_LEADS = 1000
"""In smaller organizations the default percentages say nothing: five leads of twenty are 25 %."""

DEFAULT_MAX_MATCHES: Mapping[Family, int] = {"email": 1000, "sequence": 1000, "edit": 10_000, "delete": 100}
DEFAULT_MAX_PERCENT: Mapping[Family, str] = {"email": "25%", "sequence": "25%", "edit": "50%", "delete": "5%"}
DEFAULT_MAX_DRIFT: Mapping[Family, str] = {"email": "5%", "sequence": "5%", "edit": "5%", "delete": "0%"}
"""Leads come and go between review and apply; a delete is done on exactly the number that was reviewed."""


@dataclass(frozen=True)
class GuardLayers:
    """
    The guards that hold for one run: the project's for its family, the spec's own, and the defaults below both.

    A limit of the project replaces the default, and the spec can only tighten the outcome. `min_matches` and
    `max_drift` are different in one point: where the project says nothing, the spec replaces the default, which is
    the tightest already. `places` says where a limit stands, as `file:line`.
    """

    family: Family
    project: Guards
    spec: Guards
    has_schedule: bool = False
    places: Mapping[tuple[Layer, GuardName], str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Limit:
    """One limit, and the layer that sets it. A text is a percentage, a number a count of leads."""

    guard: GuardName
    value: int | str
    layer: Layer
    set_at: str | None = None

    @property
    def number(self) -> Fraction:
        """For comparing two limits of the same kind."""
        return _percent(self.value) if isinstance(self.value, str) else Fraction(self.value)

    @property
    def words(self) -> str:
        return spaced(self.value) if isinstance(self.value, str) else _leads(self.value)


def judge(matches: Matches, layers: GuardLayers) -> tuple[Verdict, ...]:
    """
    Judge a match count. Measured is `matches.total`: what the filter matches, whatever `results_limit` cuts off.

    Returns:
        A verdict for each guard in force, in the order max_matches, max_percent, min_matches.
    """
    verdicts = (_judge_most(matches, layers), _judge_percent(matches, layers), _judge_fewest(matches, layers))
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
    limit = _drift_limit(planned, layers)
    moved = members.moved if members else abs(now - planned)
    is_percent = isinstance(limit.value, str)
    measured = percent_text(_share(moved, planned), limit.number) if is_percent else str(moved)
    denominator = planned if is_percent else None
    if moved <= _allowed_drift(planned, limit):
        return _passed(limit, measured, denominator=denominator)
    return _refused(
        limit,
        measured,
        denominator=denominator,
        message=_member_words(members, limit) if members else _drift_words(planned, now, limit),
        mend="make a new plan and have it reviewed, or allow more by guards.max_drift in a reviewed change",
    )


def drift_allowance(planned: int, layers: GuardLayers) -> int:
    """How many leads the match count may move until apply, up or down."""
    return math.floor(_allowed_drift(planned, _drift_limit(planned, layers)))


def zero_words(layers: GuardLayers) -> str:
    """Why a run without any match is allowed, for rows whose `min_matches` is 0."""
    limit = _fewest_limit(layers)
    if limit.layer == "default":
        return "a run with a schedule may match none"
    return f"guards.min_matches: 0 allows that{_place_words(limit)}"


def spaced(percent: str) -> str:
    """A percentage for people: `12.3 %`."""
    return percent.replace("%", " %")


def percent_text(share: Fraction, limit: Fraction | None = None) -> str:
    """
    A share as `12.3%`, with as many decimals as it takes to show on which side of `limit` it lies.

    Args:
        share: In percent, exact.
        limit: In percent, exact.
    """
    for decimals in range(1, 12):
        shown = Fraction(f"{float(share):.{decimals}f}")
        if limit is None or (shown > limit) == (share > limit):
            break
    return f"{float(share):.{decimals}f}".removesuffix(".0") + "%"


def _judge_most(matches: Matches, layers: GuardLayers) -> Verdict:
    default = _Limit("max_matches", DEFAULT_MAX_MATCHES[layers.family], "default")
    outer = _project_limit(layers, "max_matches") or default
    own = _spec_limit(layers, "max_matches")
    limit = _strictest(outer, own)
    if matches.total <= limit.number:
        return _passed(limit, str(matches.total))
    refusing = [each for each in (outer, own) if each and matches.total > each.number]
    return _refused(
        limit,
        str(matches.total),
        message=f"{_matching(matches.total)}, the limit is {limit.words}",
        mend=_mend_most(refusing, str(_rounded_up(matches.total)), layers.family),
    )


def _judge_percent(matches: Matches, layers: GuardLayers) -> Verdict | None:
    outer = _project_limit(layers, "max_percent")
    if outer is None and matches.of_leads >= PERCENT_FROM_LEADS:
        outer = _Limit("max_percent", DEFAULT_MAX_PERCENT[layers.family], "default")
    own = _spec_limit(layers, "max_percent")
    limit = _strictest(outer, own) if outer else own
    if limit is None:
        return None
    share = _share(matches.total, matches.of_leads)
    measured = percent_text(share, limit.number)
    if share <= limit.number:
        return _passed(limit, measured, denominator=matches.of_leads)
    refusing = [each for each in (outer, own) if each and share > each.number]
    return _refused(
        limit,
        measured,
        denominator=matches.of_leads,
        message=f"{matches.total:,} of {_leads(matches.of_leads)} match = {spaced(measured)}, "
        f"the limit is {limit.words}",
        mend=_mend_most(refusing, f"{min(100, math.ceil(share))}%", layers.family),
    )


def _judge_fewest(matches: Matches, layers: GuardLayers) -> Verdict:
    limit = _fewest_limit(layers)
    if matches.total >= limit.number:
        return _passed(limit, str(matches.total))
    return _refused(
        limit,
        str(matches.total),
        message=f"{_matching(matches.total)}, at least {limit.words} must",
        mend=f"look for a mistake in the filter, or {_set_words(limit, str(matches.total), layers.family)}",
    )


def _fewest_limit(layers: GuardLayers) -> _Limit:
    """The strictest is the highest; the default stands only where nobody says anything."""
    outer, own = _project_limit(layers, "min_matches"), _spec_limit(layers, "min_matches")
    if outer and own:
        return own if own.number > outer.number else outer
    return outer or own or _Limit("min_matches", 0 if layers.has_schedule else 1, "default")


def _drift_limit(planned: int, layers: GuardLayers) -> _Limit:
    outer, own = _project_limit(layers, "max_drift"), _spec_limit(layers, "max_drift")
    if outer and own:
        return own if _allowed_drift(planned, own) < _allowed_drift(planned, outer) else outer
    return outer or own or _Limit("max_drift", DEFAULT_MAX_DRIFT[layers.family], "default")


def _allowed_drift(planned: int, limit: _Limit) -> Fraction:
    return planned * limit.number / 100 if isinstance(limit.value, str) else limit.number


def _drift_words(planned: int, now: int, limit: _Limit) -> str:
    moved = abs(now - planned)
    limit_percent = limit.number if isinstance(limit.value, str) else None
    share = f" = {spaced(percent_text(_share(moved, planned), limit_percent))}" if planned else ""
    direction = "more" if now > planned else "fewer"
    return (
        f"{_leads(planned)} matched in the plan and {now:,} match now: "
        f"{moved:,} {direction}{share}, the limit is {limit.words}"
    )


def _member_words(drift: MemberDrift, limit: _Limit) -> str:
    limit_percent = limit.number if isinstance(limit.value, str) else None
    share = f" = {spaced(percent_text(_share(drift.moved, drift.planned), limit_percent))}" if drift.planned else ""
    return (
        f"{drift.entered:,} entered, {drift.left:,} left since the plan: "
        f"{drift.moved:,} of {drift.planned:,}{share}, the limit is {limit.words}"
    )


def _project_limit(layers: GuardLayers, guard: GuardName) -> _Limit | None:
    return _limit(layers.project, guard, "project", layers)


def _spec_limit(layers: GuardLayers, guard: GuardName) -> _Limit | None:
    return _limit(layers.spec, guard, "spec", layers)


def _limit(guards: Guards, guard: GuardName, layer: Layer, layers: GuardLayers) -> _Limit | None:
    values: Mapping[GuardName, int | str | None] = {
        "max_matches": guards.max_matches,
        "max_percent": guards.max_percent,
        "min_matches": guards.min_matches,
        "max_drift": guards.max_drift,
    }
    value = values[guard]
    return None if value is None else _Limit(guard, value, layer, layers.places.get((layer, guard)))


def _strictest(outer: _Limit, own: _Limit | None) -> _Limit:
    return own if own and own.number < outer.number else outer


def _passed(limit: _Limit, measured: str, *, denominator: int | None = None) -> Verdict:
    return Verdict(
        guard=limit.guard,
        is_ok=True,
        limit=str(limit.value),
        layer=limit.layer,
        set_at=limit.set_at,
        measured=measured,
        denominator=denominator,
    )


def _refused(limit: _Limit, measured: str, *, denominator: int | None = None, message: str, mend: str) -> Verdict:
    passed = _passed(limit, measured, denominator=denominator)
    return passed.model_copy(update={"is_ok": False, "message": message, "mend": mend})


def _mend_most(refusing: list[_Limit], value: str, family: Family) -> str:
    steps = " and ".join(_set_words(limit, value, family) for limit in refusing)
    return f"narrow the filter, or {steps} in a reviewed change"


def _set_words(limit: _Limit, value: str, family: Family) -> str:
    """Where to write another limit. A default is replaced in the project file, `min_matches` also in the spec."""
    if limit.layer == "spec" or (limit.layer == "default" and limit.guard == "min_matches"):
        return f"set guards.{limit.guard}: {value} in {limit.set_at or 'the spec'}"
    return f"set guards.{family}.{limit.guard}: {value} in {limit.set_at or PROJECT_FILE}"


def _place_words(limit: _Limit) -> str:
    return f" ({limit.set_at})" if limit.set_at else ""


def _percent(text: str) -> Fraction:
    return Fraction(text.removesuffix("%"))


def _share(part: int, whole: int) -> Fraction:
    """In percent. A whole of none counts as one, so that a part of it is never within a limit."""
    return Fraction(part * 100, max(whole, 1))


def _rounded_up(count: int) -> int:
    """To two leading digits: 1,204 becomes 1,300."""
    step = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // step) * step


def _leads(count: int) -> str:
    return f"{count:,} lead{'s' if count != 1 else ''}"


def _matching(count: int) -> str:
    if count < 2:
        return "1 lead matches" if count else "no lead matches"
    return f"{_leads(count)} match"
