"""Whether an action that Close lists could be a request of ours: selections compared after normalizing them."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.core.digest import canonical_json
from bulkplan.core.marker import without_marker
from bulkplan.model.base import JsonMapping
from bulkplan.model.remote import BulkAction

_DEFAULTS: tuple[tuple[str, JsonValue], ...] = (
    ("negate", False),
    ("before", None),
    ("on_or_after", None),
    ("results_limit", None),
)
"""Keys that Close adds to a stored query, at values that mean nothing. Source: Close API, Smart Views (example)."""


def normalize(node: JsonValue) -> JsonValue:
    """The query without keys that stand at their default, at any depth."""
    if isinstance(node, list):
        return [normalize(item) for item in node]
    if isinstance(node, dict):
        return {key: normalize(value) for key, value in node.items() if (key, value) not in _DEFAULTS}
    return node


def could_be(action: BulkAction, body: JsonMapping) -> bool:
    """Whether the action selects exactly what the body (of a request, without the marker) does."""
    listed: JsonValue = {"s_query": without_marker(action.s_query), "sort": action.sort, "limit": action.results_limit}
    sent: JsonValue = {"s_query": body.get("s_query"), "sort": body.get("sort"), "limit": body.get("results_limit")}
    return canonical_json(normalize(listed)) == canonical_json(normalize(sent))
