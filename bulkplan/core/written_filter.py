"""How a spec writes a query that stands in Close: as short filter, as query, or as all leads; nothing is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bulkplan.core.conditions import WhereContext
from bulkplan.core.field_table import FIELDS
from bulkplan.core.fields import LEAD
from bulkplan.core.query_form import lead_query, read_query, takes_everybody
from bulkplan.core.resolve import CUSTOM_FIELD, known_fields, name_or_id
from bulkplan.core.sorting import DEFAULT_SORT, compile_sort
from bulkplan.core.where_from_query import where_from_query
from bulkplan.errors import Problem
from bulkplan.model.base import JsonMapping, JsonObject
from bulkplan.model.catalog import Catalog

KEPT = "Kept as a query"


@dataclass(frozen=True)
class WrittenFilter:
    """
    `filter` and `options` of a spec in plain data, for a query.

    `why` says why it stayed a query; `problems` why no spec can select by it at all.
    """

    filter: JsonObject = field(default_factory=dict)
    options: JsonObject = field(default_factory=dict)
    why: str | None = None
    problems: tuple[Problem, ...] = ()


def write_filter(query: JsonMapping, context: WhereContext) -> WrittenFilter:
    """
    Write a query as a spec does.

    Args:
        query: The node, or `{"query": node, "sort": […], "results_limit": …}`, as "Copy Filters" gives it.
        context: What the spec is going to be read with.

    Returns:
        A filter that selects exactly the same leads. Text that looks like an expression is written so that it is none.
    """
    parts, problems = read_query(query, ())
    node = lead_query(parts.node, ()) if not problems else parts.node
    if isinstance(node, Problem):
        problems = (node,)
    if problems or isinstance(node, Problem):
        return WrittenFilter(problems=problems)
    names = sort_names(parts.sort, context.catalog)
    options: JsonObject = {} if parts.results_limit is None else {"results_limit": parts.results_limit}
    if names:
        options["sort"] = list(names)
    kept: JsonObject = {"query": as_written(dict(query))}
    if names is None:
        return WrittenFilter(kept, why="it is sorted by a field that a spec cannot sort by")
    if takes_everybody(parts.node):
        return WrittenFilter({"all_leads": True}, options)
    short = where_from_query(node, context)
    if short.where is None:
        return WrittenFilter(kept, why=short.why)
    return WrittenFilter({"where": as_written(short.where)}, options)


def sort_names(sort: tuple[JsonValue, ...], catalog: Catalog) -> tuple[str, ...] | None:
    """The order as a spec writes it: none for the order that runs have anyway; `None` when it cannot be written."""
    if list(sort) in ([], [DEFAULT_SORT]):
        return ()
    names = tuple(_sort_name(entry, catalog) for entry in sort)
    compiled, problems = compile_sort(names, catalog=catalog, path=())
    return names if not problems and list(compiled) == list(sort) and len(names) <= 3 else None


def _sort_name(entry: JsonValue, catalog: Catalog) -> str:
    found = entry if isinstance(entry, dict) else {}
    field = found.get("field")
    node = field if isinstance(field, Mapping) else {}
    sign = "-" if found.get("direction") == "desc" else ""
    if isinstance(node.get("custom_field_id"), str):
        known = known_fields(catalog.lead_fields)
        return f"{sign}custom.{name_or_id(str(node['custom_field_id']), known, noun=CUSTOM_FIELD)}"
    name = str(node.get("field_name"))
    labels = (label for label, row in FIELDS[LEAD].items() if row.field_name == name and row.owner is None)
    return sign + next(labels, name)


def as_written(value: JsonValue) -> JsonValue:
    """The value with every `{{` and `{%` in its texts written so that it is no expression; see `literal`."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, list):
        return [as_written(item) for item in value]
    if isinstance(value, dict):
        return {key: as_written(item) for key, item in value.items()}
    return value


def literal(text: str) -> str:
    """A text as a spec writes it where expressions may stand."""
    return re.sub(r"\{(?=[{%])", "{{ '{' }}", text)
