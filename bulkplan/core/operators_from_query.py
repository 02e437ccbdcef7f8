"""Which operator of a short filter says what a condition of Close says, by the type of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pydantic import JsonValue

from bulkplan.core.conditions import ME, REFERENCE_TYPES, WhereContext
from bulkplan.core.field_table import FieldType
from bulkplan.core.fields import FoundField
from bulkplan.core.moments import start_of_day
from bulkplan.core.query_meaning import instant_of
from bulkplan.core.resolve import (
    LEAD_STATUS,
    OPPORTUNITY_STATUS,
    SEQUENCE,
    USER,
    Known,
    Noun,
    known_sequences,
    known_statuses,
    known_users,
    name_or_id,
)
from bulkplan.model.base import JsonMapping, JsonObject

_TEXT_OPERATORS: Mapping[str, str] = {
    "full_words": "contains",
    "phrase": "phrase",
    "beginning_of_words": "word_starts_with",
    "exact_value": "is",
}
_LOWER, _UPPER = ("gt", "gte"), ("lt", "lte")


class UnsaidError(Exception):
    """A part of a query has no short form; the message says which, as the end of `kept as a query: …`."""


def operators_of(condition: JsonValue, found: FoundField, context: WhereContext) -> JsonObject:
    """
    The operators and operands of a condition on a field, as a spec writes them.

    Raises:
        UnsaidError: No operator says the same.
    """
    if not isinstance(condition, Mapping):
        raise UnsaidError("it holds a condition that is no object")
    kind = str(condition.get("type"))
    if kind == "exists":
        return {"exists": True}
    if kind == "text" and found.type is FieldType.TEXT:
        return _text(condition)
    if kind == "term" and found.type is FieldType.CHOICE:
        return {"is": _one_or_all(condition.get("values"))}
    if kind == "boolean" and found.type is FieldType.BOOLEAN:
        return {"is": condition.get("value")}
    if kind == "number_range" and found.type is FieldType.NUMBER:
        return _numbers(condition)
    if kind == "moment_range" and found.type in (FieldType.MOMENT, FieldType.DATE):
        return _moments(condition, context, is_date=found.type is FieldType.DATE)
    if kind == "current_user" and found.type is FieldType.USER:
        return {"is": ME}
    if kind == "reference" and condition.get("reference_type") == REFERENCE_TYPES.get(found.type):
        return {"is": _one_or_all(_names(condition.get("object_ids"), found.type, context))}
    raise UnsaidError(f"it asks of {found.label} what no operator says ({kind})")


def _text(condition: JsonMapping) -> JsonObject:
    mode = str(condition.get("mode"))
    if mode not in _TEXT_OPERATORS:
        raise UnsaidError(f"it searches text in a way that no operator says ({mode})")
    return {_TEXT_OPERATORS[mode]: condition.get("value")}


def _one_or_all(values: JsonValue) -> JsonValue:
    if not isinstance(values, list) or not values:
        raise UnsaidError("it compares with no value")
    return values[0] if len(values) == 1 else values


def _numbers(condition: JsonMapping) -> JsonObject:
    bounds = {key: condition[key] for key in (*_LOWER, *_UPPER) if condition.get(key) is not None}
    if bounds.keys() == {"gte", "lte"} and bounds["gte"] == bounds["lte"]:
        return {"is": bounds["gte"]}
    if not bounds or bounds.keys() >= set(_LOWER) or bounds.keys() >= set(_UPPER):
        raise UnsaidError("it bounds a number in a way that no operator says")
    return bounds


def _moments(condition: JsonMapping, context: WhereContext, *, is_date: bool) -> JsonObject:
    lower, upper = (
        None if condition.get(key) is None else _moment(condition[key], context, is_date=is_date)
        for key in ("on_or_after", "before")
    )
    if isinstance(lower, date) and isinstance(upper, date) and upper == lower + timedelta(days=1):
        return {"on": lower.isoformat()}
    bounds = (("on_or_after", lower), ("before", upper))
    written: JsonObject = {
        key: bound.isoformat() if isinstance(bound, date) else bound for key, bound in bounds if bound is not None
    }
    if not written:
        raise UnsaidError("it asks for a date without bounds")
    return written


def _moment(moment: JsonValue, context: WhereContext, *, is_date: bool) -> date | str:
    """A day of the target's zone, or an instant as text."""
    if not isinstance(moment, Mapping):
        raise UnsaidError("it holds a moment that is no object")
    kind = moment.get("type")
    if kind in ("now", "offset", "start_end_of_predefined_relative_period"):
        raise UnsaidError(
            "it holds dates relative to now, which Close measures when it runs, not when the plan is made"
        )
    if kind == "fixed_local_date" and is_date and moment.get("which") == "start":
        return _day(moment.get("value"))
    at = instant_of(moment.get("value")) if kind == "fixed_utc" and not is_date else None
    if at is None:
        raise UnsaidError(f"it holds a moment of a kind without a short form ({kind})")
    day = at.astimezone(context.zone).date()
    return day if start_of_day(day, context.zone) == at else at.isoformat().replace("+00:00", "Z")


def _day(value: JsonValue) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise UnsaidError("it holds a day that is none") from error


def _names(ids: JsonValue, type_: FieldType, context: WhereContext) -> JsonValue:
    catalog = context.catalog
    known: dict[FieldType, tuple[Sequence[Known[object]], Noun]] = {
        FieldType.USER: (known_users(catalog), USER),
        FieldType.LEAD_STATUS: (known_statuses(catalog.lead_statuses), LEAD_STATUS),
        FieldType.OPPORTUNITY_STATUS: (known_statuses(catalog.opportunity_statuses), OPPORTUNITY_STATUS),
        FieldType.SEQUENCE: (known_sequences(catalog), SEQUENCE),
    }
    things, noun = known.get(type_, ((), USER))
    return [name_or_id(str(each), things, noun=noun) for each in (ids if isinstance(ids, list) else [])]
