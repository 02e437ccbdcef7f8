"""There and back: what a spec sends, run by hand in the local Close, comes back as a spec that sends the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_reader import HttpCloseReader, open_reader
from bulkplan.adapters.secret import Secret
from bulkplan.adapters.yaml_compose import Comments, compose
from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.adapters.yaml_text import FileText, split_lines
from bulkplan.app.import_action import ImportWish, draft_import
from bulkplan.app.new_spec import EVERY_KIND, Surroundings
from bulkplan.app.workspace import load_workspace
from bulkplan.core.expand import expand
from bulkplan.core.query_meaning import plain_meaning
from bulkplan.core.render import RenderContext, render_request
from bulkplan.core.spec_draft import ActionWords
from bulkplan.model.run import WantedRun
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.settings import Echo, SandboxSettings
from bulkplan.sandbox.transport import SandboxTransport

ROOT = Path(__file__).parents[2]
ZONE = "Europe/Berlin"


@pytest.fixture(params=[Echo.AS_SENT, Echo.NORMALIZED], ids=lambda echo: f"listed {echo.name.lower()}")
def sandbox(request):
    made = Sandbox.open(None, leads=40, seed=7, settings=replace(SandboxSettings(), echo=request.param))
    yield made
    made.close()


@pytest.fixture
async def reader(sandbox) -> AsyncIterator[HttpCloseReader]:
    connection = Connection("http://localhost/api/v1", Secret("k"), "$K", transport=SandboxTransport(sandbox))
    async with open_reader(connection) as opened:
        yield opened


async def run_by_hand(sandbox, path, body) -> str:
    transport = SandboxTransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v1", auth=("k", "")) as client:
        answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]


def words_for(body) -> ActionWords:
    """What Close does not say again of an edit."""
    return ActionWords(value=tuple(body.get("custom_field_values", ())), operation=body.get("custom_field_operation"))


def as_read(data, name, now) -> WantedRun:
    text = compose(data, Comments(), name=f"specs/{name}.yaml", root=ROOT)
    (document,) = parse_documents(FileText(f"specs/{name}.yaml", text, split_lines(text))).documents
    (run,) = expand(document, now=now).runs
    return run


def meaning(body):
    return {**body, "s_query": plain_meaning(body["s_query"])}


async def test_every_spec_comes_back_from_what_it_did(sandbox, reader):
    now = sandbox.world.now()
    identity = await reader.fetch_identity()
    around = Surroundings(await reader.fetch_catalog(EVERY_KIND), now, ZONE, user_id=identity.user_id)
    context = RenderContext(now, ZONE, user_id=identity.user_id)
    runs = load_workspace(YamlProject(ROOT), now=now).runs
    assert len(runs) > 10
    for number, run in enumerate(runs):
        sent = render_request(run.spec, catalog=around.catalog, context=context).request
        action_id = await run_by_hand(sandbox, sent.path, sent.body)
        action = await reader.fetch_action(sent.kind, action_id)
        draft = draft_import(
            action, ImportWish(sent.kind, action_id, f"back-{number}", words=words_for(sent.body)), around
        )
        again = render_request(as_read(draft.data, f"back-{number}", now).spec, catalog=around.catalog, context=context)
        assert again.problems == (), run.key
        assert meaning(again.request.body) == meaning(sent.body), run.key
