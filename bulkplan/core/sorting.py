"""In which order Close goes through the leads."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from bulkplan.core.field_table import FieldType
from bulkplan.core.fields import LEAD, FoundField, find_field
from bulkplan.core.resolve import list_some
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog

DEFAULT_SORT: JsonObject = {
    "direction": "asc",
    "field": {"type": "regular_field", "object_type": LEAD, "field_name": "date_created"},
}
"""Oldest lead first: an order that newcomers do not change."""

_SORTABLE = (FieldType.TEXT, FieldType.NUMBER, FieldType.MOMENT, FieldType.DATE)


def compile_sort(
    names: Sequence[str], *, catalog: Catalog, path: Path
) -> tuple[tuple[JsonObject, ...], tuple[Problem, ...]]:
    """
    Compile `["-date_updated", …]` to `[{"direction": "desc", "field": {…}}, …]`.

    Only numbers, dates and text that a lead itself holds can be sorted by. Source: Close API, Advanced Filtering.
    """
    entries: list[JsonObject] = []
    problems: list[Problem] = []
    for index, name in enumerate(names):
        at = (*path, index)
        found = find_field(name.removeprefix("-").strip(), scope=LEAD, catalog=catalog, path=at)
        problem = found if isinstance(found, Problem) else _unsortable(found, at)
        if problem is not None:
            problems.append(problem)
        elif isinstance(found, FoundField):
            entries.append({"direction": "desc" if name.startswith("-") else "asc", "field": dict(found.node)})
    return tuple(entries), tuple(problems)


def _unsortable(found: FoundField, path: Path) -> Problem | None:
    if found.type in _SORTABLE and found.owner is None and not found.is_multiple:
        return None
    reason = "it is not held by the lead itself" if found.owner else f"it holds {found.type.value}"
    if found.is_multiple:
        reason = "it holds several values"
    examples = ["date_created", "-date_updated", "-last_communication_date", "name"]
    return Problem(
        f"leads cannot be sorted by {found.label}: {reason}",
        hint=f"sort by a number, a date or text of the lead: {list_some(examples)}",
        path=path,
    )


def as_json(entries: Sequence[JsonValue]) -> list[JsonValue]:
    """The list to send; `DEFAULT_SORT` where nothing was asked for."""
    return list(entries) or [dict(DEFAULT_SORT)]
