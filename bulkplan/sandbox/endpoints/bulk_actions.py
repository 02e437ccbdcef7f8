"""Bulk actions over HTTP: list, create, fetch, pause, resume."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pydantic import JsonValue

from bulkplan.sandbox.bulk import announce, change_action, read_action
from bulkplan.sandbox.bulk_objects import PREFIXES, bulk_action_object, echoed
from bulkplan.sandbox.bulk_requests import Effect, read_effect
from bulkplan.sandbox.call import Call, Endpoint, Route, call_origin
from bulkplan.sandbox.clock import format_moment, parse_moment
from bulkplan.sandbox.endpoints.tables import Conditions, Table
from bulkplan.sandbox.errors import REQUIRED, ApiError, FieldsError, NotFoundError
from bulkplan.sandbox.events import Origin
from bulkplan.sandbox.queries import check_lead_query
from bulkplan.sandbox.rows import Row, SqlValue, compact, fetch_one, text
from bulkplan.sandbox.settings import Echo

JsonObject = dict[str, JsonValue]

ACTIONS = Table(
    "SELECT * FROM bulk_action",
    "seq DESC",
    lambda call, row: bulk_action_object(row, organization_id=call.organization_id),
)
EVERY_LEAD: JsonObject = {"type": "object_type", "object_type": "lead"}


def list_actions(call: Call, kind: str) -> JsonValue:
    """Answer the actions of a kind, newest first. Source: Close API, "Bulk Actions"."""
    conditions = Conditions()
    conditions.add("kind = ?", kind)
    conditions.add("date_created <= ?", call.listing_horizon())
    if kind == "email":
        conditions.add_given(call, "template_id")
    return ACTIONS.list(call, conditions=conditions.sql, params=conditions.params)


def get_action(call: Call, kind: str) -> JsonValue:
    """Answer one action; raises NotFoundError."""
    row = _row(call, kind)
    if text(row, "date_created") > call.moment:
        raise NotFoundError
    return ACTIONS.shape(call, row)


def _row(call: Call, kind: str) -> Row:
    row = fetch_one(call.connection, "SELECT * FROM bulk_action WHERE id = ? AND kind = ?", (call.id, kind))
    if row is None:
        raise NotFoundError
    return row


def create_action(call: Call, kind: str) -> JsonValue:
    """
    Accept an action; it begins with the next request to the world.

    Raises:
        FieldsError: keys that are missing or wrong.
        ApiError: 400, the query is not valid.
    """
    body = call.json_object()
    node = _selection(call, body)
    effect = read_effect(call, kind, body)
    # A late request is one the service gets, and stamps, only then.
    begins = format_moment(call.now + timedelta(seconds=call.quirks.accept_after_s))
    action_id = call.world.new_id(PREFIXES[kind])
    _insert(
        call,
        {
            "id": action_id,
            "kind": kind,
            "body": compact(body),
            "s_query": compact(echoed(node, _echo(call))),
            "sort": compact(_sort(body)),
            "results_limit": _limit(body),
            "send_done_email": int(body.get("send_done_email") is not False),
            "template_id": _template_id(effect),
            "effect": _effect_column(call, effect),
            "begins": begins,
            "visible_at": begins if call.quirks.accept_after_s > 0 else None,
        },
    )
    row = read_action(call.world, action_id)
    origin = call_origin(call)
    announce(
        call.world,
        row,
        "created",
        origin=Origin(begins, origin.user_id, origin.api_key_id, origin.request_id, origin.meta),
    )
    return ACTIONS.shape(call, row)


def _selection(call: Call, body: JsonObject) -> JsonObject:
    """Check the keys that all kinds share, and return the query."""
    wrong: dict[str, str] = {}
    node = body.get("s_query")
    if node is None and not call.settings.open_questions.s_query_is_required:
        node = EVERY_LEAD
    if node is None:
        wrong["s_query"] = REQUIRED
    elif not isinstance(node, dict):
        wrong["s_query"] = "Must be an object."
    if not isinstance(body.get("send_done_email", True), bool):
        wrong["send_done_email"] = "Must be true or false."
    if wrong or not isinstance(node, dict):
        raise FieldsError(wrong)
    check_lead_query(call, node, sort=_sort(body), results_limit=body.get("results_limit"))
    return node


def _sort(body: JsonObject) -> JsonValue:
    return [] if body.get("sort") is None else body["sort"]


def _limit(body: JsonObject) -> int | None:
    limit = body.get("results_limit")
    return limit if isinstance(limit, int) else None


def _echo(call: Call) -> Echo:
    return call.settings.echo if call.quirks.echo is Echo.AS_SENT else call.quirks.echo


def _template_id(effect: Effect) -> str | None:
    template_id = effect.answer.get("template_id")
    return template_id if isinstance(template_id, str) else None


def _effect_column(call: Call, effect: Effect) -> str:
    limits: JsonObject = {"fail_after": call.quirks.fail_after, "stick_after": call.quirks.stick_after}
    return compact({"answer": effect.answer, "doing": effect.doing, "limits": limits})


def _insert(call: Call, columns: dict[str, SqlValue]) -> None:
    call.connection.execute(
        """
        INSERT INTO bulk_action (id, kind, status, body, s_query, sort, results_limit, send_done_email, template_id,
                                 effect, tz_offset, api_key_id, request_id, created_by, updated_by, date_created,
                                 date_updated, visible_at)
        VALUES (:id, :kind, 'created', :body, :s_query, :sort, :results_limit, :send_done_email, :template_id, :effect,
                :tz_offset, :api_key_id, :request_id, :user_id, :user_id, :begins, :begins, :visible_at)
        """,
        {
            **columns,
            "tz_offset": call.tz_offset,
            "api_key_id": call.caller.api_key_id,
            "request_id": call.request_id,
            "user_id": call.caller.user_id,
        },
    )


def change_status(call: Call, kind: str) -> JsonValue:
    """
    Pause or resume an action; asking for what is so already changes nothing.

    Raises:
        ApiError: 400, the action cannot be paused or resumed (any more); 405, wrong method.
        FieldsError: another status is asked for.
    """
    if (call.method == "PUT") is not call.settings.open_questions.pause_by_put:
        raise ApiError(405, f"The method {call.method} is not allowed for this URL.")
    row = _row(call, kind)
    wanted = call.json_object().get("status")
    if wanted == "paused":
        row = _pause(call, row)
    elif wanted == "resuming":
        row = _resume(call, row)
    else:
        raise FieldsError({"status": REQUIRED if wanted is None else "Must be one of paused, resuming."})
    return ACTIONS.shape(call, row)


def _pause(call: Call, row: Row) -> Row:
    status = row["status"]
    if status == "paused":
        return row
    is_too_early = status == "created" and not call.settings.open_questions.pausing_created_is_allowed
    if status in ("done", "error") or is_too_early:
        raise ApiError(400, f"A bulk action that is {status} cannot be paused.")
    paused = _change(call, row, {"status": "paused", "paused_at": call.moment, "paused_from": text(row, "status")})
    announce(call.world, paused, "paused", origin=call_origin(call))
    return paused


def _resume(call: Call, row: Row) -> Row:
    if row["status"] == "resuming":
        return row
    if row["status"] != "paused":
        raise ApiError(400, f"A bulk action that is {row['status']} cannot be resumed.")
    questions = call.settings.open_questions
    age_s = (call.now - parse_moment(text(row, "paused_at"))).total_seconds()
    if questions.paused_expires and age_s > questions.pause_lifetime_s:
        raise ApiError(400, "A bulk action that was paused more than 7 days ago cannot be resumed.")
    # The pause is over from now on: what is processed next is measured from this instant.
    return _change(call, row, {"status": "resuming", "processing_at": call.moment, "paused_at": None})


def _change(call: Call, row: Row, columns: dict[str, SqlValue]) -> Row:
    return change_action(
        call.world,
        row,
        {**columns, "updated_by": call.caller.user_id},
        origin=call_origin(call),
        merge_s=0.0,
    )


def _of(kind: str, endpoint: Callable[[Call, str], JsonValue]) -> Endpoint:
    return lambda call: endpoint(call, kind)


def _routes(kind: str) -> tuple[Route, ...]:
    path = f"/bulk_action/{kind}/"
    return (
        Route("GET", path, _of(kind, list_actions)),
        Route("POST", path, _of(kind, create_action), is_write=True),
        Route("GET", path + "{id}/", _of(kind, get_action)),
        Route("PUT", path + "{id}/", _of(kind, change_status), is_write=True),
        Route("POST", path + "{id}/", _of(kind, change_status), is_write=True),
    )


ROUTES = tuple(route for kind in PREFIXES for route in _routes(kind))
