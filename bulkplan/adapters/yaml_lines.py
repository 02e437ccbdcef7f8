"""Where the values of a plainly written document stand that fit into one line, at most two keys deep."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bulkplan.adapters.yaml_text import FileText
from bulkplan.errors import Location, Path

_VALUE = re.compile(r""" +([^\s\[{|>#"'].*|"[^"\\]*"(?= *$| +#)|'[^']*'(?= *$| +#))""")


def find_in_line(content: FileText, first_line: int, path: Path) -> Location | None:
    """
    The place of a value, as the parser would find it; `None` where it takes the parser to tell.

    Args:
        content: A text that `yaml_plain` could read.
        first_line: Where the document begins, from 1.
        path: Of the value.
    """
    lines = content.lines
    end = next((at for at in range(first_line, len(lines)) if lines[at].startswith("---")), len(lines))
    begin, indent = first_line - 1, 0
    for depth, step in enumerate(path[:2]):
        if depth:
            indent = _indent(lines[begin]) if begin < end else 0
        number = _line_of(step, lines[begin:end], indent)
        if number is None or (depth and not indent):
            return None
        begin += number + 1
    return _value_place(content, begin - 1, str(path[-1])) if 0 < len(path) <= 2 else None


def _line_of(step: str | int, lines: Sequence[str], indent: int) -> int | None:
    """The number of the line with a key, among those that lie no less deep."""
    start = f"{' ' * indent}{step}:"
    for number, line in enumerate(lines):
        if line.startswith(start) and line[len(start) : len(start) + 1] in ("", " "):
            return number
        if line and indent and not line.startswith(" " * indent):
            return None
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _value_place(content: FileText, line: int, key: str) -> Location | None:
    source = content.lines[line]
    behind_key = _indent(source) + len(key) + 1
    value = _VALUE.match(source, behind_key)
    if value is None:
        return None
    text = value[1].partition(" #")[0] if value[1][0] not in "\"'" else value[1]
    return content.location(line, value.start(1), value.start(1) + len(text.rstrip(" ")))
