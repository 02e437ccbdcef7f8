"""Who and what the organization is: `/me/`, organizations, users."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Route
from bulkplan.sandbox.endpoints.statuses import lead_statuses, pipelines
from bulkplan.sandbox.endpoints.tables import Table
from bulkplan.sandbox.errors import ApiError, NotFoundError
from bulkplan.sandbox.objects import connected_account_object, phone_number_object, user_object
from bulkplan.sandbox.paging import pick
from bulkplan.sandbox.rows import Row, fetch_all, parsed, text

JsonObject = dict[str, JsonValue]

USERS = Table(
    "SELECT * FROM user", "position, id", lambda call, row: user_object(row, organization_id=call.organization_id)
)


ORDERS = {
    "last_name,first_name": "last_name COLLATE NOCASE, first_name COLLATE NOCASE, id",
    "first_name,last_name": "first_name COLLATE NOCASE, last_name COLLATE NOCASE, id",
}
"""How users may be sorted. Source: Close API, "Users"."""


def list_users(call: Call) -> JsonValue:
    """Answer the users; `_order_by` sorts them by name."""
    order = call.query.get("_order_by")
    if order is None:
        return USERS.list(call)
    if order not in ORDERS:
        raise ApiError(400, f"_order_by must be one of: {'; '.join(ORDERS)}.")
    return Table(USERS.select, ORDERS[order], USERS.shape).list(call)


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
    """
    Answer the organization with its members.

    `_expand` puts the user into each membership: `memberships__user`, `inactive_memberships__user`.
    Source: Close API, "Organizations".
    """
    if call.id != call.organization_id:
        raise NotFoundError
    expanded = {name.strip() for name in call.query.get("_expand", "").split(",")}
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
        membership = _membership(row, organization_id=call.organization_id)
        if f"{'' if row['is_active'] else 'inactive_'}memberships__user" in expanded:
            membership["user"] = USERS.shape(call, USERS.row(call, text(row, "user_id")))
        (members if row["is_active"] else former).append(membership)
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
        "lead_statuses": [*lead_statuses(call)],
        "pipelines": [*pipelines(call)],
        "date_created": meta["date_created"],
        "date_updated": meta["date_created"],
    }


ROUTES = (
    Route("GET", "/me/", get_me),
    Route("GET", "/organization/{id}/", get_organization),
    Route("GET", "/user/", list_users),
    Route("GET", "/user/{id}/", USERS.get),
)
