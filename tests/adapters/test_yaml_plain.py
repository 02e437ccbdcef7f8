"""The quick reader never differs from the parser: it reads the same, or leaves the text alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_lines import find_in_line
from bulkplan.adapters.yaml_plain import MAX_CHARACTERS, read_plain
from bulkplan.adapters.yaml_text import FileText, decode
from bulkplan.adapters.yaml_whole import parse_whole
from bulkplan.errors import Location

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))


def content_of(text: str) -> FileText:
    content = decode("specs/some.yaml", text.encode())
    assert isinstance(content, FileText)
    return content


def agrees(text: str) -> bool:
    """Whether the quick reader took the text; it must then have read what the parser reads."""
    content = decode("specs/some.yaml", text.encode("utf-8", "surrogatepass"))
    if not isinstance(content, FileText) or (quick := read_plain(content)) is None:
        return False
    slow = parse_whole(content)
    assert slow.problems == ()
    assert [(document.data, document.line) for document in slow.documents] == [tuple(one) for one in quick]
    assert repr([document.data for document in slow.documents]) == repr([one.data for one in quick])
    for document, one in zip(slow.documents, quick, strict=True):
        for place, at in document.places.items():
            assert find_in_line(content, one.line, place) in (at, None), place
    return True


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_of_ours_is_plain_and_read_alike(path):
    assert agrees(path.read_text(encoding="utf-8"))


PLAIN_TEXTS = (
    "a: 1\n",
    "# only\na: b # c\nd:\n  - e\n  - f: g\n    h: [1, two, 'three', \"four\"]\n",
    "a:\n- b\n- c: d\n  e: {f: g, h: [i]}\nj: ~\nk:\n",
    "a: >-\n  one\n  two\nb: |\n  three\n  four\nc: |-\n  five\n",
    "---\na: 1\n---\n# none\n---\nb: 2\n",
    "a: {b: 90 days ago, c: -date_created, d: [-x, y z]}\n",
    "a b-c/d: e f\n",
    "- a: 1\n- b: 2\n",
)


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_what_specs_are_written_in_is_plain(text):
    assert agrees(text)


def test_the_place_of_a_guard_takes_no_parser():
    text = "# one\nschema: x\n---\nguards:\n  # few\n  max_matches: 9  # leads\n  max_percent: '5%'\nname: a\n"
    content = content_of(text)
    assert find_in_line(content, 2, ("guards", "max_matches")) is None
    assert find_in_line(content, 4, ("guards", "max_matches")) == Location(
        "specs/some.yaml", 6, 16, 17, "  max_matches: 9  # leads"
    )
    assert str(find_in_line(content, 4, ("guards", "max_percent"))) == "specs/some.yaml:7:16"
    assert find_in_line(content, 4, ("guards",)) is None
    assert find_in_line(content, 4, ("guards", "name")) is None
    assert find_in_line(content_of("guards:\nname: a\n"), 1, ("guards", "name")) is None


@pytest.mark.parametrize(
    "text",
    [
        "a: b: c\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "a: 1\na: 2\n",
        "a: 012\n",
        'a: "b\\n"\n',
        "a: 'it''s'\n",
        "a: b\n  c\n",
        "a:\tb\n",
        "a: [b,\n  c]\n",
        "a: {b}\n",
        "a: [b: c]\n",
        "%YAML 1.2\n---\na: 1\n",
        "a: 1\n...\n",
        "true: 1\n",
        "a: `b`\n",
        "a\n",
        " a: 1\nb: 2\n",
        "a: |\n  x",
        "a: >\n  x\n\n  y\n",
        "a: " + "b" * MAX_CHARACTERS + "\n",
        "a:\n" + "".join(f"{'  ' * depth}- b:\n" for depth in range(40)),
        "".join(f"{' ' * depth}a:\n" for depth in range(60)),
        "a: " + "[" * 60 + "]" * 60 + "\n",
    ],
)
def test_what_is_odd_is_left_to_the_parser(text):
    assert not agrees(text)


# Lines that are likely to be near the edge of something, with the indents that people mix up.
WRITTEN = r"""
a: 1⏎b:⏎c: d e⏎- f⏎- g: h⏎-⏎- ⏎- - i⏎k: [l, m]⏎k: [l, {m: n}]⏎o: {p: q, r: -s}⏎t: 'u v'⏎t: "w # x"⏎y: z # c⏎# c⏎
⏎a:b⏎a: b:⏎a: b: c⏎key: >-⏎key: >⏎key: |⏎key: |-⏎key: |+⏎key: >2⏎word⏎a: -⏎a: - b⏎a: -1⏎a: 1.5⏎a: 0x1F⏎a: ~⏎
a: yes⏎a: true⏎a: 2026-01-31⏎a: [⏎]⏎a: {⏎}⏎a: [b⏎c]⏎a: [b, ]⏎a: [, b]⏎a: []⏎a: {}⏎a: [b c, d]⏎a: [b #c]⏎
a: [b#c]⏎a: {b: }⏎a: {b:c}⏎a: {b : c}⏎a: ? b⏎? a⏎: b⏎a: @b⏎a: %b⏎%b⏎a: 'b⏎a: 'b' c⏎a: "b"c⏎a: b'c⏎a: b"c⏎
a:  b  ⏎a: b #⏎a: #b⏎a:   # b⏎a: b# c⏎a: *b⏎a: &b c⏎a: <<⏎<<: {a: b}⏎---⏎--- a: 1⏎...⏎a: a: ⏎a: ':'⏎a: x:y⏎
a: x:⏎a: [x:y]⏎a: [x: y]⏎a: [http://x]⏎a: ü⏎ü: a⏎a¤b: c⏎a: b¤⏎a: [b¤]⏎null: a⏎1: a⏎a.b: c⏎a b: c⏎a: \⏎a: [""]⏎
a: ''⏎a: [a,b]⏎a: {b: c,d: e}⏎a: {b: [c, d], e: {f: g}}⏎a: [ b , c ]⏎a: { b: c }⏎a: {'b': c}⏎a: .5⏎a: +1⏎a: 1_0⏎
a: 1e3⏎a: -.inf⏎a: !x⏎a: |x⏎a: >x⏎a: "b" # c⏎a: 'b'#c⏎a: [b] # c⏎a: [b]#c⏎a: [b] c⏎a: {b: "c", d: 'e'}⏎
last_communication_date: {before: "{{ vars.quiet_days }} days ago"}⏎tests:⏎- {lead: {status: X}, matches: true}⏎
"""
PIECES = WRITTEN.replace("\n", "").replace("¤", "\u00a0").split("⏎")[:-1]
LINES = st.tuples(st.sampled_from([0, 0, 0, 1, 2, 2, 3, 4, 6]), st.sampled_from(PIECES)).map(
    lambda pair: " " * pair[0] + pair[1]
)
TEXTS = st.lists(LINES, max_size=7).map("\n".join)


@settings(max_examples=1500)
@given(TEXTS, st.sampled_from(["", "\n", "\n\n"]))
@example("a: |\n  x\n", "")
@example("a: >\n  x\n# c\nb: 1", "\n")
def test_it_reads_what_the_parser_reads_or_nothing(text, end):
    agrees(text + end)


WORDS = st.text("ab1 -:#,[]{}'\"|>&*!%@`?~.\n\u00e9", max_size=24)


@settings(max_examples=700)
@given(WORDS, st.sampled_from(["{}", "a: {}", "a: [{}]", "- {}", "a: {{b: {}}}", "a: '{}'", 'a: "{}"', "{}: a"]))
def test_no_word_is_read_another_way(word, frame):
    agrees(frame.format(word) + "\n")


def test_places_are_found_when_they_are_asked_for():
    content = content_of("# first\na: 1\nb:\n  - c: two\n")
    (quick,), (slow,) = parse_documents(content).documents, parse_whole(content).documents
    assert (dict(quick.places), dict(quick.keys)) == (dict(slow.places), dict(slow.keys))
    assert str(quick.locate(("b", 0, "c"))) == "specs/some.yaml:4:8"
    assert (quick.source, quick.line, quick.digest) == (slow.source, slow.line, slow.digest)
