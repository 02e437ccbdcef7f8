"""Leads that a short filter takes and does not take, made up from the filter itself: first tests of a spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pydantic import JsonValue

from bulkplan.core.fields import LEAD
from bulkplan.core.fixtures import LISTS
from bulkplan.core.template import holds_expression
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog

FIRST: Mapping[str, JsonObject] = {"contact": {"name": "A contact"}, "opportunity": {"status_type": "active"}}
"""What is said of a related object that a filter says nothing else of."""


class _NoExampleError(Exception):
    """No lead can be made up for this condition."""


def example_tests(where: JsonValue, catalog: Catalog) -> tuple[JsonObject, ...]:
    """
    Two tests: a lead that matches and one that does not; none where no such lead can be made up.

    Args:
        where: The filter as a spec writes it.
        catalog: Where another status is found for the lead that does not match.
    """
    if not isinstance(where, dict) or holds_expression(where):
        return ()
    try:
        lead = _meeting(where, LEAD)
    except _NoExampleError:
        return ()
    if not lead:
        return ()  # nothing to tell leads apart by
    return {"lead": lead, "matches": True}, {"lead": _other(lead, catalog), "matches": False}


def _other(lead: JsonObject, catalog: Catalog) -> JsonObject:
    """The same lead with another status, or without its first field."""
    first = next(iter(lead))
    status = next((each.label for each in catalog.lead_statuses if each.label != lead.get("status")), None)
    rest: JsonObject = {key: value for key, value in lead.items() if key != first}
    if "status" in lead and status is not None:
        return {**lead, "status": status}
    return rest or {"name": "Another lead"}


def _meeting(condition: JsonValue, kind: str) -> JsonObject:
    """What an object of a kind needs to meet a condition. Raises `_NoExampleError`."""
    if not isinstance(condition, dict):
        raise _NoExampleError
    if isinstance(condition.get("field"), str):
        return _field(str(condition["field"]), {key: value for key, value in condition.items() if key != "field"})
    if isinstance(condition.get("all"), list):
        return _together([_meeting(part, kind) for part in _listed(condition["all"])])
    if isinstance(condition.get("any"), list):
        return _meeting(next(iter(_listed(condition["any"])), None), kind)
    if isinstance(condition.get("has"), str):
        return _having(str(condition["has"]), condition.get("where"), kind)
    absent = condition.get("not")
    if isinstance(absent, dict) and "has" in absent:
        return {}
    raise _NoExampleError


def _having(related: str, where: JsonValue, kind: str) -> JsonObject:
    """One related object that meets a filter, in the list of its kind."""
    key = next((name for name, listed in LISTS.get(kind, {}).items() if listed == related), None)
    if key is None:
        raise _NoExampleError
    item = {} if where is None else _meeting(where, related)
    return {key: [{**FIRST.get(related, {}), **item}]}


def _together(parts: Sequence[JsonObject]) -> JsonObject:
    """What meets every part; two conditions on one field are too much for an example."""
    joined: JsonObject = {key: value for part in parts for key, value in part.items()}
    if len(joined) < sum(map(len, parts)):
        raise _NoExampleError
    return joined


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _field(field: str, operators: JsonObject) -> JsonObject:
    if len(operators) != 1:
        raise _NoExampleError
    ((operator, operand),) = operators.items()
    if operator == "is_not" or (operator == "exists" and operand is False):
        return {}
    return {field: _value(operator, operand)}


def _value(operator: str, operand: JsonValue) -> JsonValue:
    if operator == "is":
        value = operand[0] if isinstance(operand, list) else operand
        if value == "me" or (isinstance(value, str) and "_" in value):  # an ID, or whoever asks: no example for others
            raise _NoExampleError
        return value
    if operator in ("contains", "phrase", "word_starts_with"):
        return operand
    if isinstance(operand, int | float) and operator in ("gte", "gt", "lte", "lt"):
        return operand + {"gte": 0, "gt": 1, "lte": 0, "lt": -1}[operator]
    return _day(operator, operand)


def _day(operator: str, operand: JsonValue) -> str:
    """A day well inside of what the operator asks for, so that no time zone matters."""
    shifts = {"on": 0, "before": -7, "on_or_before": -7, "after": 7, "on_or_after": 7}
    try:
        day = date.fromisoformat(str(operand)[:10])
    except ValueError as error:
        raise _NoExampleError from error
    if operator not in shifts:
        raise _NoExampleError
    return (day + timedelta(days=shifts[operator])).isoformat()
