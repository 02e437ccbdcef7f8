"""What would change in a text file, as a unified diff."""

from __future__ import annotations

from difflib import unified_diff

from bulkplan.report.lines import Line, Span, Style


def diff_lines(name: str, before: str, after: str) -> tuple[Line, ...]:
    """The lines of `diff -u`; a missing line end, or an odd one, is written out."""
    old, new = (_lines(text) for text in (before, after))
    found = unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="")
    return tuple((Span(line, _style(line)),) for line in found)


def _lines(text: str) -> list[str]:
    lines = [line.replace("\r", "␍") for line in text.split("\n")]
    if lines[-1]:
        lines[-1] += "⏎̸ (no line end)"
        return lines
    return lines[:-1]


def _style(line: str) -> Style:
    if line.startswith(("---", "+++")):
        return "strong"
    return {"+": "add", "-": "remove", "@": "muted"}.get(line[:1], "plain")  # type: ignore[return-value]
