"""Which requests must not meet on one lead: which rule is broken, and who can break it among many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, combinations_with_replacement, product
from typing import Literal, get_args

from pydantic import JsonValue

from bulkplan.model.base import JsonMapping
from bulkplan.model.request import Request

RuleName = Literal[
    "email_and_delete",
    "sequence_and_delete",
    "edit_and_delete",
    "two_values",
    "opposite_sequence_changes",
    "edit_of_filter",
    "two_emails",
    "email_and_sequence",
    "two_sequences",
]
RULES: tuple[RuleName, ...] = get_args(RuleName)
"""Worst first."""

_BY_KINDS: Mapping[frozenset[str], RuleName] = {
    frozenset({"email", "delete"}): "email_and_delete",
    frozenset({"subscribe", "delete"}): "sequence_and_delete",
    frozenset({"resume", "delete"}): "sequence_and_delete",
    frozenset({"edit", "delete"}): "edit_and_delete",
    frozenset({"edit"}): "two_values",
    frozenset({"pause", "subscribe"}): "opposite_sequence_changes",
    frozenset({"pause", "resume"}): "opposite_sequence_changes",
    frozenset({"email"}): "two_emails",
    frozenset({"email", "subscribe"}): "email_and_sequence",
    frozenset({"email", "resume"}): "email_and_sequence",
    frozenset({"subscribe", "resume"}): "two_sequences",
    frozenset({"subscribe"}): "two_sequences",
    frozenset({"resume"}): "two_sequences",
}

_Written = tuple[JsonValue, ...]


def clash(one: Request, other: Request) -> RuleName | None:
    """
    What is wrong with running both requests on one lead; `None` when nothing is.

    Two runs that write the same value, or both add values to a field or both remove some, do not clash.
    """
    return next((rule for _, _, rule in clashes((one, other), RULES)), None)


def clashes(requests: Sequence[Request], rules: Collection[RuleName]) -> Iterator[tuple[int, int, RuleName]]:
    """
    Every two of the requests that break one of `rules`: the number of the earlier, of the later, and the rule.

    Only those that can break it are held against each other: edits of one field, kinds of which a rule speaks. In no
    promised order.
    """
    by_kind: dict[str, list[int]] = defaultdict(list)
    for number, request in enumerate(requests):
        by_kind[kind_of(request)].append(number)
    if "edit_of_filter" in rules:
        yield from ((*meeting, "edit_of_filter") for meeting in _edits_of_filters(by_kind["edit"], requests))
    for kind, other in combinations_with_replacement(by_kind, 2):
        rule = _BY_KINDS.get(frozenset({kind, other}))
        if rule is None or rule not in rules:
            continue
        if rule == "two_values":
            meetings = _different_values(by_kind[kind], requests)
        elif rule == "opposite_sequence_changes":
            meetings = _same_sequence(by_kind[kind], by_kind[other], requests)
        elif kind == other:
            meetings = combinations(by_kind[kind], 2)
        else:
            meetings = product(by_kind[kind], by_kind[other])
        yield from ((min(meeting), max(meeting), rule) for meeting in meetings)


def kind_of(request: Request) -> str:
    """What a request does to a lead, as far as other runs are concerned."""
    if request.kind != "sequence_subscription":
        return request.kind
    action = str(request.body.get("action_type"))
    return "resume" if action.startswith("resume") else action


def edits_filter_of(one: Request, other: Request) -> bool:
    """Whether an edit writes what the other run chooses its leads by; then it matters which of them goes first."""
    return kind_of(one) == "edit" and _edited_field(one.body) in _fields_read(other.body.get("s_query"))


def _edits_of_filters(edits: Sequence[int], requests: Sequence[Request]) -> set[tuple[int, int]]:
    """
    Edits of a field that another run filters by. Not the same field twice, nor deletes: those have rules of their own.
    """
    writers: dict[str, list[int]] = defaultdict(list)
    for number in edits:
        writers[_edited_field(requests[number].body)].append(number)
    found: set[tuple[int, int]] = set()
    for number, request in enumerate(requests if writers else ()):
        kind = kind_of(request)
        own = {_edited_field(request.body)} if kind == "edit" else set[str]()
        others = writers.keys() - own if kind != "delete" else set[str]()
        fields = _fields_read(request.body.get("s_query")) & others if others else ()
        found.update((min(one, number), max(one, number)) for name in fields for one in writers[name])
    return found


def _edited_field(body: JsonMapping) -> str:
    return str(body.get("custom_field_id", "status_id"))


def _fields_read(query: JsonValue) -> frozenset[str]:
    """Every field that a query names: IDs of custom fields, names of the others."""
    if isinstance(query, list):
        return frozenset().union(*(_fields_read(part) for part in query if isinstance(part, dict | list)))
    if not isinstance(query, dict):
        return frozenset()
    named = query.get("custom_field_id") or query.get("field_name")
    if isinstance(named, str):
        return frozenset({named})
    return frozenset().union(*(_fields_read(part) for part in query.values() if isinstance(part, dict | list)))


def _different_values(numbers: Iterable[int], requests: Sequence[Request]) -> Iterator[tuple[int, int]]:
    """Edits that write different values to one field."""
    by_field: dict[str, list[tuple[int, _Written]]] = defaultdict(list)
    for number in numbers:
        body = requests[number].body
        by_field[str(body.get("custom_field_id", "status"))].append((number, _written(body)))
    for edits in by_field.values():
        for (one, left), (other, right) in combinations(edits, 2):
            if left != right and not (left[-1] == right[-1] and left[-1] in ("add", "remove")):
                yield one, other


_KEYS = ("type", "lead_status_id", "custom_field_value", "custom_field_values", "custom_field_operation")


def _written(body: JsonMapping) -> _Written:
    """What an edit writes to its field; at the end, how."""
    return tuple(body.get(key) for key in _KEYS)


def _same_sequence(
    ones: Sequence[int], others: Sequence[int], requests: Sequence[Request]
) -> Iterator[tuple[int, int]]:
    """Those that may touch one sequence; a body without a sequence takes all of them."""
    for one, other in product(ones, others):
        left, right = (requests[number].body.get("sequence_id") for number in (one, other))
        if left is None or right is None or left == right:
            yield one, other
