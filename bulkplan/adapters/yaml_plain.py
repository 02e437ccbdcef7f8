"""
The data of a YAML text that is written plainly, read line by line; `None` for every other text.

Specs hardly use a tenth of YAML. What stands in that tenth (block mappings and lists, flow ones on one line, quoted
text without escapes, plain words on one line, simple block texts, comments) is read here in a fraction of the time that
a whole parser takes. Whatever looks like anything else, a mistake above all, is left to the parser, whose verdicts and
places are the only ones there are: this reader refuses by saying nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.adapters.yaml_scalars import BadScalar, resolve_plain
from bulkplan.adapters.yaml_text import FileText

MAX_CHARACTERS = 16_000
MAX_NESTING = 10
"""Both lie inside the parser's own bounds, which are the ones that people are told of."""

_ENTRY = re.compile(r"([A-Za-z_][\w.]*(?:[ /-]+[\w.]+)*):(?: +(?!#)(.*\S))? *(?: #.*)?")
"""A key, and what stands behind it in its line."""
_DOUBLE = re.compile(r'"([^"\\]*)"(?: +#.*)?')
_SINGLE = re.compile(r"'([^']*)'(?: +#.*)?")
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`].*|-[^\s\-,\[\]{}].*")
_BLOCK_TEXT = re.compile(r"([|>])(-?)(?: +#.*)?")
_FLOW_END = re.compile(r" *(?: #.*)?")
_FLOW_TOKEN = re.compile(
    r" *(?:([\[\]{},])"
    r'|"([^"\\]*)"'
    r"|'([^']*)'"
    r"|((?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|-[^\s\-,\[\]{}:#])(?:[^,\[\]{}:#\s]| +(?=[^,\[\]{}:#\s]))*) *(:(?= ))?)"
)
_CACHED_WORDS = 4096


class PlainDocument(NamedTuple):
    """The data of one document, and the line (from 1) on which it begins."""

    data: JsonValue
    line: int


class _NotPlainError(Exception):
    """Something that the parser had better look at."""


def read_plain(content: FileText) -> tuple[PlainDocument, ...] | None:
    """The documents of a text, empty ones left out; `None` where it is not plain, or not right."""
    lines = content.lines
    if len(content.text) > MAX_CHARACTERS or "\t" in content.text or "\r" in content.text:
        return None
    found: list[PlainDocument] = []
    try:
        for begin, end in _stretches(lines):
            reader = _Reader(lines, begin, end)
            if (line := reader.skip()) is not None:
                found.append(PlainDocument(reader.document(), line + 1))
    except _NotPlainError:
        return None
    return tuple(found)


def _stretches(lines: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where the documents begin and end: they are parted by lines of three dashes."""
    marks = [number for number, line in enumerate(lines) if line[:3] in ("---", "...") or line[:1] == "%"]
    if any(lines[number].rstrip() != "---" for number in marks):
        raise _NotPlainError
    begins = [0, *(number + 1 for number in marks)]
    return list(zip(begins, [*marks, len(lines)], strict=True))


class _Reader:
    """Reads one document, from line `at` up to `end`."""

    def __init__(self, lines: tuple[str, ...], at: int, end: int) -> None:
        self._lines = lines
        self._at = at
        self._end = end
        self._indent = -1
        self._depth = 0

    def skip(self) -> int | None:
        """Go on to the next line that says something, and take its indent; `None` at the end."""
        lines, at, end = self._lines, self._at, self._end
        while at < end:
            line = lines[at]
            text = line.lstrip(" ")
            if text and text[0] != "#":
                self._at, self._indent = at, len(line) - len(text)
                return at
            at += 1
        self._at, self._indent = end, -1
        return None

    def document(self) -> JsonValue:
        """The whole document: a mapping or a list in block form, from the first column."""
        if self._indent != 0:
            raise _NotPlainError
        data = self._block(0)
        if self._at < self._end:
            raise _NotPlainError
        return data

    def _block(self, indent: int) -> JsonValue:
        is_list = self._lines[self._at].startswith("- ", indent)
        return self._list(indent) if is_list else self._mapping(indent, {})

    def _mapping(self, indent: int, data: dict[str, JsonValue]) -> dict[str, JsonValue]:
        while self._indent == indent:
            self._entry(self._lines[self._at][indent:], indent, data)
        if self._indent > indent:
            raise _NotPlainError
        return data

    def _entry(self, text: str, indent: int, data: dict[str, JsonValue]) -> None:
        """One `key: value` of a mapping whose keys stand at `indent`."""
        entry = _ENTRY.fullmatch(text)
        if entry is None:
            raise _NotPlainError
        key, value = entry.groups()
        if key in data or not isinstance(_word(key), str):
            raise _NotPlainError
        data[key] = self._below(indent) if value is None else self._value(value, indent)

    def _below(self, indent: int) -> JsonValue:
        """What a key without a value in its own line has below it."""
        self._at += 1
        self._depth += 1
        self.skip()
        if self._depth > MAX_NESTING:
            raise _NotPlainError
        data: JsonValue = None
        if self._indent > indent:
            data = self._block(self._indent)
        elif self._indent == indent and self._lines[self._at].startswith("- ", indent):
            data = self._list(indent)
        self._depth -= 1
        return data

    def _list(self, indent: int) -> list[JsonValue]:
        items: list[JsonValue] = []
        while self._indent == indent:
            text = self._lines[self._at][indent:]
            if not text.startswith("- "):
                break
            inner = text[2:].lstrip(" ")
            if not inner or inner[0] in "-#":
                raise _NotPlainError
            column = indent + len(text) - len(inner)
            if _ENTRY.fullmatch(inner) is None:
                items.append(self._value(inner.rstrip(" "), indent))
                continue
            data: dict[str, JsonValue] = {}
            self._entry(inner, column, data)
            items.append(self._mapping(column, data) if self._indent == column else data)
        if self._indent > indent:
            raise _NotPlainError
        return items

    def _value(self, text: str, indent: int) -> JsonValue:
        """A value that begins in the line of its key, or behind its dash; `indent` is that of the key or dash."""
        sign = text[0]
        if sign in "|>":
            return self._block_text(text, indent)
        value = _scalar(text) if sign not in "[{" else _flow(text)
        self._at += 1
        self.skip()
        if self._indent > indent:
            raise _NotPlainError
        return value

    def _block_text(self, text: str, indent: int) -> str:
        """A text of several lines, all indented alike and none of them empty."""
        head = _BLOCK_TEXT.fullmatch(text)
        rows: list[str] = []
        lines, at = self._lines, self._at + 1
        column = len(lines[at]) - len(lines[at].lstrip(" ")) if at < self._end else 0
        while at < self._end and (line := lines[at]).startswith(" " * column) and column > indent:
            row = line[column:]
            if not row or row[0] == " " or row[-1] == " ":
                raise _NotPlainError
            rows.append(row)
            at += 1
        if head is None or not rows or at == len(lines) or (at < self._end - 1 and not lines[at].strip()):
            raise _NotPlainError
        self._at = at
        self.skip()
        if self._indent > indent:
            raise _NotPlainError
        style, chomp = head.groups()
        return (" " if style == ">" else "\n").join(rows) + ("" if chomp else "\n")


def _scalar(text: str) -> JsonValue:
    sign = text[0]
    if sign in "\"'":
        quoted = (_DOUBLE if sign == '"' else _SINGLE).fullmatch(text)
        if quoted is None:
            raise _NotPlainError
        return str(quoted[1])
    comment = text.find(" #")
    if comment >= 0:
        text = text[:comment].rstrip(" ")
    return _word(text)


@lru_cache(_CACHED_WORDS)
def _word(text: str) -> JsonValue:
    """What an unquoted word stands for."""
    if _PLAIN.fullmatch(text) is None or ": " in text or text[-1] == ":":
        raise _NotPlainError
    value = resolve_plain(text)
    if isinstance(value, BadScalar):
        raise _NotPlainError
    return value


def _flow(text: str) -> JsonValue:
    """A list or mapping in brackets that ends in its line."""
    value, end = _flow_collection(text, 0, 0)
    if _FLOW_END.fullmatch(text, end) is None:
        raise _NotPlainError
    return value


def _flow_collection(text: str, at: int, depth: int) -> tuple[JsonValue, int]:
    """The collection whose bracket stands at `at`, and where the text goes on behind it."""
    if depth > MAX_NESTING:
        raise _NotPlainError
    return _flow_list(text, at + 1, depth) if text[at] == "[" else _flow_mapping(text, at + 1, depth)


def _flow_list(text: str, at: int, depth: int) -> tuple[JsonValue, int]:
    items: list[JsonValue] = []
    if (token := _token(text, at))[1] == "]":
        return items, token.end()
    while True:
        value, at = _flow_item(text, token, depth)
        items.append(value)
        sign = _token(text, at)
        if sign[1] == "]":
            return items, sign.end()
        if sign[1] != ",":
            raise _NotPlainError
        token = _token(text, sign.end())


def _flow_mapping(text: str, at: int, depth: int) -> tuple[JsonValue, int]:
    data: dict[str, JsonValue] = {}
    if (token := _token(text, at))[1] == "}":
        return data, token.end()
    while True:
        key = token[4]
        if not key or not token[5] or key in data or not isinstance(_word(key), str):
            raise _NotPlainError
        data[key], at = _flow_item(text, _token(text, token.end()), depth)
        sign = _token(text, at)
        if sign[1] == "}":
            return data, sign.end()
        if sign[1] != ",":
            raise _NotPlainError
        token = _token(text, sign.end())


def _flow_item(text: str, token: re.Match[str], depth: int) -> tuple[JsonValue, int]:
    if token[1] is not None:
        if token[1] not in "[{":
            raise _NotPlainError
        return _flow_collection(text, token.end() - 1, depth + 1)
    if token[5]:
        raise _NotPlainError
    if token[4] is not None:
        return _word(token[4]), token.end()
    return token[2] if token[2] is not None else token[3], token.end()


def _token(text: str, at: int) -> re.Match[str]:
    token = _FLOW_TOKEN.match(text, at)
    if token is None:
        raise _NotPlainError
    return token
