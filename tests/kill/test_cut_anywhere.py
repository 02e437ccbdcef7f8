"""The request that starts an action, or its answer, cut at any byte: found again, or unknown; never twice."""

from __future__ import annotations

import asyncio

import pytest
from e2e.project import API_KEY, KEY_VARIABLE, spec
from kill.proxy import proxy

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_writer import open_writer
from bulkplan.adapters.secret import Secret
from bulkplan.core.answers import Ambiguous, Executed, classify

BODY = {
    "type": "clear_custom_field",
    "custom_field_id": "cf_none",
    "s_query": {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]},
    "results_limit": 1,
}
APPLY = ("apply", "--auto-approve", "--no-wait", "--settle-timeout", "0s")
KEY = "mark@1"


@pytest.fixture
def cutting(served):
    with proxy(served.base_url) as (made, base_url):
        yield made, base_url


@pytest.fixture
def body(served):
    """A request that the sandbox takes."""
    fields = served.get("/custom_field_schema/lead/")["fields"]
    return {**BODY, "custom_field_id": fields[0]["id"]}


def _sampled(size, step):
    """Offsets below `size`: the first and last ones, and every `step`-th between."""
    return sorted({*range(min(4, size)), *range(0, size, step), *range(max(0, size - 4), size)})


def _send(base_url, body):
    """What the one request on a connection of its own comes to, for the sender."""

    async def story():
        connection = Connection(base_url, Secret(API_KEY), "a test")
        async with open_writer(connection) as writer, writer.open_session("edit") as session:
            identity = await session.fetch_identity()
            answer = await session.post("/bulk_action/edit/", body)
            return classify(answer, kind="edit", organization_id=identity.organization_id)

    return asyncio.run(story())


def test_an_answer_cut_at_any_byte_is_never_taken_for_a_refusal(cutting, served, body, kill_all):
    made, base_url = cutting
    assert isinstance(_send(base_url, body), Executed)
    size = made.answer_size
    offsets = range(size) if kill_all else _sampled(size, 29)
    for made.answer_bytes in offsets:
        assert isinstance(_send(base_url, body), Ambiguous), made.answer_bytes
    assert len(served.actions()) == len(offsets) + 1


def test_a_request_cut_at_any_byte_starts_nothing_and_is_never_taken_for_sent(cutting, served, body, kill_all):
    made, base_url = cutting
    assert isinstance(_send(base_url, body), Executed)
    size = made.request_size
    offsets = range(size) if kill_all else _sampled(size, 29)
    for made.request_bytes in offsets:
        assert isinstance(_send(base_url, body), Ambiguous), made.request_bytes
    assert len(served.actions()) == 1


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_an_apply_whose_answer_is_cut_finds_its_run(make_project, served, cutting, share):
    made, base_url = cutting
    project = make_project("project", f"{{base_url: {base_url}, api_key_env: {KEY_VARIABLE}}}")
    project.write("specs/mark.yaml", spec("mark"))
    made.answer_bytes = int(share * 900)
    outcome = project.run(*APPLY)
    assert outcome.code == 0, outcome
    assert served.actions_of(project, KEY) == {KEY: 1}
    assert project.run(*APPLY).code == 0
    assert served.starts() == 1


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_an_apply_whose_request_is_cut_is_unknown_and_sends_nothing_more(make_project, served, cutting, share):
    made, base_url = cutting
    project = make_project("project", f"{{base_url: {base_url}, api_key_env: {KEY_VARIABLE}}}")
    project.write("specs/mark.yaml", spec("mark"))
    made.request_bytes = int(share * 1000)
    assert project.run(*APPLY).code == 5
    made.request_bytes = None
    assert project.run(*APPLY).code == 5
    assert served.actions() == []
    assert project.status("--no-refresh")[KEY]["state"] == "unknown"
