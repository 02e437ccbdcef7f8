"""Which events a webhook's extra filter lets through. Source: Close API, "Webhook Filters"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

DEEPEST = 50


class FilterError(Exception):
    """A filter is not valid; the message says why."""


def check_filter(node: JsonValue, *, depth: int = 0) -> None:
    """Check a filter; raises FilterError."""
    if not isinstance(node, dict):
        raise FilterError("Must be an object.")
    kind = node.get("type")
    if depth > DEEPEST:
        raise FilterError("Nests too deeply.")
    if not isinstance(kind, str) or kind not in _MATCHERS:
        raise FilterError(f"Must have a type, one of {', '.join(_MATCHERS)}.")
    if kind in ("equals", "not_equals", "contains") and "value" not in node:
        raise FilterError(f"A filter of type {kind} needs a value.")
    if kind == "field_accessor" and not isinstance(node.get("field"), str):
        raise FilterError("A filter of type field_accessor needs a field.")
    if kind in ("and", "or"):
        filters = node.get("filters")
        for item in filters if isinstance(filters, list) else [None]:
            check_filter(item, depth=depth + 1)
    elif kind in ("not", "field_accessor", "any_array_value"):
        check_filter(node.get("filter"), depth=depth + 1)


def matches(node: JsonObject, value: JsonValue) -> bool:
    """Say whether a checked filter lets a value through; the event itself is the outermost value."""
    return _MATCHERS[str(node["type"])](node, value)


def _inner(node: JsonObject) -> JsonObject:
    inner = node["filter"]
    return inner if isinstance(inner, dict) else {}


def _several(node: JsonObject) -> list[JsonObject]:
    filters = node["filters"]
    return [item for item in filters if isinstance(item, dict)] if isinstance(filters, list) else []


def _contains(node: JsonObject, value: JsonValue) -> bool:
    wanted = node["value"]
    if isinstance(value, list):
        return wanted in value
    return isinstance(value, str) and isinstance(wanted, str) and wanted in value


def _field(node: JsonObject, value: JsonValue) -> bool:
    found = value.get(str(node["field"])) if isinstance(value, dict) else None
    return matches(_inner(node), found)


def _any_array_value(node: JsonObject, value: JsonValue) -> bool:
    return isinstance(value, list) and any(matches(_inner(node), item) for item in value)


_MATCHERS: Mapping[str, Callable[[JsonObject, JsonValue], bool]] = {
    "equals": lambda node, value: value == node["value"],
    "not_equals": lambda node, value: value != node["value"],
    "is_null": lambda _node, value: value is None,
    "non_null": lambda _node, value: value is not None,
    "contains": _contains,
    "and": lambda node, value: all(matches(item, value) for item in _several(node)),
    "or": lambda node, value: any(matches(item, value) for item in _several(node)),
    "not": lambda node, value: not matches(_inner(node), value),
    "field_accessor": _field,
    "any_array_value": _any_array_value,
}
