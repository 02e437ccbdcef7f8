"""A frozen cohort: the leads of the plan written into its request, and taken out again for comparing requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from pydantic import JsonValue

from bulkplan.errors import Problem
from bulkplan.model.base import JsonMapping, JsonObject, SQuery
from bulkplan.model.request import Request
from bulkplan.model.spec import Spec

MAX_FROZEN_LEADS = 3_000
"""
Each lead adds some 90 bytes to a request, and Close repeats the request in every listing: a page of a hundred such
actions must stay readable, or no lost answer could be found again. Close names no limit of its own.
"""


def is_frozen(spec: Spec) -> bool:
    """Whether a run takes only the leads of its plan."""
    return spec.cohort == "frozen"


def too_many_to_freeze(n_leads: int) -> Problem | None:
    """Why so many leads cannot be frozen, at the key that asks for it; `None` when they can."""
    if n_leads <= MAX_FROZEN_LEADS:
        return None
    return Problem(
        f"cohort: frozen takes at most {MAX_FROZEN_LEADS:,} leads, and this run takes {n_leads:,}",
        hint="narrow the filter, set options.results_limit, or write cohort: live "
        "(then guards.max_drift bounds who may enter and leave)",
        path=("cohort",),
    )


def freeze(request: Request, lead_ids: Collection[str]) -> Request:
    """
    The request for these leads only, as far as they still match when it runs.

    Nobody who enters later is in it, and whoever no longer matches drops out; suppression holds as before.
    Source: Close API, Advanced Filtering (a clause of type `id` holds one ID).

    Raises:
        ValueError: There is no lead: Close might take a group of no clause for one that everybody meets.
    """
    if not lead_ids:
        raise ValueError("a cohort of no lead cannot be frozen")
    queries: list[JsonValue] = [request.body["s_query"], id_clause(lead_ids)]
    query: SQuery = {"type": "and", "queries": queries}
    return request.model_copy(update={"body": {**request.body, "s_query": query}})


def comparable(body: JsonMapping, *, is_frozen: bool | None = None) -> JsonObject:
    """
    The body for comparing requests: the leads of a frozen cohort give way to `"cohort": "frozen"`.

    Args:
        body: Of a request, sent or rendered.
        is_frozen: What is known about a body that was only rendered; `None`: its query tells.
    """
    reviewed = _unfrozen(body.get("s_query"))
    if reviewed is None:
        return {**body, "cohort": "frozen"} if is_frozen else dict(body)
    return {**body, "s_query": reviewed, "cohort": "frozen"}


def id_clause(lead_ids: Collection[str]) -> SQuery:
    """One group of IDs, sorted. The `negate` written out on the group alone tells it from a group written by hand."""
    queries: list[JsonValue] = [{"type": "id", "value": lead_id} for lead_id in sorted(lead_ids)]
    return {"type": "or", "negate": False, "queries": queries}


def _unfrozen(s_query: JsonValue) -> JsonValue:
    """The query that was frozen; `None` for one that is not."""
    queries = s_query.get("queries") if isinstance(s_query, dict) and s_query.get("type") == "and" else None
    if not isinstance(queries, list) or len(queries) != 2:
        return None
    return queries[0] if is_id_clause(queries[1]) else None


def is_id_clause(node: JsonValue) -> bool:
    """Whether a node is a group of IDs that `id_clause` made."""
    if not isinstance(node, dict) or node.get("type") != "or" or node.get("negate") is not False:
        return False
    queries = node.get("queries")
    if not isinstance(queries, list) or not queries:
        return False
    values = [_plain_id(query) for query in queries]
    ids = [value for value in values if value is not None]
    return len(ids) == len(values) and all(one < other for one, other in pairwise(ids))


def _plain_id(node: JsonValue) -> str | None:
    if not isinstance(node, Mapping) or node.keys() != {"type", "value"} or node["type"] != "id":
        return None
    value = node["value"]
    return value if isinstance(value, str) else None
