"""Leads that a short filter takes and does not take, made up from the filter itself: first tests of a spec."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import JsonValue

from bulkplan.core.template import holds_expression
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog


class _NoExampleError(Exception):
    """No lead can be made up for this condition."""


def example_tests(where: JsonValue, catalog: Catalog) -> tuple[JsonObject, ...]:
    """
    Two tests: a lead that matches and one that does not; none for filters on more than the lead's own fields.

    Args:
        where: The filter as a spec writes it.
        catalog: Where another status is found for the lead that does not match.
    """
    if not isinstance(where, dict) or holds_expression(where):
        return ()
    parts = where["all"] if isinstance(where.get("all"), list) else [where]
    try:
        leads = [_lead(part) for part in (parts if isinstance(parts, list) else [])]
    except _NoExampleError:
        return ()
    lead: JsonObject = {key: value for each in leads for key, value in each.items()}
    if not lead or sum(map(len, leads)) != len(lead):
        return ()  # nothing to tell leads apart by, or two conditions on one field
    return {"lead": lead, "matches": True}, {"lead": _other(lead, catalog), "matches": False}


def _other(lead: JsonObject, catalog: Catalog) -> JsonObject:
    """The same lead with another status, or without its first field."""
    first = next(iter(lead))
    status = next((each.label for each in catalog.lead_statuses if each.label != lead.get("status")), None)
    rest: JsonObject = {key: value for key, value in lead.items() if key != first}
    if "status" in lead and status is not None:
        return {**lead, "status": status}
    return rest or {"name": "Another lead"}


def _lead(condition: JsonValue) -> JsonObject:
    """The fields that a lead needs to meet a condition. Raises `_NoExampleError`."""
    if not isinstance(condition, dict):
        raise _NoExampleError
    field = condition.get("field")
    if isinstance(field, str):
        return _field(field, {key: value for key, value in condition.items() if key != "field"})
    alternatives = condition.get("any")
    if isinstance(alternatives, list) and alternatives:
        return _lead(alternatives[0])
    absent = condition.get("not")
    if isinstance(absent, dict) and "has" in absent:
        return {}
    raise _NoExampleError


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
