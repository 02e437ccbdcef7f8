"""Whether a filter only says which leads it does not want, and so takes all the others."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from bulkplan.core.lint.conditions import WHERE
from bulkplan.core.operators import written_operators
from bulkplan.errors import Path, Problem
from bulkplan.model.spec import Spec
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Not, Use, Where

_HINT = "add what the leads have in common: a status they are in, a field that has a value"


def find_negation_alone(spec: Spec) -> Iterator[Problem]:
    """One problem where the filter holds nothing but negations."""
    if spec.filter.where is not None and _is_negative(spec.filter.where):
        yield _problem(WHERE)
    elif spec.filter.query is not None:
        is_wrapped = "type" not in spec.filter.query
        node = spec.filter.query.get("query") if is_wrapped else spec.filter.query
        if _is_negative_node(node):
            yield _problem(("filter", "query", "query") if is_wrapped else ("filter", "query"))


def _problem(path: Path) -> Problem:
    message = "the filter says only which leads it does not take: all others match, also those nobody thought of"
    return Problem(message, _HINT, path[:2], on_key=True)


def _is_negative(where: Where) -> bool:
    if isinstance(where, AllOf):
        return all(_is_negative(part) for part in where.all)
    if isinstance(where, AnyOf):
        return any(_is_negative(part) for part in where.any)
    if isinstance(where, Not):
        return not _is_negative(where.not_)
    if isinstance(where, Use):
        return where.where is not None and _is_negative(where.where)
    if isinstance(where, FieldCondition):
        return {operator for operator, _ in written_operators(where)} == {"is_not"}
    return False


def _is_negative_node(node: JsonValue) -> bool:
    """The same of a structured query; clauses that only name the kind of object do not count."""
    if not isinstance(node, dict):
        return False
    kind, queries = node.get("type"), node.get("queries")
    is_negated = node.get("negate") is True
    if kind not in ("and", "or") or not isinstance(queries, list):
        return is_negated
    judged = [_is_negative_node(query) for query in queries if not _is_kind(query)]
    inner = bool(judged) and (all(judged) if kind == "and" else any(judged))
    return inner is not is_negated


def _is_kind(node: JsonValue) -> bool:
    return isinstance(node, dict) and node.get("type") == "object_type" and node.get("negate") is not True
