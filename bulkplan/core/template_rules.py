"""
Which Jinja2 expressions may stand in a spec, and how one is evaluated.

Nothing is left to Jinja's sandbox alone: an expression is lexed under limits, parsed, and every node of its tree must
be on the list below before anything is evaluated. The names are `vars` and `each`; there are no calls, no attributes of
Python objects (a dot is only another way to write a key), no tests, no statements. Importing this module loads jinja2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from bulkplan.core.near import did_you_mean, join_words, near
from bulkplan.core.template_filters import FILTERS
from bulkplan.core.template_values import ExpressionError, check_size, is_number

MAX_SOURCE = 1000
MAX_TOKENS = 200
MAX_NODES = 200
MAX_BRACKETS = 10
MAX_LITERAL = 10**10
MAX_NUMBER = 2**63

_NUMBERS_ONLY = frozenset({"+", "-", "*", "/", "//", "%"})
_ARITHMETIC = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod)
_PLAIN = (
    *_ARITHMETIC,
    nodes.Neg,
    nodes.Pos,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.Concat,
    nodes.List,
)
_REFUSED_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.Call: "calls such as f(…) are not allowed",
    nodes.Test: 'tests such as "is defined" are not allowed; use | default(…)',
    nodes.Slice: "slices such as [1:2] are not allowed",
    nodes.Dict: "mappings {…} are not allowed",
    nodes.Tuple: "tuples (…, …) are not allowed; write a list […]",
    nodes.Pow: "powers ** are not allowed",
}
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
ROOTS = ("vars", "each")


class _Environment(ImmutableSandboxedEnvironment):
    """A dot and brackets look up keys, never attributes; arithmetic takes numbers only."""

    intercepted_binops = _NUMBERS_ONLY

    def getattr(self, obj: object, attribute: str) -> object:
        return self._look_up(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        return self._look_up(obj, argument)

    def _look_up(self, obj: object, key: object) -> object:
        if isinstance(obj, dict) and isinstance(key, str) and key in obj:
            return obj[key]
        if isinstance(obj, list) and isinstance(key, int) and 0 <= key < len(obj):
            return obj[key]
        return self.undefined(obj=obj, name=str(key))

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        del context
        if not (is_number(left) and is_number(right)):
            hint = " (join text with ~)" if operator == "+" else ""
            raise ExpressionError(f"{operator} takes numbers only{hint}")
        return _arithmetic(operator, left, right)

    def is_safe_callable(self, obj: object) -> bool:
        del obj
        return False


def _arithmetic(operator: str, left: int | float, right: int | float) -> int | float:
    if operator in {"/", "//", "%"} and right == 0:
        raise ExpressionError("division by zero")
    results: dict[str, Callable[[], int | float]] = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "//": lambda: left // right,
        "%": lambda: left % right,
    }
    result = results[operator]()
    if not math.isfinite(result) or abs(result) > MAX_NUMBER:
        raise ExpressionError("the result is too large a number")
    return result


def _environment() -> _Environment:
    # No cache and no optimizer: neither may evaluate before the tree is checked.
    environment = _Environment(undefined=StrictUndefined, cache_size=0, optimized=False, autoescape=False)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    return environment


_ENVIRONMENT = _environment()
"""Never changed after this line."""


class Expression:
    """One checked expression."""

    def __init__(self, source: str) -> None:
        """
        Parse and check.

        Raises:
            ExpressionError: when the source is no expression, or holds what is not allowed.
        """
        tree = _parse(source)
        _check(tree)
        self.wanted = tuple(_references(tree))
        assign = nodes.Assign(nodes.Name("result", "store", lineno=1), _with_plain_joins(tree), lineno=1)
        assign.set_environment(_ENVIRONMENT)
        self._template = _ENVIRONMENT.from_string(nodes.Template([assign], lineno=1))

    def evaluate(self, names: Mapping[str, Mapping[str, JsonValue]]) -> JsonValue:
        """
        The value with these `vars` and `each`, its type kept.

        Raises:
            ExpressionError: a name is missing, a type does not fit, or the result is too large.
        """
        for root, key in self.wanted:
            if key not in names[root]:
                raise _missing(root, key, names[root])
        context = self._template.new_context(dict(names), shared=True)
        try:
            for _ in self._template.root_render_func(context):
                pass
        except UndefinedError as error:
            raise ExpressionError("a part of the expression is not defined", hint="use | default(…)") from error
        except (TypeError, ValueError, ArithmeticError, SecurityError) as error:
            raise ExpressionError("the values do not fit this expression") from error
        return check_size(_as_json(context.vars.get("result")))


@lru_cache(256)
def expression_of(source: str) -> Expression:
    """
    The checked expression that `source` writes; specs of one project say the same things.

    Raises:
        ExpressionError: when the source is no expression, or holds what is not allowed.
    """
    return Expression(source)


def _as_json(value: object) -> JsonValue:
    if isinstance(value, Undefined):
        raise ExpressionError("a part of the expression is not defined", hint="use | default(…)")
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    if is_number(value) and not -MAX_NUMBER <= value < MAX_NUMBER:
        raise ExpressionError("the result is too large a number")
    if isinstance(value, str) and _HIDDEN.search(value):
        raise ExpressionError("the result holds a character that cannot be seen")
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise ExpressionError("the result is no value that YAML knows")


def _parse(source: str) -> nodes.Expr:
    if len(source) > MAX_SOURCE:
        raise ExpressionError(f"the expression is longer than {MAX_SOURCE} characters")
    try:
        _check_tokens(source)
        parser = Parser(_ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            raise ExpressionError("there is more text after the expression ended", hint="join text with ~")
    except TemplateSyntaxError as error:
        raise ExpressionError(
            "this is not an expression", hint="such as {{ vars.days }} or {{ each.region | lower }}"
        ) from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise ExpressionError("this is not an expression that can be read") from error
    return tree


def _check_tokens(source: str) -> None:
    """Bound the work of the parser, which recurses with brackets, signs and `else`."""
    depth = n_tokens = 0
    for _line, kind, text in _ENVIRONMENT.lexer.tokeniter(source, None, state="variable"):
        if kind == "whitespace":
            continue
        n_tokens += 1
        if text in ("(", "[", "{"):
            depth += 1
        elif text in (")", "]", "}"):
            depth -= 1
        if n_tokens > MAX_TOKENS or depth > MAX_BRACKETS:
            raise ExpressionError("the expression is too long")


def _check(tree: nodes.Expr) -> None:
    n_nodes = 0
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        n_nodes += 1
        if n_nodes > MAX_NODES:
            raise ExpressionError("the expression is too long")
        _check_node(node)
        waiting += node.iter_child_nodes()


def _check_node(node: nodes.Node) -> None:
    if isinstance(node, nodes.Const):
        _check_constant(node)
    elif isinstance(node, nodes.Name):
        _check_name(node)
    elif isinstance(node, nodes.Getattr):
        _check_key(node.attr)
    elif isinstance(node, nodes.Getitem):
        if not isinstance(node.arg, nodes.Const):
            raise ExpressionError("only a fixed key may stand in brackets", hint='such as vars["lead status"]')
        _check_key(node.arg.value)
    elif isinstance(node, nodes.Filter):
        _check_filter(node)
    elif isinstance(node, nodes.CondExpr):
        if node.expr2 is None:
            raise ExpressionError("an if needs an else", hint='such as {{ "a" if vars.x else "b" }}')
    elif type(node) not in _PLAIN:
        raise ExpressionError(_REFUSED_WORDS.get(type(node), "this kind of expression is not allowed"))


def _check_constant(node: nodes.Const) -> None:
    value: object = node.value
    if isinstance(value, int | float) and abs(value) >= MAX_LITERAL:
        raise ExpressionError("the number is too long; at most 10 digits")
    if not (value is None or isinstance(value, str | int | float | bool)):
        raise ExpressionError("this kind of constant is not allowed")


def _check_name(node: nodes.Name) -> None:
    if node.ctx != "load" or node.name not in ROOTS:
        hint = f'quote it if it is text: "{node.name}"; values are written vars.name or each.name'
        raise ExpressionError(f"there is nothing named {node.name} here", hint=hint)


def _check_key(key: object) -> None:
    if isinstance(key, str) and key.startswith("_"):
        raise ExpressionError("names that begin with _ are not allowed")
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise ExpressionError("a key is text or a whole number")


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        known = join_words(sorted(FILTERS))
        raise ExpressionError(
            f"there is no filter {node.name}", hint=did_you_mean(node.name, FILTERS) or f"there are {known}"
        )
    if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise ExpressionError(f"the filter {node.name} takes values only, without names or stars")


def _with_plain_joins(node: nodes.Node) -> nodes.Node:
    """The same tree with every `a ~ b` as `[a, b] | join`: Jinja's own would write true as True."""
    for name, value in node.iter_fields():
        if isinstance(value, nodes.Node):
            setattr(node, name, _with_plain_joins(value))
        elif isinstance(value, list):
            setattr(node, name, [_with_plain_joins(item) if isinstance(item, nodes.Node) else item for item in value])
    if isinstance(node, nodes.Concat):
        return nodes.Filter(nodes.List(node.nodes, lineno=1), "join", [], [], None, None, lineno=1)
    return node


def _references(tree: nodes.Expr) -> Iterator[tuple[str, str]]:
    """The keys of `vars` and `each` that must be there: all but those with a default."""
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Filter) and node.name == "default":
            waiting += node.args
            continue
        if isinstance(node, nodes.Name):
            raise ExpressionError(f"{node.name} alone is not a value", hint=f"name one of its keys: {node.name}.key")
        key = _key_of(node)
        if key is not None:
            yield key
        else:
            waiting += node.iter_child_nodes()


def _key_of(node: nodes.Node) -> tuple[str, str] | None:
    if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        return node.node.name, node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and isinstance(node.arg, nodes.Const):
        return node.node.name, str(node.arg.value)
    return None


def _missing(root: str, key: str, known: Mapping[str, JsonValue]) -> ExpressionError:
    if not known:
        owner, form = ("vars", "{name: value}") if root == "vars" else ("for_each", "{name: [value, …]}")
        return ExpressionError(f"there is no {root}.{key}: this spec has no {owner}", hint=f"add {owner}: {form}")
    names = [f"{root}.{name}" for name in near(key, known)]
    hint = f"did you mean {join_words(names, last='or')}?" if names else ""
    return ExpressionError(
        f"there is no {root}.{key}", hint=hint or f"there are {join_words(f'{root}.{name}' for name in known)}"
    )
