"""An audit as a page that stands alone: what needs somebody, charts of what ran, every action, who let what run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bulkplan.model.audit import AuditedAction, AuditedRun, AuditFinding, AuditReport, Origin, UnappliedRun
from bulkplan.report.audit_words import (
    KIND_WORDS,
    NOTHING_SENT,
    ORIGIN_WORDS,
    by_kind_and_origin,
    change_words,
    count_words,
    creator_words,
    decision_words,
    deed_words,
    leads_words,
    minute,
    since_words,
)
from bulkplan.report.html_page import (
    Child,
    Html,
    Tone,
    badge,
    bar,
    code,
    element,
    facts,
    folded,
    joined,
    name,
    page,
    table,
)

MAX_WEEKS = 26
"""So many weeks are drawn, the newest ones."""
MAX_ROWS = 500
"""So many actions stand on the page; CSV and JSON have them all."""

TONES: Mapping[Origin, Tone] = {
    "ours": "low",
    "adopted": "info",
    "ours-unrecorded": "critical",
    "other-project": "medium",
    "outside": "high",
    "unclear": "medium",
}


def audit_html(report: AuditReport) -> str:
    """The page, as one text that needs nothing else. Staff are named on it; leads are not."""
    title = f"{len(report.actions):,} bulk actions, {len(report.outside):,} outside of git"
    body = joined(
        (
            _top(report, title),
            *_findings(report.findings),
            *_charts(report),
            *_actions(report),
            *_unapplied(report.unapplied),
            *_deviations(report.runs),
            *_decisions(report.runs),
            _bottom(report),
        )
    )
    return page(title=f"Audit: {title} ({report.target})", body=body)


def _top(report: AuditReport, title: str) -> Html:
    said = joined(
        (
            "Every bulk action of the Close organization ",
            element("strong", name(report.organization_name or report.organization_id)),
            f", {since_words(report)}, held against what bulkplan recorded. {NOTHING_SENT}",
        )
    )
    counted = Counter(action.origin for action in report.actions)
    n_alarms, odd = len(report.alarms), sum(bool(run.deviations) for run in report.runs)
    tiles: list[tuple[str, int, Tone | None]] = [
        ("Alarms", n_alarms, "critical" if n_alarms else None),
        ("Outside of git", len(report.outside), "high" if report.outside else None),
        ("Ours", counted["ours"], None),
        ("Adopted", counted["adopted"], None),
        ("Not applied", len(report.unapplied), None),
        ("Otherwise than planned", odd, "high" if odd else None),
    ]
    return element(
        "header",
        element("p", "bulkplan", class_="brand"),
        element("h1", title),
        element("p", said, class_="lead"),
        element("p", f"Audit of {report.target}, made {minute(report.made_at)} UTC", class_="soft small"),
        element("dl", *(_tile(*tile) for tile in tiles), class_="tiles"),
    )


def _tile(word: str, value: int, tone: Tone | None) -> Html:
    return element("div", element("dt", word), element("dd", f"{value:,}", class_=tone))


def _findings(findings: Sequence[AuditFinding]) -> Iterator[Html]:
    if findings:
        yield element("h2", "Needs somebody")
    for finding in findings:
        is_alarm = finding.severity == "alarm"
        head = joined((badge(finding.severity, "critical" if is_alarm else "medium"), " ", finding.message, " "))
        hint = element("div", finding.hint, class_="small") if finding.hint else None
        yield element("div", head, code(finding.rule), hint, class_=f"notice {'critical' if is_alarm else 'medium'}")


def _charts(report: AuditReport) -> Iterator[Html]:
    if not report.actions:
        return
    kinds = {KIND_WORDS[kind]: sum(counts.values()) for kind, counts in by_kind_and_origin(report)}
    yield element("h2", "By kind")
    yield _bars((label, count, "info") for label, count in kinds.items())
    counted = Counter(action.origin for action in report.actions)
    yield element("h2", "Where they came from")
    yield _bars((words, counted[origin], TONES[origin]) for origin, words in ORIGIN_WORDS.items() if counted[origin])
    yield element("h2", "By week")
    yield _bars(_weeks(report.actions))


def _weeks(actions: Iterable[AuditedAction]) -> Iterator[tuple[str, int, Tone]]:
    """The newest weeks in which something ran; what ran outside of git stands apart."""
    ours: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    for action in actions:
        if action.created_at is not None:
            year, week, _ = action.created_at.isocalendar()
            (outside if action.origin in ("outside", "unclear") else ours)[f"{year:04}-W{week:02}"] += 1
    for week_name in sorted({*ours, *outside}, reverse=True)[:MAX_WEEKS]:
        if ours[week_name]:
            yield f"{week_name}, from files", ours[week_name], "low"
        if outside[week_name]:
            yield f"{week_name}, outside of git", outside[week_name], "high"


def _bars(rows: Iterable[tuple[str, int, Tone]]) -> Html:
    listed = list(rows)
    most = max((count for _, count, _ in listed), default=0)
    cells = (
        (
            element("span", label),
            bar(count, most, tone=tone, label=f"{label}: {count:,}"),
            element("span", f"{count:,}", class_="number"),
        )
        for label, count, tone in listed
    )
    return element("div", *(cell for row in cells for cell in row), class_="bars")


def _actions(report: AuditReport) -> Iterator[Html]:
    yield element("h2", "Bulk actions")
    shown = report.actions[:MAX_ROWS]
    if shown:
        yield table(
            ("What", "Created (UTC)", "Leads", "Status", "Origin", "Run, and who"),
            map(_action_row, shown),
            label="Bulk actions",
        )
    else:
        yield element("p", f"There were none, {since_words(report)}.")
    if (more := len(report.actions) - len(shown)) > 0:
        yield element("p", f"And {more:,} older ones, which the CSV and JSON forms have.", class_="soft")
    if report.n_earlier:
        yield element("p", f"{report.n_earlier:,} before that time are left out.", class_="soft")


def _action_row(action: AuditedAction) -> tuple[Child, ...]:
    what = joined((name(deed_words(action)), " ", code(action.id)))
    run = element("div", code(action.run_key)) if action.run_key else None
    note = element("div", action.note, class_="soft small") if action.note else None
    return (
        what,
        minute(action.created_at),
        leads_words(action),
        action.status or "–",
        badge(ORIGIN_WORDS[action.origin], TONES[action.origin]),
        joined((run, name(creator_words(action)), note)),
    )


def _unapplied(rows: Sequence[UnappliedRun]) -> Iterator[Html]:
    if rows:
        yield element("h2", "Asked for, and not applied")
        yield table(("Run", "Stands", "Why", "Spec"), map(_unapplied_row, rows), label="Not applied")


def _unapplied_row(row: UnappliedRun) -> tuple[Child, ...]:
    why = f"{row.reason}; {row.hint}" if row.hint else row.reason
    at = code(f"{row.file}:{row.line}") if row.file else None
    said = [words for words in (change_words(row.last_change), f"owner {row.owner}" if row.owner else None) if words]
    return code(row.key), str(row.change), why, joined((at, " " if at else None, name(", ".join(said))))


def _deviations(runs: Sequence[AuditedRun]) -> Iterator[Html]:
    odd = [run for run in runs if run.deviations]
    if odd:
        yield element("h2", "Ended otherwise than planned")
        yield table(
            ("Run", "State", "What"),
            ((code(run.key), str(run.state), "; ".join(run.deviations)) for run in odd),
            label="Otherwise than planned",
        )


def _decisions(runs: Sequence[AuditedRun]) -> Iterator[Html]:
    rows = [
        (code(run.key), minute(decision.at), name(decision_words(decision)))
        for run in runs
        for decision in run.decisions
    ]
    if rows:
        yield element("h2", "Who let what run")
        yield folded(
            f"{len(rows):,} decisions",
            table(("Run", "When (UTC)", "Who, and from where"), rows, label="Who let what run"),
        )


def _bottom(report: AuditReport) -> Html:
    pairs: list[tuple[str, Child]] = [
        ("Organization", code(report.organization_id)),
        ("State", name(report.store)),
        ("State head", code(report.head)),
        ("Made", f"{minute(report.made_at)} UTC, by bulkplan {report.tool_version}"),
        ("Found", f"{count_words(len(report.findings), 'finding')}"),
    ]
    limits = element("ul", *(element("li", words) for words in report.limits))
    return element(
        "footer", element("h2", "What this audit does not see"), limits, element("h2", "About it"), facts(pairs)
    )
