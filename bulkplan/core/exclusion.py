"""
Leads that an earlier run of a plan takes, kept out of the request of a later one; and taken out again to compare.

The earlier run's query alone would not do: once that run has mailed its leads they may no longer match it, and the
later run would take them after all. So the leads that both match when the plan is made are named as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pydantic import JsonValue

from bulkplan.core.digest import canonical_json
from bulkplan.core.frozen import MAX_FROZEN_LEADS, id_clause, is_id_clause
from bulkplan.model.base import JsonMapping, SQuery
from bulkplan.model.request import Request

MAX_EXCLUDED = MAX_FROZEN_LEADS
"""So many leads can be named in one request, for the same reason as in a frozen one."""
MAX_QUERY_CHARS = 500_000
"""Longer queries are not sent. Close names no limit of its own."""


def exclude(request: Request, earlier: Sequence[SQuery], lead_ids: Collection[str]) -> Request:
    """
    The request without the leads of earlier runs: neither those named, nor whoever else matches one of their queries.

    Args:
        request: As rendered, suppression and all.
        earlier: The queries of the earlier runs.
        lead_ids: Who matched the request and one of them when the plan was made.

    Raises:
        ValueError: There is no lead to leave out.
    """
    if not lead_ids:
        raise ValueError("without leads in common nothing is taken out")
    clauses: list[JsonValue] = [*earlier, id_clause(lead_ids)]
    body = {**request.body, "s_query": _without(request.body["s_query"], clauses)}
    unsuppressed = None if request.unsuppressed is None else _without(request.unsuppressed, clauses)
    return request.model_copy(update={"body": body, "unsuppressed": unsuppressed})


def is_too_long(request: Request) -> bool:
    """Whether its query is longer than one that is sent."""
    return len(canonical_json(request.body["s_query"])) > MAX_QUERY_CHARS


def with_all(body: JsonMapping) -> dict[str, JsonValue]:
    """The body as it was before anybody was excluded; any other as it is."""
    reviewed = _reviewed(body.get("s_query"))
    return dict(body) if reviewed is None else {**body, "s_query": reviewed}


def _without(s_query: JsonValue, clauses: list[JsonValue]) -> SQuery:
    """`negate` is written out on the outer group, which tells it from one written by hand."""
    queries: list[JsonValue] = [s_query, {"type": "or", "negate": True, "queries": clauses}]
    return {"type": "and", "negate": False, "queries": queries}


def _reviewed(s_query: JsonValue) -> JsonValue:
    """The query that leads were excluded from; `None` where none were."""
    if not isinstance(s_query, dict) or s_query.get("type") != "and" or s_query.get("negate") is not False:
        return None
    queries = s_query.get("queries")
    if not isinstance(queries, list) or len(queries) != 2 or not isinstance(group := queries[1], dict):
        return None
    clauses = group.get("queries")
    is_group = group.get("type") == "or" and group.get("negate") is True and isinstance(clauses, list)
    return queries[0] if is_group and isinstance(clauses, list) and clauses and is_id_clause(clauses[-1]) else None
