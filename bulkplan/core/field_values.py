"""Which value to send for a custom field, by the type of the field."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.core.conditions import Asked, Scalar, WhereContext, find_choice, object_id
from bulkplan.core.field_table import FieldType
from bulkplan.core.fields import FoundField, custom_field
from bulkplan.core.moments import MOMENT_FORMS, Instant, parse_moment, start_of_day
from bulkplan.core.resolve import Known, find_user
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import CustomField
from bulkplan.model.spec import SetCustomField


@dataclass(frozen=True)
class SentValue:
    """A value as Close takes it, and the name of the ID where it is one."""

    json: JsonValue
    name: str | None = None


@dataclass(frozen=True)
class ValueContext:
    """What values are read against; `user_id` is whom `me` means (the owner of the API key)."""

    where: WhereContext
    user_id: str | None = None


def value_keys(
    action: SetCustomField, field: CustomField, *, context: ValueContext, path: Path
) -> tuple[JsonObject, dict[str, str], tuple[Problem, ...]]:
    """
    The keys of the request that say what to set.

    Returns:
        `custom_field_value` or `custom_field_values`, with `custom_field_operation` where it is not to replace; names
        of the IDs in it; problems. Source: Close API, Bulk Actions, "Bulk edit".
    """
    found = custom_field(field)
    form = _form_problems(action, found, path)
    if form:
        return {}, {}, form
    items = [(action.value, (*path, "value"))] if action.values is None else _indexed(action.values, path)
    sent = [send_value(value, found, context=context, path=at) for value, at in items if value is not None]
    values = [one for one in sent if isinstance(one, SentValue)]
    problems = tuple(one for one in sent if isinstance(one, Problem))
    if problems or not values:
        return {}, {}, problems
    body: JsonObject = {"custom_field_value": values[0].json}
    if action.values is not None:
        body = {"custom_field_values": [one.json for index, one in enumerate(values) if one not in values[:index]]}
    if action.operation != "replace":
        body["custom_field_operation"] = action.operation
    return body, {str(one.json): one.name for one in values if one.name}, ()


def _indexed(values: tuple[Scalar, ...], path: Path) -> list[tuple[Scalar | None, Path]]:
    return [(value, (*path, "values", index)) for index, value in enumerate(values)]


def _form_problems(action: SetCustomField, found: FoundField, path: Path) -> tuple[Problem, ...]:
    if (action.value is None) == (action.values is None):
        return (Problem("set_custom_field needs either value or values", path=path),)
    if found.is_multiple:
        return ()
    problems: list[Problem] = []
    if action.values is not None:
        hint = "write value: and a single value"
        problems.append(Problem(f"{found.label} takes one value, not several", hint, (*path, "values"), on_key=True))
    if action.operation != "replace":
        message = f"{found.label} takes one value: there is nothing to {action.operation}"
        problems.append(Problem(message, "leave operation out: the value is replaced", (*path, "operation")))
    return tuple(problems)


def send_value(value: Scalar, found: FoundField, *, context: ValueContext, path: Path) -> SentValue | Problem:
    """One value as Close takes it, or why it does not fit the field."""
    wrong = Asked(found, "is", value, path).wrong
    if found.type is FieldType.NUMBER:
        return (
            SentValue(value) if isinstance(value, int | float) and not isinstance(value, bool) else wrong(value, path)
        )
    if found.type is FieldType.CHOICE:
        choice = find_choice(value, found, path)
        return choice if isinstance(choice, Problem) else SentValue(choice)
    if not isinstance(value, str):
        return wrong(value, path, hint=f'put the value in quotes: "{value}"')
    if found.type is FieldType.USER:
        return _user(value, context=context, path=path)
    if found.type in (FieldType.DATE, FieldType.MOMENT):
        return _moment(value, found, context=context, path=path)
    if found.type in (FieldType.CONTACT, FieldType.CUSTOM_OBJECT):
        pair = object_id(value, found, path)
        return pair if isinstance(pair, Problem) else SentValue(pair[0])
    return SentValue(value)


def _user(value: str, *, context: ValueContext, path: Path) -> SentValue | Problem:
    if value == "me" and context.user_id is not None:
        value = context.user_id
    found = find_user(value, context.where.catalog, path)
    return SentValue(found.id, found.name) if isinstance(found, Known) else found


def _moment(value: str, found: FoundField, *, context: ValueContext, path: Path) -> SentValue | Problem:
    where = context.where
    moment = parse_moment(value, now=where.now, zone=where.zone)
    is_date = found.type is FieldType.DATE
    if moment is None:
        return Problem(f'"{value}" is no moment', hint=f"write {MOMENT_FORMS}", path=path)
    if isinstance(moment, Instant):
        if is_date and not moment.is_now:
            return Problem(f"{found.label} holds a date, without a time of day", "write 2026-01-31 or today", path)
        day = moment.at.astimezone(where.zone).date()
        return SentValue(day.isoformat() if is_date else moment.at.isoformat())
    return SentValue(moment.day.isoformat() if is_date else start_of_day(moment.day, where.zone).isoformat())
