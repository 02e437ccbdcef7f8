"""Whether conditions that must hold together leave any value at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from bulkplan.core.field_table import FIELDS
from bulkplan.core.lint.conditions import Condition, joint_groups, values_of
from bulkplan.core.lint.rule import Example, Hit, Rule, World
from bulkplan.core.moments import Day, parse_moment
from bulkplan.core.operators import OperandValue
from bulkplan.errors import Path, Problem
from bulkplan.model.spec import Spec

_LOWER = frozenset({"gt", "gte", "after", "on_or_after", "on"})
_UPPER = frozenset({"lt", "lte", "before", "on_or_before", "on"})
_STRICT = frozenset({"gt", "lt"})


@dataclass(frozen=True)
class _Said:
    """One operator of one condition."""

    field: str
    scope: str
    operator: str
    operand: OperandValue
    path: Path


@dataclass(frozen=True)
class _Bound:
    """A limit on the values of a field; `is_open`: the limit itself is left out. Days count whole, in one zone."""

    value: float
    is_open: bool
    kind: str
    said: _Said


def _contradictions(world: World) -> Iterator[Hit]:
    for view in world.specs:
        for run in view.runs:
            for said in _each_field(run.spec):
                for problem in _clashes(said):
                    yield Hit(view.document, problem)


def _empty_ranges(world: World) -> Iterator[Hit]:
    for view in world.specs:
        for run in view.runs:
            for said in _each_field(run.spec):
                for problem in _gaps(said, world.now):
                    yield Hit(view.document, problem)


def _each_field(spec: Spec) -> Iterator[Sequence[_Said]]:
    """All that is said together of one field, in the order of the file."""
    for group in joint_groups(spec):
        fields: dict[str, list[_Said]] = {}
        for condition in group:
            fields.setdefault(condition.field, []).extend(_said(condition))
        yield from fields.values()


def _said(condition: Condition) -> Iterator[_Said]:
    for operator, operand in condition.operators:
        yield _Said(condition.field, condition.scope, operator, operand, (*condition.path, operator))


def _clashes(said: Sequence[_Said]) -> Iterator[Problem]:
    """The first thing that cannot hold together with something before it."""
    for index, later in enumerate(said):
        for earlier in said[:index]:
            if _clash(earlier, later) or _clash(later, earlier):
                message = f"no lead can meet both: {later.field} {_words(earlier)}, and {_words(later)}"
                hint = "join the two by any, or delete one"
                yield Problem(message, hint, later.path)
                return


def _clash(one: _Said, other: _Said) -> bool:
    if one.operator == "exists":
        return one.operand is False and (other.operator not in ("exists", "is_not") or other.operand is True)
    if one.operator != "is":
        return False
    asked = set(values_of(one.operand))
    if other.operator == "is":
        return _holds_one_value(one) and not asked & set(values_of(other.operand))
    return other.operator == "is_not" and asked <= set(values_of(other.operand))


def _holds_one_value(said: _Said) -> bool:
    """Whether a field surely has one value: a regular field of the object itself; a custom field may hold several."""
    row = FIELDS.get(said.scope, {}).get(said.field)
    return row is not None and row.owner is None


def _words(said: _Said) -> str:
    value = ", ".join(map(str, said.operand)) if isinstance(said.operand, tuple) else str(said.operand)
    return f"{said.operator} {value.lower() if isinstance(said.operand, bool) else value}"


def _gaps(said: Sequence[_Said], now: datetime) -> Iterator[Problem]:
    """The first pair of limits between which there is nothing."""
    bounds = [(each.operator, *_limits(each, now)) for each in said]
    lower = [low for operator, low, _ in bounds if low is not None and operator in _LOWER]
    upper = [high for operator, _, high in bounds if high is not None and operator in _UPPER]
    for low in lower:
        for high in upper:
            if low.kind == high.kind and low.said is not high.said and _is_gap(low, high):
                later = max(low.said, high.said, key=said.index)
                message = f"no value of {low.said.field} is both: {_words(low.said)}, and {_words(high.said)}"
                yield Problem(message, "exchange the two limits, or change one", later.path)
                return


def _is_gap(low: _Bound, high: _Bound) -> bool:
    return low.value > high.value or (low.value == high.value and (low.is_open or high.is_open))


def _limits(said: _Said, now: datetime) -> tuple[_Bound | None, _Bound | None]:
    """The lower and the upper limit that an operator sets, as far as it sets one."""
    value, operator = said.operand, said.operator
    if operator in ("gt", "gte", "lt", "lte") and isinstance(value, int | float):
        bound = _Bound(float(value), operator in _STRICT, "number", said)
        return (bound, None) if operator in _LOWER else (None, bound)
    moment = parse_moment(value, now=now, zone=UTC) if isinstance(value, str) else None
    if moment is None or operator not in _LOWER | _UPPER:
        return None, None
    is_day = isinstance(moment, Day)
    start = datetime.combine(moment.day, time(), UTC) if isinstance(moment, Day) else moment.at
    end = start + timedelta(days=1) if is_day else start
    kind = "day" if is_day else "instant"
    low = _Bound((end if operator == "after" else start).timestamp(), operator == "after" and not is_day, kind, said)
    is_upper_open = is_day or operator == "before"
    high = _Bound((start if operator == "before" else end).timestamp(), is_upper_open, kind, said)
    return (low if operator in _LOWER else None), (high if operator in _UPPER else None)


RULES = (
    Rule(
        "BP207",
        "error",
        "two conditions that no lead can meet together",
        "A field with one value is not two things at once, and an empty one is nothing at all: the run matches no "
        "lead, most often because all stands where any was meant.",
        Example(
            "filter:\n  where:\n    all:\n      - {field: status, is: Churned}\n"
            "      - {field: status, is: Contacted}  # contradiction\n"
        ),
        Example("filter:\n  where: {field: status, is: [Churned, Contacted]}\n"),
        _contradictions,
    ),
    Rule(
        "BP208",
        "error",
        "two limits between which there is no value",
        "A number above 50 and below 10, a day after the last and before the first: the run matches no lead. Most "
        "often the two limits are the wrong way round.",
        Example(
            "filter:\n  where:\n    all:\n      - {field: status, is: Churned}\n"
            "      - {field: custom.Employees, gte: 50}\n"
            "      - {field: custom.Employees, lt: 10}  # empty-range\n"
        ),
        Example(
            "filter:\n  where:\n    all:\n      - {field: status, is: Churned}\n"
            "      - {field: custom.Employees, gte: 10, lt: 50}\n"
        ),
        _empty_ranges,
    ),
)
