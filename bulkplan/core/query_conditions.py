"""A condition on one field of a structured query, in English: as it is, and negated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bulkplan.core.near import join_words
from bulkplan.core.query_moments import say_span
from bulkplan.model.base import JsonMapping

MAX_VALUES = 6
"""Longer lists are cut short, with the number of values left out."""

_TEXT_PHRASES: Mapping[str, tuple[str, str]] = {
    "full_words": ("contains “{}”", "does not contain “{}”"),
    "phrase": ("contains the phrase “{}”", "does not contain the phrase “{}”"),
    "beginning_of_words": ("has a word that starts with “{}”", "has no word that starts with “{}”"),
    "exact_value": ("is “{}”", "is not “{}”"),
}
"""By mode of a text condition: what it says, and what its complement says."""

_BOUNDS = (("gt", "more than"), ("gte", "at least"), ("lt", "less than"), ("lte", "at most"))


def field_words(field: JsonValue, names: Mapping[str, str], *, scope: str) -> str:
    """What people call a field; one of another kind of object than `scope` is named with that kind."""
    if not isinstance(field, Mapping):
        return "an unnamed field"
    if "custom_field_id" in field:
        custom = some(field["custom_field_id"])
        return names.get(custom, custom)
    name = some(field.get("field_name")).removesuffix("_id").replace("_", " ")
    owner = field.get("object_type")
    return name if owner in (None, scope) else f"{some(owner).replace('_', ' ').replace('.', ' ')} {name}"


def say_condition(field: str, condition: JsonMapping, names: Mapping[str, str], *, is_negated: bool) -> str:
    """
    The condition on a field.

    Args:
        field: What the field is called.
        condition: Source: Close API, Advanced Filtering, "Field conditions".
        names: Names for IDs.
        is_negated: Say the complement, which also holds where the field is empty.
    """
    kind = condition.get("type")
    verb = "is not" if is_negated else "is"
    if kind == "exists":
        return f"{field} {'is empty' if is_negated else 'has a value'}"
    if kind == "boolean":
        return f"{field} {verb} {_value(condition.get('value'), names)}"
    if kind == "current_user":
        return f"{field} {verb} the owner of the API key"
    if kind == "text":
        return f"{field} {_text(condition, is_negated=is_negated)}"
    if kind in ("term", "reference"):
        return f"{field} {_one_of(condition.get('values', condition.get('object_ids')), names, is_negated=is_negated)}"
    span = (
        _number_span(condition) if kind == "number_range" else say_span(condition) if kind == "moment_range" else None
    )
    if span is None:
        return f"{field} {'does not meet' if is_negated else 'meets'} a condition without words here ({some(kind)})"
    said = f"{field} is {span}" if span else f"{field} has a value"
    return f"not ({said})" if is_negated else said


def some(value: JsonValue) -> str:
    """Any JSON value as a word or two."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return some(value.get("type")) if "type" in value else "an object"
    return f"{len(value)} values" if isinstance(value, list) else str(value)


def _text(condition: JsonMapping, *, is_negated: bool) -> str:
    mode, text = some(condition.get("mode")), some(condition.get("value"))
    phrases = _TEXT_PHRASES.get(mode)
    if phrases is None:
        return f"{'does not match' if is_negated else 'matches'} “{text}” ({mode.replace('_', ' ')})"
    return phrases[is_negated].format(text)


def _one_of(values: JsonValue, names: Mapping[str, str], *, is_negated: bool) -> str:
    words = [_value(value, names) for value in values] if isinstance(values, list) else [_value(values, names)]
    if not words:
        return "is anything" if is_negated else "is one of no values"
    if len(words) == 1:
        return f"is not {words[0]}" if is_negated else f"is {words[0]}"
    last = "nor" if is_negated else "or"
    return f"is {'neither ' if is_negated else ''}{_listed(words, last)}"


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) <= MAX_VALUES:
        return join_words(words, last=last)
    return f"{', '.join(words[: MAX_VALUES - 1])} {last} {len(words) - MAX_VALUES + 1:,} more"


def _value(value: JsonValue, names: Mapping[str, str]) -> str:
    return names.get(value, value) if isinstance(value, str) else some(value)


def _number_span(condition: JsonMapping) -> str:
    low, high = condition.get("gte"), condition.get("lte")
    if low is not None and low == high and not {"gt", "lt"} & condition.keys():
        return some(low)
    return join_words(f"{words} {some(condition[key])}" for key, words in _BOUNDS if condition.get(key) is not None)
