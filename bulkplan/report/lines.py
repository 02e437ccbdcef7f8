"""What a report is made of: lines of styled pieces of text. Whoever prints decides what a style looks like."""

from __future__ import annotations

from typing import Literal, NamedTuple

Style = Literal["plain", "title", "strong", "muted", "ok", "warn", "error", "add", "remove", "change"]


class Span(NamedTuple):
    """A piece of a line, in one style."""

    text: str
    style: Style = "plain"


Line = tuple[Span, ...]
"""One line of a report, without its line end. `()` is an empty line."""


def plain_text(lines: tuple[Line, ...]) -> str:
    """The lines without their styles, each with a line end."""
    return "".join("".join(span.text for span in line) + "\n" for line in lines)
