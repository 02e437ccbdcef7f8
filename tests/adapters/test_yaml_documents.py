"""What YAML texts become, and how each mistake in one is told: the place, what is wrong, how to mend it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.spec_texts import document, place, read, underlined

SYNTAX = [
    # text, line:column-end, message fragment, hint fragment
    ("a: b: c", "1:5-6", "second colon", "quotes"),
    ("description: Win back: now", "1:22-23", "second colon", "quotes"),
    ("a:\n\tb: 1", "2:1-2", "tab", "blanks"),
    ("a: 'x", "1:4-5", "never closed", "close it with '"),
    ('a: "x\n---\nb', "1:4-5", "never closed", 'close it with "'),
    ("a: [1,2", "1:4-5", "[ that opens here is not closed", "close it with ]"),
    ("a: [1\nb: 2", "1:4-5", "comma is missing before line 2", "close it with ]"),
    ("a: {b: 1", "1:4-5", "{ that opens here is not closed", "close it with }"),
    ("a:\n  b: 1\n c: 2", "3:2-3", "indentation", "same column"),
    ("a: 1\n- b", "2:1-2", "indentation", "same column"),
    ("a: @x", "1:4-5", "no value begins with @", "quotes"),
    ("a: %x", "1:4-5", "no value begins with %", "quotes"),
    ("a: `x`", "1:4-5", "no value begins with `", "quotes"),
    ("name: x\nversion:\u00a01", "2:9-10", "no-break blank", "anew"),
    ("key\nb: 1", "1:1-4", "colon is missing", "key: …"),
    ("a: 1\nname\n", "2:1-5", "colon is missing", "name: …"),
    ("name:foo\nversion: 1", "1:1-6", "blank is missing after the colon", "name: foo"),
    ("a: 1\nname:foo", "2:1-6", "blank is missing after the colon", "name: foo"),
    ("a: ]", "1:4-5", "value is missing", "stray"),
    ("a: [b, , c]", "1:8-9", "value is missing", "stray"),
    ("%YAML 1.1\n---\na: 1", "1:1-6", "directive", "delete"),
    ("%TAG ! x\n---\na: 1", "1:1-6", "directive", "delete"),
    ("a: !!binary eA==", "1:4-12", "tag !!binary", "delete"),
    ("a: !include x", "1:4-12", "tag !include", "delete"),
    ("a: !x!y z", "1:4-5", "tag", "quote"),
    ("a: *nope", "1:4-9", "nothing above is named &nope", '"*nope"'),
    ("a: &a [*a]", "1:8-10", "inside the value that it names", "write the value"),
    ("* a", "1:2-3", "YAML names", "quotes"),
    ('a: "\\q"', "1:6-7", "backslash", "single quotes"),
    ("a: |x\n b", "1:5-6", "indentation", "line break"),
    ('a: "x" y', "1:8-9", "more text after the value", "quotes"),
    ("a: - b", "1:4-5", "list cannot begin", "line of its own"),
    ("{a: b}}", "1:7-8", "does not belong", "delete"),
    ("a: {{ vars.x }}", "1:4-16", "expression", '"{{ … }}"'),
    ("a: {{ vars.x }} days", "1:4-16", "expression", '"{{ … }}"'),
    ("b:\n  - {{ vars.x }}", "2:5-17", "expression", '"{{ … }}"'),
    ("- {field: x, y: {{ vars.x }} }", "1:17-29", "expression", '"{{ … }}"'),
    ("a: 1\na: 2", "2:1-2", '"a" stands here twice; first at line 1, column 1', "delete one"),
    ('é😀: {a: "b", a: c}', "1:14-15", '"a" stands here twice; first at line 1, column 6', "delete one"),
    ("1: a", "1:1-2", "a key is text", '"1"'),
    ("true: a", "1:1-5", "a key is text", '"true"'),
    ("null: a", "1:1-5", "a key is text", '"null"'),
    ("? [a]\n: b", "1:3-6", "list or a mapping", "quote"),
    ("<<: {a: b}", "1:1-3", "merge keys", "write the keys out"),
    ("a: 01067", "1:4-9", "begins with a zero", '"01067"'),
    ("a: .nan", "1:4-8", "not a number that can be sent", "finite"),
    ("a: -.inf", "1:4-9", "not a number that can be sent", "finite"),
    ("a: 1e999", "1:4-9", "too large", "smaller"),
    ("a: 9223372036854775808", "1:4-23", "too large", "quote"),
    ("a: " + "9" * 5000, "1:4-5004", "too large", "quote"),
    ('a: "\\0"', "1:4-8", "U+0000", "delete"),
    ('"\\x07": 1', "1:1-7", "U+0007", "delete"),
]


@pytest.mark.parametrize(("text", "where", "message", "hint"), SYNTAX)
def test_a_mistake_is_told_with_its_place_and_its_mend(text, where, message, hint):
    (problem,) = read(text).problems
    assert place(problem) == where
    assert message in problem.message
    assert hint in (problem.hint or "")
    assert problem.at is not None
    assert problem.at.source == text.splitlines()[problem.at.line - 1]


ENCODING = [
    (b"a: 1\nb: \xff\xfe\n", "2:4-5", "byte 0xff at offset 8, line 2"),
    (b"\xef\xbb\xbfa: \xe9", "1:4-5", "byte 0xe9 at offset 6, line 1"),
    ("a: 1".encode("utf-16"), "1:1-None", "UTF-16"),
    (b"a: 1\r\nb: \x00", "2:4-5", "U+0000"),
    (b"a: \x1b[31m", "1:4-5", "U+001B"),
    ("a: x\u202ey".encode(), "1:5-6", "U+202E"),
    ("a: x\u2028y".encode(), "1:5-6", "U+2028"),
    ("a: x\x85y".encode(), "1:5-6", "U+0085"),
]


@pytest.mark.parametrize(("raw", "where", "message"), ENCODING)
def test_bytes_that_are_no_plain_text_are_told_with_their_place(raw, where, message):
    (problem,) = read(raw).problems
    assert place(problem) == where
    assert message in problem.message


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("5%", "5%"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
        ("9223372036854775807", 2**63 - 1),
        ('"5"', "5"),
        ("'true'", "true"),
        ("|\n  x\n  y\n", "x\ny\n"),
        ("[12:30]", ["12:30"]),
        ("{b: [1, {c: d}]}", {"b": [1, {"c": "d"}]}),
    ],
)
def test_words_are_read_by_the_core_schema_of_yaml_1_2(word, value):
    assert document(f"a: {word}").data == {"a": value}


def test_the_key_on_stays_text():
    assert document("{field: created, on: today, y: 1, no: 2}").data == {
        "field": "created",
        "on": "today",
        "y": 1,
        "no": 2,
    }


def test_a_byte_order_mark_and_windows_line_ends_change_nothing():
    plain = document("a: 1\nb: [x, y]\n")
    odd = read(b"\xef\xbb\xbfa: 1\r\nb: [x, y]\r\n").documents[0]
    assert (odd.data, odd.digest, odd.places) == (plain.data, plain.digest, plain.places)


def test_places_are_exact_for_keys_and_values():
    found = document('a: "x y"   # c\nfilter:\n  all:\n    - {field: ü😀, is: [1, 22]}\nend:\n')
    assert str(found.locate(("a",))) == "specs/s.yaml:1:4"
    assert found.places[("a",)].end_column == 9
    assert str(found.locate(("filter",), on_key=True)) == "specs/s.yaml:2:1"
    item = found.places[("filter", "all", 0, "is", 1)]
    assert (item.line, item.column, item.end_column) == (4, 27, 29)
    assert found.places[("filter", "all", 0)].end_column == 31
    assert (found.places[("end",)].line, found.places[("end",)].column) == (5, 5)
    assert str(found.locate(("filter", "nothing", "here"))) == "specs/s.yaml:3:3"


def test_an_alias_stands_at_its_own_place_and_its_inside_at_the_anchor():
    found = document("a: &x {b: 1}\nc: *x\n")
    assert found.data == {"a": {"b": 1}, "c": {"b": 1}}
    assert found.places[("c",)].line == 2
    assert found.places[("c", "b")].line == 1


def test_documents_are_counted_without_the_empty_ones():
    reading = read("# only a comment\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n")
    assert [(one.index, one.line, one.data) for one in reading.documents] == [(0, 3, {"a": 1}), (1, 7, {"b": 2})]
    assert not reading.problems


def test_what_stands_before_a_syntax_error_is_still_read():
    reading = read("a: 01\nb: 2\n---\nb: 1\n---\nc: [\n")
    assert [one.data for one in reading.documents] == [{"b": 1}]
    assert [problem.at.line for problem in reading.problems if problem.at] == [1, 6]


def test_of_a_key_that_stands_twice_the_first_counts_so_that_the_rest_can_be_judged():
    reading = read("a: 1\na: 2\nb: 3\n")
    assert [one.data for one in reading.documents] == [{"a": 1, "b": 3}]
    assert [underlined(problem) for problem in reading.problems] == ["a"]


def test_all_mistakes_of_a_document_are_told_at_once():
    problems = read("a: 01\nb: .inf\na: 3\n4: x\n").problems
    assert [underlined(problem) for problem in problems] == ["01", ".inf", "a", "4"]


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
NEST = "a: &a [[[[[[[[[[x]]]]]]]]]]\n" + "".join(
    f"{new}: &{new} [[[[[[[[[[*{old}]]]]]]]]]]\n" for old, new in zip("abc", "bcd", strict=True)
)
BOMBS = [
    ("[" * 100_000, "nested more than 40 deep"),
    ("- " * 100_000, "nested more than 40 deep"),
    ("{a: " * 50_000, "nested more than 40 deep"),
    (LAUGHS, "more than 10,000 values"),
    (NEST, "nest values more than 40 deep"),
    ("- a\n" * 11_000, "more than 10,000 values"),
    ("--- a\n" * 11_000, "more than 10,000 values"),
    ("- &a x\n" + "- *a\n" * 101, "more than 100 aliases"),
    ("a: '" + "x\n" * 300_000, "never closed"),
    ("\t" * 1_000_000 + "x", "tab"),
    (":" * 1_000_000, "second colon"),
    ("!" * 1_000_000, "tag"),
    ("#" * 1_100_000, "at most 1,048,576"),
]


@pytest.mark.parametrize(("text", "message"), BOMBS, ids=range(len(BOMBS)))
@pytest.mark.timeout(10)
def test_bombs_are_refused(text, message):
    (problem,) = read(text).problems
    assert message in problem.message
    assert len(problem.message) < 300


def test_up_to_a_hundred_aliases_are_fine():
    assert not read("- &a x\n" + "- *a\n" * 100).problems


PIECES = st.sampled_from(
    [
        *"\n\n\n :-[]{},\"'#&*!|>%@`?~\\",
        "  ",
        ": ",
        "- ",
        "---\n",
        "...\n",
        "a",
        "b: 1",
        "key:",
        "<<: *a",
        "&a ",
        "*a",
        "{{ vars.x }}",
        "{% if %}",
        '"\\uD800"',
        '"\\UFFFFFFFF"',
        "'x",
        "é",
        "\t",
        "\ufeff",
        "\x85",
        "!!str ",
        "%YAML 1.2\n",
        "? ",
        "0x",
        "1e400",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_no_text_raises_anything(text):
    reading = read(text.encode("utf-8", "surrogatepass"))
    for problem in reading.problems:
        assert problem.at is not None
        assert problem.at.line >= 1
        assert problem.at.column >= 1
        assert problem.message


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(min_codepoint=32, max_codepoint=0x7E) | st.sampled_from("äß😀"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=4), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_json_is_read_as_json_reads_it(value):
    import json

    text = json.dumps({"v": value}, ensure_ascii=False)
    assert document(text).data == {"v": json.loads(json.dumps(value))}


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_layout_and_comments_never_change_the_digest(value):
    import json

    data = {"v": value, "w": 1}
    short = json.dumps(data, ensure_ascii=False)
    long = "# a comment\n" + json.dumps(dict(reversed(data.items())), ensure_ascii=False, indent=3) + "  # more\n"
    assert document(short).digest == document(long).digest
