"""Laying out YAML: canonical, said once, and never another meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st
from support.odd_yaml import COMMENTS, odd_texts

from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_format import LayoutError, format_yaml
from bulkplan.adapters.yaml_key_order import KeyOrder
from bulkplan.adapters.yaml_text import decode
from bulkplan.errors import InvalidFilesError
from bulkplan.report.schemas import spec_schema

ORDER = KeyOrder.of_schema(spec_schema())
SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))


def formatted(text: str) -> str:
    return format_yaml(decode("a.yaml", text.encode()), order=ORDER)


def data_of(text: str):
    reading = parse_documents(decode("a.yaml", text.encode()))
    assert not reading.problems
    return [document.digest for document in reading.documents]


@settings(max_examples=80)
@given(odd_texts())
@example('a: &b ["null", ["' + "x" * 115 + '"], []] # beside\nc: *b\n')
def test_any_valid_text_is_laid_out_and_means_the_same(text):
    reading = parse_documents(decode("a.yaml", text.encode()))
    assume(not reading.problems and reading.documents)
    result = formatted(text)
    event(f"documents: {len(reading.documents)}")
    assert data_of(result) == data_of(text)
    assert formatted(result) == result
    assert result.endswith("\n")
    assert not result.endswith("\n\n")
    assert sum(result.count(each) for each in ("# inside", "# why")) == sum(
        text.count(each) for each in ("# inside", "# why")
    )


@settings(max_examples=60)
@given(st.sampled_from(SPECS), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), st.sampled_from(COMMENTS))))
def test_comments_put_anywhere_into_a_real_spec_are_kept(path, comments):
    lines = path.read_text().splitlines()
    for at, indent, comment in comments:
        lines.insert(at, " " * indent + comment)
    text = "\n".join(lines)
    result = formatted(text)
    assert data_of(result) == data_of(text)
    assert sorted(line.strip() for line in result.splitlines() if line.strip().startswith("#")) == sorted(
        line.strip() for line in lines if line.strip().startswith("#")
    )
    assert formatted(result) == result


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_specs_of_the_repository_are_laid_out(path):
    assert formatted(path.read_text()) == path.read_text()


ODD = """\

# Win them back.

schema: bulkplan/v1
version: 1   # raise me
name: "abc"
action: {type: email, template: 'Win-back 2026', sender: "Dana <dana@example.com>", contact_preference: lead} # act
# whom
filter:

  # only churned
  where:
    all:
    - field: status    # the status
      is: "Churned"
    - is: "Yes"
      field: custom.Do Not Contact
    # - {field: x, is: y}
    - not:
        where: {field: status_type, is: active}
        has: opportunity

    - any: [
        {field: a, is: 1}, # one
        # two
        {is: 'x: y', field: b},
      ]
      # dangling
options:
  sort: ["-date_created"]
description: >
  A long
  text


guards:
  # why
  max_matches: 5
tests:
- {matches: true, lead: {status: Churned}}
"""
NEAT = """\
# Win them back.

schema: bulkplan/v1
name: abc
version: 1  # raise me
description: >
  A long
  text
# whom
filter:
  # only churned
  where:
    all:
      - field: status  # the status
        is: Churned
      - {field: custom.Do Not Contact, is: "Yes"}
      # - {field: x, is: y}
      - not:
          has: opportunity
          where: {field: status_type, is: active}

      - any:
          - {field: a, is: 1}  # one
          # two
          - {field: b, is: "x: y"}
        # dangling
action: {type: email, template: Win-back 2026, sender: Dana <dana@example.com>, contact_preference: lead}  # act
options: {sort: [-date_created]}


guards:
  # why
  max_matches: 5
tests:
  - {lead: {status: Churned}, matches: true}
""".replace("\n\n\n", "\n\n")


def test_the_layout():
    assert formatted(ODD) == NEAT


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("name: 'it''s'\n", "name: it's\n"),
        ("name: 'say \"hi\": now'\n", "name: 'say \"hi\": now'\n"),
        ("name: 'on'\n", 'name: "on"\n'),
        ("name: '2026-01-31'\n", 'name: "2026-01-31"\n'),
        ("name: '{{ vars.x }}'\n", 'name: "{{ vars.x }}"\n'),
        ("name: &n x\ndescription: *n\n", "name: &n x\ndescription: *n\n"),
        ("description: *n\n".replace("*n", "x") + "name: &n x\nowner: *n\n", "description: x\nname: &n x\nowner: *n\n"),
        ("name: x\r\nversion: 1\r\n", "name: x\nversion: 1\n"),
        ("{name: x, version: 1}", "name: x\nversion: 1\n"),
        ("---\nname: x\n...\n---\n# nothing here\n---\nname: y", "name: x\n---\n# nothing here\nname: y\n"),
        ("vars: {a: }\n", "vars: {a: null}\n"),
        ("# nothing at all\n", "# nothing at all\n"),
        ("description: |2\n    x\n", 'description: "  x\\n"\n'),
        (
            "description: " + "word " * 40 + "end\n",
            "description: " + "word " * 20 + "word\n  " + "word " * 19 + "end\n",
        ),
    ],
)
def test_values(written, expected):
    assert formatted(written) == expected
    assert formatted(expected) == expected


def test_a_schema_is_named_once():
    content = decode("a.yaml", b"# about\nname: x\n")
    line = "# yaml-language-server: $schema=../schemas/bulk-action.v1.schema.json\n"
    result = format_yaml(content, order=ORDER, schema="../schemas/bulk-action.v1.schema.json")
    assert result == line + "# about\nname: x\n"
    assert format_yaml(decode("a.yaml", result.encode()), order=ORDER, schema="other.json") == result


def test_what_is_no_yaml_is_told_with_its_place():
    with pytest.raises(InvalidFilesError) as caught:
        formatted("name: [x\n")
    assert str(caught.value.problems[0].at).startswith("a.yaml:1:")


def test_a_layout_that_would_say_something_else_is_refused(monkeypatch):
    # No text is known that gets here; a mistake in the writer stands in for one.
    monkeypatch.setattr("bulkplan.adapters.yaml_format.document_lines", lambda document, order: ["name: y"])
    with pytest.raises(LayoutError, match="read otherwise"):
        formatted("name: x\n")
    monkeypatch.setattr("bulkplan.adapters.yaml_format.document_lines", lambda document, order: ["name: x"])
    with pytest.raises(LayoutError, match="comment"):
        formatted("name: x  # why\n")
