"""The mappings within the data of a document, however deep: for questions that a key answers."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

_COLLECTIONS = (dict, list)


def mappings_in(value: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Every mapping in a value, itself among them, in no promised order."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting += [item for item in found.values() if isinstance(item, _COLLECTIONS)]
        elif isinstance(found, list):
            waiting += [item for item in found if isinstance(item, _COLLECTIONS)]
