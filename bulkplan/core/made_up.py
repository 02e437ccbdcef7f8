"""Which organization knows just the names that some filters and made-up leads speak of: for work without Close."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.core.field_table import FIELDS, FieldType
from bulkplan.core.fields import LEAD
from bulkplan.core.moments import Instant, parse_moment
from bulkplan.core.operators import RANGE, TIME, WORDS, written_operators
from bulkplan.core.resolve import CUSTOM_FIELD, LEAD_STATUS, OPPORTUNITY_STATUS, SEQUENCE, USER, Noun, is_id
from bulkplan.model.catalog import Catalog, CustomField, Sequence, Status, User
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Has, Not, Use, Where

OWNER = User(id="user_me", email="me@example.com", first_name="Me")
"""Whom `me` means in a made-up organization."""
_ME = "me"

Scalar = str | int | float | bool


class Fact(NamedTuple):
    """
    That a field of a kind of object (`scope`) is compared with some values by an operator, or has them.

    `operator` is `None` where a made-up lead has the values; `type` is Close's own, where something else than operator
    and values tells it.
    """

    scope: str
    field: str
    operator: str | None
    values: tuple[Scalar, ...] = ()
    is_list: bool = False
    type: str | None = None


class MakeUp(NamedTuple):
    """What relative moments are measured from while names are made up."""

    now: datetime
    zone: tzinfo


def facts_of_where(where: Where, scope: str = LEAD) -> Iterator[Fact]:
    """What a short filter says of fields."""
    if isinstance(where, AllOf | AnyOf):
        for part in where.all if isinstance(where, AllOf) else where.any:
            yield from facts_of_where(part, scope)
    elif isinstance(where, Not):
        yield from facts_of_where(where.not_, scope)
    elif isinstance(where, Has):
        if where.where is not None:
            yield from facts_of_where(where.where, where.has)
    elif isinstance(where, Use):
        if where.where is not None:
            yield from facts_of_where(where.where, scope)
    else:
        yield from _facts_of_condition(where, scope)


def _facts_of_condition(condition: FieldCondition, scope: str) -> Iterator[Fact]:
    for operator, operand in written_operators(condition):
        values = operand if isinstance(operand, tuple) else (operand,)
        yield Fact(scope, condition.field, operator, values)


def facts_of_query(query: JsonValue, scope: str = LEAD) -> Iterator[Fact]:
    """What a structured query says of custom fields, and which IDs it names. Source: Close API, Advanced Filtering."""
    if isinstance(query, list):
        for node in query:
            yield from facts_of_query(node, scope)
    elif isinstance(query, dict):
        inner = query.get("related_object_type")
        if query.get("type") == "field_condition":
            yield from _facts_of_node(query, scope)
        for key in ("query", "queries", "related_query"):
            yield from facts_of_query(query.get(key), inner if isinstance(inner, str) else scope)


_REFERENCES: Mapping[str, tuple[str, str]] = {
    "user": (LEAD, "created_by"),
    "status.lead": (LEAD, "status_id"),
    "status.opportunity": ("opportunity", "status_id"),
    "sequence": ("sequence_subscription", "sequence_id"),
}
"""A field that holds what a reference of this type names."""
_BY_CONDITION: Mapping[str, str] = {"text": "text", "number_range": "number", "moment_range": "datetime"}
_TYPED: Mapping[str, str] = {"user": "user", "contact": "contact", "custom_object": "custom_object"}


def _facts_of_node(node: Mapping[str, JsonValue], scope: str) -> Iterator[Fact]:
    named, condition = node.get("field"), node.get("condition")
    if not isinstance(named, dict) or not isinstance(condition, dict):
        return
    kind, reference = str(condition.get("type")), str(condition.get("reference_type"))
    ids = _texts(condition.get("object_ids"))
    if reference in _REFERENCES:
        yield Fact(*_REFERENCES[reference], "is", ids)
    if named.get("type") == "custom_field":
        type_ = "user" if kind == "current_user" else _TYPED.get(reference) or _BY_CONDITION.get(kind)
        name = f"custom.{named.get('custom_field_id')}"
        yield Fact(scope, name, "is" if kind == "term" else "exists", _texts(condition.get("values")), type=type_)


def _texts(values: JsonValue) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def make_up(facts: Iterable[Fact], making: MakeUp) -> Catalog:
    """
    An organization in which every name in `facts` means one thing.

    Types of custom fields are worked out from operators and values; where these contradict each other, compiling the
    filter says so. Names that differ only in case are one. Nothing counts as fetched: what else there may be is not
    known.
    """
    telling = tuple(fact for fact in facts if _tells_a_name(fact))
    return _made_up(telling, tuple(type(value) for fact in telling for value in fact.values), making)


_CACHED_ORGANIZATIONS = 64
"""Specs of one project speak of much the same names."""


@lru_cache(_CACHED_ORGANIZATIONS)
def _made_up(facts: tuple[Fact, ...], types: tuple[type, ...], making: MakeUp) -> Catalog:  # noqa: ARG001 - 1 is not true
    seen = _Seen()
    for fact in facts:
        seen.add(fact)
    fields = {scope: seen.fields(scope, making) for scope in ("lead", "contact", "opportunity")}
    for named, made in seen.custom.items():
        if any(one.name == made.name and one.type == "user" for one in fields.get(named[0], ())):
            seen.add_names(FieldType.USER, made.values)
    names = seen.names
    return Catalog(
        lead_statuses=tuple(Status(id=i, label=n) for i, n in _identified(names[FieldType.LEAD_STATUS], LEAD_STATUS)),
        opportunity_statuses=tuple(
            Status(id=i, label=n) for i, n in _identified(names[FieldType.OPPORTUNITY_STATUS], OPPORTUNITY_STATUS)
        ),
        sequences=tuple(Sequence(id=i, name=n) for i, n in _identified(names[FieldType.SEQUENCE], SEQUENCE)),
        users=(OWNER, *(_user(i, n) for i, n in _identified(names[FieldType.USER], USER))),
        lead_fields=fields["lead"],
        contact_fields=fields["contact"],
        opportunity_fields=fields["opportunity"],
    )


def _tells_a_name(fact: Fact) -> bool:
    """Whether a fact adds anything to an organization."""
    bare = _bare(fact)
    row = FIELDS.get(fact.scope, {}).get(bare.lower())
    return bare.startswith("custom.") if row is None else row.type in _NAMED


def _bare(fact: Fact) -> str:
    return fact.field.removeprefix(f"{fact.scope}.").strip()


def _identified(names: Iterable[str], noun: Noun) -> Iterator[tuple[str, str]]:
    """ID and name: a word that is an ID stands for itself."""
    for number, name in enumerate(names, 1):
        yield (name if is_id(name, noun.prefixes) else f"{noun.prefixes[0]}{number}", name)


def _user(user_id: str, name: str) -> User:
    if "@" in name:
        return User(id=user_id, email=name)
    return User(id=user_id, email=f"{user_id}@example.com", first_name=name)


@dataclass
class _Custom:
    """What was seen of one custom field."""

    name: str
    operators: set[str] = field(default_factory=set)
    compared: list[Scalar] = field(default_factory=list)
    held: list[Scalar] = field(default_factory=list)
    is_list: bool = False
    type: str | None = None

    @property
    def values(self) -> tuple[Scalar, ...]:
        """Those of made-up leads first: their spelling is that of the organization."""
        return (*self.held, *self.compared)


_NAMED = (FieldType.LEAD_STATUS, FieldType.OPPORTUNITY_STATUS, FieldType.SEQUENCE, FieldType.USER)


@dataclass
class _Seen:
    """Names by what they are names of, and custom fields by kind of object and name; names without regard to case."""

    named: dict[FieldType, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in _NAMED})
    custom: dict[tuple[str, str], _Custom] = field(default_factory=dict)

    @property
    def names(self) -> Mapping[FieldType, tuple[str, ...]]:
        return {kind: tuple(words.values()) for kind, words in self.named.items()}

    def add(self, fact: Fact) -> None:
        bare = _bare(fact)
        row = FIELDS.get(fact.scope, {}).get(bare.lower())
        if row is not None and row.type in _NAMED:
            self.add_names(row.type, fact.values)
        elif bare.startswith("custom."):
            self._add_custom(fact, bare.removeprefix("custom."))

    def add_names(self, kind: FieldType, values: Iterable[Scalar]) -> None:
        for value in values:
            if isinstance(value, str) and value.strip() and (kind, value) != (FieldType.USER, _ME):
                self.named[kind].setdefault(value.strip().casefold(), value.strip())

    def _add_custom(self, fact: Fact, name: str) -> None:
        custom = self.custom.setdefault((fact.scope, name.casefold()), _Custom(name))
        custom.type = custom.type or fact.type
        custom.is_list |= fact.is_list
        if fact.operator is None:
            custom.held += fact.values
        elif fact.operator != "exists" or fact.type:
            custom.operators.add(fact.operator)
            custom.compared += fact.values

    def fields(self, scope: str, making: MakeUp) -> tuple[CustomField, ...]:
        made = [custom for (of, _), custom in self.custom.items() if of == scope]
        return tuple(_field(scope, number, custom, making) for number, custom in enumerate(made, 1))


def _field(scope: str, number: int, custom: _Custom, making: MakeUp) -> CustomField:
    type_ = _type_of(custom, making)
    return CustomField(
        id=custom.name if is_id(custom.name, CUSTOM_FIELD.prefixes) else f"cf_{scope}{number}",
        name=custom.name,
        type=type_,
        choices=_choices(custom.values) if type_ == "choices" else None,
        accepts_multiple_values=custom.is_list,
    )


def _type_of(custom: _Custom, making: MakeUp) -> str:
    if custom.operators & set(WORDS):
        return "text"
    if custom.operators & set(RANGE):
        return "number"
    if custom.operators & set(TIME):
        return "datetime" if any(_is_instant(value, making) for value in custom.values) else "date"
    if custom.type is not None:
        return custom.type
    if _ME in custom.values:
        return "user"
    if not custom.values:
        return "text"
    return "number" if all(_is_number(value) for value in custom.values) else "choices"


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_instant(value: Scalar, making: MakeUp) -> bool:
    moment = parse_moment(value, now=making.now, zone=making.zone) if isinstance(value, str) else None
    return isinstance(moment, Instant) and not moment.is_now


def _choices(values: Iterable[Scalar]) -> tuple[str, ...]:
    """Each value as a choice, once; `true` and `false` are the choices Yes and No."""
    found: dict[str, str] = {}
    for value in values:
        word = ("Yes" if value else "No") if isinstance(value, bool) else str(value).strip()
        found.setdefault(word.casefold(), word)
    return tuple(found.values())
