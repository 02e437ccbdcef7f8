"""A structured query in the one form that all queries of the same plain meaning share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

from bulkplan.model.base import JsonMapping, JsonObject, SQuery

_ANYTHING: SQuery = {"type": "match_all"}


def plain_meaning(node: JsonValue, *, scope: str = "lead") -> JsonValue:
    """
    The query without what says nothing: groups that group nothing, clauses that every object meets, `negate: false`,
    bounds that are null, other spellings of an instant.

    Two queries with equal forms select the same leads; the other way round is not promised.
    """
    if not isinstance(node, Mapping):
        return node
    kind = node.get("type")
    if kind in ("and", "or"):
        return _group(node, str(kind), scope)
    rest = {key: value for key, value in node.items() if (key, value) != ("negate", False)}
    if kind == "object_type" and node.get("object_type") == scope:
        return {**rest, **_ANYTHING} if "negate" not in rest else {"negate": True, **_ANYTHING}
    if kind == "has_related" and isinstance(node.get("related_query"), Mapping):
        related = str(node.get("related_object_type"))
        return {**rest, "related_query": plain_meaning(node["related_query"], scope=related)}
    if kind == "field_condition" and isinstance(node.get("condition"), Mapping):
        return {**rest, "condition": _condition(node["condition"])}
    return rest


def is_anything(node: JsonValue, *, scope: str) -> bool:
    """Whether every object of the kind meets the node."""
    found = plain_meaning(node, scope=scope)
    return isinstance(found, dict) and found.get("type") == "match_all" and "negate" not in found


def _group(node: JsonMapping, kind: str, scope: str) -> JsonValue:
    queries = node.get("queries")
    clauses: list[JsonValue] = []
    for query in queries if isinstance(queries, list) else []:
        clause = plain_meaning(query, scope=scope)
        inner = clause.get("queries") if isinstance(clause, dict) and clause.get("type") == kind else None
        if isinstance(clause, dict) and isinstance(inner, list) and "negate" not in clause:
            clauses += inner
        elif kind == "or" or clause != {**_ANYTHING}:
            clauses.append(clause)
    is_negated = node.get("negate") is True
    if len(clauses) == 1:
        return _complement(clauses[0]) if is_negated else clauses[0]
    made: JsonObject = {"type": kind, "queries": clauses} if clauses or kind == "or" else dict(_ANYTHING)
    return {**made, "negate": True} if is_negated else made


def _complement(node: JsonValue) -> JsonValue:
    if not isinstance(node, dict):
        return node
    rest = {key: value for key, value in node.items() if key != "negate"}
    return rest if node.get("negate") is True else {**rest, "negate": True}


def _condition(condition: JsonValue) -> JsonValue:
    if not isinstance(condition, dict):
        return condition
    kept = {key: value for key, value in condition.items() if value is not None}
    return {key: _moment(value) if key in ("on_or_after", "before") else value for key, value in kept.items()}


def _moment(moment: JsonValue) -> JsonValue:
    if not isinstance(moment, dict) or moment.get("type") != "fixed_utc":
        return moment
    at = instant_of(moment.get("value"))
    return moment if at is None else {**moment, "value": at.isoformat()}


def instant_of(value: JsonValue) -> datetime | None:
    """The instant that Close writes as text, in UTC; `None` when it is none, or has no offset."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None
