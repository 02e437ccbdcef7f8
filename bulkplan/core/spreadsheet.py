"""Text as a cell of a table file that no spreadsheet takes for a formula."""

from __future__ import annotations

from collections.abc import Iterable

_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the beginning of a formula, after blanks too. Source: OWASP, "CSV Injection"."""
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")
_QUOTED = frozenset('",')


def safe_cell(text: str) -> str:
    """
    The text on one line, with an apostrophe before what could be a formula.

    Control characters (tabs, line ends and NUL among them) and runs of blanks become one blank, none at the ends: so
    nothing hides the sign that begins a formula. Nor is it a command to the runner of GitHub that prints the table.
    """
    line = " ".join(text.translate(_CONTROLS).split()).replace("##[", "## [")
    return f"'{line}" if line.startswith(_FORMULA_STARTS) else line


def csv_line(cells: Iterable[str]) -> str:
    """One record of RFC 4180, with its line end; every cell is made safe."""
    return ",".join(map(_quoted, map(safe_cell, cells))) + "\r\n"


def _quoted(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"' if _QUOTED & set(cell) else cell
