"""One request for each operation that changes something."""

from __future__ import annotations

from collections.abc import Mapping

from contract.asking import (
    BULK_KINDS,
    Ask,
    Make,
    Operation,
    a_bulk_action,
    bulk_body,
    change_of,
    made_before,
    object_of,
    one,
    sender,
)
from pydantic import JsonValue
from support.sandbox_client import EVERY_LEAD, SandboxClient

SUBSCRIPTION_PATH = "/sequence_subscription/"
VIEW = {"name": "Every lead", "s_query": {"query": EVERY_LEAD, "results_limit": None, "sort": []}}
EXPORT = {"format": "json", "type": "leads", "s_query": EVERY_LEAD, "results_limit": 3, "send_done_email": False}
WEBHOOK = {"url": "http://127.0.0.1:9/hook", "events": [{"object_type": "lead", "action": "updated"}]}
TEMPLATE = {"name": "Hello again", "subject": "Hello", "body": "<p>Hi {{ contact.first_name }}</p>"}
FIELD = {"name": "Team size", "type": "choices", "choices": ["1-5", "6-20"], "accepts_multiple_values": True}
OTHER_OBJECT = "contact"


def _bulk() -> dict[Operation, Make]:
    found: dict[Operation, Make] = {}
    for kind in BULK_KINDS:
        path = f"/bulk_action/{kind}/"
        found["POST", path] = lambda client, kind=kind, path=path: Ask(path, bulk_body(client, kind))
        found["PUT", path + "{id}/"] = a_bulk_action(kind, {"status": "paused"})
    return found


def _of_a_lead(client: SandboxClient, **more: JsonValue) -> dict[str, JsonValue]:
    return {"lead_id": one(client, "lead"), **more}


def _note(client: SandboxClient) -> JsonValue:
    return _of_a_lead(client, note="Called back")


def _call(client: SandboxClient) -> JsonValue:
    return _of_a_lead(client, direction="outbound", status="completed", duration=65, note="Will decide in May")


def _email(client: SandboxClient) -> JsonValue:
    return _of_a_lead(client, status="draft", subject="Hello", to=["ada@example.com"], body_text="Hello Ada")


def _activities() -> dict[Operation, Make]:
    bodies = {"note": _note, "call": _call, "email": _email}
    kinds = {"meeting": "meeting", "sms": "sms", "status_change/lead": "lead_status_change"}
    kinds["status_change/opportunity"] = "opportunity_status_change"
    found: dict[Operation, Make] = {}
    for word, body in bodies.items():
        path = f"/activity/{word}/"
        change: JsonValue = {"subject": "Hello once more"} if word == "email" else {"note": "Changed my mind"}
        found["POST", path] = lambda client, path=path, body=body: Ask(path, body(client))
        found["PUT", path + "{id}/"] = made_before(path, body, change)
        found["DELETE", path + "{id}/"] = made_before(path, body)
    for word, kind in kinds.items():
        path = f"/activity/{word}/"
        found["DELETE", path + "{id}/"] = object_of(path, "activity", f"kind = '{kind}'")
    return found


def _task(client: SandboxClient) -> JsonValue:
    return _of_a_lead(client, text="Send the offer", date="2026-12-01")


def _contact(client: SandboxClient) -> JsonValue:
    return _of_a_lead(client, name="Ada Mills", emails=[{"email": "ada@example.com", "type": "office"}])


def _opportunity(client: SandboxClient) -> JsonValue:
    return _of_a_lead(client, value=120_000, value_period="annual", confidence=60)


def _lead(client: SandboxClient) -> JsonValue:
    return {
        "name": "Harbour Mills",
        "status_id": client.status_id("Qualified"),
        "contacts": [{"name": "Ada Mills", "emails": [{"email": "ada@example.com", "type": "office"}]}],
        "addresses": [{"city": "Leeds", "country": "GB"}],
        f"custom.{client.field_id('Industry')}": "Healthcare",
    }


def _subscription(client: SandboxClient) -> JsonValue:
    fresh = "id IN (SELECT contact_id FROM contact_email) AND id NOT IN (SELECT contact_id FROM sequence_subscription)"
    return {"sequence_id": one(client, "sequence"), "contact_id": one(client, "contact", fresh), **sender(client)}


def _made(path: str, body: JsonValue, status: int = 200) -> Make:
    return lambda client: Ask(path, body, status=status)


def _fields() -> dict[Operation, Make]:
    found: dict[Operation, Make] = {}
    for path, pattern in (("/custom_field/lead/", "/custom_field/{object_type}/"), ("/custom_field/shared/",) * 2):
        found["POST", pattern] = _made(path, FIELD)
        found["PUT", pattern + "{id}/"] = made_before(path, lambda client: FIELD, {"choices": ["1-5", "6-20", "21+"]})
        found["DELETE", pattern + "{id}/"] = made_before(path, lambda client: FIELD)
    return found


def _association(body: JsonValue, *, of: str = "", status: int = 200) -> Make:
    def make(client: SandboxClient) -> Ask:
        shared = one(client, "custom_field", "is_shared = 1")
        return Ask(f"/custom_field/shared/{shared}/association/{of}", body, status=status)

    return make


def _an_address(client: SandboxClient) -> Ask:
    client.send("POST", "/unsubscribe/email/", {"email": "ada@example.com"})
    return Ask("/unsubscribe/email/ada@example.com/")


def _crud(path: str, body: JsonValue, change: JsonValue) -> dict[Operation, Make]:
    return {
        ("POST", path): _made(path, body),
        ("PUT", path + "{id}/"): made_before(path, lambda client: body, change),
        ("DELETE", path + "{id}/"): made_before(path, lambda client: body),
    }


_ASSOCIATION = "/custom_field/shared/{id}/association/"

WRITES: Mapping[Operation, Make] = {
    **_crud("/status/lead/", {"label": "On hold"}, {"label": "Parked"}),
    **_crud("/status/opportunity/", {"label": "Trial", "type": "active"}, {"label": "Pilot"}),
    **_fields(),
    ("POST", _ASSOCIATION): _association({"object_type": OTHER_OBJECT}, status=201),
    ("PUT", _ASSOCIATION + "{object_type}/"): _association({"required": False}, of="lead/"),
    ("DELETE", _ASSOCIATION + "{object_type}/"): _association(None, of="lead/", status=204),
    **_crud("/email_template/", TEMPLATE, {"is_archived": True}),
    ("POST", "/sequence/"): _made("/sequence/", {"name": "After the fair", "steps": []}),
    ("PUT", "/sequence/{id}/"): change_of("/sequence/", "sequence", {"status": "paused"}),
    ("POST", SUBSCRIPTION_PATH): lambda client: Ask(SUBSCRIPTION_PATH, _subscription(client), status=201),
    ("PUT", SUBSCRIPTION_PATH + "{id}/"): change_of(SUBSCRIPTION_PATH, "sequence_subscription", {"status": "paused"}),
    ("DELETE", SUBSCRIPTION_PATH + "{id}/"): object_of(SUBSCRIPTION_PATH, "sequence_subscription"),
    **_crud("/saved_search/", VIEW, {"description": "Looked at each Monday."}),
    ("POST", "/lead/"): lambda client: Ask("/lead/", _lead(client)),
    ("PUT", "/lead/{id}/"): change_of("/lead/", "lead", {"description": None, "status": "Churned"}),
    ("DELETE", "/lead/{id}/"): object_of("/lead/", "lead"),
    ("POST", "/contact/"): lambda client: Ask("/contact/", _contact(client)),
    ("PUT", "/contact/{id}/"): change_of("/contact/", "contact", {"title": "CFO"}),
    ("DELETE", "/contact/{id}/"): object_of("/contact/", "contact"),
    ("POST", "/opportunity/"): lambda client: Ask("/opportunity/", _opportunity(client)),
    ("PUT", "/opportunity/{id}/"): change_of("/opportunity/", "opportunity", {"status": "Won"}),
    ("DELETE", "/opportunity/{id}/"): object_of("/opportunity/", "opportunity"),
    **_activities(),
    ("POST", "/task/"): lambda client: Ask("/task/", _task(client)),
    ("PUT", "/task/{id}/"): made_before("/task/", _task, {"is_complete": True}),
    ("DELETE", "/task/{id}/"): made_before("/task/", _task),
    ("POST", "/unsubscribe/email/"): _made("/unsubscribe/email/", {"email": "ada@example.com"}, 201),
    ("DELETE", "/unsubscribe/email/{id}/"): _an_address,
    **_bulk(),
    ("POST", "/export/lead/"): _made("/export/lead/", EXPORT),
    ("POST", "/webhook/"): _made("/webhook/", WEBHOOK, 201),
    ("PUT", "/webhook/{id}/"): made_before("/webhook/", lambda client: WEBHOOK, {"status": "paused"}),
    ("DELETE", "/webhook/{id}/"): made_before("/webhook/", lambda client: WEBHOOK),
}
"""`POST /bulk_action/{kind}/{id}/` is not here: it is the other answer to the question of how to pause."""
