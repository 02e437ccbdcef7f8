"""Which custom fields the objects of an export have: their ids, names, types and choices, worked out from values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

MOST_CHOICES = 25
"""A text field with more different values than that is plain text."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)?")


@dataclass(frozen=True)
class FoundField:
    """A custom field; `key` is its id where the export names one, or else its name."""

    key: str
    id: str | None
    name: str
    type: str
    choices: tuple[str, ...]
    is_list: bool
    object_types: tuple[str, ...]


@dataclass
class _Traces:
    """
    What was seen of the fields of all objects, by id.

    `candidates` are names whose values were the same on every object that names its fields; `n_named` says how many of
    those carried the field.
    """

    values: dict[str, list[JsonValue]] = field(default_factory=dict)
    carriers: dict[str, list[str]] = field(default_factory=dict)
    candidates: dict[str, set[str]] = field(default_factory=dict)
    n_named: dict[str, int] = field(default_factory=dict)


def values_by_id(raw: JsonObject) -> JsonObject:
    """Return the values of `custom.cf_...` keys by the id of their field."""
    found = {key.removeprefix("custom."): value for key, value in raw.items() if key.startswith("custom.")}
    return {key: value for key, value in found.items() if value not in (None, [], "")}


def values_by_name(raw: JsonObject) -> JsonObject:
    """Return the values of `custom` by the name of their field."""
    custom = raw.get("custom")
    named = custom.items() if isinstance(custom, dict) else ()
    return {name: value for name, value in named if value not in (None, [], "")}


def find_custom_fields(objects: Iterable[tuple[str, JsonObject]], *, user_ids: frozenset[str]) -> list[FoundField]:
    """
    Work out the custom fields of objects.

    Args:
        objects: (object type, JSON of the object) of every lead, contact and opportunity.
        user_ids: known users, which tell a user field from text.

    Returns:
        In the order of their first appearance. A field seen by id takes the name whose values are the same
        everywhere; one that no name fits is named by its id.
    """
    traces = _Traces()
    names_seen: dict[str, list[tuple[str, JsonValue]]] = {}
    for object_type, raw in objects:
        _trace(traces, names_seen, object_type, raw)
    taken: set[str] = set()
    found: list[FoundField] = []
    for field_id, values in traces.values.items():
        free = sorted(traces.candidates.get(field_id, set()) - taken)
        as_often = [name for name in free if len(names_seen[name]) == traces.n_named[field_id]]
        name = next(iter(as_often or free), field_id)
        taken.add(name)
        found.append(_field(field_id, field_id, name, values, traces.carriers[field_id], user_ids))
    for name, seen in names_seen.items():
        if name not in taken:
            carriers = [*dict.fromkeys(object_type for object_type, _ in seen)]
            found.append(_field(name, None, name, [value for _, value in seen], carriers, user_ids))
    return found


def _trace(
    traces: _Traces, names_seen: dict[str, list[tuple[str, JsonValue]]], object_type: str, raw: JsonObject
) -> None:
    named = values_by_name(raw)
    for name, value in named.items():
        names_seen.setdefault(name, []).append((object_type, value))
    for field_id, value in values_by_id(raw).items():
        traces.values.setdefault(field_id, []).append(value)
        carriers = traces.carriers.setdefault(field_id, [])
        if object_type not in carriers:
            carriers.append(object_type)
        if "custom" not in raw:
            continue  # contacts and opportunities name no fields
        traces.n_named[field_id] = traces.n_named.get(field_id, 0) + 1
        equal = {name for name, other in named.items() if other == value}
        traces.candidates[field_id] = traces.candidates.get(field_id, equal) & equal


def _field(
    key: str,
    field_id: str | None,
    name: str,
    values: Iterable[JsonValue],
    carriers: Iterable[str],
    user_ids: frozenset[str],
) -> FoundField:
    given = list(values)
    is_list = any(isinstance(value, list) for value in given)
    members = [item for value in given for item in (value if isinstance(value, list) else [value])]
    field_type = _type(members, is_list=is_list, user_ids=user_ids)
    choices = sorted({str(item) for item in members}) if field_type == "choices" else []
    return FoundField(key, field_id, name, field_type, tuple(choices), is_list, tuple(carriers))


def _type(members: list[JsonValue], *, is_list: bool, user_ids: frozenset[str]) -> str:
    if not is_list and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in members):
        return "number"
    words = [str(item) for item in members]
    if all(word in user_ids for word in words):
        return "user"
    if all(word.startswith("cont_") for word in words):
        return "contact"
    if is_list:
        return "choices"
    if all(_DATE.fullmatch(word) for word in words):
        return "date"
    if all(_TIMESTAMP.fullmatch(word) for word in words):
        return "datetime"
    n_different = len(set(words))
    return "choices" if n_different <= MOST_CHOICES and 2 * n_different <= len(words) else "text"


def object_values(raw: JsonObject, fields: Mapping[str, FoundField]) -> dict[str, JsonValue]:
    """Return the values of an object by the key of their field; `fields` by id and by name."""
    found: dict[str, JsonValue] = {}
    for given in (values_by_name(raw), values_by_id(raw)):
        for key, value in given.items():
            if key in fields:
                found[fields[key].key] = value
    return found
