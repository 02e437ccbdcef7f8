"""Which kind of object a query searches for: the first object type its tree names, or leads."""

import sqlite3

from pydantic import JsonValue

from bulkplan.sandbox.query_lookup import smart_view_node
from bulkplan.sandbox.query_shape import read_text
from bulkplan.sandbox.query_values import MAX_DEPTH

DEFAULT_OBJECT_TYPE = "lead"


def root_object_type(query: JsonValue, connection: sqlite3.Connection) -> str:
    """
    Answer the object type of the first `object_type` clause that is not negated, or of the first smart view.

    Only `and` and `or` are looked into: what stands in a `has_related` is about other objects.
    """
    return _first(query, connection, 1) or DEFAULT_OBJECT_TYPE


def _first(query: JsonValue, connection: sqlite3.Connection, depth: int) -> str | None:
    if not isinstance(query, dict) or query.get("negate") or depth > MAX_DEPTH:
        return None  # a malformed node is reported by the compiler
    kind = query.get("type")
    if kind == "object_type":
        return read_text(query, "object_type", "a query of type object_type")
    if kind == "saved_search":
        return smart_view_node(connection, read_text(query, "saved_search_id", "a query of type saved_search"))[0]
    queries = query.get("queries") if kind in ("and", "or") else None
    found = (_first(each, connection, depth + 1) for each in queries) if isinstance(queries, list) else ()
    return next((name for name in found if name), None)
