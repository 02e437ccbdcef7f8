"""Which structured query says what a short filter says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.core.conditions import Asked, Built, WhereContext, build_conditions, show
from bulkplan.core.field_table import PATHS
from bulkplan.core.fields import LEAD, FoundField, find_field, plural
from bulkplan.core.near import join_words
from bulkplan.core.operators import ALL_OPERATORS, EXAMPLES, OPERATORS, OperandValue, written_operators
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonObject, SQuery
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Has, Not, Use, Where

_RANGES = ("number_range", "moment_range")


class Compiled(NamedTuple):
    """
    A query node, what was wrong with its source, and the names of the IDs in it.

    With problems the node is incomplete and must not be sent.
    """

    node: SQuery
    problems: tuple[Problem, ...] = ()
    names: Mapping[str, str] = MappingProxyType({})


def compile_lead_query(where: Where, *, context: WhereContext, path: Path) -> Compiled:
    """
    Compile a short filter on leads.

    Args:
        where: The filter.
        context: Names, instant and zone to read it against.
        path: Where it stands, e.g. `("filter", "where")`; problems lie below it.

    Returns:
        `{"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}, …]}`; every problem, not the first.
    """
    parts = where.all if isinstance(where, AllOf) else (where,)
    paths = [(*path, "all", index) for index in range(len(parts))] if isinstance(where, AllOf) else [path]
    compiled = [
        compile_where(part, scope=LEAD, context=context, path=at) for part, at in zip(parts, paths, strict=True)
    ]
    return _gather(compiled, _and([object_type(LEAD), *(one.node for one in compiled)]))


def compile_where(where: Where, *, scope: str, context: WhereContext, path: Path) -> Compiled:
    """Compile a short filter on objects of one kind (`scope`)."""
    if isinstance(where, AllOf):
        compiled = _compile_each(where.all, scope=scope, context=context, path=(*path, "all"))
        return _gather(compiled, _and([one.node for one in compiled]))
    if isinstance(where, AnyOf):
        compiled = _compile_each(where.any, scope=scope, context=context, path=(*path, "any"))
        return _gather(compiled, _or([one.node for one in compiled]))
    if isinstance(where, Not):
        inner = compile_where(where.not_, scope=scope, context=context, path=(*path, "not"))
        return Compiled(negate(inner.node), inner.problems, inner.names)
    if isinstance(where, Has):
        return _compile_has(where, scope=scope, context=context, path=path)
    if isinstance(where, Use):
        return _compile_use(where, scope=scope, context=context, path=path)
    return _compile_condition(where, scope=scope, context=context, path=path)


def _compile_use(use: Use, *, scope: str, context: WhereContext, path: Path) -> Compiled:
    if use.where is None:
        problem = Problem(f'the fragment "{use.use}" is not at hand', "put it under filters/", (*path, "use"))
        return Compiled(object_type(scope), (problem,))
    return compile_where(use.where, scope=scope, context=context, path=(*path, "where"))


def object_type(kind: str) -> SQuery:
    """The clause that is true for every object of a kind."""
    return {"type": "object_type", "object_type": kind}


def negate(node: SQuery) -> SQuery:
    """The complement; twice is the node itself. Source: Close API, Advanced Filtering (`negate`)."""
    rest = {key: value for key, value in node.items() if key != "negate"}
    return rest if node.get("negate") is True else {**rest, "negate": True}


def _compile_each(parts: Sequence[Where], *, scope: str, context: WhereContext, path: Path) -> tuple[Compiled, ...]:
    return tuple(
        compile_where(part, scope=scope, context=context, path=(*path, index)) for index, part in enumerate(parts)
    )


def _gather(compiled: Iterable[Compiled], node: SQuery) -> Compiled:
    parts = tuple(compiled)
    problems = tuple(problem for part in parts for problem in part.problems)
    return Compiled(node, problems, {key: name for part in parts for key, name in part.names.items()})


def _and(nodes: Iterable[SQuery]) -> SQuery:
    queries: list[JsonValue] = list(nodes)
    return {"type": "and", "queries": queries}


def _or(nodes: Iterable[SQuery]) -> SQuery:
    queries: list[JsonValue] = list(nodes)
    return {"type": "or", "queries": queries}


def has_related(this: str, related: str, query: SQuery) -> SQuery:
    """True for objects with at least one related object for which `query` holds."""
    return {
        "type": "has_related",
        "this_object_type": this,
        "related_object_type": related,
        "related_query": query,
    }


def _compile_has(has: Has, *, scope: str, context: WhereContext, path: Path) -> Compiled:
    steps = PATHS.get((scope, has.has))
    if steps is None:
        return Compiled(object_type(scope), (_no_relation(has.has, scope, (*path, "has")),))
    inner = Compiled(object_type(has.has))
    if has.where is not None:
        inner = compile_where(has.where, scope=has.has, context=context, path=(*path, "where"))
    node = inner.node
    for this, related in reversed(list(zip((scope, *steps), steps, strict=False))):
        node = has_related(this, related, node)
    return Compiled(node, inner.problems, inner.names)


def _no_relation(kind: str, scope: str, path: Path) -> Problem:
    kinds = [related for this, related in PATHS if this == scope]
    offer = f"inside a `has: {scope}`, `has` may name {join_words(kinds, last='or')}" if kinds else None
    return Problem(
        f"{plural(scope)} cannot be asked for their {plural(kind)}",
        hint=offer or f"`has: {scope}` takes conditions on fields only; put `has: {kind}` beside it",
        path=path,
    )


def _compile_condition(condition: FieldCondition, *, scope: str, context: WhereContext, path: Path) -> Compiled:
    nothing = object_type(scope)
    found = find_field(condition.field, scope=scope, catalog=context.catalog, path=(*path, "field"))
    if isinstance(found, Problem):
        return Compiled(nothing, (found,))
    written = written_operators(condition)
    if not written:
        return Compiled(nothing, (_no_operator(found, path),))
    asked = [Asked(found, operator, operand, (*path, operator)) for operator, operand in written]
    misfits = tuple(_misfit(one) for one in asked if one.operator not in OPERATORS[found.type])
    if misfits:
        return Compiled(nothing, misfits, found.names)
    built = [build_conditions(one, context) for one in asked]
    problems = tuple(problem for one in built for problem in one.problems)
    names = {**found.names, **{key: name for one in built for key, name in one.names.items()}}
    if problems:
        return Compiled(nothing, problems, names)
    if (merged := _merge_ranges(built)) is not None:
        return Compiled(_field_node(found, (merged,), scope=scope, is_negated=False), (), names)
    nodes = [
        _field_node(found, one.conditions, scope=scope, is_negated=_is_negative(operator, operand))
        for one, (operator, operand) in zip(built, written, strict=True)
    ]
    return Compiled(nodes[0] if len(nodes) == 1 else _and(nodes), (), names)


def _is_negative(operator: str, operand: OperandValue) -> bool:
    return operator == "is_not" or (operator == "exists" and operand is False)


def _merge_ranges(built: Sequence[Built]) -> JsonObject | None:
    """Two bounds as one range, so that one value must meet both; `None` where that cannot be."""
    conditions = [one.conditions[0] for one in built if len(one.conditions) == 1]
    kinds = {condition["type"] for condition in conditions}
    keys = [key for condition in conditions for key in condition if key != "type"]
    is_mergeable = len(conditions) == len(built) > 1 and len(kinds) == 1 and len(keys) == len(set(keys))
    if not is_mergeable or conditions[0]["type"] not in _RANGES:
        return None
    merged: JsonObject = {}
    for condition in conditions:
        merged.update(condition)
    return merged


def _field_node(found: FoundField, conditions: Sequence[JsonObject], *, scope: str, is_negated: bool) -> SQuery:
    """One of the conditions holds (for the field of some owner where another object holds it), or none does."""
    nodes: list[SQuery] = [
        {"type": "field_condition", "field": dict(found.node), "condition": condition} for condition in conditions
    ]
    node = nodes[0] if len(nodes) == 1 else _or(nodes)
    if found.owner is not None:
        node = has_related(scope, found.owner, node)
    return negate(node) if is_negated else node


def _misfit(asked: Asked) -> Problem:
    kind = asked.field.type
    fitting = join_words(OPERATORS[kind], last="or")
    return Problem(
        f"{asked.field.label} holds {kind.value}; {asked.operator} does not fit it",
        hint=f"{'choose from' if len(OPERATORS[kind]) > 1 else 'write'} {fitting}; for example `{_example(asked)}`",
        path=asked.path,
        on_key=True,
    )


def _example(asked: Asked) -> str:
    """An example that keeps the user's value where it can."""
    kind, operand = asked.field.type, asked.operand
    if asked.operator == "is" and "on" in OPERATORS[kind] and isinstance(operand, str):
        return f"on: {show(operand)}"
    if asked.field.choices:
        return f"is: {asked.field.choices[0]}"
    return EXAMPLES[kind]


def _no_operator(found: FoundField, path: Path) -> Problem:
    fitting = [operator for operator in ALL_OPERATORS if operator in OPERATORS[found.type]]
    return Problem(
        f"the condition on {found.label} says nothing about it",
        hint=f"add {join_words(fitting, last='or')}; for example `{EXAMPLES[found.type]}`",
        path=path,
    )
