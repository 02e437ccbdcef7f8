"""A condition for every built-in field and operator, and for custom fields by their type."""

from __future__ import annotations

from bulkplan.core.field_table import FIELDS, FieldType
from bulkplan.core.operators import OPERATORS

VALUES = {
    FieldType.TEXT: "a",
    FieldType.NUMBER: 1,
    FieldType.MOMENT: "30 days ago",
    FieldType.DATE: "30 days ago",
    FieldType.BOOLEAN: True,
    FieldType.USER: ["me", "Milan Novak"],
    FieldType.LEAD_STATUS: "Churned",
    FieldType.OPPORTUNITY_STATUS: "Proposal",
    FieldType.SEQUENCE: "Trial onboarding",
    FieldType.CONTACT: "cont_abc",
}


def conditions(name, type_, choices=()):
    for operator in OPERATORS[type_]:
        if operator == "exists":
            yield {"field": name, "exists": True}
        elif type_ is FieldType.CHOICE:
            yield {"field": name, operator: choices[0]}
        else:
            yield {"field": name, operator: VALUES[type_]}


REGULAR = [
    (kind, condition)
    for kind, fields in FIELDS.items()
    for name, row in fields.items()
    for condition in conditions(name, row.type, row.choices)
]
