"""Requests for people: a list of IDs that is too long to read is cut, and says how many there are."""

from __future__ import annotations

from pydantic import JsonValue

SHOWN = 3
LONGEST = 10
"""So many values in a list are all shown."""


def without_long_lists(value: JsonValue) -> JsonValue:
    """The same value; of every list of values or of IDs that is too long, the first few and `… and 2,997 more`."""
    if isinstance(value, dict):
        return {name: without_long_lists(part) for name, part in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > LONGEST and all(_is_plain(part) for part in value):
        return [*value[:SHOWN], f"… and {len(value) - SHOWN:,} more"]
    return [without_long_lists(part) for part in value]


def _is_plain(value: JsonValue) -> bool:
    """Whether it is no more than a value; a query names a lead by an object of its own."""
    if isinstance(value, dict):
        return value.get("type") == "id" and value.keys() == {"type", "value"}
    return not isinstance(value, list)
