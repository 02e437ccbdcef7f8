"""One request for each operation that reads."""

from __future__ import annotations

from collections.abc import Mapping

from contract.asking import BULK_KINDS, Ask, Make, Operation, a_bulk_action, made_before, object_of, one, plain
from contract.asks_writes import EXPORT, SUBSCRIPTION_PATH, WEBHOOK
from support.sandbox_client import EVERY_LEAD, SandboxClient

ACTIVITIES = {
    "note": "note",
    "call": "call",
    "email": "email",
    "meeting": "meeting",
    "sms": "sms",
    "status_change/lead": "lead_status_change",
    "status_change/opportunity": "opportunity_status_change",
}
"""What stands for a kind of activity in paths, and in the world."""
OWN = "is_shared = 0 AND id IN (SELECT custom_field_id FROM custom_field_object WHERE object_type = 'lead')"


def _bulk() -> dict[Operation, Make]:
    found: dict[Operation, Make] = {}
    for kind in BULK_KINDS:
        found["GET", f"/bulk_action/{kind}/"] = plain(f"/bulk_action/{kind}/")
        found["GET", f"/bulk_action/{kind}/{{id}}/"] = a_bulk_action(kind)
    return found


def _fields() -> dict[Operation, Make]:
    found: dict[Operation, Make] = {}
    for root in ("/custom_field", "/custom_fields"):
        found["GET", f"{root}/{{object_type}}/"] = plain(f"{root}/lead/")
        found["GET", f"{root}/{{object_type}}/{{id}}/"] = object_of(f"{root}/lead/", "custom_field", OWN)
        found["GET", f"{root}/shared/"] = plain(f"{root}/shared/")
        found["GET", f"{root}/shared/{{id}}/"] = object_of(f"{root}/shared/", "custom_field", "is_shared = 1")
    return found


def _activities() -> dict[Operation, Make]:
    found: dict[Operation, Make] = {("GET", "/activity/"): plain("/activity/", _type__in="Email,LeadStatusChange")}
    for word, kind in ACTIVITIES.items():
        found["GET", f"/activity/{word}/"] = plain(f"/activity/{word}/")
        found["GET", f"/activity/{word}/{{id}}/"] = object_of(f"/activity/{word}/", "activity", f"kind = '{kind}'")
    return found


def _an_event(client: SandboxClient) -> Ask:
    client.ok("POST", "/lead/", {"name": "Noted"})
    return Ask(f"/event/{client.get('/event/')['data'][0]['id']}/")


def _rendered(client: SandboxClient) -> Ask:
    query = '{"type": "object_type", "object_type": "lead"}'
    path = f"/email_template/{one(client, 'email_template')}/render/"
    return Ask(path, query={"s_query": query, "entry": 0, "mode": "lead"})


def _association(client: SandboxClient) -> Ask:
    return Ask(f"/custom_field/shared/{one(client, 'custom_field', 'is_shared = 1')}/association/lead/")


def _search(client: SandboxClient) -> Ask:
    field = {"type": "regular_field", "object_type": "lead", "field_name": "date_created"}
    body = {
        "query": {"type": "and", "queries": [EVERY_LEAD]},
        "_fields": {"lead": ["id", "display_name", "status_id", "custom"]},
        "_limit": 5,
        "include_counts": True,
        "sort": [{"direction": "asc", "field": field}],
    }
    return Ask("/data/search/", body)


def _export(path: str) -> Make:
    def make(client: SandboxClient) -> Ask:
        made = client.ok("POST", "/export/lead/", EXPORT)
        client.clock.advance(600.0)
        return Ask(f"{path}{made['id']}/")

    return make


READS: Mapping[Operation, Make] = {
    ("GET", "/me/"): plain("/me/"),
    ("GET", "/organization/{id}/"): lambda client: Ask(f"/organization/{client.sandbox.world.organization_id}/"),
    ("GET", "/user/"): plain("/user/"),
    ("GET", "/user/{id}/"): object_of("/user/", "user"),
    ("GET", "/status/lead/"): plain("/status/lead/"),
    ("GET", "/status/lead/{id}/"): object_of("/status/lead/", "lead_status"),
    ("GET", "/status/opportunity/"): plain("/status/opportunity/"),
    ("GET", "/status/opportunity/{id}/"): object_of("/status/opportunity/", "opportunity_status"),
    ("GET", "/pipeline/"): plain("/pipeline/"),
    **_fields(),
    ("GET", "/custom_field/shared/{id}/association/{object_type}/"): _association,
    ("GET", "/custom_field_schema/{object_type}/"): plain("/custom_field_schema/lead/"),
    ("GET", "/email_template/"): plain("/email_template/", is_archived="false"),
    ("GET", "/email_template/{id}/"): object_of("/email_template/", "email_template"),
    ("GET", "/email_template/{id}/render/"): _rendered,
    ("GET", "/sequence/"): plain("/sequence/"),
    ("GET", "/sequence/{id}/"): object_of("/sequence/", "sequence"),
    ("GET", SUBSCRIPTION_PATH): lambda client: Ask(SUBSCRIPTION_PATH, query={"sequence_id": one(client, "sequence")}),
    ("GET", SUBSCRIPTION_PATH + "{id}/"): object_of(SUBSCRIPTION_PATH, "sequence_subscription"),
    ("GET", "/connected_account/"): plain("/connected_account/"),
    ("GET", "/connected_account/{id}/"): object_of("/connected_account/", "connected_account"),
    ("GET", "/phone_number/"): plain("/phone_number/"),
    ("GET", "/phone_number/{id}/"): object_of("/phone_number/", "phone_number"),
    ("GET", "/saved_search/"): plain("/saved_search/", type__in="lead,contact"),
    ("GET", "/saved_search/{id}/"): object_of("/saved_search/", "smart_view"),
    ("GET", "/lead/"): plain("/lead/"),
    ("GET", "/lead/{id}/"): object_of("/lead/", "lead"),
    ("GET", "/contact/"): plain("/contact/"),
    ("GET", "/contact/{id}/"): object_of("/contact/", "contact"),
    ("GET", "/opportunity/"): plain("/opportunity/"),
    ("GET", "/opportunity/{id}/"): object_of("/opportunity/", "opportunity"),
    **_activities(),
    ("GET", "/task/"): plain("/task/"),
    ("GET", "/task/{id}/"): object_of("/task/", "task"),
    ("GET", "/unsubscribe/email/"): plain("/unsubscribe/email/"),
    ("POST", "/data/search/"): _search,
    **_bulk(),
    ("GET", "/export/"): plain("/export/"),
    ("GET", "/export/lead/"): plain("/export/lead/"),
    ("GET", "/export/{id}/"): _export("/export/"),
    ("GET", "/export/lead/{id}/"): _export("/export/lead/"),
    ("GET", "/webhook/"): plain("/webhook/"),
    ("GET", "/webhook/{id}/"): made_before("/webhook/", lambda client: WEBHOOK),
    ("GET", "/event/"): plain("/event/"),
    ("GET", "/event/{id}/"): _an_event,
}
