"""What an apply did, as lines: a row per run, then what it comes to."""

from __future__ import annotations

from bulkplan.core.result import ApplyResult, ResultKind, RunResult
from bulkplan.core.visible import visible
from bulkplan.report.lines import Line, Span, Style

_SIGNS: dict[ResultKind, tuple[str, Style]] = {
    ResultKind.DONE: ("✓", "ok"),
    ResultKind.RUNNING: ("~", "change"),
    ResultKind.PAUSED: ("~", "warn"),
    ResultKind.FAILED: ("✗", "error"),
    ResultKind.REFUSED: ("✗", "error"),
    ResultKind.LATER: ("…", "warn"),
    ResultKind.NOT_SENT: ("✗", "warn"),
    ResultKind.BLOCKED: ("!", "error"),
    ResultKind.CONFLICT: ("!", "error"),
    ResultKind.UNKNOWN: ("?", "error"),
    ResultKind.ALARM: ("?", "error"),
    ResultKind.MISMATCH: ("?", "error"),
    ResultKind.STATE_BEHIND: ("✗", "error"),
    ResultKind.SKIPPED: ("=", "muted"),
}


def apply_lines(result: ApplyResult) -> tuple[Line, ...]:
    """A row per run that was touched or needs somebody, then the sum. Rows with nothing to do are only counted."""
    shown = [row for row in result.results if row.kind is not ResultKind.SKIPPED]
    width = max((len(str(row.key)) for row in shown), default=0)
    rows = [line for row in shown for line in _row(row, width)]
    return (*rows, *((),) * bool(rows), _sum(result))


def _row(row: RunResult, width: int) -> tuple[Line, ...]:
    sign, style = _SIGNS[row.kind]
    first: Line = (
        Span(f"{sign} ", style),
        Span(str(row.key).ljust(width), "strong"),
        Span("  "),
        Span(visible(row.message), style if style in ("error", "warn") else "plain"),
    )
    hint: Line = (Span(" " * (width + 4)), Span(f"→ {visible(row.hint)}", "muted")) if row.hint else ()
    return (first, hint) if hint else (first,)


_COUNTED: tuple[tuple[str, tuple[ResultKind, ...]], ...] = (
    ("done", (ResultKind.DONE,)),
    ("still running", (ResultKind.RUNNING,)),
    ("paused", (ResultKind.PAUSED,)),
    ("failed", (ResultKind.FAILED, ResultKind.REFUSED, ResultKind.STATE_BEHIND)),
    ("not started", (ResultKind.NOT_SENT, ResultKind.LATER)),
    ("refused by a guard or a conflict", (ResultKind.BLOCKED, ResultKind.CONFLICT)),
    ("unknown", (ResultKind.UNKNOWN,)),
    ("to look at at once", (ResultKind.ALARM,)),
    ("done otherwise than approved", (ResultKind.MISMATCH,)),
    ("with nothing to do", (ResultKind.SKIPPED,)),
)


def _sum(result: ApplyResult) -> Line:
    """`Apply: 3 done, 1 with nothing to do. 3 bulk actions were sent to Close.`"""
    parts = [f"{len(rows)} {words}" for words, kinds in _COUNTED if (rows := result.of(*kinds))]
    return (Span("Apply: ", "title"), Span(f"{', '.join(parts) or 'nothing to do'}. "), Span(_sent(result), "strong"))


def _sent(result: ApplyResult) -> str:
    """What of this apply reached Close, as far as anybody can tell."""
    sent = sum(row.was_sent for row in result.results)
    in_doubt = sum(row.is_in_doubt for row in result.results)
    sentences = []
    if sent:
        sentences.append(f"{sent} bulk action{' was' if sent == 1 else 's were'} sent to Close.")
    if in_doubt:
        also = " as well" if sent else ""
        sentences.append(f"{in_doubt} request{'' if in_doubt == 1 else 's'} may have reached Close{also}.")
    if not sentences and result.of(ResultKind.REFUSED):
        sentences.append("Nothing was started in Close.")
    return " ".join(sentences) or "Nothing was sent to Close."
