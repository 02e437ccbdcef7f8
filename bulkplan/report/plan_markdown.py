"""
A plan as a comment: riskiest rows first, within a budget of bytes, without personal data.

What does not fit is left out in stages, the least important first: requests, rows that need nobody, differences,
details, and rows last. It is counted, and nothing is cut in its midst: the text is put together from whole parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bulkplan.core.risk import Risk, risk_of, riskiest_first
from bulkplan.core.shares import count_leads
from bulkplan.model.plan import Change, Plan
from bulkplan.report.facts import marker_words, vars_words
from bulkplan.report.markdown import markdown_text
from bulkplan.report.plan_text import NOTHING_SENT
from bulkplan.report.row_markdown import CLOSE, RowParts, quiet_parts, row_parts
from bulkplan.report.summary import summarize, summary_words

MIN_BYTES = 1_000
"""Room for a headline, and for saying what was left out."""

_NAME_CHARS = 40
_MAX_HEAD_BYTES = 500
_TABLE_HEAD = "| Risk | Run | What it does | Leads | Undo |\n|---|---|---|---:|---|\n"
_QUIET_HEAD = "| Run | Stands | Why |\n|---|---|---|\n"
_LINE, _DETAILS, _DIFFERENCES, _REQUEST = range(1, len(RowParts._fields) + 1)
"""How many of its parts a row shows."""

_LEFT_OUT_WORDS = {
    _LINE: "",
    _DETAILS: "the details of ",
    _DIFFERENCES: "the differences of ",
    _REQUEST: "the requests of ",
}


@dataclass(frozen=True)
class Markdown:
    """A text, and how many rows of the plan it does not show at all."""

    text: str
    n_left_out: int


@dataclass(frozen=True)
class _Row:
    """A row in parts. A quiet one sends nothing and needs nobody: it has a line only, in a fold of its own."""

    parts: RowParts
    is_quiet: bool


def plan_markdown(plan: Plan, *, max_bytes: int = 65_536) -> Markdown:
    """
    The plan as GitHub Markdown of at most `max_bytes` bytes in UTF-8.

    Samples are personal data and are left out, whatever the budget. Raises `ValueError` below `MIN_BYTES`.
    """
    if max_bytes < MIN_BYTES:
        raise ValueError(f"{max_bytes} bytes are too few for a plan: it takes {MIN_BYTES} at least")
    rows = [_row(change, plan) for change in riskiest_first(plan.changes)]
    head = next(text for text in _heads(plan) if _size(text) <= _MAX_HEAD_BYTES)
    whole = head + _body(rows, [len(row.parts) for row in rows]) + _foot(plan)
    if _size(whole) <= max_bytes:
        return Markdown(whole, 0)
    longest_note = _left_out(dict.fromkeys(_LEFT_OUT_WORDS, len(rows)), max_bytes)
    frame = head + _TABLE_HEAD + "\n" + _quiet_fold(len(rows), "") + longest_note
    shown = _fitting(rows, max_bytes - _size(frame))
    missing = Counter(part for row, n_parts in zip(rows, shown, strict=True) for part in _missing(row, n_parts))
    return Markdown(head + _body(rows, shown) + _left_out(missing, max_bytes), missing[_LINE])


def _row(change: Change, plan: Plan) -> _Row:
    is_quiet = risk_of(change) is Risk.NONE
    return _Row(quiet_parts(change) if is_quiet else row_parts(change, plan), is_quiet)


def _heads(plan: Plan) -> Iterator[str]:
    """The headline with its facts, then shorter ones for names that take all the room."""
    words = summary_words(summarize(plan)).removeprefix("Plan: ").removesuffix(".")
    part = f", {plan.shard.words}" if plan.shard else ""
    title = f"### Plan for {_name(plan.target)}{part}: {words}\n\n"
    facts = [f"**{_name(plan.organization_name or plan.organization_id)}**"]
    if plan.total_leads is not None:
        facts.append(count_leads(plan.total_leads))
    if plan.shard:
        facts.append(plan.shard.part_words)
    facts.append(f"as of {plan.now:%Y-%m-%d %H:%M} UTC")
    facts.append(f"good until {plan.expires_at:%Y-%m-%d %H:%M} UTC")
    if given := vars_words(plan):
        facts.append(f"with --var {markdown_text(given, max_chars=_NAME_CHARS)}")
    yield title + ", ".join(facts) + "\n\n"
    yield title
    yield f"### Plan with {len(plan.changes):,} rows\n\n"


def _body(rows: Sequence[_Row], shown: Sequence[int]) -> str:
    """The rows with as many of their parts as `shown` says: a table, folds for details, a fold for quiet rows."""
    lines, details, quiet = "", "", list[str]()
    for row, n_parts in zip(rows, shown, strict=True):
        first, *more = row.parts[:n_parts] or [""]
        if first and row.is_quiet:
            quiet.append(first)
        lines += "" if row.is_quiet else first
        details += "".join((*more, CLOSE)) if "".join(more) else ""
    table = f"{_TABLE_HEAD}{lines}\n" if lines else ""
    return table + details + (_quiet_fold(len(quiet), "".join(quiet)) if quiet else "")


def _quiet_fold(count: int, lines: str) -> str:
    what = "row sends nothing and needs nobody" if count == 1 else "rows send nothing and need nobody"
    return f"<details><summary>{count:,} {what}</summary>\n\n{_QUIET_HEAD}{lines}\n{CLOSE}"


def _foot(plan: Plan) -> str:
    marker = f"{markdown_text(marker_words(plan.marker))} " if plan.marker else ""
    return f"<sub>{marker}{NOTHING_SENT}</sub>\n"


def _left_out(missing: Mapping[int, int], max_bytes: int) -> str:
    """What is not shown, counted by part, and where it is."""
    counted = ", ".join(f"{words}{_rows(missing[part])}" for part, words in _LEFT_OUT_WORDS.items() if missing[part])
    return (
        f"**Left out** to stay within {max_bytes:,} bytes: {counted}. The whole plan: `bulkplan show PLAN`, "
        f"with the file that `bulkplan plan --out` saved.\n\n<sub>{NOTHING_SENT}</sub>\n"
    )


def _missing(row: _Row, n_parts: int) -> Iterator[int]:
    """The parts that a row has and does not show; of one that is not shown at all, that."""
    if n_parts == 0:
        yield _LINE
        return
    yield from (part for part in range(n_parts + 1, len(row.parts) + 1) if row.parts[part - 1])


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"


def _fitting(rows: Sequence[_Row], room: int) -> list[int]:
    """
    How many parts of each row fit, the most important first.

    Lines stop at the first that does not fit, so that no riskier row is missing; other parts that are too large make
    room for smaller ones.
    """
    shown, are_lines_full = [0] * len(rows), False
    for number, part in _by_importance(rows):
        text = rows[number].parts[part - 1]
        needed = _size(text + CLOSE if part == _DETAILS else text)
        if shown[number] != part - 1 or (part == _LINE and are_lines_full):
            continue
        if needed <= room:
            room -= needed
            shown[number] = part
        elif part == _LINE:
            are_lines_full = True
    return shown


def _by_importance(rows: Sequence[_Row]) -> Iterator[tuple[int, int]]:
    """Each part of each row, as the number of the row and of the part, in the order in which they are given room."""
    loud = [number for number, row in enumerate(rows) if not row.is_quiet]
    quiet = [number for number, row in enumerate(rows) if row.is_quiet]
    for part, numbers in ((_LINE, loud), (_DETAILS, loud), (_DIFFERENCES, loud), (_LINE, quiet), (_REQUEST, loud)):
        yield from ((number, part) for number in numbers)


def _name(text: str) -> str:
    return markdown_text(text, max_chars=_NAME_CHARS)


def _size(text: str) -> int:
    return len(text.encode())
