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


def flatten(node: JsonValue) -> JsonValue:
    """The normalized query without groups that group nothing: of one clause, or within a group of the same kind."""
    if isinstance(node, list):
        return [flatten(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: flatten(value) for key, value in node.items()}
    kind, queries = plain.get("type"), plain.get("queries")
    if kind not in ("and", "or") or not isinstance(queries, list) or len(plain) != 2:
        return plain
    clauses = [clause for query in queries for clause in _clauses(query, str(kind))]
    return clauses[0] if len(clauses) == 1 else {"type": kind, "queries": clauses}


def _clauses(node: JsonValue, kind: str) -> list[JsonValue]:
    """The clauses of a group of this kind; any other node is its own one clause."""
    queries = node.get("queries") if isinstance(node, dict) and node.get("type") == kind and len(node) == 2 else None
    return queries if isinstance(queries, list) else [node]


_DEEDS = (
    "type",
    "lead_status_id",
    "custom_field_name",
    "custom_field_value",
    "template_id",
    "contact_preference",
    "email_account_id",
    "sender",
    "action_type",
    "sequence_id",
    "sender_account_id",
)
"""What an action does, as far as Close says it again in its answers. Source: Close API, Bulk Actions."""


def could_be(action: BulkAction, body: JsonMapping) -> bool:
    """Whether the action does what the body (of a request, without marker) says, to exactly the leads it selects."""
    return has_same_selection(action, body) and has_same_deed(action, body)


def has_same_selection(action: BulkAction, body: JsonMapping) -> bool:
    """Whether the action selects exactly what the body does."""
    listed: JsonValue = {"s_query": without_marker(action.s_query), "sort": action.sort, "limit": action.results_limit}
    sent: JsonValue = {"s_query": body.get("s_query"), "sort": body.get("sort"), "limit": body.get("results_limit")}
    return canonical_json(flatten(normalize(listed))) == canonical_json(flatten(normalize(sent)))


def has_same_deed(action: BulkAction, body: JsonMapping) -> bool:
    """Whether nothing that both say about what is done differs. Values come back as text, so they count as it."""
    said = {key: getattr(action, key) for key in _DEEDS}
    return all(said[key] is None or str(said[key]) == str(body[key]) for key in _DEEDS if body.get(key) is not None)
