"""Walking the conditions of a filter: the short form as a tree, and what holds of every lead that it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bulkplan.core.operators import OperandValue, written_operators
from bulkplan.errors import Path
from bulkplan.model.spec import Spec
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Has, Not, Use, Where

FILTER: Path = ("filter",)
WHERE: Path = ("filter", "where")
_FIXED = re.compile(r"\d{4}-\d{2}-\d{2}.*", re.DOTALL)
_SAME_FIELD = {"status_id": "status", "status_label": "status", "user_id": "user", "sequence_id": "sequence"}
TIME_OPERATORS = frozenset({"on", "before", "after", "on_or_before", "on_or_after"})


@dataclass(frozen=True)
class Node:
    """One node of a filter, where it stands, and of which kind of object it speaks."""

    where: Where
    path: Path
    scope: str = "lead"


@dataclass(frozen=True)
class Condition:
    """One condition on a field. `operators` are as the spec spells them, each with its operand."""

    field: str
    operators: tuple[tuple[str, OperandValue], ...]
    path: Path
    scope: str = "lead"


def nodes_of(spec: Spec) -> Iterator[Node]:
    """Every node of the short filter, from the outside in; none where the filter has another form."""
    if spec.filter.where is not None:
        yield from walk(Node(spec.filter.where, WHERE))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below one."""
    where, path, scope = node.where, node.path, node.scope
    if isinstance(where, AllOf):
        return tuple(Node(part, (*path, "all", index), scope) for index, part in enumerate(where.all))
    if isinstance(where, AnyOf):
        return tuple(Node(part, (*path, "any", index), scope) for index, part in enumerate(where.any))
    if isinstance(where, Not):
        return (Node(where.not_, (*path, "not"), scope),)
    if isinstance(where, Has) and where.where is not None:
        return (Node(where.where, (*path, "where"), where.has),)
    if isinstance(where, Use) and where.where is not None:
        return (Node(where.where, (*path, "where"), scope),)
    return ()


def conditions_of(spec: Spec) -> Iterator[Condition]:
    """Every condition on a field, wherever it stands."""
    for node in nodes_of(spec):
        if isinstance(node.where, FieldCondition):
            yield condition(node.where, node)


def condition(where: FieldCondition, node: Node) -> Condition:
    """A condition with its field spelled one way."""
    return Condition(field_name(where.field, node.scope), written_operators(where), node.path, node.scope)


def field_name(name: str, scope: str = "lead") -> str:
    """One spelling for one field: `lead.status_id` is `status`; names of custom fields keep theirs."""
    bare = name.strip().removeprefix(f"{scope}.")
    if bare.startswith("custom."):
        return bare
    return _SAME_FIELD.get(bare.lower(), bare.lower())


def joint_groups(spec: Spec) -> Iterator[tuple[Condition, ...]]:
    """Conditions that must hold of one object together: those joined by `all` (also nested), a group for each "
    "object."""
    if spec.filter.where is None:
        return
    waiting = [Node(spec.filter.where, WHERE)]
    while waiting:
        node = waiting.pop(0)
        members = list(joint(node))
        yield tuple(condition(each.where, each) for each in members if isinstance(each.where, FieldCondition))
        waiting += [child for each in members if not isinstance(each.where, FieldCondition) for child in children(each)]


def joint(node: Node) -> Iterator[Node]:
    """The nodes that must all hold when this one does: itself, or the members of `all` and fragments, however deep."""
    if isinstance(node.where, AllOf | Use):
        for child in children(node):
            yield from joint(child)
    else:
        yield node


def values_of(operand: OperandValue) -> tuple[str, ...]:
    """The values of `is` and `is_not`, so that equal ones are equal texts."""
    values = operand if isinstance(operand, tuple) else (operand,)
    return tuple(str(value).strip().casefold() for value in values)


def is_fixed_date(operand: OperandValue) -> bool:
    """Whether a moment is written as a day or an instant, not relative to now."""
    return isinstance(operand, str) and _FIXED.fullmatch(operand.strip()) is not None
