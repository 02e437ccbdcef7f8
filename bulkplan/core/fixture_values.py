"""Which value a made-up lead has for a field, as Close would answer it, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import JsonValue

from bulkplan.core.conditions import Asked, find_choice, find_reference
from bulkplan.core.conditions import WhereContext as Context
from bulkplan.core.field_table import FieldType
from bulkplan.core.fields import FoundField
from bulkplan.core.made_up import OWNER
from bulkplan.core.moments import MOMENT_FORMS, Instant, parse_moment, start_of_day
from bulkplan.errors import Path, Problem

_ME = "me"
_REFERENCES = (FieldType.USER, FieldType.LEAD_STATUS, FieldType.OPPORTUNITY_STATUS, FieldType.SEQUENCE)


@dataclass(frozen=True)
class HeldValue:
    """A value in Close's JSON, and how a report says it."""

    json: JsonValue
    words: str


def held_value(value: JsonValue, found: FoundField, *, context: Context, path: Path) -> HeldValue | Problem:
    """One value of a field, or why it fits no field of its type."""
    if isinstance(value, list | dict) or value is None:
        return Problem(f"{found.label} takes one value here", "write a single value", path)
    wrong = Asked(found, "is", value, path).wrong
    if found.type is FieldType.NUMBER:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return HeldValue(value, str(value)) if is_number else wrong(value, path, hint="write a number, without quotes")
    if found.type is FieldType.BOOLEAN:
        hint = "write true or false, without quotes"
        return HeldValue(value, "yes" if value else "no") if isinstance(value, bool) else wrong(value, path, hint=hint)
    if found.type is FieldType.CHOICE:
        choice = find_choice(value, found, path)
        return choice if isinstance(choice, Problem) else HeldValue(choice, choice)
    if not isinstance(value, str):
        return wrong(value, path, hint=f'put the value in quotes: "{value}"')
    if found.type in _REFERENCES:
        return _reference(value, found, context=context, path=path)
    if found.type in (FieldType.MOMENT, FieldType.DATE):
        return _moment(value, found, context=context, path=path)
    return HeldValue(value, value)


def _reference(value: str, found: FoundField, *, context: Context, path: Path) -> HeldValue | Problem:
    if found.type is FieldType.USER and value == _ME:
        return HeldValue(OWNER.id, _ME)
    pair = find_reference(Asked(found, "is", value, path), value, path, context.catalog)
    return pair if isinstance(pair, Problem) else HeldValue(pair[0], value)


def _moment(value: str, found: FoundField, *, context: Context, path: Path) -> HeldValue | Problem:
    moment = parse_moment(value, now=context.now, zone=context.zone)
    if moment is None:
        return Problem(f'"{value}" is no moment', hint=f"write {MOMENT_FORMS}", path=path)
    day = moment.at.astimezone(context.zone).date() if isinstance(moment, Instant) else moment.day
    if found.type is FieldType.DATE:
        if isinstance(moment, Instant) and not moment.is_now:
            return Problem(f"{found.label} holds a date, without a time of day", "write a day", path)
        return HeldValue(day.isoformat(), f"{day.isoformat()} ({_age(day, context)})")
    at = moment.at if isinstance(moment, Instant) else start_of_day(moment.day, context.zone)
    words = f"{at.astimezone(context.zone):%Y-%m-%d %H:%M}" if isinstance(moment, Instant) else day.isoformat()
    return HeldValue(at.isoformat(), f"{words} ({_age(day, context)})")


def _age(day: date, context: Context) -> str:
    """How far a day is from today: `86 days ago`."""
    today: datetime = context.now.astimezone(context.zone)
    days = (today.date() - day).days
    if days == 0:
        return "today"
    count = f"{abs(days):,} day{'' if abs(days) == 1 else 's'}"
    return f"{count} ago" if days > 0 else f"in {count}"
