"""Problems and errors as lines for people: the place, what is wrong, the line with the fault underlined, the mend."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from bulkplan.errors import BulkplanError, Location, Problem
from bulkplan.report.lines import Line, Span, Style

Severity = Literal["error", "warning"]
_STYLE: dict[Severity, Style] = {"error": "error", "warning": "warn"}
_GUTTER = 8
_TAB = "    "
_CONTEXT = 24
"""Cells kept before the fault when a line is too long to be shown whole."""


def problem_lines(problem: Problem, *, severity: Severity = "error", width: int = 100) -> tuple[Line, ...]:
    """One problem: its place and message, the source line underlined, the hint."""
    head: list[Span] = []
    if problem.at:
        head.append(Span(f"{problem.at}: ", "strong"))
    head += [Span(f"{severity}: ", _STYLE[severity]), Span(problem.message, "plain")]
    lines: list[Line] = [tuple(head)]
    if problem.at and problem.at.source is not None:
        lines += _excerpt(problem.at, problem.at.source, style=_STYLE[severity], width=width)
    if problem.hint:
        lines.append((Span("hint: ", "strong"), Span(problem.hint, "plain")))
    return tuple(lines)


def error_lines(error: BulkplanError, *, width: int = 100) -> tuple[Line, ...]:
    """Any error of ours, in the form of a problem; a message of several lines (a list of reasons) keeps them."""
    first, *more = error.message.split("\n")
    head, *rest = problem_lines(Problem(first, hint=error.hint, at=error.at), width=width)
    return (head, *((Span(line),) for line in more), *rest)


def invalid_lines(
    problems: Sequence[Problem], *, warnings: Sequence[Problem] = (), width: int = 100
) -> tuple[Line, ...]:
    """All problems, then all warnings, an empty line behind each, and a last line that counts them."""
    lines: list[Line] = []
    for problem in problems:
        lines += [*problem_lines(problem, width=width), ()]
    for warning in warnings:
        lines += [*problem_lines(warning, severity="warning", width=width), ()]
    counted = _counted(problems, "problem")
    lines.append((Span(f"{counted}; nothing was sent to Close.", "strong"),))
    return tuple(lines)


def valid_lines(*, n_files: int, n_specs: int, warnings: Sequence[Problem] = (), width: int = 100) -> tuple[Line, ...]:
    """The warnings, if any, and one line that says all is well."""
    lines: list[Line] = []
    for warning in warnings:
        lines += [*problem_lines(warning, severity="warning", width=width), ()]
    words = f"{_n(n_specs, 'spec')} in {_n(n_files, 'file')}: "
    verdict = Span(f"no problem, {_n(len(warnings), 'warning')}." if warnings else "no problem.", "ok")
    lines.append((Span(words, "plain"), verdict))
    return tuple(lines)


def _counted(problems: Sequence[Problem], word: str) -> str:
    files = {problem.at.file for problem in problems if problem.at}
    return _n(len(problems), word) + (f" in {_n(len(files), 'file')}" if files else "")


def _n(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _excerpt(at: Location, source: str, *, style: Style, width: int) -> tuple[Line, Line]:
    """The source line behind its number, and carets under columns `column` to `end_column`."""
    shown = [_shown(character) for character in source.rstrip("\r\n")]
    start = min(at.column - 1, len(shown))
    end = max(start + 1, min((at.end_column or at.column + 1) - 1, len(shown)))
    first, last = _window(shown, start, room=max(20, width - _GUTTER))
    ellipsis, rest = ("…" if first else ""), ("…" if last < len(shown) else "")
    before = _cells(ellipsis) + sum(map(_cells, shown[first:start]))
    under = max(1, sum(map(_cells, shown[start : min(end, last)])))
    text = ellipsis + "".join(shown[first:last]) + rest
    return (
        (Span(f"{at.line:>5} | ", "muted"), Span(text, "plain")),
        (Span("      | ", "muted"), Span(" " * before + "^" * under, style)),
    )


def _window(shown: Sequence[str], start: int, *, room: int) -> tuple[int, int]:
    """The stretch of a line that fits into `room` cells and holds the start of the fault."""
    cells = [_cells(text) for text in shown]
    if sum(cells) <= room:
        return 0, len(shown)
    first = 0
    if sum(cells[:start]) > room // 2:
        first = start
        while first > 0 and sum(cells[first - 1 : start]) <= _CONTEXT:
            first -= 1
    last, used = first, 2  # two cells for the signs of omission
    while last < len(shown) and used + cells[last] <= room:
        used += cells[last]
        last += 1
    return first, last


def _shown(character: str) -> str:
    """A character as it stands in an excerpt: a tab as blanks, what would not show as its code."""
    if character == "\t":
        return _TAB
    if unicodedata.category(character) in {"Cc", "Cs", "Cf", "Zl", "Zp"}:
        code = ord(character)
        return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
    return character


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
