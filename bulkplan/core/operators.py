"""Which operators fit which type of field, and which of them a condition uses."""

from __future__ import annotations

from collections.abc import Mapping

from bulkplan.core.field_table import FieldType
from bulkplan.model.where import FieldCondition

OperandValue = str | int | float | bool | tuple[str | int | float | bool, ...]

EQUALITY = ("is", "is_not")
RANGE = ("gt", "gte", "lt", "lte")
WORDS = ("contains", "phrase", "word_starts_with")
TIME = ("on", "on_or_after", "after", "before", "on_or_before")
ALL_OPERATORS = (*EQUALITY, *WORDS, "exists", *RANGE, *TIME)

OPERATORS: Mapping[FieldType, tuple[str, ...]] = {
    FieldType.TEXT: (*EQUALITY, *WORDS, "exists"),
    FieldType.NUMBER: (*EQUALITY, *RANGE, "exists"),
    FieldType.MOMENT: (*TIME, "exists"),
    FieldType.DATE: (*TIME, "exists"),
    FieldType.BOOLEAN: (*EQUALITY, "exists"),
    FieldType.CHOICE: (*EQUALITY, "exists"),
    FieldType.USER: (*EQUALITY, "exists"),
    FieldType.LEAD_STATUS: (*EQUALITY, "exists"),
    FieldType.OPPORTUNITY_STATUS: (*EQUALITY, "exists"),
    FieldType.SEQUENCE: (*EQUALITY, "exists"),
    FieldType.CONTACT: (*EQUALITY, "exists"),
    FieldType.CUSTOM_OBJECT: (*EQUALITY, "exists"),
    FieldType.OTHER: ("exists",),
}

EXAMPLES: Mapping[FieldType, str] = {
    FieldType.TEXT: "contains: renewal",
    FieldType.NUMBER: "gte: 10",
    FieldType.MOMENT: "before: 90 days ago",
    FieldType.DATE: 'on_or_after: "2026-01-31"',
    FieldType.BOOLEAN: "is: true",
    FieldType.CHOICE: "is: [one choice, another]",
    FieldType.USER: "is: dana@example.com",
    FieldType.LEAD_STATUS: "is: [Potential, Contacted]",
    FieldType.OPPORTUNITY_STATUS: "is: Proposal",
    FieldType.SEQUENCE: "is: Trial onboarding",
    FieldType.CONTACT: "is: cont_…",
    FieldType.CUSTOM_OBJECT: "is: the ID of a custom object",
    FieldType.OTHER: "exists: true",
}


_ATTRIBUTES = tuple((operator, "is_" if operator == "is" else operator) for operator in ALL_OPERATORS)


def written_operators(condition: FieldCondition) -> tuple[tuple[str, OperandValue], ...]:
    """The operators that a condition uses, as a spec spells them, each with its operand; in a fixed order."""
    written = condition.model_fields_set
    found: list[tuple[str, OperandValue]] = []
    for operator, attribute in _ATTRIBUTES:
        if attribute in written:
            operand: OperandValue | None = getattr(condition, attribute)
            if operand is not None:
                found.append((operator, operand))
    return tuple(found)
