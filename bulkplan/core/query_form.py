"""Whether a structured query written by hand is one that a bulk action can take, and its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.core.near import did_you_mean
from bulkplan.core.resolve import list_some
from bulkplan.core.where import object_type
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonMapping, JsonObject, SQuery

NODE_KEYS: Mapping[str, tuple[str, ...]] = {
    "and": ("queries",),
    "or": ("queries",),
    "object_type": ("object_type",),
    "id": ("value",),
    "text": ("value",),
    "field_condition": ("field", "condition"),
    "has_related": ("this_object_type", "related_object_type", "related_query"),
    "match_all": (),
    "saved_search": ("saved_search_id",),
    "in_status": ("status_ids",),
}
"""The types of nodes, each with the keys it must have. Source: Close API, Advanced Filtering."""

_FIELD_KEYS: Mapping[str, tuple[str, ...]] = {
    "regular_field": ("object_type", "field_name"),
    "custom_field": ("custom_field_id",),
}
_WRAPPER_KEYS = ("query", "sort", "results_limit", "limit", "_limit", "_fields", "cursor", "include_counts")
MAX_DEPTH = 40


class QueryParts(NamedTuple):
    """A node, and what stood beside it: `sort` (`[{"direction": …, "field": …}]`) and `results_limit`."""

    node: SQuery
    sort: tuple[JsonValue, ...] = ()
    results_limit: int | None = None


def read_query(value: JsonMapping, path: Path) -> tuple[QueryParts, tuple[Problem, ...]]:
    """
    Read a query as "Copy Filters" gives it: `{"query": node, "sort": …, "results_limit": …}`, or the bare node.

    Returns:
        Its parts, and every problem of its shape; conditions and moments of unknown types are left to Close.
    """
    if "type" in value or "query" not in value:
        return QueryParts(dict(value)), tuple(_node_problems(dict(value), path, depth=0))
    problems = [*_wrapper_problems(value, path), *_node_problems(value["query"], (*path, "query"), depth=0)]
    return unwrap(value), tuple(problems)


def unwrap(value: JsonMapping) -> QueryParts:
    """The parts of a wrapped or bare query; what does not fit is left out. Source: Close API, Smart Views."""
    if "type" in value:
        return QueryParts(dict(value))
    node, sort, limit = value.get("query"), value.get("sort"), value.get("results_limit")
    return QueryParts(
        node if isinstance(node, dict) else {},
        tuple(sort) if isinstance(sort, list) else (),
        limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else None,
    )


def lead_query(node: SQuery, path: Path) -> SQuery | Problem:
    """The node with the clause that it selects leads; a problem if it says that it selects something else."""
    kinds = list(_selected_kinds(node))
    other = next((kind for kind in kinds if kind != "lead"), None)
    if other is not None:
        return Problem(
            f"the query selects objects of type {other}, not leads",
            hint='bulk actions take leads: ask for {"type": "object_type", "object_type": "lead"}',
            path=path,
        )
    if kinds:
        return node
    queries: list[JsonValue] = [object_type("lead"), node]
    return {"type": "and", "queries": queries}


def takes_everybody(node: JsonValue) -> bool:
    """Whether a query plainly asks nothing of a lead: no clause, or only clauses that every lead meets."""
    if not isinstance(node, dict) or node.get("negate") is True:
        return False
    kind, queries = node.get("type"), node.get("queries")
    if kind in ("match_all", "object_type"):
        return True
    if kind not in ("and", "or") or not isinstance(queries, list):
        return False
    judged = [takes_everybody(query) for query in queries]
    return all(judged) if kind == "and" else any(judged)


def _selected_kinds(node: JsonValue) -> Iterator[str]:
    """The object types that the query's own clauses name; those of related objects do not count."""
    if not isinstance(node, dict) or node.get("negate") is True:
        return
    kind = node.get("object_type")
    if node.get("type") == "object_type" and isinstance(kind, str):
        yield kind
    queries = node.get("queries")
    if node.get("type") in ("and", "or") and isinstance(queries, list):
        for query in queries:
            yield from _selected_kinds(query)


def nested_view_ids(value: JsonValue) -> Iterator[str]:
    """The IDs of the smart views that a query refers to."""
    for node in _objects(value):
        view_id = node.get("saved_search_id")
        if node.get("type") == "saved_search" and isinstance(view_id, str):
            yield view_id


def has_moving_moment(value: JsonValue) -> bool:
    """Whether a query holds a moment that is measured when Close evaluates it, not when the plan is made."""
    return any(
        node.get("type") in ("now", "offset", "start_end_of_predefined_relative_period") for node in _objects(value)
    )


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    stack: list[JsonValue] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _wrapper_problems(value: JsonMapping, path: Path) -> Iterator[Problem]:
    for key in value:
        if key not in _WRAPPER_KEYS:
            hint = did_you_mean(key, _WRAPPER_KEYS) or "keep query, sort and results_limit"
            yield Problem(f'"{key}" is no part of a query', hint, (*path, key), on_key=True)
    limit = value.get("results_limit")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        yield Problem("results_limit must be a whole number from 1 up, or null", path=(*path, "results_limit"))
    sort = value.get("sort")
    if sort is not None and not isinstance(sort, list):
        yield Problem('sort must be a list of {"direction", "field"}', path=(*path, "sort"))
    for index, entry in enumerate(sort if isinstance(sort, list) else ()):
        yield from _sort_problems(entry, (*path, "sort", index))


def _sort_problems(entry: JsonValue, path: Path) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        yield Problem('a sort must be {"direction": …, "field": …}', path=path)
        return
    if entry.get("direction") not in ("asc", "desc"):
        yield Problem("the direction of a sort must be asc or desc", path=(*path, "direction"))
    yield from _field_problems(entry.get("field"), (*path, "field"))


def _node_problems(node: JsonValue, path: Path, *, depth: int) -> Iterator[Problem]:
    if not isinstance(node, dict):
        yield Problem("a node of a query must be an object with a type", hint=_TYPES_HINT, path=path)
        return
    kind = node.get("type")
    if not isinstance(kind, str):
        yield Problem("a node of a query needs a type", hint=_TYPES_HINT, path=path)
        return
    if kind not in NODE_KEYS:
        hint = did_you_mean(kind, NODE_KEYS) or _TYPES_HINT
        yield Problem(f'"{kind}" is no type of node', hint=hint, path=(*path, "type"))
        return
    if depth > MAX_DEPTH:
        yield Problem(f"the query is nested more than {MAX_DEPTH} deep", path=path)
        return
    for key in NODE_KEYS[kind]:
        if node.get(key) is None:
            yield Problem(f'a node of type {kind} needs "{key}"', path=path)
    if not isinstance(node.get("negate", False), bool):
        yield Problem("negate must be true or false", path=(*path, "negate"))
    yield from _inner_problems(node, kind, path, depth=depth)


_TYPES_HINT = f"types of nodes: {list_some(list(NODE_KEYS), limit=20)}"


def _inner_problems(node: JsonObject, kind: str, path: Path, *, depth: int) -> Iterator[Problem]:
    if kind in ("and", "or"):
        yield from _list_problems(node.get("queries"), (*path, "queries"), depth=depth)
    elif kind == "has_related" and node.get("related_query") is not None:
        yield from _node_problems(node["related_query"], (*path, "related_query"), depth=depth + 1)
    elif kind == "field_condition":
        if node.get("field") is not None:
            yield from _field_problems(node["field"], (*path, "field"))
        if node.get("condition") is not None:
            yield from _condition_problems(node["condition"], (*path, "condition"))
    else:
        for key in ("object_type", "value", "saved_search_id"):
            if key in NODE_KEYS[kind] and not isinstance(node.get(key), str | None):
                yield Problem(f"{key} must be text", path=(*path, key))


def _list_problems(queries: JsonValue, path: Path, *, depth: int) -> Iterator[Problem]:
    if queries is None:
        return
    if not isinstance(queries, list):
        yield Problem("queries must be a list of nodes", path=path)
        return
    for index, query in enumerate(queries):
        yield from _node_problems(query, (*path, index), depth=depth + 1)


def _field_problems(field: JsonValue, path: Path) -> Iterator[Problem]:
    kind = field.get("type") if isinstance(field, dict) else None
    if not isinstance(field, dict) or not isinstance(kind, str) or kind not in _FIELD_KEYS:
        yield Problem("a field must be an object of type regular_field or custom_field", path=path)
        return
    for key in _FIELD_KEYS[kind]:
        if not isinstance(field.get(key), str):
            yield Problem(f'a {kind} needs "{key}"', path=path)


def _condition_problems(condition: JsonValue, path: Path) -> Iterator[Problem]:
    if not isinstance(condition, dict) or not isinstance(condition.get("type"), str):
        yield Problem("a condition must be an object with a type", path=path)
