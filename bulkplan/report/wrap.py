"""Long lines broken at blanks, with a hanging indent, by the cells that a terminal takes for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bulkplan.report.lines import Line, Span

NARROWEST = 20
"""Cells that text always gets, however narrow the terminal is."""

_BELOW_LONG_HEADS = 4

_PIECES = re.compile(r"[(+-]?\d(?:[\d,.:]*\d)?\s+(?:%|[A-Za-z]{1,9}\b)\S{0,3}(?!\S)|\s+|\S+")
"""What stays on one line: a number with its unit (`3.8 %,`, `15 leads`, `14:44 UTC`), else a word; or the blanks."""


def cells(text: str) -> int:
    """How many cells a terminal takes for the text: wide characters take two, combining ones none."""
    return len(text) if text.isascii() else sum(_cells_of(character) for character in text)


def wrapped(head: Sequence[Span], body: Sequence[Span], *, width: int) -> tuple[Line, ...]:
    """
    Break `body` behind `head` into lines of at most `width` cells; later lines begin below the body.

    Behind a head that takes more than half of the line they begin four cells in. Words longer than a line stand on a
    line of their own, whole: an ID that was cut could not be copied. A number stays with its unit. Line ends and runs
    of blanks in the body become one blank.
    """
    taken = sum(cells(span.text) for span in head)
    below = taken if taken <= width // 2 else _BELOW_LONG_HEADS
    rooms = (width - taken, max(width - below, NARROWEST))
    first, *rest = list(_rows(body, rooms)) or [()]
    return ((*(head if first else _bare(head)), *first), *((Span(" " * below), *row) for row in rest))


def _bare(head: Sequence[Span]) -> Line:
    """A head that stands alone on its line, without blanks at its end."""
    return (*head[:-1], Span(head[-1].text.rstrip(), head[-1].style)) if head else ()


def _rows(body: Sequence[Span], rooms: tuple[int, int]) -> Iterator[Line]:
    """The rows of the body; the first has the first room, all others the second."""
    row: list[Span] = []
    used, has_blank, room = 0, False, rooms[0]
    for span in body:
        for found in _PIECES.findall(span.text):
            piece = " ".join(found.split())
            if not piece:
                has_blank = bool(row)
                continue
            needed = cells(piece)
            is_full = bool(row) and has_blank and used + 1 + needed > room
            if is_full or (not row and needed > room and room < rooms[1]):
                yield _joined(row)
                row, used, has_blank, room = [], 0, False, rooms[1]
            if has_blank:
                row.append(Span(" ", span.style))
                used += 1
            row.append(Span(piece, span.style))
            used, has_blank = used + needed, False
    if row:
        yield _joined(row)


def _joined(row: Sequence[Span]) -> Line:
    """Neighbours of one style as one span."""
    spans: list[Span] = []
    for span in row:
        if spans and spans[-1].style == span.style:
            spans[-1] = Span(spans[-1].text + span.text, span.style)
        else:
            spans.append(span)
    return tuple(spans)


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
