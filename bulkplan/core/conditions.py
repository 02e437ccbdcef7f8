"""Which conditions of Close say what an operator and its operand say, by the type of the field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.core.field_table import FieldType
from bulkplan.core.fields import FoundField
from bulkplan.core.moments import MOMENT_FORMS, Instant, day_range, instant_range, parse_moment
from bulkplan.core.near import did_you_mean
from bulkplan.core.operators import EQUALITY, EXAMPLES, RANGE, TIME, OperandValue
from bulkplan.core.resolve import (
    Known,
    find_lead_status,
    find_opportunity_status,
    find_sequence,
    find_user,
    is_id,
    list_some,
)
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog

Scalar = str | int | float | bool
ME = "me"
_YES = ("yes", "true")
_NO = ("no", "false")


class WhereContext(NamedTuple):
    """What a short filter is read against: names and IDs, the plan's one instant, the target's zone."""

    catalog: Catalog
    now: datetime
    zone: tzinfo


class Built(NamedTuple):
    """Conditions of which one must hold, with what was wrong and which IDs were resolved."""

    conditions: tuple[JsonObject, ...] = ()
    problems: tuple[Problem, ...] = ()
    names: Mapping[str, str] = MappingProxyType({})


class Asked(NamedTuple):
    """An operator of a condition: its operand, and where it stands."""

    field: FoundField
    operator: str
    operand: OperandValue
    path: Path

    @property
    def items(self) -> tuple[tuple[Scalar, Path], ...]:
        """The operand's values, each with its path; equal ones once."""
        if not isinstance(self.operand, tuple):
            return ((self.operand, self.path),)
        seen: dict[tuple[type, Scalar], tuple[Scalar, Path]] = {}
        for index, value in enumerate(self.operand):
            seen.setdefault((type(value), value), (value, (*self.path, index)))
        return tuple(seen.values())

    def wrong(self, value: OperandValue, path: Path, *, hint: str | None = None) -> Problem:
        """The problem of a value that does not fit the field's type."""
        kind = self.field.type
        return Problem(
            f"{self.field.label} holds {kind.value}; {show(value)} is none",
            hint=hint or f"for example `{EXAMPLES[kind]}`",
            path=path,
        )


def show(value: OperandValue) -> str:
    """A value as a message shows it: text in quotes, true and false as YAML spells them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(show(item) for item in value)
    return f'"{value}"' if isinstance(value, str) else str(value)


def build_conditions(asked: Asked, context: WhereContext) -> Built:
    """
    Say in Close's words what an operator that fits its field asks for.

    The answer is positive: `is_not` and `exists: false` are for the caller to negate.
    Source: Close API, Advanced Filtering, "Field conditions".
    """
    if asked.operator == "exists":
        return Built(({"type": "exists"},))
    if asked.operator in TIME:
        return _time_range(asked, context)
    if asked.operator in RANGE:
        return Built(({"type": "number_range", asked.operator: _number_json(asked.operand)},))
    if asked.operator in EQUALITY:
        return _EQUALS[asked.field.type](asked, context)
    return _text(asked)


def _number_json(operand: OperandValue) -> JsonValue:
    return operand if isinstance(operand, int | float) else None


_TEXT_MODES: Mapping[str, str] = {
    "contains": "full_words",
    "phrase": "phrase",
    "word_starts_with": "beginning_of_words",
}


def _text(asked: Asked) -> Built:
    text = str(asked.operand)
    if not text.strip():
        return Built(problems=(Problem(f"{asked.operator} needs at least one word", path=asked.path),))
    return Built((_text_condition(_TEXT_MODES[asked.operator], text),))


def _text_condition(mode: str, value: str) -> JsonObject:
    return {"type": "text", "mode": mode, "value": value}


def _time_range(asked: Asked, context: WhereContext) -> Built:
    text = str(asked.operand)
    moment = parse_moment(text, now=context.now, zone=context.zone)
    if moment is None:
        return Built(problems=(Problem(f'"{text}" is no moment', hint=f"write {MOMENT_FORMS}", path=asked.path),))
    is_date = asked.field.type is FieldType.DATE
    if isinstance(moment, Instant) and not (is_date and moment.is_now):
        return _instant(asked, moment, is_date=is_date)
    day = moment.at.astimezone(context.zone).date() if isinstance(moment, Instant) else moment.day
    return Built((day_range(asked.operator, day, zone=None if is_date else context.zone),))


def _instant(asked: Asked, moment: Instant, *, is_date: bool) -> Built:
    if is_date:
        hint = "a date has no time of day; write a day: 2026-01-31, today, 90 days ago"
        return Built(problems=(asked.wrong(asked.operand, asked.path, hint=hint),))
    if asked.operator == "on":
        hint = "write a day (2026-01-31, today), or bound the time with on_or_after and before"
        return Built(problems=(Problem(f'"on" needs a day; {show(asked.operand)} is an instant', hint, asked.path),))
    return Built((instant_range(asked.operator, moment.at),))


def _equals_text(asked: Asked, _context: WhereContext) -> Built:
    wrong = [_wrong_text(asked, value, path) for value, path in asked.items if not isinstance(value, str) or not value]
    texts = [value for value, _ in asked.items if isinstance(value, str)]
    return Built(tuple(_text_condition("exact_value", text) for text in texts), tuple(wrong))


def _wrong_text(asked: Asked, value: Scalar, path: Path) -> Problem:
    if value == "":
        return Problem(
            "the text is empty", hint=f"to find leads without {asked.field.label}, write `exists: false`", path=path
        )
    return asked.wrong(value, path, hint=f'{asked.field.label} holds text: put the value in quotes, "{_plain(value)}"')


def _plain(value: Scalar) -> str:
    return show(value) if isinstance(value, bool) else str(value)


def _equals_number(asked: Asked, _context: WhereContext) -> Built:
    conditions: list[JsonObject] = []
    problems: list[Problem] = []
    for value, path in asked.items:
        if isinstance(value, str | bool):
            problems.append(asked.wrong(value, path, hint=_number_hint(value)))
        else:
            conditions.append({"type": "number_range", "gte": value, "lte": value})
    return Built(tuple(conditions), tuple(problems))


def _number_hint(value: Scalar) -> str | None:
    try:
        float(value)
    except ValueError:
        return None
    return "remove the quotes" if isinstance(value, str) else None


def _equals_boolean(asked: Asked, _context: WhereContext) -> Built:
    conditions: list[JsonObject] = []
    problems: list[Problem] = []
    for value, path in asked.items:
        if isinstance(value, bool):
            conditions.append({"type": "boolean", "value": value})
        else:
            problems.append(asked.wrong(value, path, hint="write true or false, without quotes"))
    return Built(tuple(conditions), tuple(problems))


def _equals_choice(asked: Asked, _context: WhereContext) -> Built:
    chosen: dict[str, None] = {}
    problems: list[Problem] = []
    for value, path in asked.items:
        choice = find_choice(value, asked.field, path)
        if isinstance(choice, Problem):
            problems.append(choice)
        else:
            chosen[choice] = None
    values: list[JsonValue] = list(chosen)
    return Built(({"type": "term", "values": values},) if values else (), tuple(problems))


def find_choice(value: Scalar, found: FoundField, path: Path) -> str | Problem:
    """
    The choice that a value names: as spelled, else the one that differs only in case.

    `true` and `false` name the choice spelled yes or true, no or false. Where Close lists no choices any text will do.
    """
    if not found.choices:
        return _plain(value)
    spellings = (_YES if value else _NO) if isinstance(value, bool) else (str(value).strip().casefold(),)
    if not isinstance(value, bool) and str(value) in found.choices:
        return str(value)
    matches = [choice for choice in found.choices if choice.casefold() in spellings]
    if len(matches) == 1:
        return matches[0]
    return Problem(
        f"{show(value)} is no choice of {found.label}",
        hint=f"{did_you_mean(_plain(value), found.choices) or 'choose one of these;'} {_offer(found)}",
        path=path,
    )


def _offer(found: FoundField) -> str:
    return f"choices: {list_some(found.choices, limit=12)}"


def _equals_user(asked: Asked, context: WhereContext) -> Built:
    others = [(value, path) for value, path in asked.items if value != ME]
    is_me = len(others) < len(asked.items)
    me: tuple[JsonObject, ...] = ({"type": "current_user"},) if is_me else ()
    named = _references(asked, others, context) if others else Built()
    return Built((*me, *named.conditions), named.problems, named.names)


def _equals_reference(asked: Asked, context: WhereContext) -> Built:
    return _references(asked, asked.items, context)


def _references(asked: Asked, items: Iterable[tuple[Scalar, Path]], context: WhereContext) -> Built:
    names: dict[str, str] = {}
    problems: list[Problem] = []
    for value, path in items:
        found = find_reference(asked, value, path, context.catalog)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            names[found[0]] = found[1]
    ids: list[JsonValue] = list(names)
    condition: JsonObject = {
        "type": "reference",
        "reference_type": REFERENCE_TYPES[asked.field.type],
        "object_ids": ids,
    }
    return Built((condition,) if ids else (), tuple(problems), names)


REFERENCE_TYPES: Mapping[FieldType, str] = {
    FieldType.USER: "user",
    FieldType.LEAD_STATUS: "status.lead",
    FieldType.OPPORTUNITY_STATUS: "status.opportunity",
    FieldType.SEQUENCE: "sequence",
    FieldType.CONTACT: "contact",
    FieldType.CUSTOM_OBJECT: "custom_object",
}


def find_reference(asked: Asked, value: Scalar, path: Path, catalog: Catalog) -> tuple[str, str] | Problem:
    """ID and name."""
    if not isinstance(value, str):
        return asked.wrong(value, path)
    if asked.field.type is FieldType.LEAD_STATUS:
        return _pair(find_lead_status(value, catalog, path))
    if asked.field.type is FieldType.OPPORTUNITY_STATUS:
        return _pair(find_opportunity_status(value, catalog, path))
    if asked.field.type is FieldType.SEQUENCE:
        return _pair(find_sequence(value, catalog, path))
    if asked.field.type is FieldType.USER:
        return _pair(find_user(value, catalog, path))
    return object_id(value, asked.field, path)


def _pair(found: Known[object] | Problem) -> tuple[str, str] | Problem:
    return found if isinstance(found, Problem) else (found.id, found.name)


def object_id(value: str, found: FoundField, path: Path) -> tuple[str, str] | Problem:
    """The ID of a contact or custom object, twice: these have no names that bulkplan could look up."""
    is_contact = found.type is FieldType.CONTACT
    if is_id(value, ("cont_",)) or (not is_contact and "_" in value and value.replace("_", "").isalnum()):
        return (value, value)
    what = "contact" if is_contact else "custom object"
    hint = f"copy the ID from Close{': it begins with cont_' if is_contact else ''}"
    return Problem(f'{found.label} names a {what} by its ID; "{value}" is none', hint=hint, path=path)


def _equals_nothing(asked: Asked, _context: WhereContext) -> Built:
    return Built(problems=(asked.wrong(asked.operand, asked.path),))


_EQUALS: Mapping[FieldType, Callable[[Asked, WhereContext], Built]] = {
    FieldType.TEXT: _equals_text,
    FieldType.NUMBER: _equals_number,
    FieldType.MOMENT: _equals_nothing,
    FieldType.DATE: _equals_nothing,
    FieldType.BOOLEAN: _equals_boolean,
    FieldType.CHOICE: _equals_choice,
    FieldType.USER: _equals_user,
    FieldType.LEAD_STATUS: _equals_reference,
    FieldType.OPPORTUNITY_STATUS: _equals_reference,
    FieldType.SEQUENCE: _equals_reference,
    FieldType.CONTACT: _equals_reference,
    FieldType.CUSTOM_OBJECT: _equals_reference,
    FieldType.OTHER: _equals_nothing,
}
