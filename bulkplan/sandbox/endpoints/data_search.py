"""`POST /data/search/`: which objects match a structured query, in pages, with counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from pydantic import JsonValue

from bulkplan.sandbox import search
from bulkplan.sandbox.activity_objects import SELECT_ACTIVITY, activity_object
from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.cursors import open_cursor, question_digest, seal_cursor
from bulkplan.sandbox.errors import REQUIRED, ApiError, FieldsError
from bulkplan.sandbox.lead_changes import status_labels
from bulkplan.sandbox.lead_objects import load_contacts, load_leads, select_fields
from bulkplan.sandbox.objects import subscription_object
from bulkplan.sandbox.opportunity_objects import load_opportunities
from bulkplan.sandbox.queries import check_query, context_of
from bulkplan.sandbox.rows import fetch_all, id_list, integer, text

JsonObject = dict[str, JsonValue]

MAX_LIMIT = 200
DEFAULT_LIMIT = 100
CURSOR_LIFE_S = 30
QUESTION_KEYS = ("query", "sort", "results_limit")


def search_objects(call: Call) -> JsonValue:
    """
    Answer `{data, cursor}`, and `count: {limited, total}` with `include_counts`.

    Without `_fields` objects have only `id` and `__object_type`. A cursor stands in the body as `cursor`.

    Raises:
        ApiError: 400, for the query, the limit, or a cursor that is over 30 seconds old or of another search.
    """
    body = call.json_object()
    node, sort, results_limit = body.get("query"), body.get("sort"), body.get("results_limit")
    if node is None:
        raise FieldsError({"query": REQUIRED})
    object_type = check_query(call, node, sort=sort, results_limit=results_limit)
    question = question_digest({key: body.get(key) for key in QUESTION_KEYS})
    offset = _offset(call, body, question)
    bound = results_limit if isinstance(results_limit, int) else None
    chain_length = call.settings.chain_length
    reach = chain_length if bound is None else min(bound, chain_length)
    size = min(_limit(body), max(0, reach - offset))
    ids = search.ids(call.world, node, context_of(call), sort=sort, limit=size + 1, offset=offset) if size else []
    has_more = len(ids) > size and offset + size < reach
    found: JsonObject = {
        "data": [*_objects(call, object_type, ids[:size], _wanted(body, object_type))],
        "cursor": _cursor(call, question, offset + size) if has_more else None,
    }
    if body.get("include_counts") is True:
        total = search.count(call.world, node, context_of(call))
        found["count"] = {"limited": total if bound is None else min(total, bound), "total": total}
    return found


def _limit(body: JsonObject) -> int:
    limit = body.get("_limit")
    if limit is None:
        return DEFAULT_LIMIT
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise FieldsError({"_limit": f"Must be a whole number from 1 to {MAX_LIMIT}."})
    return limit


def _offset(call: Call, body: JsonObject, question: str) -> int:
    cursor = body.get("cursor")
    if cursor is None:
        return 0
    if not isinstance(cursor, str):
        raise ApiError(400, "The cursor is not valid.")
    place = open_cursor(cursor, organization_id=call.organization_id)
    if place.get("search") != question:
        raise ApiError(400, "The cursor does not belong to this request.")
    if text(place, "until") < call.moment:
        raise ApiError(400, "The cursor has expired.")
    return integer(place, "offset")


def _cursor(call: Call, question: str, offset: int) -> str:
    until = format_moment(call.now + timedelta(seconds=CURSOR_LIFE_S))
    return seal_cursor({"search": question, "offset": offset, "until": until}, organization_id=call.organization_id)


def _wanted(body: JsonObject, object_type: str) -> list[str] | None:
    fields = body.get("_fields")
    if fields is None:
        return None
    names = fields.get(object_type) if isinstance(fields, dict) else fields
    if names is None and isinstance(fields, dict):
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise FieldsError({"_fields": 'Must be an object of lists of names, such as {"lead": ["name"]}.'})
    return [str(name) for name in names]


def _objects(call: Call, object_type: str, ids: Sequence[str], fields: list[str] | None) -> list[JsonObject]:
    if not ids:
        return []
    if fields is None or set(fields) <= {"id"}:
        return [{"__object_type": object_type, "id": object_id} for object_id in ids]
    loaded = {text(item, "id"): item for item in _load(call, object_type, ids, [*fields, "id"])}
    return [
        {"__object_type": object_type, **select_fields(loaded[object_id], [*fields, "id"])}
        for object_id in ids
        if object_id in loaded
    ]


def _load(call: Call, object_type: str, ids: Sequence[str], fields: Sequence[str]) -> list[JsonObject]:
    connection, organization_id = call.connection, call.organization_id
    if object_type == "lead":
        return load_leads(connection, ids, organization_id=organization_id, moment=call.moment, fields=fields)
    if object_type == "contact":
        return load_contacts(connection, ids, organization_id=organization_id)
    if object_type == "opportunity":
        return load_opportunities(connection, ids, organization_id=organization_id)
    return _load_others(call, object_type, ids)


_OTHERS: Mapping[str, str] = {
    "activity": f"{SELECT_ACTIVITY} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608 - own names
    "sequence_subscription": "SELECT * FROM sequence_subscription WHERE id IN (SELECT value FROM json_each(?))",
}


def _load_others(call: Call, object_type: str, ids: Sequence[str]) -> list[JsonObject]:
    family = object_type.partition(".")[0]
    if family not in _OTHERS:
        return [{"id": object_id} for object_id in ids]
    rows = fetch_all(call.connection, _OTHERS[family], (id_list(ids),))
    if family == "sequence_subscription":
        return [subscription_object(row, organization_id=call.organization_id) for row in rows]
    labels = status_labels(call.connection)
    return [activity_object(row, labels=labels, organization_id=call.organization_id) for row in rows]


ROUTES = (Route("POST", "/data/search/", search_objects),)
