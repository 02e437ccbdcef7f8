"""What an editor shows: VS Code's YAML language server completes and explains specs by their first line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.language_server import PROGRAM, LanguageServer

ROOT = Path(__file__).parents[1]
COMMENT = "# yaml-language-server: $schema=../schemas/{name}.v1.schema.json\n"
SPEC = COMMENT.format(name="bulk-action") + "schema: bulkplan/v1\nname: a\nversion: 1\n"

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists() or shutil.which("node") is None, reason="the language server comes by npm, which is not here"
)


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with LanguageServer(ROOT) as running:
        yield running


def _offered(server: LanguageServer, name: str, text: str) -> dict[str, str]:
    """What is offered at the `|` in a text."""
    before = text.partition("|")[0]
    uri = server.open(ROOT / "specs" / f"{name}.yaml", text.replace("|", "", 1))
    return server.complete(uri, before.count("\n"), len(before.rpartition("\n")[2]))


@pytest.mark.parametrize(
    ("name", "text", "keys"),
    [
        ("keys", SPEC + "|", {"filter", "action", "guards", "for_each", "lint"}),
        ("guards", SPEC + "guards:\n  |", {"max_matches", "max_percent", "max_drift"}),
        ("filter", SPEC + "filter:\n  |", {"where", "query", "smart_view", "all_leads"}),
        ("where", SPEC + "filter:\n  where:\n    field: status\n    |", {"is", "before", "exists"}),
        ("email", SPEC + "action:\n  type: email\n  |", {"template", "sender", "contact_preference"}),
        ("rules", SPEC + "lint:\n  ignore:\n    |", {"no-ceiling", "all-leads"}),
        ("project", COMMENT.format(name="project") + "schema: bulkplan/project/v1\n|", {"targets", "suppress"}),
        ("target", COMMENT.format(name="project") + "targets:\n  live:\n    |", {"api_key_env", "state"}),
        ("fragment", COMMENT.format(name="filter") + "name: quiet\n|", {"where", "description"}),
    ],
)
def test_keys_are_offered_with_what_they_mean(server, name, text, keys):
    offered = _offered(server, name, text)
    assert keys <= set(offered)
    assert [key for key in keys if not re.search(r"\w+ \w+", offered[key])] == []


def test_a_key_is_explained_with_an_example(server):
    uri = server.open(ROOT / "specs" / "hover.yaml", SPEC + "owner: me@example.com\n")
    shown = server.hover(uri, 4, 2)
    assert "Who answers for it" in shown
    assert "revops@example.com" in shown


def test_choices_are_offered(server):
    assert "sequence_subscribe" in _offered(server, "type", SPEC + "action:\n  type: |")


def test_a_wrong_value_is_underlined_and_a_right_one_is_not(server):
    wrong = server.open(ROOT / "specs" / "wrong.yaml", SPEC + "guards: {max_percent: 10}\n")
    assert any("max_percent" in text or "pattern" in text or "type" in text for text in server.problems(wrong))
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        assert server.problems(server.open(path, path.read_text(encoding="utf-8"))) == []
