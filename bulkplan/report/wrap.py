"""Long lines broken at blanks, with a hanging indent, by the cells that a terminal takes for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from bulkplan.report.lines import Line, Span, Style

NARROWEST = 20
"""Cells that text always gets, however narrow the terminal is."""

_BELOW_LONG_HEADS = 4

_PIECES = re.compile(r"[(+-]?\d(?:[\d,.:]*\d)?\s+(?:%|[A-Za-z]{1,9}\b)\S{0,3}(?!\S)|\S+")
"""What stays on one line: a number with its unit (`3.8 %,`, `15 leads`, `14:44 UTC`), else a word."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def cells(text: str) -> int:
    """How many cells a terminal takes for the text: wide characters take two, combining ones none."""
    return len(text) if text.isascii() else len(text) + sum(_cells_of(each) - 1 for each in _NOT_ASCII.findall(text))


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
    row, has_blank, room = _Row(), False, rooms[0]
    for span in body:
        whole = " ".join(span.text.split())
        has_blank = has_blank or (row.has_words and span.text[:1].isspace())
        if whole and row.used + has_blank + cells(whole) <= room:  # most spans fit as they are
            row.add(whole, span.style, has_blank=has_blank)
            pieces = []
        else:
            pieces = _PIECES.findall(whole)
        for number, word in enumerate(pieces):
            has_blank = has_blank or (number > 0 and row.has_words)
            needed = cells(word)
            is_full = has_blank and row.used + 1 + needed > room
            if is_full or (not row.has_words and needed > room and room < rooms[1]):
                yield row.line
                row, has_blank, room = _Row(), False, rooms[1]
            row.add(word, span.style, has_blank=has_blank)
            has_blank = False
        if whole:
            has_blank = span.text[-1:].isspace()
    if row.has_words:
        yield row.line


class _Row:
    """A row in the making: neighbours of one style are one span; `used` are its cells."""

    def __init__(self) -> None:
        self.used = 0
        self._spans: list[Span] = []
        self._texts: list[str] = []
        self._style: Style = "plain"

    @property
    def has_words(self) -> bool:
        return bool(self._texts)

    @property
    def line(self) -> Line:
        """All of it."""
        return (*self._spans, Span("".join(self._texts), self._style)) if self._texts else ()

    def add(self, text: str, style: Style, *, has_blank: bool) -> None:
        """Words, behind a blank or right behind what stands there."""
        if self._texts and style != self._style:
            self._spans.append(Span("".join(self._texts), self._style))
            self._texts.clear()
        self._style = style
        self._texts += (" ", text) if has_blank else (text,)
        self.used += cells(text) + has_blank


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
