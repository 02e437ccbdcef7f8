"""What people have thought of to get out of templates, and to make them large: refused, or a small plain value."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from support.spec_texts import HEAD, expand_text, read

from bulkplan.core.template_rules import Expression
from bulkplan.core.template_values import ExpressionError

NAMES = {"vars": {"n": 3, "s": "Abc", "l": ["x", "y"], "m": {"k": "v"}}, "each": {"region": "EMEA"}}
MAX_BYTES = 4096
MAX_MEMORY = 16 * 2**20
ROOTS = ("''", "[]", "{}", "()", "1", "true", "none", "vars", "vars.s", "vars.l", "vars.m", "each", "self", "request")
WALKS = (
    "{}.__class__",
    "{}['__class__']",
    "{}|attr('__class__')",
    "{}['__cla'~'ss__']",
    "{}['__cla' 'ss__']",
    "{}[['__cl','ass__']|join]",
    "{}.__init__.__globals__",
    "{}.__class__.__mro__[1].__subclasses__()",
)
OBJECTS = (
    "lipsum.__globals__['os'].popen('id').read()",
    "lipsum|attr('__globals__')",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "cycler('a','b').next()",
    "joiner.__init__.__globals__",
    "joiner(', ')()",
    "namespace.__init__.__globals__",
    "namespace(x=1).x",
    "self._TemplateReference__context.cycler",
    "self.__init__.__globals__.__builtins__",
    "self.__dict__",
    "config.items()",
    "config.from_pyfile('/etc/passwd')",
    "get_flashed_messages.__globals__",
    "url_for.__globals__.os.environ",
    "request.application.__globals__.__builtins__",
    "request|attr('application')|attr('\\x5f\\x5fglobals\\x5f\\x5f')",
    "undefined.__class__",
    "missing.__init__",
    "dict(a=1)",
    "dict.__base__",
    "range(99999999)",
    "range.__class__",
    "debug()",
    "loop.index",
    "caller()",
    "varargs",
    "kwargs",
    "super()",
    "context",
    "environment",
    "template",
    "__import__('os').system('id')",
    "__builtins__",
    "open('/etc/passwd').read()",
    "eval('1+1')",
    "exec('x=1')",
    "globals()",
    "locals()",
    "vars()",
    "getattr(vars, 'n')",
    "type(1)",
    "os.environ",
    "print(1)",
)
FORMATS = (
    "'{0.__class__}'.format(1)",
    "'{0.__class__.__init__.__globals__}'.format(vars)",
    "'{a.__class__}'.format_map(vars)",
    "'%s'.__mod__(1)",
    "'{}'|format(1)",
    "'%(n)s'|format(n=1)",
    "'%s' % vars.s",
    "'%x' % 255",
    "'%99999999d' % 1",
    "vars.s.format",
    "vars.s.format_map",
    "vars.s.__format__('')",
    "vars['s']['format'](1)",
    "(vars.s|attr('format'))(1)",
    "vars.s|map('format')",
    "[vars.s]|map(attribute='__class__')|list",
    "['x']|map('attr','__class__')|list",
    "vars.l|groupby('__class__')",
    "vars.l|sort(attribute='__class__')",
    "vars.l|sum(attribute='__class__')",
    "vars.l|selectattr('__class__')|list",
    "vars.l|rejectattr('__class__','defined')|list",
    "vars.l|unique(attribute='__init__')|list",
    "vars.l|max(attribute='__class__')",
    "vars.m|dictsort",
    "vars.m|xmlattr",
    "vars.m|items|list",
    "vars.m|tojson",
    "vars.m|pprint",
    "vars.s|safe",
    "vars.s|escape",
    "vars.s|urlize",
    "vars.l|random",
    "vars.l|batch(1)|list",
    "vars.s|filesizeformat",
    "vars.s|striptags",
    "vars.s|wordwrap(1,wrapstring='x'*9)",
)
BOMBS = (
    "'a'*1000000000",
    "('a'*99999)*99999",
    "vars.s*1000000000",
    "[0]*1000000000",
    "vars.l*1000000000",
    "2**99999999",
    "9**9**9**9",
    "10**-1",
    "1<<99999999",
    "9999999999*9999999999*9999999999*9999999999",
    "99999999999999999999999999999999",
    "0xFFFFFFFFFFFFFFFFFFFFFFFF",
    "0b1" + "0" * 400,
    "1e308*10",
    "1e999",
    "1_000_000_000_000",
    "vars.s|center(999999999)",
    "vars.s|indent(999999999)",
    "vars.s|truncate(999999999)",
    "vars.s|repeat(999999999)",
    "vars.s|ljust(999999999)",
    "vars.s.zfill(999999999)",
    "vars.s.rjust(999999999)",
    "vars.l.append(vars.l)",
    "vars.m.update(vars.m)",
    "'" + "a" * 100_000 + "'",
    "a" * 100_000,
    "1" * 100_000,
    "(" * 5_000 + "1" + ")" * 5_000,
    "[" * 5_000 + "]" * 5_000,
    "{" * 5_000,
    "-" * 5_000 + "1",
    "not " * 5_000 + "1",
    "1 if 1 else " * 2_000 + "1",
    "vars.s" + "|lower" * 5_000,
    "vars" + ".m" * 5_000,
    "vars" + "['m']" * 5_000,
    "'a'" + "~'a'" * 5_000,
    "1" + "+1" * 5_000,
    "vars.s|replace('', vars.s)" + "|replace('', 'bbbb')" * 40,
    "vars.s" + "|replace('A', 'AA')" * 40,
    "vars.s" + "|replace('b', 'bbbbbbbbbbbbbbbb')" * 20,
    "([vars.s]|join('x'))" + "~vars.s" * 90,
    "'\\x41'" * 5_000,
    "/*" * 5_000,
    "#" * 5_000,
    "\\" * 5_000,
    "'" * 4_999,
    '"' * 4_999,
    "\x00" * 999,
    "vars.n " * 999,
    "|" * 5_000,
)
TRICKS = (
    "ｖａｒｓ.n",  # full-width letters are the same name to Python
    "vars.＿＿class＿＿",
    "vars.__ｃlass__",
    "vars['\\u005f\\u005fclass\\u005f\\u005f']",
    "vars['\\137\\137class\\137\\137']",
    "vars['\\N{LOW LINE}_class__']",
    'vars["__class__"]',
    "vars['_private']",
    "vars.\u200b__class__",
    "vars.s\u202e|upper",
    "vars .  __class__",
    "vars\n.__class__",
    "vars.__class__ if false else 1",
    "1 if vars.__class__ else 1",
    "vars.nope or vars.__class__",
    "[vars.__class__][0]",
    "vars.s ~ vars.__class__",
    "vars.nope|default(vars.__class__)",
    "vars.m.__getitem__('k')",
    "vars.m.get('k')",
    "vars.m[vars.s]",
    "vars.l[-1]",
    "vars.l[0:9]",
    "vars.l[::1]",
    "vars.l[1e9]",
    "vars.l[true]",
    "vars.n is defined",
    "vars.n is callable",
    "vars.n in vars.m is defined",
    "vars.n(1)",
    "(vars.n)(1)",
    "vars.s|lower(*vars.l)",
    "vars.s|lower(**vars.m)",
    "vars.s|replace(old='A', new='B')",
    "vars.s|nothing",
    "vars.s|__class__",
    "vars.s|lower.upper",
    "x = 1",
    "set x = 1",
    "vars.n := 1",
    "lambda: 1",
    "[x for x in vars.l]",
    "for x in vars.l",
    "import os",
    "include 'x'",
    "extends 'x'",
    "macro m()",
    "%} {% import 'os' as o",
    "}} {{ self }} {{",
    "#} {# ",
    "1; 2",
    "`id`",
    "$(id)",
    "${7*7}",
    "<%= 7*7 %>",
    "#{7*7}",
    "*{7*7}",
    "@(7*7)",
    "vars.s|lower if vars.s|attr('x') else 1",
    "await vars.n",
    "vars.n and self",
    "not request",
    "1 < self",
    "[1, [2, [self]]]",
    "{'a': self}['a']",
    "(self,)",
)
PAYLOADS = tuple(
    dict.fromkeys((*(walk.format(root) for walk in WALKS for root in ROOTS), *OBJECTS, *FORMATS, *BOMBS, *TRICKS))
)


def outcome(source: str) -> object:
    """The value of an expression, or `None` where it is refused; never more memory than is allowed."""
    tracemalloc.start()
    try:
        value = Expression(source).evaluate(NAMES)
    except ExpressionError as error:
        assert len(str(error)) < 1_500, source[:60]  # noqa: PT017 - some are refused and some are not
        value = None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MAX_MEMORY, (source[:60], peak)
    return value


def test_there_are_many():
    assert len(PAYLOADS) > 250


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["walks", "objects", "formats", "bombs", "tricks"])
def test_no_payload_reaches_an_object_or_makes_much(kind):
    groups = {
        "walks": [walk.format(root) for walk in WALKS for root in ROOTS],
        "objects": OBJECTS,
        "formats": FORMATS,
        "bombs": BOMBS,
        "tricks": TRICKS,
    }
    for source in groups[kind]:
        value = outcome(source)
        assert value is None or isinstance(value, str | int | float | bool | list), source
        assert len(str(value)) <= MAX_BYTES, source
        assert not any(word in str(value) for word in ("<", "class", "object", "root:", "function")), source


@pytest.mark.parametrize("kind", [OBJECTS, FORMATS, [walk.format(root) for walk in WALKS for root in ROOTS]])
def test_every_walk_object_and_format_is_refused(kind):
    assert [source for source in kind if outcome(source) is not None] == []


@pytest.mark.timeout(60)
def test_a_payload_in_a_spec_is_a_problem_with_its_place():
    for source in PAYLOADS:
        value = json.dumps("{{ " + source[:9_000] + " }}")
        text = HEAD + f"filter: {{where: {{field: status, is: {value}}}}}\naction: {{type: delete}}\n"
        if read(text).problems:
            continue  # a character that nobody can see
        expansion = expand_text(text)
        assert len(expansion.runs) + len(expansion.problems) > 0
        for run in expansion.runs:
            assert len(repr(run.spec.filter)) < 2 * MAX_BYTES
        for problem in expansion.problems:
            assert problem.at is not None


def test_what_remote_data_says_is_never_an_expression():
    for source in ("{{ 7*7 }}", "{% for x in y %}", "{{ vars.n }}"):
        value = Expression("vars.s ~ each.region").evaluate({"vars": {"s": source}, "each": {"region": "{{ vars.s }}"}})
        assert value == source + "{{ vars.s }}"
