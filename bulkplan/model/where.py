"""The short filter: conditions on fields, joined by all, any, not and has, or shared by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, JsonValue, StringConstraints, Tag

from bulkplan.model.base import Value

Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Number = int | float
Moment = str
"""A day (`2026-01-31`), an instant (ISO 8601), or relative words (`90 days ago`, `today`, `in 2 weeks`)."""

Operand = str | int | float | bool
Operands = Annotated[tuple[Operand, ...], Field(min_length=1)]

RelatedKind = Literal[
    "contact",
    "opportunity",
    "activity.email",
    "activity.call",
    "activity.note",
    "activity.meeting",
    "activity.sms",
    "sequence_subscription",
]


class FieldCondition(Value):
    """
    A condition on one field: one operator, or two that bound a range (`gte` and `lt`, `on_or_after` and `before`).

    Which operators fit is decided by the type of the field, when names are resolved.
    """

    field: Name = Field(description="A field: status, name, custom.Industry, opportunity.status_type, ...")
    is_: Operand | Operands | None = Field(None, alias="is", description="Equals the value, or any of a list.")
    is_not: Operand | Operands | None = Field(None, description="Does not equal the value, nor any of a list.")
    contains: str | None = Field(None, description="Text: holds all these words, in any order.")
    phrase: str | None = Field(None, description="Text: holds these words side by side.")
    word_starts_with: str | None = Field(None, description="Text: some word begins so.")
    exists: bool | None = Field(None, description="true: has a value. false: is empty.")
    gt: Number | None = Field(None, description="Number: greater than.")
    gte: Number | None = Field(None, description="Number: at least.")
    lt: Number | None = Field(None, description="Number: less than.")
    lte: Number | None = Field(None, description="Number: at most.")
    on: Moment | None = Field(None, description="Date: on this day.")
    before: Moment | None = Field(None, description="Date: before this day or instant.")
    after: Moment | None = Field(None, description="Date: after this day or instant.")
    on_or_before: Moment | None = Field(None, description="Date: not after this day or instant.")
    on_or_after: Moment | None = Field(None, description="Date: not before this day or instant.")


class AllOf(Value):
    """Every one of these must hold."""

    all: Annotated[tuple[Where, ...], Field(min_length=1)]


class AnyOf(Value):
    """At least one of these must hold."""

    any: Annotated[tuple[Where, ...], Field(min_length=1)]


class Not(Value):
    """This must not hold."""

    not_: Where = Field(alias="not")


class Has(Value):
    """The lead has at least one related object of this kind (for which `where` holds)."""

    has: RelatedKind
    where: Where | None = None


class Use(Value):
    """
    The conditions of a fragment (`filters/*.yaml`) hold. A fragment is about whatever is in scope where it is used.

    `where` is what the fragment says, filled in for this use; no file writes it, loading a project puts it there.
    """

    use: Name = Field(description="Name of a fragment under filters/.")
    vars: dict[str, JsonValue] = Field(default_factory=dict, description="Values for {{ vars.name }} in the fragment.")
    where: Where | None = None


_TAGS = ("all", "any", "not", "has", "use", "field")
_TAG_BY_MODEL: dict[type, str] = {
    AllOf: "all",
    AnyOf: "any",
    Not: "not",
    Has: "has",
    Use: "use",
    FieldCondition: "field",
}


def where_tag(node: object) -> str | None:
    """Which form a node has, by its key; `None` when no form fits."""
    if isinstance(node, dict) or isinstance(node, Mapping):  # noqa: SIM101 - a dict is told without asking the ABC
        for tag in _TAGS:
            if tag in node:
                return tag
        return None
    return _TAG_BY_MODEL.get(type(node))


Where = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Has, Tag("has")]
    | Annotated[Use, Tag("use")]
    | Annotated[FieldCondition, Tag("field")],
    Discriminator(where_tag),
]
