"""Who and what the organization is: `/me/`, organizations, users, statuses, pipelines."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.endpoints.tables import Table
from bulkplan.sandbox.errors import NotFoundError
from bulkplan.sandbox.objects import connected_account_object, phone_number_object, user_object
from bulkplan.sandbox.paging import list_body, pick
from bulkplan.sandbox.rows import Row, fetch_all, fetch_one, parsed

JsonObject = dict[str, JsonValue]

USERS = Table(
    "SELECT * FROM user", "position, id", lambda call, row: user_object(row, organization_id=call.organization_id)
)


def get_me(call: Call) -> JsonValue:
    """
    Answer the user a key acts as, with the organization, the membership, sending accounts and numbers.

    Source: Close API, "Me".
    """
    user = USERS.row(call, call.caller.user_id)
    organization_id = call.organization_id
    mine = (call.caller.user_id,)
    memberships = fetch_all(call.connection, "SELECT * FROM membership WHERE user_id = ? AND is_active", mine)
    accounts = fetch_all(call.connection, "SELECT * FROM connected_account WHERE user_id = ? ORDER BY position", mine)
    numbers = fetch_all(call.connection, "SELECT * FROM phone_number WHERE user_id = ? ORDER BY position", mine)
    found: JsonObject = {
        **user_object(user, organization_id=organization_id),
        "organizations": [_organization(call)],
        "memberships": [_membership(row, organization_id=organization_id) for row in memberships],
        "email_accounts": [connected_account_object(row, organization_id=organization_id) for row in accounts],
        "phone_numbers": [phone_number_object(row, organization_id=organization_id) for row in numbers],
    }
    return pick(found, call.fields)


def get_organization(call: Call) -> JsonValue:
    """Answer the organization with its members. Source: Close API, "Organizations"."""
    if call.id != call.organization_id:
        raise NotFoundError
    rows = fetch_all(
        call.connection,
        """
        SELECT membership.*, user.email AS user__email, user.first_name AS user__first_name,
               user.last_name AS user__last_name
        FROM membership JOIN user ON user.id = membership.user_id ORDER BY user.position
        """,
    )
    members: list[JsonValue] = []
    former: list[JsonValue] = []
    for row in rows:
        (members if row["is_active"] else former).append(_membership(row, organization_id=call.organization_id))
    found: JsonObject = {**_organization(call), "memberships": members, "inactive_memberships": former}
    return pick(found, call.fields)


def _membership(row: Row, *, organization_id: str) -> JsonObject:
    found = {
        **row,
        "permissions_granted": parsed(row["permissions_granted"]),
        "organization_id": organization_id,
    }
    del found["is_active"]
    return found


def _organization(call: Call) -> JsonObject:
    meta = {
        str(row["key"]): row["value"]
        for row in fetch_all(
            call.connection, "SELECT key, value FROM meta WHERE key IN ('organization_name', 'date_created')"
        )
    }
    return {
        "id": call.organization_id,
        "name": meta["organization_name"],
        "lead_statuses": _lead_statuses(call),
        "pipelines": _pipelines(call),
        "date_created": meta["date_created"],
        "date_updated": meta["date_created"],
    }


def _lead_statuses(call: Call) -> list[JsonValue]:
    rows = fetch_all(call.connection, "SELECT id, label FROM lead_status ORDER BY position")
    return [{**row, "organization_id": call.organization_id} for row in rows]


def _opportunity_statuses(call: Call) -> list[JsonObject]:
    rows = fetch_all(
        call.connection,
        """
        SELECT s.id, s.label, s.type, s.pipeline_id, pipeline.name AS pipeline_name
        FROM opportunity_status AS s JOIN pipeline ON pipeline.id = s.pipeline_id
        ORDER BY pipeline.position, s.position
        """,
    )
    return [{**row, "organization_id": call.organization_id} for row in rows]


def _pipelines(call: Call) -> list[JsonValue]:
    statuses = _opportunity_statuses(call)
    rows = fetch_all(call.connection, "SELECT id, name, date_created, date_updated FROM pipeline ORDER BY position")
    return [
        {
            **row,
            "organization_id": call.organization_id,
            "statuses": [dict(status) for status in statuses if status["pipeline_id"] == row["id"]],
        }
        for row in rows
    ]


def list_lead_statuses(call: Call) -> JsonValue:
    """Answer all lead statuses, in their order. Source: Close API, "Lead Statuses"."""
    return list_body(_lead_statuses(call), has_more=False)


def list_opportunity_statuses(call: Call) -> JsonValue:
    """Answer the statuses of all pipelines. Source: Close API, "Opportunity Statuses"."""
    return list_body(_opportunity_statuses(call), has_more=False)


def list_pipelines(call: Call) -> JsonValue:
    """Answer the pipelines with their statuses. Source: Close API, "Pipelines"."""
    return list_body(_pipelines(call), has_more=False)


def get_lead_status(call: Call) -> JsonValue:
    """Answer one lead status."""
    row = fetch_one(call.connection, "SELECT id, label FROM lead_status WHERE id = ?", (call.id,))
    if row is None:
        raise NotFoundError
    return {**row, "organization_id": call.organization_id}


ROUTES = (
    Route("GET", "/me/", get_me),
    Route("GET", "/organization/{id}/", get_organization),
    Route("GET", "/user/", USERS.list),
    Route("GET", "/user/{id}/", USERS.get),
    Route("GET", "/status/lead/", list_lead_statuses),
    Route("GET", "/status/lead/{id}/", get_lead_status),
    Route("GET", "/status/opportunity/", list_opportunity_statuses),
    Route("GET", "/pipeline/", list_pipelines),
)
