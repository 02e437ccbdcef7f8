"""Whatever is sent, the sandbox answers, and never with a fault of its own."""

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sandbox_client import EVERY_LEAD, NOON, SandboxClient

from bulkplan.sandbox import SandboxRequest
from bulkplan.sandbox.endpoints.table import ROUTES

KEYS = [
    "type",
    "lead_status_id",
    "custom_field_id",
    "custom_field_name",
    "custom_field_value",
    "custom_field_values",
    "custom_field_operation",
    "s_query",
    "results_limit",
    "sort",
    "send_done_email",
    "template_id",
    "contact_preference",
    "sender",
    "action_type",
    "sequence_id",
    "calls_assigned_to",
    "query",
    "_limit",
    "_fields",
    "cursor",
    "include_counts",
    "name",
    "description",
    "url",
    "status",
    "status_id",
    "contacts",
    "addresses",
    "is_shared",
    "advance_seconds",
    "lead_id",
    "contact_id",
    "user_id",
    "emails",
    "email",
    "note",
    "note_html",
    "date",
    "date_won",
    "activity_at",
    "value",
    "confidence",
    "label",
    "choices",
    "object_type",
    "custom",
    "custom.Tags",
    "custom.Tags.add",
    "steps",
    "delay",
    "id",
    "schedule",
    "format",
    "fields",
    "include_activities",
    "events",
    "action",
    "extra_filter",
    "filter",
    "subject",
    "body",
    "to",
    "duration",
    "is_complete",
    "accepts_multiple_values",
    "sender_account_id",
    "sender_name",
    "sender_email",
]
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
WORDS = st.sampled_from(
    [
        "lead",
        "set_custom_field",
        "Tags",
        "Employees",
        "SaaS",
        "vip",
        "add",
        "subscribe",
        "paused",
        "and",
        "\ud800",
        "json",
        "leads",
        "csv",
        "contacts",
        "choices",
        "text",
        "created",
        "http://localhost:1/",
        "a@example.com",
        "2026-02-30",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31",
        "draft",
        "outbound",
        "monthly",
        "email",
        "equals",
    ]
)
NODES = st.just(EVERY_LEAD) | st.fixed_dictionaries(
    {"type": st.sampled_from(["and", "or", "id", "text"]), "queries": st.lists(WORDS)}
)
JSON = st.recursive(
    SCALARS | WORDS | NODES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6)
PARAMETERS = st.sampled_from(
    [
        "_limit",
        "_skip",
        "_fields",
        "_cursor",
        "type",
        "type__in",
        "is_archived",
        "lead_id",
        "sequence_id",
        "object_type",
        "date_updated__gt",
        "date_created__lt",
        "activity_at__gte",
        "query",
        "s_query",
        "entry",
        "mode",
        "contact_id",
        "_type",
        "view",
        "_order_by",
        "_expand",
        "is_complete",
    ]
)
WRITES = [route for route in ROUTES if route.method in ("POST", "PUT")]
READS = [route for route in ROUTES if route.method == "GET"]


@pytest.fixture(scope="module")
def world():
    client = SandboxClient(leads=20)
    yield client
    client.sandbox.close()


TABLES = {
    "lead": "lead",
    "contact": "contact",
    "opportunity": "opportunity",
    "task": "task",
    "saved_search": "smart_view",
    "bulk_action": "bulk_action",
    "email_template": "email_template",
    "sequence": "sequence",
    "sequence_subscription": "sequence_subscription",
    "custom_field": "custom_field",
    "status": "lead_status",
    "webhook": "webhook",
    "export": "export",
    "activity": "activity",
}


def real_path(world, pattern):
    """Put an id that exists where the pattern wants one."""
    table = TABLES.get(pattern.split("/")[1])
    kind = f"WHERE kind = '{pattern.split('/')[2]}'" if table == "activity" else ""
    found = world.rows(f"SELECT id FROM {table} {kind} ORDER BY id LIMIT 1") if table else []  # noqa: S608 - fixed names
    return pattern.replace("{id}", found[0][0] if found else "x").replace("{object_type}", "lead")


def known(world):
    """Ids that exist, to stand among the values."""
    tables = ("lead", "contact", "user", "sequence", "email_template", "connected_account", "lead_status")
    return [world.rows(f"SELECT id FROM {table} ORDER BY id LIMIT 1")[0][0] for table in tables]  # noqa: S608


def with_ids(body, ids):
    """Put existing ids under the keys that want one."""
    prefixes = {"lead_id": "lead_", "contact_id": "cont_", "user_id": "user_", "sequence_id": "seq_",
                "template_id": "tmpl_", "sender_account_id": "emailacct_", "status_id": "stat_"}  # fmt: skip
    found = {key: next(each for each in ids if each.startswith(prefix)) for key, prefix in prefixes.items()}
    return {key: found.get(key, value) for key, value in body.items()}


@settings(max_examples=300, deadline=None)
@given(route=st.sampled_from(WRITES), body=BODIES)
def test_no_body_brings_it_down(world, route, body):
    given = with_ids(body, known(world))
    answer = world.send(route.method, real_path(world, route.pattern), json.dumps(given).encode())
    assert answer.status in (200, 201, 400, 404, 405)
    json.loads(answer.body)


@settings(max_examples=300, deadline=None)
@given(route=st.sampled_from(READS), query=st.dictionaries(PARAMETERS, st.text(max_size=12), max_size=3))
def test_no_parameter_brings_it_down(world, route, query):
    answer = world.send("GET", real_path(world, route.pattern), query=query)
    assert answer.status in (200, 400, 404)
    json.loads(answer.body)


@settings(max_examples=200, deadline=None)
@given(
    method=st.text(alphabet=string.ascii_uppercase, max_size=6),
    path=st.text(max_size=30),
    headers=st.lists(
        st.tuples(st.sampled_from(["authorization", "x-tz-offset", "content-type"]), st.text(max_size=12))
    ),
    body=st.binary(max_size=20),
)
def test_no_request_brings_it_down(world, method, path, headers, body):
    answer = world.sandbox.handle(SandboxRequest(method, path, (), tuple(headers), body))
    assert 400 <= answer.status < 500


def test_the_world_is_whole_afterwards(world):
    assert world.clock.now() == NOON
    assert world.rows("PRAGMA foreign_key_check") == []
    assert world.get("/me/")["email"] == "dana@example.com"
