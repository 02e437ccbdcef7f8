"""Which leads a spec's filter selects: its four forms as one structured query."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.core.conditions import WhereContext
from bulkplan.core.digest import digest_json
from bulkplan.core.query_form import (
    QueryParts,
    has_moving_moment,
    lead_query,
    nested_view_ids,
    read_query,
    takes_everybody,
    unwrap,
)
from bulkplan.core.query_names import names_of_ids
from bulkplan.core.resolve import find_smart_view
from bulkplan.core.where import compile_lead_query, object_type
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonMapping, SQuery
from bulkplan.model.catalog import Catalog, SmartView
from bulkplan.model.request import Dependency
from bulkplan.model.spec import Filter

PATH: Path = ("filter",)


class Selection(NamedTuple):
    """
    The query of a filter, before suppression. `sort` and `results_limit` are those of a smart view or a copied query.

    With problems the query is incomplete and must not be sent. `notes` are for the reader of a plan.
    """

    query: SQuery
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    names: Mapping[str, str] = MappingProxyType({})
    dependencies: tuple[Dependency, ...] = ()
    sort: tuple[JsonValue, ...] = ()
    results_limit: int | None = None


def select_leads(filter_: Filter, *, context: WhereContext) -> Selection:
    """The structured query that a filter stands for; every problem of it."""
    if filter_.where is not None:
        compiled = compile_lead_query(filter_.where, context=context, path=(*PATH, "where"))
        return Selection(compiled.node, compiled.problems, names=compiled.names)
    if filter_.query is not None:
        return _from_query(filter_.query, context.catalog)
    if filter_.smart_view is not None:
        return _from_view(filter_.smart_view, context.catalog)
    everything: SQuery = {"type": "and", "queries": [object_type("lead")]}
    if filter_.all_leads is None:
        hint = "say where, query or smart_view, or all_leads: true"
        return Selection(everything, (Problem("the filter selects nothing", hint, PATH),))
    return Selection(everything)


def _from_query(query: JsonMapping, catalog: Catalog) -> Selection:
    path = (*PATH, "query")
    parts, problems = read_query(query, path)
    if problems:
        return Selection(parts.node, problems)
    is_wrapped = "type" not in query
    return _selection(parts, catalog, path=(*path, "query") if is_wrapped else path, subject="the query")


def _from_view(name: str, catalog: Catalog) -> Selection:
    path = (*PATH, "smart_view")
    found = find_smart_view(name, catalog, path)
    if isinstance(found, Problem):
        return Selection({}, (found,))
    view = found.item
    subject = f'the smart view "{view.name}"'
    parts = unwrap(view.s_query or {})
    if not parts.node:
        return Selection({}, (Problem(f"{subject} holds no query", "save it again in Close", path),))
    selection = _selection(parts, catalog, path=path, subject=subject, inside=view.id)
    notes = selection.notes
    if view.is_user_dependent:
        notes = (f"{subject} depends on who asks: it selects what the owner of the API key sees", *notes)
    return Selection(
        selection.query,
        selection.problems,
        notes,
        {view.id: view.name, **selection.names},
        (view_dependency(view), *selection.dependencies),
        selection.sort,
        selection.results_limit,
    )


def _selection(
    parts: QueryParts, catalog: Catalog, *, path: Path, subject: str, inside: str | None = None
) -> Selection:
    query = lead_query(parts.node, path)
    if isinstance(query, Problem):
        return Selection(parts.node, (query,))
    if takes_everybody(parts.node) and inside is None:
        hint = "if every lead is meant, write filter: {all_leads: true}; else add a condition"
        return Selection(parts.node, (Problem(f"{subject} asks nothing of a lead, so it takes all", hint, path),))
    nested, unknown = _nested_views(parts.node, catalog, inside=inside)
    notes = [f"{subject} refers to {view_id}, which the API key cannot see" for view_id in unknown]
    if takes_everybody(parts.node):
        notes.append(f"{subject} asks nothing of a lead, so it takes all")
    if has_moving_moment(parts.node) or any(has_moving_moment(view.s_query) for view in nested):
        notes.append(f"{subject} holds dates relative to now, which Close measures from the time it runs")
    return Selection(
        query,
        notes=tuple(notes),
        names={**names_of_ids(parts.node, catalog), **{view.id: view.name for view in nested}},
        dependencies=tuple(view_dependency(view) for view in nested),
        sort=parts.sort,
        results_limit=parts.results_limit,
    )


def _nested_views(
    node: SQuery, catalog: Catalog, *, inside: str | None
) -> tuple[tuple[SmartView, ...], tuple[str, ...]]:
    """The smart views that a query refers to, directly or through others, and the IDs that nobody knows."""
    by_id = {view.id: view for view in catalog.smart_views}
    seen: dict[str, SmartView | None] = {}
    waiting = list(nested_view_ids(node))
    while waiting:
        view_id = waiting.pop(0)
        if view_id in seen or view_id == inside:
            continue
        seen[view_id] = by_id.get(view_id)
        waiting.extend(nested_view_ids(by_id[view_id].s_query) if view_id in by_id else ())
    unknown = tuple(view_id for view_id, view in seen.items() if view is None)
    return tuple(view for view in seen.values() if view is not None), unknown


def view_dependency(view: SmartView) -> Dependency:
    """A smart view by the digest of its query."""
    return Dependency(kind="smart view", id=view.id, name=view.name, digest=digest_json(view.s_query))
