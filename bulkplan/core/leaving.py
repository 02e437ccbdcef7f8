"""Whether the leads that an edit changed still match the filter it ran on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from bulkplan.model.base import JsonMapping


@dataclass(frozen=True)
class FieldEdit:
    """
    What an edit leaves in one field of a lead: `values` replace, extend or reduce what was there.

    `field_id` is the ID of a custom field, or `status_id`.
    """

    field_id: str
    values: tuple[JsonValue, ...]
    operation: Literal["replace", "add", "remove"] = "replace"


def edit_of(body: JsonMapping) -> FieldEdit | None:
    """The edit that a bulk edit's body asks for; `None` when it is none. Source: Close API, Bulk Actions (edit)."""
    kind, field_id = body.get("type"), body.get("custom_field_id")
    if kind == "set_lead_status":
        return FieldEdit("status_id", (body.get("lead_status_id"),))
    if not isinstance(field_id, str):
        return None
    if kind == "clear_custom_field":
        return FieldEdit(field_id, ())
    if kind != "set_custom_field":
        return None
    several = body.get("custom_field_values")
    values = tuple(several) if isinstance(several, list) else (body.get("custom_field_value"),)
    operation = body.get("custom_field_operation", "replace")
    if operation == "add":
        return FieldEdit(field_id, values, "add")
    return FieldEdit(field_id, values, "remove" if operation == "remove" else "replace")


def still_matches(query: JsonValue, edit: FieldEdit) -> bool | None:
    """
    Whether a lead that matched still does once it was edited; `None` when the query alone cannot say.

    Source: Close API, Advanced Filtering (groups, `negate`, field conditions).
    """
    if not isinstance(query, dict):
        return None
    kind, queries = query.get("type"), query.get("queries")
    if kind in ("and", "or") and isinstance(queries, list):
        answers = [still_matches(item, edit) for item in queries]
        found = _all(answers) if kind == "and" else _any(answers)
    elif kind == "field_condition" and _is_about(query.get("field"), edit):
        found = _holds(query.get("condition"), edit)
    elif kind == "in_status" and edit.field_id == "status_id":
        found = _meets(query.get("status_ids"), edit)
    else:
        found = None
    return not found if found is not None and query.get("negate") is True else found


def _all(answers: Sequence[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _any(answers: Sequence[bool | None]) -> bool | None:
    if True in answers:
        return True
    return None if None in answers else False


def _is_about(field: JsonValue, edit: FieldEdit) -> bool:
    if not isinstance(field, dict):
        return False
    if edit.field_id == "status_id":
        return (field.get("type"), field.get("object_type"), field.get("field_name")) == (
            "regular_field",
            "lead",
            "status_id",
        )
    return field.get("type") == "custom_field" and field.get("custom_field_id") == edit.field_id


def _holds(condition: JsonValue, edit: FieldEdit) -> bool | None:
    """Whether the condition is true of the field after the edit."""
    if not isinstance(condition, dict):
        return None
    kind = condition.get("type")
    if kind == "exists":
        return None if edit.operation == "remove" else bool(edit.values)
    if kind == "reference":
        return _meets(condition.get("object_ids"), edit)
    if kind == "term":
        return _meets(condition.get("values"), edit)
    if kind == "boolean" or (kind == "text" and condition.get("mode") == "exact_value"):
        return _meets([condition.get("value")], edit)
    return None


def _meets(wanted: JsonValue, edit: FieldEdit) -> bool | None:
    """Whether the field holds one of the wanted values after the edit."""
    if not isinstance(wanted, list):
        return None
    asked, given = {_folded(value) for value in wanted}, {_folded(value) for value in edit.values}
    if edit.operation == "replace":
        return bool(asked & given)
    if edit.operation == "add":
        return True if asked & given else None
    return False if asked <= given else None


def _folded(value: JsonValue) -> str:
    """Close compares text without regard to case; to take two values for one is the careful mistake here."""
    return str(value).casefold()
