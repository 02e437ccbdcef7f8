"""An audit for people: alarms first, then every action, what was not applied, who let what run, what is not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bulkplan.model.audit import AuditedAction, AuditedRun, AuditFinding, AuditReport, UnappliedRun
from bulkplan.report.audit_words import (
    KIND_WORDS,
    NOTHING_SENT,
    ORIGIN_WORDS,
    by_kind_and_origin,
    change_words,
    creator_words,
    decision_words,
    deed_words,
    leads_words,
    minute,
    since_words,
    summary_words,
)
from bulkplan.report.lines import Line, Span, Style
from bulkplan.report.wrap import cells, wrapped

MAX_ACTIONS = 100
"""So many actions are shown; the other forms have them all."""

_STYLE_BY_ORIGIN: dict[str, Style] = {"ours": "ok", "adopted": "change", "ours-unrecorded": "error", "outside": "warn"}
_COLUMNS: tuple[tuple[str, Callable[[AuditedAction], str]], ...] = (
    ("created (UTC)", lambda action: minute(action.created_at)),
    ("kind", lambda action: KIND_WORDS[action.kind]),
    ("leads", leads_words),
    ("status", lambda action: action.status or "–"),
    ("origin", lambda action: ORIGIN_WORDS[action.origin]),
    ("made by", creator_words),
)


def audit_lines(report: AuditReport, *, width: int = 100) -> tuple[Line, ...]:
    """The report, `width` characters wide where words can be broken."""
    where = f"{report.target}: {report.organization_name or report.organization_id}"
    lines: list[Line] = [
        (Span(f"Audit of {where}, {since_words(report)}", "title"),),
        (Span(f"{report.organization_id}, state {report.store}", "muted"),),
    ]
    for finding in report.findings:
        lines += [(), *_finding_lines(finding, width)]
    lines += _section("Bulk actions", _action_lines(report))
    lines += _section("By kind", _total_lines(report))
    lines += _section("Asked for, and not applied", [line for row in report.unapplied for line in _row(row, width)])
    odd = [run for run in report.runs if run.deviations]
    lines += _section("Ended otherwise than planned", [line for run in odd for line in _deviation_lines(run, width)])
    lines += _section("Who let what run", [line for run in report.runs for line in _decision_lines(run, width)])
    lines += _section(
        "What this audit does not see", [line for words in report.limits for line in _bullet(words, width)]
    )
    return (
        *lines,
        (),
        (Span(f"State head: {report.head}", "muted"),),
        (Span(summary_words(report), "strong"),),
        (Span(NOTHING_SENT),),
    )


def _section(title: str, lines: Sequence[Line]) -> list[Line]:
    return [(), (Span(title, "title"),), *lines] if lines else []


def _finding_lines(finding: AuditFinding, width: int) -> Iterable[Line]:
    style: Style = "error" if finding.severity == "alarm" else "warn"
    yield from _hanging(f"{finding.severity}: ", style, f"{finding.message} ({finding.rule})", width)
    if finding.hint:
        yield from _hanging("  hint: ", "strong", finding.hint, width)


def _action_lines(report: AuditReport) -> list[Line]:
    shown = report.actions[:MAX_ACTIONS]
    if not shown:
        return [(Span("  none"),)]
    rows = [tuple(words(action) for _, words in _COLUMNS) for action in shown]
    heads = tuple(head for head, _ in _COLUMNS)
    widths = [max(map(cells, column)) for column in zip(heads, *rows, strict=True)]
    lines: list[Line] = [(Span("  " + _padded(heads, widths).rstrip(), "muted"),)]
    for action, row in zip(shown, rows, strict=True):
        style = _STYLE_BY_ORIGIN.get(action.origin, "plain")
        lines.append(
            (Span("  " + _padded(row[:4], widths) + "  "), Span(f"{row[4]:<{widths[4]}}  ", style), Span(row[5]))
        )
        lines.append((Span(f"      {_detail(action)}", "muted"),))
    if (more := len(report.actions) - len(shown)) > 0:
        lines.append((Span(f"  and {more:,} older ones: --format csv, json or html has them all"),))
    if report.n_earlier:
        lines.append((Span(f"  {report.n_earlier:,} before that are left out: --since all", "muted"),))
    return lines


def _detail(action: AuditedAction) -> str:
    parts = (action.run_key, deed_words(action), action.id, action.note)
    return "  ".join(part for part in parts if part)


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=False))
    return "  ".join(padded)


def _total_lines(report: AuditReport) -> list[Line]:
    return [
        (
            Span(f"  {KIND_WORDS[kind]:<10}"),
            Span(
                ", ".join(f"{counts[origin]:,} {words}" for origin, words in ORIGIN_WORDS.items() if counts.get(origin))
            ),
        )
        for kind, counts in by_kind_and_origin(report)
    ]


def _row(row: UnappliedRun, width: int) -> Iterable[Line]:
    yield from wrapped(
        (Span(f"  {row.key}", "strong"), Span(f"  {row.change}: ", "change")), (Span(row.reason),), width=width
    )
    at = f"{row.file}:{row.line}" if row.file else None
    parts = [at, change_words(row.last_change), f"owner {row.owner}" if row.owner else None]
    if said := ", ".join(part for part in parts if part):
        yield from _hanging("      ", "muted", said, width)
    if row.hint:
        yield from _hanging("      hint: ", "strong", row.hint, width)


def _deviation_lines(run: AuditedRun, width: int) -> Iterable[Line]:
    yield (Span(f"  {run.key}", "strong"), Span(f"  {run.state}", "muted"))
    for words in run.deviations:
        yield from _hanging("      ", "plain", words, width)


def _decision_lines(run: AuditedRun, width: int) -> Iterable[Line]:
    yield (Span(f"  {run.key}", "strong"), Span(f"  {run.state}", "muted"))
    for decision in run.decisions:
        yield from _hanging(f"      {minute(decision.at)}  ", "muted", decision_words(decision), width)
    if run.ci is not None:
        ci = run.ci
        parts = [
            f"pull request {ci.pull_request}" if ci.pull_request else ci.ref,
            f"attempt {ci.attempt} of the CI run" if ci.attempt and ci.attempt > 1 else None,
            f"begun by {ci.triggering_actor}" if ci.triggering_actor else None,
        ]
        yield from _hanging("      CI: ", "muted", ", ".join(part for part in parts if part) or "a CI job", width)


def _bullet(words: str, width: int) -> Iterable[Line]:
    return _hanging("  - ", "muted", words, width)


def _hanging(head: str, style: Style, words: str, width: int) -> Iterable[Line]:
    return wrapped((Span(head, style),), (Span(words),), width=width)
