"""`new` on the command line, against the sandbox: what it writes is valid, laid out, and selects the same leads."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import get_args

import pytest
from sandbox import query_nodes as node
from support.consoles import console_in_memory

from bulkplan.cli.arguments import Args
from bulkplan.cli.author_table import ACTION_TYPES
from bulkplan.cli.commands import new
from bulkplan.cli.console import Manners
from bulkplan.cli.main import run
from bulkplan.errors import UsageError
from bulkplan.model.spec import ActionType

PROJECT = """\
schema: bulkplan/project/v1
targets:
  sandbox: {sandbox: {leads: 120, seed: 7}}
  production: {organization_id: orga_1, api_key_env: SHOP_KEY}
"""
EMAIL = ["--action", "email", "--template", "Win-back 2026", "--sender", "Dana Reyes <dana@example.com>"]
CHURNED_OR_MOVED = node.both(
    node.OF_LEADS,
    node.regular("num_opportunities", node.numbers(gte=1)),
    node.no(node.related("opportunity", node.regular("status_type", node.terms("active"), "opportunity"))),
)


@pytest.fixture(scope="module")
def made_before(tmp_path_factory):
    """A sandbox, made once: the commands here only read from it."""
    root = tmp_path_factory.mktemp("made")
    (root / "specs").mkdir()
    (root / "bulkplan.yaml").write_text(PROJECT)
    assert run(["new", "any", "--from-status", "Churned", "--action", "delete", "-C", str(root)]) == 0
    return root / ".bulkplan"


@pytest.fixture(autouse=True)
def _in_project(tmp_path, monkeypatch, made_before):
    (tmp_path / "specs").mkdir()
    (tmp_path / "bulkplan.yaml").write_text(PROJECT)
    shutil.copytree(made_before, tmp_path / ".bulkplan")
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "SHOP_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())


def test_a_status_becomes_a_spec_that_plans(capfd):
    assert run(["new", "winback", "--from-status", "churned", *EMAIL, "--description", "Win them: back"]) == 0
    text = Path("specs/winback.yaml").read_text()
    said = capfd.readouterr()
    assert said.out == "wrote specs/winback.yaml\n"
    assert "Next: read it, then bulkplan test winback && bulkplan plan --select winback\n" in said.err
    assert "  where:\n    all:\n      - {field: status, is: Churned}\n" in text
    assert 'description: "Win them: back"\n' in text
    assert "leads matched on " in text
    assert run(["fmt", "--check"]) == 0
    assert run(["plan", "--detailed-exitcode"]) == 2


def test_a_smart_view_that_has_no_short_form_is_kept_as_it_is(capfd):
    view = "Renewals in the next 60 days"
    assert (
        run(["new", "renewals", "--from-smart-view", view, "--action", "set_lead_status", "--status", "Customer"]) == 0
    )
    text = Path("specs/renewals.yaml").read_text()
    assert "# Kept as a query: it holds dates relative to now" in text
    assert run(["validate"]) == 0
    Path("specs/by-view.yaml").write_text(
        "schema: bulkplan/v1\nname: by-view\nversion: 1\nfilter: {smart_view: Renewals in the next 60 days}\n"
        "action: {type: set_lead_status, status: Customer}\n"
    )
    capfd.readouterr()
    assert run(["plan", "--format", "json", "--select", "*", "--payload"]) in (0, 3)
    rows = {row["key"]: row for row in json.loads(capfd.readouterr().out)["plan"]["changes"]}
    assert rows["renewals@1"]["request"]["body"] == rows["by-view@1"]["request"]["body"]


@pytest.mark.parametrize("form", ["bare", "wrapped", "stdin"])
def test_copied_filters_become_a_short_filter(form, monkeypatch):
    copied = {"query": CHURNED_OR_MOVED, "results_limit": 5, "sort": []} if form == "wrapped" else CHURNED_OR_MOVED
    Path("filters.json").write_text(json.dumps(copied))
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(copied)))
    file = "-" if form == "stdin" else "filters.json"
    assert run(["new", "tidy", "--from-filters", file, "--action", "delete"]) == 0
    text = Path("specs/tidy.yaml").read_text()
    assert (
        "    all:\n      - {field: num_opportunities, gte: 1}\n"
        "      - not: {has: opportunity, where: {field: status_type, is: active}}\n"
    ) in text
    assert ("options: {results_limit: 5}\n" in text) is (form == "wrapped")


def test_copied_filters_are_taken_without_a_key_too(capfd):
    Path("filters.json").write_text(json.dumps(CHURNED_OR_MOVED))
    assert run(["new", "tidy", "--from-filters", "filters.json", "--action", "delete", "--target", "production"]) == 0
    assert "names are not checked" in capfd.readouterr().err
    assert "guards" not in Path("specs/tidy.yaml").read_text()
    assert run(["validate"]) == 0


def test_numbers_and_lists_are_written_as_the_field_takes_them():
    number = ["--action", "set_custom_field", "--field", "Employees", "--value", "50"]
    several = ["--action", "set_custom_field", "--field", "Tags", "--value", "vip", "--value", "partner"]
    assert run(["new", "size", "--from-status", "Churned", *number]) == 0
    assert run(["new", "tags", "--from-status", "Churned", *several]) == 0
    assert "  value: 50\n" in Path("specs/size.yaml").read_text()
    assert "  values: [vip, partner]\n" in Path("specs/tags.yaml").read_text()


def test_every_kind_of_action_can_be_asked_for():
    assert get_args(ActionType) == ACTION_TYPES


def test_close_is_not_asked_where_nothing_says_which_leads_are_meant(capfd):
    assert run(["new", "x", "--action", "delete"]) == 64
    assert capfd.readouterr().err.startswith("error: nothing says which leads are meant\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x"], "nothing says which leads are meant"),
        (["Win Back", "--from-status", "Churned"], "hint: win-back, for example"),
        (["x", "--from-status", "Churnd", "--action", "delete"], 'did you mean "Churned"?'),
        (["x", "--from-status", "Churned"], "give --action: email,"),
        (["x", "--from-status", "Churned", "--action", "emial"], 'did you mean "email"'),
        (["x", "--from-status", "Churned", "--action", "email"], "email needs --template … --sender …"),
        (["x", "--from-status", "Churned", "--action", "delete", "--field", "Plan"], "--field does not go with delete"),
        (
            ["x", "--from-status", "Churned", "--action", "set_lead_status", "--status", "No"],
            "--status: no lead status",
        ),
        (["x", "--from-smart-view", "Renewal", "--action", "delete"], "did you mean"),
        (["x", "--from-filters", "none.json"], "none.json cannot be read"),
        (["x", "--from-filters", "bad.json"], "bad.json is no JSON: Expecting"),
        (["x", "--from-filters", "contacts.json"], "selects objects of type contact"),
        (["x", "--from-status", "A", "--from-smart-view", "B"], "not allowed with"),
        (["taken", "--from-status", "Churned"], "there is a spec named taken already, in specs/other.yaml:1"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_left(words, said, capfd):
    Path("bad.json").write_text("{type: and}")
    Path("contacts.json").write_text(json.dumps({"type": "object_type", "object_type": "contact"}))
    Path("specs/other.yaml").write_text(
        "schema: bulkplan/v1\nname: taken\nversion: 1\nfilter: {all_leads: true}\naction: {type: delete}\n"
    )
    assert run(["new", *words]) == 64
    assert said in capfd.readouterr().err
    assert [path.name for path in Path("specs").iterdir()] == ["other.yaml"]


def test_nothing_is_overwritten_unless_that_is_said(capfd):
    assert run(["new", "x", "--from-status", "Churned", "--action", "delete"]) == 0
    before = Path("specs/x.yaml").read_text()
    again = ["new", "x", "--from-status", "Customer", "--action", "delete"]
    assert run(again) == 64
    assert "give --overwrite" in capfd.readouterr().err
    assert Path("specs/x.yaml").read_text() == before
    assert run([*again, "--overwrite"]) == 0
    assert "is: Customer" in Path("specs/x.yaml").read_text()


def test_on_a_terminal_what_is_missing_is_asked_for():
    args = Args()
    args.name = "winback"
    heard = console_in_memory(
        Manners(can_ask=True), typed="Churned\nemail\nWin-back 2026\n\nDana Reyes <dana@example.com>\n"
    )
    assert new.run(args, heard.console) == 0
    assert "  template: Win-back 2026\n" in Path("specs/winback.yaml").read_text()
    said = heard.err.getvalue()
    assert "Lead statuses to begin with: Potential," in said
    assert "There are: Win-back 2026," in said


def test_an_answer_that_names_nothing_is_asked_again_with_what_is_near():
    args = Args()
    args.name = "winback"
    typed = "Chruned\nchurned\nmail\nemail\nWin-bak 2026\nWin-back 2026\ndana@example.com\n"
    heard = console_in_memory(Manners(can_ask=True), typed=typed)
    assert new.run(args, heard.console) == 0
    said = heard.err.getvalue()
    assert 'there is no "Chruned": did you mean "Churned"?' in said
    assert 'there is no "mail": did you mean "email"?' in said
    assert "  sender: dana@example.com\n" in Path("specs/winback.yaml").read_text()


def test_a_terminal_that_ends_is_no_answer():
    args = Args()
    args.name = "winback"
    with pytest.raises(UsageError, match="There was no answer"):
        new.run(args, console_in_memory(Manners(can_ask=True), typed="").console)
