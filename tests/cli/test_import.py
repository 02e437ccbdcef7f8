"""`import` on the command line: what ran by hand becomes a spec and a record, and never runs again."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import signal
from pathlib import Path

import httpx
import pytest
from sandbox import query_nodes as node

from bulkplan.cli.main import run
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.transport import SandboxTransport

PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
targets:
  sandbox: {sandbox: {leads: 60, seed: 7}}
"""
WORLD = Path(".bulkplan/sandbox/sandbox.db")


class World:
    """The sandbox of the project, as somebody with Close's own screen uses it."""

    def __init__(self, root: Path) -> None:
        self.sandbox = Sandbox.open(root / WORLD, leads=60, seed=7)

    def _ask(self, method: str, path: str, body=None):
        async def asked():
            transport = SandboxTransport(self.sandbox)
            async with httpx.AsyncClient(transport=transport, base_url="https://x/api/v1", auth=("k", "")) as client:
                answer = await client.request(method, path, json=body)
                assert answer.status_code == 200, answer.text
                return answer.json()

        return asyncio.run(asked())

    def names(self, path: str, label: str) -> dict[str, str]:
        return {item[label]: item["id"] for item in self._ask("GET", path)["data"]}

    def start(self, kind: str, **body) -> str:
        return self._ask("POST", f"/bulk_action/{kind}/", body)["id"]

    def finish(self, kind: str, action_id: str) -> None:
        for _ in range(100_000):
            if self._ask("GET", f"/bulk_action/{kind}/{action_id}/")["status"] == "done":
                return
        raise AssertionError("it does not end")


@pytest.fixture(scope="module")
def made_before(tmp_path_factory):
    """A project in which five bulk actions ran by hand, and their IDs."""
    root = tmp_path_factory.mktemp("made")
    (root / "specs").mkdir()
    (root / "bulkplan.yaml").write_text(PROJECT)
    assert run(["new", "any", "--from-status", "Churned", "--action", "delete", "-C", str(root)]) == 0
    world = World(root)
    statuses, templates = world.names("/status/lead/", "label"), world.names("/email_template/", "name")
    accounts, fields = world.names("/connected_account/", "email"), world.names("/custom_field/lead/", "name")
    churned = node.references("status.lead", statuses["Churned"])
    query = node.both(node.OF_LEADS, node.regular("status_id", churned))
    by_id = node.both(query, node.either(node.by_id("lead_1"), node.no(node.by_id("lead_2"))))
    email = {
        "template_id": templates["Win-back 2026"],
        "contact_preference": "contact",
        "email_account_id": accounts["dana@example.com"],
        "sender": "Dana Reyes <dana@example.com>",
    }
    size = {"type": "set_custom_field", "custom_field_id": fields["Employees"], "custom_field_value": 50}
    tags = {
        "type": "set_custom_field",
        "custom_field_name": "Tags",
        "custom_field_values": ["vip", "partner"],
        "custom_field_operation": "add",
    }
    wanted = {
        "email": ("email", {**email, "s_query": query}),
        "size": ("edit", {**size, "s_query": by_id, "results_limit": 4}),
        "tags": ("edit", {**tags, "s_query": query}),
        "status": ("edit", {"type": "set_lead_status", "lead_status_id": statuses["Churned"], "s_query": query}),
        "pause": ("sequence_subscription", {"action_type": "pause", "s_query": query, "send_done_email": False}),
        "purge": ("delete", {"s_query": query, "results_limit": 1, "sort": []}),
    }
    ids = {}
    for name, (kind, body) in wanted.items():
        ids[name] = world.start(kind, **body)
        world.finish(kind, ids[name])
    world.sandbox.close()
    return root / ".bulkplan", ids


@pytest.fixture
def ids(tmp_path, monkeypatch, made_before):
    folder, ids = made_before
    (tmp_path / "specs").mkdir()
    (tmp_path / "bulkplan.yaml").write_text(PROJECT)
    shutil.copytree(folder, tmp_path / ".bulkplan")
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = signal.getsignal(signal.SIGTERM)
    yield ids
    signal.signal(signal.SIGTERM, before)


def rows(capfd) -> dict[str, dict]:
    capfd.readouterr()
    assert run(["plan", "--format", "json"]) in (0, 3)
    return {row["key"]: row for row in json.loads(capfd.readouterr().out)["plan"]["changes"]}


def record(key: str, capfd) -> dict:
    capfd.readouterr()
    assert run(["state", "show", key, "--format", "json"]) == 0
    return json.loads(capfd.readouterr().out)["record"]


ACTIONS = {
    "email": (
        "  type: email\n  template: Win-back 2026\n"
        "  sender: Dana Reyes <dana@example.com>\n  contact_preference: contact\n"
    ),
    "size": "  type: set_custom_field\n  field: Employees\n  value: 50\n",
    "status": "  type: set_lead_status\n  status: Churned\n",
    "pause": "  type: sequence_pause\n  all_sequences: true\n",
    "purge": "  type: delete\n",
}


def test_what_ran_becomes_specs_that_plan_shows_as_done(ids, capfd):
    for name, action in ACTIONS.items():
        assert run(["import", ids[name], "--name", name]) == 0
        assert f"action:\n{action}" in Path(f"specs/{name}.yaml").read_text()
    assert run(["validate"]) == 0
    assert run(["fmt", "--check"]) == 0
    planned = rows(capfd)
    assert {name: (planned[f"{name}@1"]["kind"], planned[f"{name}@1"]["remote_id"]) for name in ACTIONS} == {
        name: ("no-op", ids[name]) for name in ACTIONS
    }
    assert run(["apply", "--auto-approve"]) == 0
    assert capfd.readouterr().out.endswith("Nothing was sent to Close.\n")
    kept = record("email@1", capfd)
    assert (kept["status"], kept["remote_id"], kept["marked"], kept["nonce"]) == ("done", ids["email"], False, "")


def test_names_of_the_filter_come_back_and_what_has_no_short_form_is_kept(ids):
    assert run(["import", ids["email"], "--name", "email"]) == 0
    assert "  where: {field: status, is: Churned}\n" in Path("specs/email.yaml").read_text()
    assert run(["import", ids["size"], "--name", "size"]) == 0
    assert "  # Kept as a query: it names leads by their IDs.\n" in Path("specs/size.yaml").read_text()


def test_an_edit_that_would_send_the_same_is_no_conflict_and_another_is(ids, capfd):
    assert run(["import", ids["email"], "--name", "email"]) == 0
    spec = Path("specs/email.yaml")
    template = record("email@1", capfd)["body"]["template_id"]
    spec.write_text(spec.read_text().replace("template: Win-back 2026", f"template: {template}"))
    row = rows(capfd)["email@1"]
    assert (row["kind"], "would send the same request" in row["reason"]) == ("no-op", True)
    spec.write_text(spec.read_text().replace("is: Churned", "is: Customer"))
    assert rows(capfd)["email@1"]["kind"] == "conflict"


def test_values_that_close_does_not_say_are_asked_of_a_person(ids, capfd):
    assert run(["import", ids["tags"], "--name", "tags"]) == 64
    assert "does not say which values" in capfd.readouterr().err
    words = ["--value", "vip", "--value", "partner", "--operation", "add"]
    assert run(["import", ids["tags"], "--name", "tags", *words]) == 0
    assert "  values: [vip, partner]\n  operation: add\n" in Path("specs/tags.yaml").read_text()
    assert rows(capfd)["tags@1"]["kind"] == "no-op"


def test_what_can_be_imported_is_listed_until_it_is(ids, capfd):
    assert run(["import"]) == 0
    said = capfd.readouterr().out
    assert all(action_id in said for action_id in ids.values())
    assert "email “Win-back 2026”" in said
    assert run(["import", ids["email"], "--name", "email"]) == 0
    capfd.readouterr()
    assert run(["import", "--list"]) == 0
    assert ids["email"] not in capfd.readouterr().out


def test_one_action_is_one_run(ids, capfd):
    assert run(["import", ids["email"], "--name", "email"]) == 0
    assert run(["import", ids["email"], "--name", "again"]) == 3
    assert "is in the state already, as email@1" in capfd.readouterr().err
    assert not Path("specs/again.yaml").exists()


def test_a_run_key_is_taken_once(ids, capfd):
    assert run(["import", ids["email"], "--name", "one"]) == 0
    Path("specs/one.yaml").unlink()
    assert run(["import", ids["purge"], "--name", "one"]) == 3
    assert "the state has one@1 already: done\nhint: take another name, or a version of its own: --version 2" in (
        capfd.readouterr().err
    )
    assert run(["import", ids["purge"], "--name", "one", "--version", "2"]) == 0
    assert rows(capfd)["one@2"]["kind"] == "no-op"


def test_what_was_sent_from_here_is_never_imported(ids, capfd):
    Path("specs/mark.yaml").write_text(
        "schema: bulkplan/v1\nname: mark\nversion: 1\nfilter: {where: {field: status, is: Potential}}\n"
        "action: {type: set_lead_status, status: Contacted}\nguards: {max_percent: 100%}\n"
    )
    assert run(["apply", "--auto-approve"]) == 0
    action_id = record("mark@1", capfd)["remote_id"]
    shutil.rmtree(".bulkplan/state")  # the state is lost; Close still has the marker
    assert run(["import", action_id, "--name", "other"]) == 3
    assert "carries the marker of mark@1: it was sent from here" in capfd.readouterr().err
    assert run(["state", "list"]) == 0
    assert "other@1" not in capfd.readouterr().out


def test_the_spec_alone_leaves_the_state_as_it_was(ids, capfd):
    assert run(["import", ids["purge"], "--name", "purge", "--spec-only"]) == 0
    assert "purge@1 is a run of its own" in capfd.readouterr().err
    assert rows(capfd)["purge@1"]["kind"] == "run"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["lead_1", "--name", "x"], 64, "is no ID of a bulk action"),
        (["bulkedit_nope", "--name", "x"], 3, "Close knows no action bulkedit_nope"),
        (["bulkedit_nope"], 64, "give --name NAME"),
        (["bulkedit_nope", "--name", "X Y"], 64, "is no name of a spec"),
        (["bulkedit_nope", "--name", "x", "--version", "0"], 64, "is no version"),
    ],
)
def test_what_cannot_be_imported_is_said(words, code, said, ids, capfd):
    assert run(["import", *words]) == code
    assert said in capfd.readouterr().err
    assert list(Path("specs").iterdir()) == []
