"""Which short filter says what a structured query says: the inverse of `core.where`, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter

from bulkplan.core.conditions import WhereContext
from bulkplan.core.digest import canonical_json
from bulkplan.core.field_table import FIELDS, PATHS, FieldType
from bulkplan.core.fields import FoundField, custom_fields, find_field
from bulkplan.core.operators_from_query import UnsaidError, operators_of
from bulkplan.core.query_meaning import is_anything, plain_meaning
from bulkplan.core.resolve import CUSTOM_FIELD, known_fields, name_or_id
from bulkplan.core.where import compile_lead_query
from bulkplan.errors import Problem
from bulkplan.model.base import JsonMapping, JsonObject, SQuery
from bulkplan.model.where import Where

_WHERE: TypeAdapter[Where] = TypeAdapter(Where)
_MAX_DEPTH = 30
_MERGED = (FieldType.TEXT, FieldType.NUMBER, FieldType.BOOLEAN)
"""Fields for which `is: [a, b]` is two conditions of which one must hold."""
_NO_WORDS: Mapping[str, str] = {
    "id": "it names leads by their IDs",
    "text": "it searches text in all fields at once",
    "saved_search": "it refers to a smart view",
    "in_status": "it asks for statuses that a lead or opportunity once had",
}
"""Why nodes of some types have no short form."""


@dataclass(frozen=True)
class ShortFilter:
    """`where` as a spec writes it, in plain data; or `None`, and why there is none."""

    where: JsonObject | None
    why: str | None = None


def where_from_query(query: SQuery, context: WhereContext) -> ShortFilter:
    """
    The short filter that compiles to a query, apart from what `plain_meaning` leaves out. Never raises.

    Args:
        query: A node on leads.
        context: The names, the instant and the zone that the filter is going to be read with.
    """
    try:
        where = _Saying(context).say(query, "lead", depth=0)
        compiled = compile_lead_query(_WHERE.validate_python(where, strict=False), context=context, path=())
    except UnsaidError as error:
        return ShortFilter(None, str(error))
    except ValueError:  # what a filter may not hold, such as an empty text
        return ShortFilter(None, "a value in it cannot be written in a short filter")
    wanted, said = (canonical_json([plain_meaning(node)]) for node in (query, compiled.node))
    if compiled.problems or wanted != said:
        return ShortFilter(None, "the short filter would not be exactly the same")
    return ShortFilter(where)


@dataclass(frozen=True)
class _Saying:
    """Says nodes of one query. Every method raises `UnsaidError` for what has no short form."""

    context: WhereContext

    def say(self, node: JsonValue, scope: str, *, depth: int) -> JsonObject:
        if not isinstance(node, Mapping) or depth > _MAX_DEPTH:
            raise UnsaidError("it is nested too deeply, or is no query")
        where = self._positive(node, scope, depth)
        return _negated(where) if node.get("negate") is True else where

    def _positive(self, node: JsonMapping, scope: str, depth: int) -> JsonObject:
        kind = str(node.get("type"))
        if kind in ("and", "or"):
            return self._group(node, kind, scope, depth)
        if kind == "field_condition":
            found = self._field(node.get("field"), scope, owner=None)
            return {"field": found.label, **operators_of(node.get("condition"), found, self.context)}
        if kind == "has_related":
            return self._related(node, scope, depth)
        if kind in ("object_type", "match_all"):
            raise UnsaidError("part of it takes everything")
        raise UnsaidError(_NO_WORDS.get(kind, f"it holds a condition of type {kind}"))

    def _group(self, node: JsonMapping, kind: str, scope: str, depth: int) -> JsonObject:
        queries = node.get("queries")
        listed = queries if isinstance(queries, list) else []
        told = [one for one in listed if kind == "or" or not is_anything(one, scope=scope)]
        parts = [self.say(one, scope, depth=depth + 1) for one in told]
        if not parts:
            raise UnsaidError("part of it takes everything, or nothing")
        if kind == "and":
            return _joined("all", parts)
        return self._merged(parts, scope) or _joined("any", parts)

    def _merged(self, parts: Sequence[JsonObject], scope: str) -> JsonObject | None:
        """Several values of one field as a list; `None` where that says something else."""
        labels = {str(part.get("field")) for part in parts}
        label = next(iter(labels))
        if len(parts) < 2 or len(labels) > 1 or not _are_values(parts):
            return None
        found = find_field(label, scope=scope, catalog=self.context.catalog, path=())
        if isinstance(found, Problem) or found.owner is not None or found.type not in _MERGED:
            return None
        return {"field": label, "is": _values(parts)}

    def _related(self, node: JsonMapping, scope: str, depth: int) -> JsonObject:
        related, query = str(node.get("related_object_type")), node.get("related_query")
        if node.get("this_object_type") != scope:
            raise UnsaidError(f"it asks a {scope} for what a {node.get('this_object_type')} has")
        if any(row.owner == related for row in FIELDS[scope].values()):
            return self._owned(query, scope, related)
        if (scope, related) not in PATHS:
            raise UnsaidError(f"it asks for a related {related.replace('_', ' ')}")
        if is_anything(query, scope=related):
            return {"has": related}
        inner = self.say(query, related, depth=depth + 1)
        if len(PATHS.get((scope, str(inner.get("has"))), ())) > 1 and PATHS[(scope, str(inner["has"]))][0] == related:
            return inner  # the subscriptions of a lead's contacts, by the short way
        return {"has": related, "where": inner}

    def _owned(self, query: JsonValue, scope: str, owner: str) -> JsonObject:
        """A condition on a field that another object holds, such as the city of an address."""
        parts = [self._owned_condition(one, scope, owner) for one in _alternatives(plain_meaning(query, scope=owner))]
        if len(parts) == 1:
            return parts[0]
        if not parts or len({str(part["field"]) for part in parts}) > 1 or not _are_values(parts):
            raise UnsaidError(f"it joins conditions on one {owner.replace('_', ' ')}")
        return {"field": parts[0]["field"], "is": _values(parts)}

    def _owned_condition(self, node: JsonValue, scope: str, owner: str) -> JsonObject:
        if not isinstance(node, dict) or node.get("type") != "field_condition" or "negate" in node:
            raise UnsaidError(f"it asks for {'an' if owner[:1] in 'aeio' else 'a'} {owner.replace('_', ' ')}")
        found = self._field(node.get("field"), scope, owner=owner)
        return {"field": found.label, **operators_of(node.get("condition"), found, self.context)}

    def _field(self, field: JsonValue, scope: str, *, owner: str | None) -> FoundField:
        label = self._label(field if isinstance(field, Mapping) else {}, scope, owner)
        found = find_field(label, scope=scope, catalog=self.context.catalog, path=())
        if isinstance(found, Problem) or dict(found.node) != field:
            raise UnsaidError(f"bulkplan has no name for the field {label}")
        return found

    def _label(self, field: JsonMapping, scope: str, owner: str | None) -> str:
        custom_id = field.get("custom_field_id")
        if isinstance(custom_id, str):
            known = known_fields(custom_fields(scope, self.context.catalog) or ())
            return f"custom.{name_or_id(custom_id, known, noun=CUSTOM_FIELD)}"
        name, holder = str(field.get("field_name")), field.get("object_type")
        for label, row in FIELDS[scope].items():
            if row.field_name == name and row.owner == owner and holder == (owner or scope):
                return label
        raise UnsaidError(f"bulkplan has no name for the field {name} of {str(holder).replace('_', ' ')}")


def _alternatives(query: JsonValue) -> Sequence[JsonValue]:
    """The clauses of which one must hold."""
    if not isinstance(query, dict) or query.get("type") != "or" or "negate" in query:
        return [query]
    queries = query.get("queries")
    return queries if isinstance(queries, list) else []


def _are_values(parts: Sequence[JsonObject]) -> bool:
    """Whether each part compares its field with values, no two of them with the same."""
    if not all(part.keys() == {"field", "is"} for part in parts):
        return False
    values = _values(parts)
    return len({canonical_json([value]) for value in values}) == len(values)


def _values(parts: Sequence[JsonObject]) -> list[JsonValue]:
    values: list[JsonValue] = []
    for part in parts:
        value = part["is"]
        values += value if isinstance(value, list) else [value]
    return values


def _joined(key: str, parts: Sequence[JsonObject]) -> JsonObject:
    """A group, with the groups of the same kind in it spliced in; of one part, that part."""
    if len(parts) == 1:
        return parts[0]
    joined: list[JsonValue] = []
    for part in parts:
        inner = part.get(key)
        joined += inner if isinstance(inner, list) else [part]
    return {key: joined}


def _negated(where: JsonObject) -> JsonObject:
    if where.keys() == {"not"} and isinstance(where["not"], dict):
        return where["not"]
    for one, other in (("is", "is_not"), ("is_not", "is")):
        if where.keys() == {"field", one}:
            return {"field": where["field"], other: where[one]}
    if where.keys() == {"field", "exists"}:
        return {"field": where["field"], "exists": not where["exists"]}
    return {"not": where}
