"""How endpoints and bulk actions ask the world which objects match; a bad query becomes a 400."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue

from bulkplan.sandbox import search
from bulkplan.sandbox.call import Call
from bulkplan.sandbox.errors import ApiError
from bulkplan.sandbox.query_sql import QueryContext, QueryError
from bulkplan.sandbox.rows import Row, optional_text, parsed, text
from bulkplan.sandbox.world import World


def context_of(call: Call) -> QueryContext:
    """Say who asks, when and where."""
    return QueryContext(now=call.now, tz_offset=call.tz_offset, user_id=call.caller.user_id)


def check_query(call: Call, node: JsonValue, *, sort: JsonValue, results_limit: JsonValue) -> str:
    """
    Check a query as it stands in a request; returns the object type it is about.

    Raises:
        ApiError: 400, with the fault as the service words it.
    """
    try:
        search.read_results_limit(results_limit)
        return search.select_ids(call.world, node, context_of(call), sort=sort).object_type
    except QueryError as error:
        raise ApiError(400, str(error)) from error


def check_lead_query(call: Call, node: JsonValue, *, sort: JsonValue, results_limit: JsonValue) -> None:
    """Check the selection of a bulk action, which has to be about leads; raises ApiError 400."""
    object_type = check_query(call, node, sort=sort, results_limit=results_limit)
    if object_type != "lead":
        raise ApiError(400, f"A bulk action selects leads, not {object_type} objects.")


def find_lead_ids(world: World, action: Row, *, now: datetime) -> list[str]:
    """List the leads a bulk action takes, in its order, as of `now`; a query that has become invalid takes none."""
    context = QueryContext(now=now, tz_offset=_hours(action), user_id=optional_text(action, "created_by") or "")
    limit = action["results_limit"]
    try:
        return search.ids(
            world,
            parsed(action["s_query"]),
            context,
            sort=parsed(text(action, "sort")),
            limit=limit if isinstance(limit, int) else None,
        )
    except QueryError:
        return []  # a smart view or a field it named is gone


def _hours(action: Row) -> float:
    offset = action["tz_offset"]
    return float(offset) if isinstance(offset, (int, float)) else 0.0
