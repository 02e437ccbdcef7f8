"""Names as an attacker would give them in Close, through whole commands: nothing active comes out of any."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pytest
from report.test_html_page import Page
from report.test_plan_markdown import check
from security.test_sinks import _is_safe_table, inert
from support.hostile import ENCODED

from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.cli.main import run

NAMED = {
    "lead": "name",
    "contact": "name",
    "user": "first_name",
    "lead_status": "label",
    "opportunity_status": "label",
    "custom_field": "name",
    "email_template": "name",
    "sequence": "name",
    "smart_view": "name",
}
PROJECT = "schema: bulkplan/project/v1\ntargets: {sandbox: {sandbox: {leads: 120, seed: 7}}}\n"
SPEC = """\
schema: bulkplan/v1
name: mark
version: 1
filter: {{where: {{field: status, is: {status}}}}}
action: {{type: set_lead_status, status: {other}}}
guards: {{max_percent: 100%}}
---
schema: bulkplan/v1
name: mail
version: 1
filter: {{where: {{field: status, is: {other}}}}}
action: {{type: email, template: {template}, sender: dana@example.com}}
guards: {{max_percent: 100%}}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project on a sandbox in which everything has a hostile name."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "specs").mkdir()
    (folder / "bulkplan.yaml").write_text(PROJECT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.stdin", io.StringIO())
        for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        assert run(["plan", "--quiet"]) == 0
        with closing(sqlite3.connect(folder / ".bulkplan" / "sandbox" / "sandbox.db")) as world, world:
            ids = {table: _renamed(world, table, column) for table, column in NAMED.items()}
            (template,) = world.execute("SELECT min(id) FROM email_template WHERE is_archived = 0").fetchone()
        text = SPEC.format(
            status=ids["lead_status"][0],
            other=ids["lead_status"][1],
            template=template,
        )
        (folder / "specs" / "all.yaml").write_text(text)
        yield folder


def _renamed(world: sqlite3.Connection, table: str, column: str) -> list[str]:
    ids = [key for (key,) in world.execute(f"SELECT id FROM {table} ORDER BY id")]  # noqa: S608 - our own words
    names = ((name, key) for name, key in zip(cycle(ENCODED), ids, strict=False))
    world.executemany(f"UPDATE {table} SET {column} = ? WHERE id = ?", names)  # noqa: S608
    return ids


@pytest.fixture
def said(root, capfd):
    """What a command prints, once it was seen to be inert; it must not end as a bug."""
    capfd.readouterr()

    def of(*words: str) -> str:
        code = run([*words])
        out, err = capfd.readouterr()
        assert "this is a bug" not in err, (words, err)
        assert code in (0, 1, 3, 64, 65), (words, code, err)
        assert inert(err)
        if "csv" not in words:
            assert inert(out)
        return out

    return of


def test_plans_in_every_form(said):
    assert "mark@1" in said("plan", "--sample", "20", "--payload", "--out", "plan.json")
    said("plan", "--format", "json", "--sample", "20")
    for words in (["plan", "--sample", "20"], ["show", "plan.json"]):
        check(said(*words, "--format", "markdown"))
        Page(said(*words, "--format", "html"))


def test_lists_of_members(said, root):
    said("plan", "--members", "members.csv", "--with-names")
    assert _is_safe_table((root / "members.csv").read_bytes().decode())


def test_runs_and_audits_in_every_form(said):
    said("explain", "mark")
    said("explain", "mail", "--format", "json")
    said("lint", "--online", "--format", "text")
    for form in ("json", "sarif"):
        said("lint", "--online", "--format", form)
    said("apply", "--auto-approve", "--select", "mark")
    said("status")
    said("state", "show", "mark")
    said("audit")
    check(said("audit", "--format", "markdown"))
    Page(said("audit", "--format", "html"))
    assert _is_safe_table(said("audit", "--format", "csv"))
    said("import", "--list")


@pytest.mark.parametrize("number", range(4))
def test_a_spec_that_is_written_from_a_hostile_name_says_what_it_says(said, root, number):
    with closing(sqlite3.connect(root / ".bulkplan" / "sandbox" / "sandbox.db")) as world:
        statuses = [label for (label,) in world.execute("SELECT label FROM lead_status ORDER BY id")]
        views = [name for (name,) in world.execute("SELECT name FROM smart_view ORDER BY id")]
    for source, names in (("--from-status", statuses), ("--from-smart-view", views)):
        name = names[number % len(names)]
        file = Path("specs") / "made.yaml"
        said("new", "made", source, name, "--action", "set_lead_status", "--status", statuses[-1], "--no-input")
        if file.exists():
            reading = YamlProject(root).read_specs(["specs/made.yaml"])
            assert not reading.problems
            (document,) = reading.documents
            assert document.data["name"] == "made"
            assert document.data["action"] == {"type": "set_lead_status", "status": statuses[-1]}
            file.unlink()


def test_names_on_a_command_line_are_text_in_its_errors(said, root, capfd):
    for text in ENCODED:
        if "\x00" in text:
            continue
        for words in (("plan", "--select", text), ("state", "show", text), ("plan", "--target", text), ("show", text)):
            code = run([*words])
            out, err = capfd.readouterr()
            assert code in (0, 1, 4, 64, 65), (words, code, err)
            assert "this is a bug" not in err, (words, err)
            assert inert(out)
            assert inert(err)
