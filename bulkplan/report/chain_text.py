"""What `audit verify` found, for people: what does not fit, and the head to keep."""

from __future__ import annotations

from bulkplan.model.chain_report import ChainReport
from bulkplan.report.audit_words import count_words
from bulkplan.report.lines import Line, Span
from bulkplan.report.wrap import wrapped


def chain_lines(report: ChainReport, *, width: int = 100) -> tuple[Line, ...]:
    """The breaks by record, then how much was looked at, and the head on a line of its own."""
    lines: list[Line] = [(Span(f"Records of {report.target}", "title"), Span(f"  {report.store}", "muted"))]
    for each in report.breaks:
        where = f"{each.key}, entry {each.entry}: " if each.entry else f"{each.key}: " if each.key else ""
        lines += wrapped((Span("  error: ", "error"),), (Span(where, "strong"), Span(each.problem)), width=width)
    looked = f"{count_words(report.n_records, 'record')}, {report.n_entries:,} entries"
    old = f"; {report.n_before_chain:,} of them are older than the chain" if report.n_before_chain else ""
    verdict = Span("whole", "ok") if report.is_ok else Span("does not fit", "error")
    lines.append((Span(f"  {looked}{old}: "), verdict))
    if report.compared:
        lines.append((Span(f"  held against {report.compared}", "muted"),))
    return (*lines, (Span("  head: ", "muted"), Span(report.head, "strong")))
