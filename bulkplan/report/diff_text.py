"""What differs between two requests, a line each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bulkplan.model.plan import FieldChange
from bulkplan.report.lines import Line, Span, Style
from bulkplan.report.wrap import wrapped

_SIGNS: Mapping[str, tuple[str, Style]] = {
    "added": ("+", "add"),
    "removed": ("-", "remove"),
    "changed": ("~", "change"),
}


def diff_lines(differences: Sequence[FieldChange], *, indent: int, width: int) -> tuple[Line, ...]:
    """Each difference: its sign, its path, and the value, or the value before and after."""
    return tuple(line for change in differences for line in _change_lines(change, indent=indent, width=width))


def _change_lines(change: FieldChange, *, indent: int, width: int) -> tuple[Line, ...]:
    sign, style = _SIGNS[change.change]
    head = (Span(" " * indent), Span(f"{sign} ", style))
    return wrapped(head, (Span(f"{change.path}: "), *_values(change)), width=width)


def _values(change: FieldChange) -> tuple[Span, ...]:
    if change.change == "added":
        return (Span(_json(change.after), "add"),)
    if change.change == "removed":
        return (Span(_json(change.before), "remove"),)
    return Span(_json(change.before), "remove"), Span(" → "), Span(_json(change.after), "add")


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
