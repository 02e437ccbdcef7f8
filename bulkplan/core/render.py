"""Which request a spec stands for: the exact body, or every reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bulkplan.core.actions import ActionKeys, render_action
from bulkplan.core.conditions import WhereContext
from bulkplan.core.digest import digest_json
from bulkplan.core.field_values import ValueContext
from bulkplan.core.selection import Selection, select_leads
from bulkplan.core.sorting import as_json, compile_sort
from bulkplan.core.where import Compiled, compile_where, negate
from bulkplan.errors import Problem
from bulkplan.model.base import JsonObject, SQuery
from bulkplan.model.catalog import Catalog
from bulkplan.model.request import FAMILY_BY_KIND, KIND_BY_ACTION, Request
from bulkplan.model.spec import Spec
from bulkplan.model.where import Where

SUPPRESSED_FAMILIES = ("email", "sequence")
"""The families of actions that reach people."""


@dataclass(frozen=True)
class RenderContext:
    """
    What a spec is rendered against besides the catalog.

    `now` is the plan's one instant (aware), `timezone` the target's IANA name, `suppress` the project's filter of leads
    that no message may reach, `user_id` the owner of the API key.
    """

    now: datetime
    timezone: str = "UTC"
    suppress: Where | None = None
    user_id: str | None = None


@dataclass(frozen=True)
class Rendered:
    """A request, or the problems that stand in its way (one of the two); notes for the reader of the plan."""

    request: Request | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """Names of what is counted for it: its query, then the query without suppression, where there is one."""
        if self.request is None:
            return ()
        queries = (self.request.body["s_query"], self.request.unsuppressed)
        return tuple(digest_json(s_query) for s_query in queries if s_query is not None)


def is_suppressible(spec: Spec) -> bool:
    """Whether the project's suppression applies: the action reaches people."""
    return FAMILY_BY_KIND[KIND_BY_ACTION[spec.action.type]] in SUPPRESSED_FAMILIES


def render_request(spec: Spec, *, catalog: Catalog, context: RenderContext) -> Rendered:
    """
    Render a spec to the request that would be sent, without marker and ceiling.

    Args:
        spec: Valid, its expressions filled in.
        catalog: Everything `needs.needed_kinds` asks for.
        context: The instant, zone, suppression and user of the plan.

    Returns:
        The request; or every problem of the spec, each with its path in the spec's document. Problems of the project's
        suppression have paths that begin with `suppress`.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: The zone is unknown; projects are checked for that when they are loaded.
    """
    where = WhereContext(catalog, context.now, ZoneInfo(context.timezone))
    selection = select_leads(spec.filter, context=where)
    action = render_action(spec.action, context=ValueContext(where, context.user_id))
    sort, sort_problems = compile_sort(spec.options.sort, catalog=catalog, path=("options", "sort"))
    suppress = _suppression(spec, context.suppress, where)
    problems = (*selection.problems, *action.problems, *sort_problems, *(suppress.problems if suppress else ()))
    if problems:
        return Rendered(None, problems, selection.notes)
    request = Request(
        kind=KIND_BY_ACTION[spec.action.type],
        body={**action.body, **_selection_keys(spec, selection, sort=sort, suppress=suppress)},
        unsuppressed=selection.query if suppress else None,
        dependencies=(*action.dependencies, *selection.dependencies),
        names=_names(selection, action, suppress),
    )
    return Rendered(request, (), selection.notes)


def _suppression(spec: Spec, suppress: Where | None, context: WhereContext) -> Compiled | None:
    if suppress is None or not is_suppressible(spec):
        return None
    return compile_where(suppress, scope="lead", context=context, path=("suppress",))


def _selection_keys(
    spec: Spec, selection: Selection, *, sort: tuple[JsonObject, ...], suppress: Compiled | None
) -> JsonObject:
    """The keys that all kinds share. Source: Close API, Bulk Actions, "Lead filtering"."""
    options = spec.options
    return {
        "s_query": suppressed(selection.query, suppress.node) if suppress else selection.query,
        "results_limit": selection.results_limit if options.results_limit is None else options.results_limit,
        "sort": as_json(sort or selection.sort),
        "send_done_email": options.send_done_email,
    }


def suppressed(reviewed: SQuery, suppress: SQuery) -> SQuery:
    """The query without the leads that suppression names."""
    queries: list[JsonValue] = [reviewed, negate(suppress)]
    return {"type": "and", "queries": queries}


def _names(selection: Selection, action: ActionKeys, suppress: Compiled | None) -> dict[str, str]:
    names = {**selection.names, **(suppress.names if suppress else {}), **action.names}
    return dict(sorted(names.items()))


def with_ceiling(request: Request, approved: int) -> Request:
    """
    The request that Close itself stops at what was approved.

    Args:
        request: As rendered; the limit that its spec asks for stays when it is lower.
        approved: Leads, from 1 up.

    Raises:
        ValueError: `approved` is 0 or less: Close would read a limit of 0 in a way nobody has promised.
    """
    if approved < 1:
        raise ValueError(f"a ceiling of {approved} leads cannot be sent")
    asked = request.body.get("results_limit")
    ceiling = min(asked, approved) if isinstance(asked, int) else approved
    return request.model_copy(update={"body": {**request.body, "results_limit": ceiling}})
