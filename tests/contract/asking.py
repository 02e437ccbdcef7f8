"""How a test says which request to send: a path, a body, parameters, all of it made from what a world holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue
from support.sandbox_client import EVERY_LEAD, SandboxClient

BULK_KINDS = ("edit", "delete", "email", "sequence_subscription")


@dataclass(frozen=True)
class Ask:
    """What to send below `/api/v1`, and the status that says it went well."""

    path: str
    body: JsonValue = None
    query: Mapping[str, str | int] = field(default_factory=dict)
    status: int = 200


Operation = tuple[str, str]
Make = Callable[[SandboxClient], Ask]


def one(client: SandboxClient, table: str, condition: str = "1") -> str:
    """The id of some row."""
    return client.value(f"SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT 1")  # noqa: S608 - own words


def plain(path: str, **query: str | int) -> Make:
    """A request that is the same in every world."""
    return lambda client: Ask(path, query=query)


def object_of(path: str, table: str, condition: str = "1") -> Make:
    """The path of some object."""
    return lambda client: Ask(f"{path}{one(client, table, condition)}/")


def change_of(path: str, table: str, body: JsonValue, condition: str = "1") -> Make:
    """A change of some object."""
    return lambda client: Ask(f"{path}{one(client, table, condition)}/", body)


def made_before(path: str, body: Callable[[SandboxClient], JsonValue], change: JsonValue = None) -> Make:
    """The path of an object that was made just before, and a change to it."""

    def make(client: SandboxClient) -> Ask:
        answer = client.send("POST", path, body(client))
        assert answer.status in (200, 201), answer.body
        return Ask(f"{path}{answer.json()['id']}/", change)

    return make


def bulk_body(client: SandboxClient, kind: str) -> dict:
    """A request that each kind of bulk action takes."""
    own: dict[str, Callable[[], dict]] = {
        "edit": lambda: {"type": "set_lead_status", "lead_status_id": client.status_id("Customer")},
        "delete": dict,
        "email": lambda: {
            "template_id": one(client, "email_template", "NOT is_archived"),
            "contact_preference": "lead",
        },
        "sequence_subscription": lambda: {
            "action_type": "subscribe",
            "sequence_id": one(client, "sequence"),
            "contact_preference": "contact",
            **sender(client),
        },
    }
    return {"s_query": EVERY_LEAD, "results_limit": 3, "sort": [], "send_done_email": False, **own[kind]()}


def sender(client: SandboxClient) -> dict[str, str]:
    """The three keys that say who sends."""
    account = one(client, "connected_account")
    return {"sender_account_id": account, "sender_name": "Dana Reyes", "sender_email": "dana@example.com"}


def a_bulk_action(kind: str, body: JsonValue = None) -> Make:
    """The path of an action that was started just before."""
    return made_before(f"/bulk_action/{kind}/", lambda client: bulk_body(client, kind), body)
