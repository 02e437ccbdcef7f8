"""Expressions: what may stand in one, what it yields, and that nothing else is ever evaluated."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.spec_texts import SPEC, document, expand_text, underlined

from bulkplan.core.template import Filler, Scope, find_fixed_problems, holds_expression, split_parts
from bulkplan.core.template_rules import Expression
from bulkplan.core.template_values import ExpressionError

VARS = {
    "n": 90,
    "f": 4.0,
    "s": "Abc",
    "l": ["a", 1, True],
    "m": {"k": "v", "keys": 3},
    "b": True,
    "z": None,
    "lead status": "x",
}
NAMES = {"vars": VARS, "each": {"region": "EMEA"}}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("vars.n", 90),
        ("vars['lead status']", "x"),
        ("vars.n + 1", 91),
        ("vars.n * 2 // 7", 25),
        ("vars.n % 7", 6),
        ("-vars.n", -90),
        ("(vars.n / 7) | round(2)", 12.86),
        ("2.5 | round", 2),
        ("vars.f", 4.0),
        ("vars.b", True),
        ("vars.z", None),
        ("vars.l", ["a", 1, True]),
        ("vars.l[0]", "a"),
        ("vars.l | join(', ')", "a, 1, true"),
        ("vars.l | length", 3),
        ("vars.m", {"k": "v", "keys": 3}),
        ("vars.m.k", "v"),
        ("vars.m.keys", 3),
        ("each.region | lower", "emea"),
        ("each.region ~ '-' ~ vars.b ~ 1", "EMEA-true1"),
        ("'a b' | title | trim | upper", "A B"),
        ("vars.s | replace('b', 'x')", "Axc"),
        ("vars.nothing | default('d')", "d"),
        ("vars.m.nothing | default(3)", 3),
        ("'' | default('d', true)", "d"),
        ("'a' if vars.n > 5 and not vars.z else 'b'", "a"),
        ("vars.s in ['Abc', 'x']", True),
        ("'5' | int + 1", 6),
        ("'1.5' | float", 1.5),
        ("-3 | abs", 3),
        ("'}}'", "}}"),
        ("none", None),
    ],
)
def test_an_expression_keeps_the_type_of_its_value(source, value):
    found = Expression(source).evaluate(NAMES)
    assert found == value
    assert type(found) is type(value)


ESCAPES = [
    "vars.__class__",
    "vars['__class__']",
    "().__class__",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__",
    "vars|attr('__class__')",
    "vars.s.format(vars)",
    "vars.s|format(1)",
    "vars.s.format_map(vars)",
    "vars.m.items()",
    "vars.m|items",
    "vars.l|map('upper')",
    "vars.l|select",
    "vars.l|tojson",
    "vars.l|pprint",
    "vars.l|xmlattr",
    "vars.s|safe",
    "vars.s|center(1000000000)",
    "vars.s|indent(1000000000)",
    "range(10)",
    "lipsum()",
    "cycler.__init__.__globals__.os",
    "joiner",
    "namespace(a=1)",
    "dict(a=1)",
    "self",
    "self._TemplateReference__context",
    "config",
    "request",
    "loop",
    "caller",
    "super()",
    "varargs",
    "x",
    "_",
    "vars",
    "vars|length",
    "each",
    "vars[vars.s]",
    "vars.l[1:2]",
    "{'a': 1}",
    "(1, 2)",
    "1 is defined",
    "vars.n is callable",
    "vars.n()",
    "vars.l.append(1)",
    "'a'*1000000000",
    "vars.s*1000000000",
    "vars.l*1000000000",
    "vars.l + vars.l",
    "'%1000000000d' % 1",
    "'%s' % vars.s",
    "2**1000000",
    "9**9**9",
    "1<<5",
    "9999999999*9999999999*9999999999",
    "99999999999",
    "0xFFFFFFFFFFFFFFFF",
    "1e300",
    "1/0",
    "1//0",
    "1%0",
    "'a' < 1",
    "vars.n ~ vars.l",
    "vars.z ~ ''",
    "'\\ud800'",
    "'\\x00'",
    "'\\u202e'",
    "1 if vars.b",
    "a b",
    "1; 2",
    "'x",
    "%}",
    "",
    "vars.",
    "vars.n |",
    "vars.n | upper(",
    "vars.s | upper('x')",
    "vars.s | replace('', 'x')",
    "vars.s | replace(old='A', new='x')",
    "vars.s | replace(*vars.l)",
    "vars.n | round('x')",
    "'9' * 3 | int",
    "'99999999999999999999' | int",
    "'inf' | float",
    "'" + "a" * 1001 + "'",
    "(" * 50 + "1" + ")" * 50,
    "[" * 50 + "1" + "]" * 50,
    "not " * 250 + "1",
    "1" + "+1" * 150,
    "('" + "a" * 100 + "'" + " ~ 'a'" * 80 + ")|replace('a', '" + "b" * 100 + "')",
    "import os",
    "lambda: 1",
    "__import__('os')",
    "[x for x in vars.l]",
    "vars.n if __import__ else 1",
    "vars.nothing",
    "vars.m.nothing",
    "vars.l[9]",
]


@pytest.mark.parametrize("source", ESCAPES)
@pytest.mark.timeout(10)
def test_whatever_is_not_on_the_list_is_refused(source):
    with pytest.raises(ExpressionError) as caught:
        Expression(source).evaluate(NAMES)
    assert "jinja" not in caught.value.message.lower()


WORDS = st.sampled_from(
    [
        "vars",
        "each",
        ".n",
        ".s",
        ".l",
        ".m",
        "['k']",
        "[0]",
        "|",
        "lower",
        "default",
        "join",
        "replace",
        "(",
        ")",
        "[",
        "]",
        ",",
        "'a'",
        "1",
        "2.5",
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "**",
        "~",
        "if",
        "else",
        "not",
        "and",
        "or",
        "in",
        "is",
        "==",
        "<",
        ".__class__",
        "attr",
        "self",
        "true",
        "none",
        " ",
        "{",
        "}",
        ":",
        "9999999999",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=30))
def test_an_expression_yields_a_json_value_or_says_why_not(source):
    with suppress(ExpressionError):
        value = Expression(source).evaluate(NAMES)
        assert value is None or isinstance(value, str | int | float | bool | list | dict)


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("vars.nn", "vars.n?"),
        ("each.regoin", "each.region?"),
        ("vars.s | lenght", '"length"'),
        ("region", '"region"'),
        ("vars.m.nothing", "default"),
        ("vars.s + 'x'", "~"),
        ("vars.n vars.s", "~"),
    ],
)
def test_a_refusal_says_how_to_mend_it(source, hint):
    with pytest.raises(ExpressionError) as caught:
        Expression(source).evaluate(NAMES)
    assert hint in f"{caught.value.message} {caught.value.hint}"


def fill(value: str):
    filler = Filler(document(SPEC + f"vars: {{n: 90, b: true, l: [x]}}\ndescription: {value}\n"))
    filled = filler.fill(Scope(given={"n": 90, "b": True, "l": ["x"]}))
    return filled["description"], filler.problems


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"{{ vars.n }} days ago"', "90 days ago"),
        ('"{{ vars.n }}"', 90),
        ('"{{vars.n}}"', 90),
        ('" {{ vars.n }}"', " 90"),
        ('"{{ vars.b }}!"', "true!"),
        ('"{{ vars.l }}"', ["x"]),
        ('"{{ vars.n }}{{ vars.n }}"', "9090"),
        ("'{{ \"}}\" }} {# kept #} %}'", "}} {# kept #} %}"),
        ("'{{ \"{{\" }} name }}'", "{{ name }}"),
        ('"a } b { c"', "a } b { c"),
    ],
)
def test_text_around_expressions_stays_as_it_is(written, value):
    filled, problems = fill(written)
    assert not problems
    assert filled == value
    assert type(filled) is type(value)


@pytest.mark.parametrize(
    ("written", "shown", "message"),
    [
        ('"a {{ vars.n }} {{ vars.nn }} b"', "{{ vars.nn }}", "no vars.nn"),
        ("'a {{ vars.nn }}'", "{{ vars.nn }}", "no vars.nn"),
        ("a {{ vars.nn }} b", "{{ vars.nn }}", "no vars.nn"),
        ('"\\u0041 {{ vars.nn }}"', '"\\u0041 {{ vars.nn }}"', "no vars.nn"),
        ('"x {% for a in b %}"', "{%", "statements"),
        ('"x {{ vars.n"', "{{", "never closed"),
        ('"x {{ vars.n }"', "{{", "never closed"),
        ('"x {{ }}"', "{{ }}", "empty"),
        ('"x {{- vars.n -}}"', "{{- vars.n -}}", "{{-"),
        ('"x {{ vars.l }}"', "{{ vars.l }}", "a list cannot stand inside a text"),
    ],
)
def test_a_problem_underlines_the_expression_itself(written, shown, message):
    _, (problem,) = fill(written)
    assert underlined(problem) == shown
    assert message in problem.message


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (SPEC.replace("name: a", 'name: "{{ vars.x }}"'), ("name",)),
        (SPEC.replace("version: 1", 'version: "{{ vars.x }}"'), ("version",)),
        (SPEC + 'vars: {a: {b: "{{ 1 }}"}}', ("vars", "a", "b")),
        (SPEC + 'for_each: {a: ["{{ 1 }}"]}', ("for_each", "a", 0)),
        (SPEC + 'schedule: {every: "{{ 1 }}"}', ("schedule", "every")),
        (SPEC + 'guards: {"{{ x }}": 1}', ("guards", "{{ x }}")),
    ],
)
def test_what_says_which_runs_there_are_holds_no_expression(text, path):
    (problem,) = find_fixed_problems(document(text))
    assert problem.path == path
    assert any(found.message == problem.message for found in expand_text(text).problems)


def test_expressions_of_one_spec_are_bounded_in_number_and_yield():
    many = SPEC + "depends_on: [" + "'{{ 1 }}'," * 501 + "]"
    assert any("more than 500 expressions" in problem.message for problem in expand_text(many).problems)
    large = SPEC + f"vars: {{a: {'x' * 4000}}}\ndepends_on: [" + "'{{ vars.a }}'," * 20 + "]"
    assert any("more than 65,536 characters" in problem.message for problem in expand_text(large).problems)


def test_parts_cover_the_whole_string():
    value = "a {{ vars.x }}{{ 'b }}' }} c"
    parts = split_parts(value)
    assert "".join(value[part.start : part.end] for part in parts) == value
    assert [part.text for part in parts if part.is_expression] == ["vars.x", "'b }}'"]


def test_specs_without_expressions_never_load_jinja2():
    assert not holds_expression({"a": ["b", {"c": "} }"}]})
    code = (
        "import sys; from datetime import UTC, datetime; from support.spec_texts import SPEC, expand_text;"
        "assert expand_text(SPEC).runs; assert 'jinja2' not in sys.modules"
    )
    tests = Path(__file__).parents[1]
    env = {"PYTHONPATH": f"{tests.parent}:{tests}"}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
