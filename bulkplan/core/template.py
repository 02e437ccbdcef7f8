"""
Fills the expressions `{{ … }}` inside the string values of a spec.

Only the text between the braces is ever handed to Jinja, one expression at a time; what stands around it is text. A
value that is one whole expression keeps the type of its result. Where nothing but `{{ vars.name }}` and
`{{ each.name }}` is written, jinja2 is not even imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.core.mappings import mappings_in
from bulkplan.core.template_values import ExpressionError, check_size, format_scalar
from bulkplan.errors import Location, Path, Problem
from bulkplan.model.document import Document
from bulkplan.model.spec import NEVER_FILLED

MAX_EXPRESSIONS = 500
"""In one document."""
MAX_TEXT = 8000
"""Characters of one text that holds an expression."""
MAX_FILLED = 64 * 1024
"""Characters that all results of one run may add up to."""

_TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\}\}|.""", re.DOTALL)
_NAME = re.compile(r"(vars|each)\.([a-zA-Z][a-zA-Z0-9_]*)")
"""An expression that is nothing but a name: it needs no parser."""


class Part(NamedTuple):
    """A stretch of a string: plain text, or (`is_expression`) what stands between braces. Offsets are of the whole."""

    text: str
    start: int
    end: int
    is_expression: bool


@dataclass(frozen=True)
class Scope:
    """
    What `vars` and `each` stand for at one place of a spec.

    `defaults` are the vars of the project and of the fragments around; `given`, which wins, those of the spec, of the
    command line, and of the uses of fragments. In both the nearer one wins.
    """

    defaults: Mapping[str, JsonValue] = field(default_factory=dict)
    given: Mapping[str, JsonValue] = field(default_factory=dict)
    each: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def names(self) -> Mapping[str, Mapping[str, JsonValue]]:
        """The names that an expression may use."""
        return {"vars": {**self.defaults, **self.given}, "each": self.each}

    def inside(self, defaults: Mapping[str, JsonValue], given: Mapping[str, JsonValue]) -> Scope:
        """What they stand for inside a fragment with these defaults, used with these vars."""
        return Scope({**self.defaults, **defaults}, {**self.given, **given}, self.each)


class _PartError(Exception):
    def __init__(self, message: str, hint: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message, self.hint, self.start, self.end = message, hint, start, end


def holds_expression(value: JsonValue) -> bool:
    """Whether some string in the value holds `{{` or `{%`; keys count too."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, dict):
        for key, item in value.items():
            if holds_expression(key) or holds_expression(item):
                return True
    elif isinstance(value, list):
        for item in value:
            if holds_expression(item):
                return True
    return False


def find_fixed_problems(document: Document) -> tuple[Problem, ...]:
    """Expressions where none may stand: in the keys of `NEVER_FILLED`, and in keys of mappings."""
    if not _holds_fixed(document.data):
        return ()
    problems: list[Problem] = []
    waiting: list[tuple[Path, JsonValue]] = [((), document.data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            problems += [_key_problem((*path, key)) for key in value if holds_expression(key)]
            waiting += [((*path, key), item) for key, item in value.items() if _has_parts(item, (*path, key))]
        elif isinstance(value, list):
            waiting += [((*path, index), item) for index, item in enumerate(value) if _has_parts(item, path)]
        elif path and path[0] in NEVER_FILLED and holds_expression(value):
            problems.append(_fixed_problem(path))
    return tuple(problems)


def _holds_fixed(data: JsonValue) -> bool:
    """Whether some key of a mapping, or a value that is never filled in, holds an expression: quickly told."""
    if isinstance(data, dict) and any(holds_expression(data[key]) for key in NEVER_FILLED if key in data):
        return True
    return any("{" in key and holds_expression(key) for mapping in mappings_in(data) for key in mapping)


def _has_parts(value: JsonValue, path: Path) -> bool:
    """Whether there is something to look at: a collection, or a value where no expression may stand."""
    return isinstance(value, dict | list) or (bool(path) and path[0] in NEVER_FILLED)


def _key_problem(path: Path) -> Problem:
    return Problem("a key cannot hold an expression", "expressions stand in values only", path, on_key=True)


def _fixed_problem(path: Path) -> Problem:
    key = str(path[0])
    hint = {
        "vars": "vars are constants; compute where the value is used: {{ vars.a ~ vars.b }}",
        "for_each": "list the values themselves",
    }.get(key, "write the value itself")
    return Problem(f"{key} cannot hold an expression: it is read before anything is filled in", hint, path)


@dataclass
class Filler:
    """
    Fills one document, once per run.

    `problems` grows with every `fill`; `unfilled` are the paths whose text was left as it is.
    """

    document: Document
    problems: list[Problem] = field(default_factory=list)
    unfilled: set[Path] = field(default_factory=set)
    _n_expressions: int = 0
    _n_characters: int = 0

    def fill(self, scope: Scope) -> JsonValue:
        """The document's data with every expression evaluated."""
        data = self.document.data
        if not isinstance(data, dict):
            return data
        self._n_expressions = self._n_characters = 0
        return {
            key: self.fill_value(item, (key,), scope) if key not in NEVER_FILLED and holds_expression(item) else item
            for key, item in data.items()
        }

    def fill_value(self, value: JsonValue, path: Path, scope: Scope) -> JsonValue:
        """A value of the document, which stands at `path`, with every expression in it evaluated."""
        if isinstance(value, dict):
            if path in self.document.uses:
                return self._use(value, path, scope)
            return {key: self.fill_value(item, (*path, key), scope) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill_value(item, (*path, index), scope) for index, item in enumerate(value)]
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            return self._text(value, path, scope.names)
        return value

    def _use(self, use: Mapping[str, JsonValue], path: Path, scope: Scope) -> JsonValue:
        """The use of a fragment: its vars are of the place where it is used, what the fragment says of its own."""
        outside = {key: self.fill_value(item, (*path, key), scope) for key, item in use.items() if key != "where"}
        given = outside.get("vars")
        inner = scope.inside(self.document.uses[path], given if isinstance(given, dict) else {})
        return {**outside, "where": self.fill_value(use["where"], (*path, "where"), inner)}

    def _text(self, value: str, path: Path, names: Mapping[str, Mapping[str, JsonValue]]) -> JsonValue:
        try:
            parts = split_parts(value)
        except _PartError as error:
            return self._fail(value, path, error.message, error.hint, (error.start, error.end))
        results: list[JsonValue] = []
        for part in parts:
            try:
                result = self._evaluate(part.text, names) if part.is_expression else part.text
                results.append(result if len(parts) == 1 else format_scalar(result))
            except ExpressionError as error:
                return self._fail(value, path, error.message, error.hint, (part.start, part.end))
        return results[0] if len(results) == 1 else "".join(str(result) for result in results)

    def _evaluate(self, source: str, names: Mapping[str, Mapping[str, JsonValue]]) -> JsonValue:
        self._n_expressions += 1
        if self._n_expressions > MAX_EXPRESSIONS:
            raise ExpressionError(f"there are more than {MAX_EXPRESSIONS} expressions in this spec")
        result = _result(source, names)
        self._n_characters += len(str(result))
        if self._n_characters > MAX_FILLED:
            raise ExpressionError(f"the expressions of this spec yield more than {MAX_FILLED:,} characters")
        return result

    def _fail(self, value: str, path: Path, message: str, hint: str | None, span: tuple[int, int]) -> str:
        self.unfilled.add(path)
        at = _narrow(self.document.locate(path), value, span)
        problem = Problem(message, hint, path, at=at)
        if problem not in self.problems:
            self.problems.append(problem)
        return value


def _result(source: str, names: Mapping[str, Mapping[str, JsonValue]]) -> JsonValue:
    """What an expression yields. A name that is there is looked up; all else is for the parser to say."""
    name = _NAME.fullmatch(source)
    value = names[name[1]].get(name[2]) if name else None
    if isinstance(value, str | int | float):
        return check_size(value)
    from bulkplan.core.template_rules import expression_of

    return expression_of(source).evaluate(names)


def split_parts(value: str) -> tuple[Part, ...]:
    """A string as texts and expressions in turn; empty texts are left out."""
    if len(value) > MAX_TEXT:
        raise _PartError(f"a text with expressions has at most {MAX_TEXT:,} characters", "shorten it", 0, len(value))
    if (statement := value.find("{%")) >= 0:
        hint = "write one spec per case, or use for_each"
        raise _PartError("statements {% … %} are not allowed", hint, statement, statement + 2)
    parts: list[Part] = []
    end = 0
    while (start := value.find("{{", end)) >= 0:
        if start > end:
            parts.append(Part(value[end:start], end, start, is_expression=False))
        end = _end_of_expression(value, start)
        parts.append(Part(_inner(value, start, end), start, end, is_expression=True))
    if end < len(value):
        parts.append(Part(value[end:], end, len(value), is_expression=False))
    return tuple(parts)


def _end_of_expression(value: str, start: int) -> int:
    for token in _TOKEN.finditer(value, start + 2):
        if token.group() == "}}":
            return token.end()
    hint = 'end it with }}; text that shall hold two braces is written {{ "{{" }}'
    raise _PartError("the expression that opens here is never closed", hint, start, start + 2)


def _inner(value: str, start: int, end: int) -> str:
    inner = value[start + 2 : end - 2]
    if not inner.strip():
        raise _PartError("the expression is empty", "write {{ vars.name }}", start, end)
    if inner[0] in "-+" or inner[-1] in "-+":
        raise _PartError("{{- and -}} are not allowed", "leave a blank after {{ and before }}", start, end)
    return inner.strip()


def _narrow(at: Location | None, value: str, span: tuple[int, int]) -> Location | None:
    """The place of a part of a string, where the string stands in one line just as it reads."""
    if at is None or at.source is None or at.end_column is None:
        return at
    written = at.source[at.column - 1 : at.end_column - 1]
    offset = written.find(value)
    if offset not in (0, 1):
        return at
    start = at.column + offset
    return replace(at, column=start + span[0], end_column=start + span[1])
