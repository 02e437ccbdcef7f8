"""What a structured query means in SQL: each node becomes a piece of a WHERE clause over one object's row.

A node's piece depends on nothing but the row it is about. So a piece that is nested too deep for SQLite's parser is
taken out and put in front, as a list of the keys of the rows it is true of (`WITH h1 AS ...`).
Source: Close API, Advanced Filtering.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import JsonValue

from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.conditions import Asker, Operand, compile_condition, exact_text, is_one_of, text_condition
from bulkplan.sandbox.fields import Kind, ObjectType, object_type
from bulkplan.sandbox.moments import read_moment
from bulkplan.sandbox.query_lookup import check_references, custom_field, smart_view_node
from bulkplan.sandbox.query_root import root_object_type
from bulkplan.sandbox.query_shape import (
    JsonObject,
    exact_text_asked,
    read_flag,
    read_key,
    read_list,
    read_object,
    read_text,
    read_texts,
)
from bulkplan.sandbox.query_values import (
    ALWAYS,
    MAX_DEPTH,
    MAX_NODES,
    MAX_PARAMETERS,
    NEVER,
    Fragment,
    QueryContext,
    QueryError,
    SqlValue,
    joined,
    negated,
)

if TYPE_CHECKING:
    from bulkplan.sandbox.world import World

__all__ = ["CompiledQuery", "QueryContext", "QueryError", "compile_query"]

ROOT_ALIAS = "t0"
_DEEPEST_FRAGMENT = 12
_DEPTH_OF_SELECT = 3


@dataclass(frozen=True)
class CompiledQuery:
    """
    A query as SQL: `{with_sql} SELECT t0.id FROM {table} AS t0 WHERE {where_sql}`.

    Attributes:
        object_type: what it searches for: lead, contact ...
        with_sql: empty, or a `WITH` clause that must stand in front.
        params: of `with_sql`, then of `where_sql`.
    """

    object_type: str
    table: str
    with_sql: str
    where_sql: str
    params: tuple[SqlValue, ...]


def compile_query(query: JsonValue, *, context: QueryContext, world: "World") -> CompiledQuery:
    """
    Compile a structured query.

    Args:
        query: a node, such as `{"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}`. A tree
            that names no object type is about leads.
        context: who asks, and when.
        world: whose custom fields, statuses and smart views the query may name.

    Raises:
        QueryError: the query is malformed, names what does not exist, or is too large.
    """
    with world.reading() as connection:
        asker = Asker(connection, context)
        root = object_type(root_object_type(query, connection))
        if not root.has_id:
            raise QueryError(f"{root.name} objects cannot be searched for by themselves")
        compiler = _Compiler(asker)
        where = compiler.compile(query, _Row(root, ROOT_ALIAS), depth=1)
    conditions = [where, *([_filter(root, ROOT_ALIAS)] if root.row_filter else [])]
    return compiler.finish(root, joined("AND", conditions))


@dataclass(frozen=True)
class _Row:
    """The row a node is about: its object type, and the alias it goes by."""

    type: ObjectType
    alias: str

    def sql(self, template: str) -> str:
        return template.replace("{t}", self.alias)


def _looks_elsewhere(fragment: Fragment) -> bool:
    """Whether a piece reads other rows; those that do not come first, as they often decide."""
    return "SELECT" in fragment.sql


def _filter(of: ObjectType, alias: str) -> Fragment:
    return Fragment((of.row_filter or "1").replace("{t}", alias))


class _Compiler:
    """One query on its way to SQL: the clauses put in front so far, and how much of the limits is used."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._n_nodes = 0
        self._n_aliases = 0
        self._hoisted: list[Fragment] = []
        self._open_views: list[str] = []

    def compile(self, query: JsonValue, row: _Row, *, depth: int) -> Fragment:
        """Answer the piece of SQL for a node about `row`; `depth` counts the nodes above it and itself."""
        node = read_object(query, "a query node")
        kind = read_text(node, "type", "a query node")
        if kind not in _NODES:
            raise QueryError(f"Unknown query type: {kind}")
        self._n_nodes += 1
        if depth > MAX_DEPTH:
            raise QueryError(f"The query is nested deeper than {MAX_DEPTH} levels")
        if self._n_nodes > MAX_NODES:
            raise QueryError(f"The query has more than {MAX_NODES} nodes")
        fragment = _NODES[kind](self, node, row, depth)
        is_negated = read_flag(node, "negate", f"a query of type {kind}")
        return self._fit(negated(fragment) if is_negated else fragment, row)

    def finish(self, root: ObjectType, where: Fragment) -> CompiledQuery:
        """Put the clauses taken out in front of the rest."""
        clauses = ", ".join(f"h{number} AS ({clause.sql})" for number, clause in enumerate(self._hoisted, 1))
        params = tuple(param for clause in self._hoisted for param in clause.params) + where.params
        if len(params) > MAX_PARAMETERS:
            raise QueryError(f"The query has more than {MAX_PARAMETERS} values")
        return CompiledQuery(root.name, root.table, f"WITH {clauses}" if clauses else "", where.sql, params)

    def _fit(self, fragment: Fragment, row: _Row) -> Fragment:
        """Take a piece out when it is nested too deep; what stands for it is flat."""
        if fragment.depth <= _DEEPEST_FRAGMENT:
            return fragment
        columns = ", ".join(f"{row.alias}.{column}" for column in row.type.key)
        sql = f"SELECT {columns} FROM {row.type.table} AS {row.alias} WHERE {fragment.sql}"  # noqa: S608 - own names
        self._hoisted.append(Fragment(sql, fragment.params))
        return Fragment(f"({columns}) IN h{len(self._hoisted)}")

    def _joined(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        kind = read_text(node, "type", "a query node")
        queries = read_list(node, "queries", f"a query of type {kind}")
        ids, rest = self._split_ids(queries, row, is_negated=kind == "and")
        texts, rest = self._split_texts(rest, row) if kind == "or" else ({}, rest)
        fragments = [self.compile(query, row, depth=depth + 1) for query in rest]
        fragments += [exact_text(row.sql(row.type.fields[name].sql), values) for name, values in texts.items()]
        if ids:
            listed = is_one_of(f"{row.alias}.id", ids)
            fragments.append(negated(listed) if kind == "and" else listed)
        fragments.sort(key=_looks_elsewhere)
        return joined("AND" if kind == "and" else "OR", [self._fit(fragment, row) for fragment in fragments])

    def _split_ids(self, queries: list[JsonValue], row: _Row, *, is_negated: bool) -> tuple[list[str], list[JsonValue]]:
        """Gather the ids of plain `id` nodes (of negated ones in an `and`), which are often many, into one list."""
        if not row.type.has_id:
            return [], queries
        ids, rest = [], []
        for query in queries:
            if isinstance(query, dict) and query.get("type") == "id" and query.get("negate", False) is is_negated:
                ids.append(read_text(query, "value", "a query of type id"))
            else:
                rest.append(query)
        return ids, rest

    def _split_texts(self, queries: list[JsonValue], row: _Row) -> tuple[dict[str, list[str]], list[JsonValue]]:
        """Gather the alternatives that ask a plain column for an exact text, which may be hundreds, by their field."""
        texts: dict[str, list[str]] = {}
        rest: list[JsonValue] = []
        for query in queries:
            found = exact_text_asked(query)
            if found is None or found[0] != row.type.name or not _is_plain_text(row.type, found[1]):
                rest.append(query)
            else:
                texts.setdefault(found[1], []).append(found[2])
        return texts, rest

    def _object_type(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        del depth
        named = object_type(read_text(node, "object_type", "a query of type object_type"))
        return ALWAYS if named is row.type else NEVER

    def _id(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        del depth
        if not row.type.has_id:
            raise QueryError(f"{row.type.name} objects have no ids")
        return Fragment(f"{row.alias}.id = ?", (read_text(node, "value", "a query of type id"),))

    def _text(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        del depth
        # In parentheses, so that the quick look that suits a plain column is left out.
        operand = Operand(f"{row.type.name} objects", Kind.TEXT, f"({row.sql(row.type.text)})")
        return text_condition(operand, node, self._asker)

    def _match_all(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        del node, row, depth
        return ALWAYS

    def _field_condition(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        del depth
        field = read_object(read_key(node, "field", "a field_condition"), '"field" of a field_condition')
        condition = read_key(node, "condition", "a field_condition")
        kind = read_text(field, "type", "a field")
        if kind == "regular_field":
            return compile_condition(self._regular(field, row), condition, self._asker)
        if kind == "custom_field":
            return self._custom(field, condition, row)
        raise QueryError(f"Unknown field type: {kind}")

    def _regular(self, field: JsonObject, row: _Row) -> Operand:
        owner = object_type(read_text(field, "object_type", "a regular_field"))
        name = read_text(field, "field_name", "a regular_field")
        if owner is not row.type:
            raise QueryError(f"The field {owner.name}.{name} cannot be used in a query about {row.type.name} objects")
        if name not in owner.fields:
            raise QueryError(f"Unknown field of {owner.name}: {name}")
        known = owner.fields[name]
        now = (format_moment(self._asker.context.now),) if known.uses_now else ()
        lookup = known.lookup and (f"{row.alias}.{known.lookup[0]}", *known.lookup[1:])
        return Operand(f"{owner.name}.{name}", known.kind, row.sql(known.sql), now, known.reference_type, lookup)

    def _custom(self, field: JsonObject, condition: JsonValue, row: _Row) -> Fragment:
        field_id = read_text(field, "custom_field_id", "a custom_field")
        known = custom_field(self._asker.connection, field_id, row.type.name)
        alias = self._next_alias()
        operand = Operand(
            f'the custom field "{known.name}"', known.kind, f"{alias}.{known.column}", (), known.reference_type
        )
        inner = compile_condition(operand, condition, self._asker)
        found = f"FROM custom_value AS {alias} WHERE {alias}.custom_field_id = ? AND {inner.sql}"
        if row.alias == ROOT_ALIAS:
            # The other conditions usually leave few rows, each of which is looked up here.
            sql = f"EXISTS (SELECT 1 {found} AND {alias}.object_id = {row.alias}.id)"
        else:
            # Related rows are read as a set, so the values are best read as one too.
            sql = f"{row.alias}.id IN (SELECT {alias}.object_id {found})"
        return Fragment(sql, (field_id, *inner.params), inner.depth + _DEPTH_OF_SELECT)

    def _has_related(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        what = "a query of type has_related"
        this = object_type(read_text(node, "this_object_type", what))
        other = object_type(read_text(node, "related_object_type", what))
        related_query = read_key(node, "related_query", what)
        if this is not row.type:
            raise QueryError(f'"this_object_type" is {this.name} in a query about {row.type.name} objects')
        if other.name not in this.relations:
            raise QueryError(f"Unknown relation: {this.name} has no related {other.name}")
        related = _Row(other, self._next_alias())
        inner = self.compile(related_query, related, depth=depth + 1)
        here, there = this.relations[other.name]
        conditions = [inner, *([_filter(other, related.alias)] if other.row_filter else [])]
        where = joined("AND", conditions)
        # As a set, not row by row: on many leads that is several times quicker.
        sql = (
            f"{row.alias}.{here} IN (SELECT {related.alias}.{there} FROM {other.table} AS {related.alias} "  # noqa: S608 - own names
            f"WHERE {where.sql})"
        )
        return Fragment(sql, where.params, where.depth + _DEPTH_OF_SELECT)

    def _saved_search(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        view_id = read_text(node, "saved_search_id", "a query of type saved_search")
        view_type, query = smart_view_node(self._asker.connection, view_id)
        if view_type != row.type.name:
            raise QueryError(
                f"The saved search {view_id} is about {view_type} objects, not about {row.type.name} objects"
            )
        if view_id in self._open_views:
            raise QueryError(f"The saved search {view_id} refers to itself")
        self._open_views.append(view_id)
        fragment = self.compile(query, row, depth=depth + 1)
        self._open_views.pop()
        return fragment

    def _in_status(self, node: JsonObject, row: _Row, depth: int) -> Fragment:
        del depth
        what = "a query of type in_status"
        if row.type.name != "opportunity":
            raise QueryError(f"{what} cannot be used about {row.type.name} objects")
        status_ids = read_texts(node, "status_ids", what)
        check_references(self._asker.connection, "status.opportunity", status_ids)
        alias = self._next_alias()
        listed = is_one_of(f"{alias}.status_id", status_ids)
        bounds = [Fragment(f"{alias}.opportunity_id = {row.alias}.id"), listed]
        if node.get("before") is not None:
            until = format_moment(read_moment(node["before"], self._asker.context))
            bounds.append(Fragment(f"{alias}.started_at < ?", (until,)))
        if node.get("on_or_after") is not None:
            since = format_moment(read_moment(node["on_or_after"], self._asker.context))
            bounds.append(Fragment(f"coalesce({alias}.ended_at > ?, 1)", (since,)))
        inner = joined("AND", bounds)
        sql = f"EXISTS (SELECT 1 FROM opportunity_status_period AS {alias} WHERE {inner.sql})"  # noqa: S608 - own names
        return Fragment(sql, inner.params, inner.depth + _DEPTH_OF_SELECT)

    def _next_alias(self) -> str:
        self._n_aliases += 1
        return f"t{self._n_aliases}"


def _is_plain_text(of: ObjectType, name: str) -> bool:
    known = of.fields.get(name)
    return known is not None and known.kind in (Kind.TEXT, Kind.WORD) and "(" not in known.sql


_NODES: Mapping[str, Callable[[_Compiler, JsonObject, _Row, int], Fragment]] = {
    "and": _Compiler._joined,
    "or": _Compiler._joined,
    "object_type": _Compiler._object_type,
    "id": _Compiler._id,
    "text": _Compiler._text,
    "field_condition": _Compiler._field_condition,
    "has_related": _Compiler._has_related,
    "match_all": _Compiler._match_all,
    "saved_search": _Compiler._saved_search,
    "in_status": _Compiler._in_status,
}
