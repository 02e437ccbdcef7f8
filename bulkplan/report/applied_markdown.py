"""What an apply did, in Markdown: a line for each run that was not simply left alone."""

from __future__ import annotations

from collections import Counter

from bulkplan.model.apply_report import ApplyReport, ReportRow
from bulkplan.report.failure_markdown import without_addresses
from bulkplan.report.markdown import code_span, markdown_text
from bulkplan.report.plan_markdown import Markdown

_HEAD = "| Run | Became | Leads | What is known |\n|---|---|---:|---|\n"
_TEXT_CHARS = 300


def applied_markdown(report: ApplyReport, *, max_bytes: int) -> Markdown:
    """The report as Markdown of at most `max_bytes` bytes; rows that do not fit are counted."""
    told = sorted((row for row in report.runs if row.outcome != "skipped"), key=lambda row: row.outcome == "done")
    counts = Counter(row.outcome for row in report.runs)
    words = ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items())) or "nothing was wanted"
    sent = f"{report.n_sent:,} bulk action{'s were' if report.n_sent != 1 else ' was'} sent to Close"
    text = f"### Apply to {code_span(report.target)}: {words}\n\n{sent}.\n\n"
    lines = [_line(row) for row in told]
    room, shown = max_bytes - len((text + _HEAD).encode()) - 100, 0
    for line in lines:
        room -= len(line.encode())
        if room < 0:
            break
        shown += 1
    rest = len(lines) - shown
    table = _HEAD + "".join(lines[:shown]) + "\n" if shown else ""
    note = f"{rest:,} more row{'s' if rest != 1 else ''} left out for lack of room.\n" if rest else ""
    return Markdown(text + table + note, rest)


def _line(row: ReportRow) -> str:
    done = row.counts.n_leads_processed if row.counts else None
    words = f"{row.message}; {row.hint}" if row.hint else row.message
    cells = (
        code_span(str(row.key)),
        f"**{row.outcome}**",
        f"{done:,}" if done is not None else "",
        markdown_text(without_addresses(words), max_chars=_TEXT_CHARS),
    )
    return f"| {' | '.join(cells)} |\n"
