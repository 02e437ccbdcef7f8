"""An audit as a comment or a step summary: what needs somebody, totals, and what ran outside of git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bulkplan.model.audit import AuditedAction, AuditFinding, AuditReport, UnappliedRun
from bulkplan.report.audit_words import (
    KIND_WORDS,
    NOTHING_SENT,
    ORIGIN_WORDS,
    by_kind_and_origin,
    creator_words,
    deed_words,
    leads_words,
    minute,
    since_words,
    summary_words,
)
from bulkplan.report.markdown import code_span, markdown_text

MIN_BYTES = 2_000
_CELL_CHARS = 200
_ACTIONS_HEAD = "| Created (UTC) | What | Leads | Status | Who |\n|---|---|---:|---|---|\n"


def audit_markdown(report: AuditReport, *, max_bytes: int = 65_536) -> str:
    """
    The audit as GitHub Markdown of at most `max_bytes` bytes in UTF-8; rows that do not fit are counted.

    Findings come first, then what ran outside of git, then what was not applied. Raises `ValueError` below `MIN_BYTES`.
    """
    if max_bytes < MIN_BYTES:
        raise ValueError(f"{max_bytes} bytes are too few for an audit: it takes {MIN_BYTES} at least")
    text, foot = _head(report), f"\n<sub>State head {code_span(report.head)}. {NOTHING_SENT}</sub>\n"
    room, n_left_out = max_bytes - _size(text + foot) - _size(_left_out(10**9)), 0
    for title, rows in _sections(report):
        taken, n_taken = title, 0
        for row in rows:
            if _size(taken + row) > room:
                break
            taken, n_taken = taken + row, n_taken + 1
        n_left_out += len(rows) - n_taken
        if n_taken:
            text, room = text + taken, room - _size(taken)
    return text + (_left_out(n_left_out) if n_left_out else "") + foot


def _head(report: AuditReport) -> str:
    where = markdown_text(report.organization_name or report.organization_id, max_chars=80)
    totals = "".join(_total_rows(report))
    table = f"| Kind | {' | '.join(ORIGIN_WORDS.values())} |\n|---|{'---:|' * len(ORIGIN_WORDS)}\n{totals}"
    return (
        f"### Audit of {markdown_text(report.target, max_chars=80)}: {summary_words(report)}\n\n"
        f"**{where}**, {since_words(report)}, made {minute(report.made_at)} UTC\n\n" + (table if totals else "")
    )


def _total_rows(report: AuditReport) -> Iterator[str]:
    for kind, counts in by_kind_and_origin(report):
        yield f"| {KIND_WORDS[kind]} | {' | '.join(f'{counts.get(origin, 0):,}' for origin in ORIGIN_WORDS)} |\n"


def _sections(report: AuditReport) -> Iterator[tuple[str, Sequence[str]]]:
    odd = [run for run in report.runs if run.deviations]
    yield "\n#### Needs somebody\n\n", [_finding(each) for each in report.findings]
    yield f"\n#### Outside of git\n\n{_ACTIONS_HEAD}", [_action(each) for each in report.outside]
    yield (
        "\n#### Asked for, and not applied\n\n| Run | Stands | Why | Spec |\n|---|---|---|---|\n",
        [_unapplied(each) for each in report.unapplied],
    )
    yield (
        "\n#### Ended otherwise than planned\n\n| Run | State | What |\n|---|---|---|\n",
        [f"| {code_span(run.key)} | {run.state} | {_cell('; '.join(run.deviations))} |\n" for run in odd],
    )


def _finding(finding: AuditFinding) -> str:
    hint = f" ({_cell(finding.hint)})" if finding.hint else ""
    return f"- **{finding.severity}**: {markdown_text(finding.message, max_chars=400)}{hint}\n"


def _action(action: AuditedAction) -> str:
    cells = (
        minute(action.created_at),
        f"{_cell(deed_words(action))} {code_span(action.id, max_chars=_CELL_CHARS)}",
        leads_words(action),
        _cell(action.status or "–"),
        _cell(creator_words(action)),
    )
    return f"| {' | '.join(cells)} |\n"


def _unapplied(row: UnappliedRun) -> str:
    at = _cell(f"{row.file}:{row.line}") if row.file else ""
    return f"| {code_span(row.key)} | {row.change} | {_cell(row.reason)} | {at} |\n"


def _left_out(count: int) -> str:
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"\n**Left out** for their number: {rows}. The whole audit: `bulkplan audit --format html`.\n"


def _cell(text: str) -> str:
    return markdown_text(text, max_chars=_CELL_CHARS)


def _size(text: str) -> int:
    return len(text.encode())
