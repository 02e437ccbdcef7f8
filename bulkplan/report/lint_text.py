"""What `lint` found, by file, for people; and the rules as a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from bulkplan.core.lint.rule import Finding, Linted, Needs, Rule
from bulkplan.model.project import Severity
from bulkplan.report.lines import Line, Span, Style
from bulkplan.report.wrap import wrapped

STYLES: Mapping[Severity, Style] = {"error": "error", "warning": "warn", "note": "muted"}
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
_MARGIN = 9
_SKIPPED: Mapping[Needs, str] = {
    "files": "",
    "state": "What was recorded was not looked at: the state is not a file here (--online reads it).",
    "close": "Close was not asked (--online asks it for names, templates and smart views).",
}


def lint_lines(linted: Linted, *, n_specs: int, width: int, verbose: bool = False) -> tuple[Line, ...]:
    """
    The findings by file, each with its place, its rule and how to mend it; at the end they are counted.

    `verbose` also shows what was ignored, with the reasons.
    """
    lines: list[Line] = []
    for file, group in groupby(linted.findings, key=_file):
        lines.append((Span(file, "title"),))
        for finding in group:
            lines += _finding_lines(finding, width=width)
        lines.append(())
    if verbose and linted.ignored:
        lines += _ignored_lines(linted.ignored, width=width)
    lines.append((Span(_summary(linted, n_specs), "strong"), Span(_ignored_words(linted, is_shown=verbose))))
    lines += [(Span(_SKIPPED[need], "muted"),) for need in ("state", "close") if need in linted.skipped]
    return tuple(lines)


def counted_words(linted: Linted, n_specs: int) -> str:
    """The last line alone."""
    return _summary(linted, n_specs) + _ignored_words(linted, is_shown=True)


def rule_lines(rules: Sequence[Rule], *, width: int) -> tuple[Line, ...]:
    """Each rule in a line or two."""
    longest = max((len(rule.slug) for rule in rules), default=0)
    rows: list[Line] = []
    for rule in rules:
        head = (
            Span(f"{rule.id}  ", "muted"),
            Span(f"{rule.slug:<{longest}}  ", "strong"),
            Span(f"{rule.severity:<7}  ", STYLES[rule.severity]),
        )
        needs = {"files": "", "state": " (from the state)", "close": " (--online)"}[rule.needs]
        rows += wrapped(head, (Span(rule.summary + needs),), width=max(width, longest + 40))
    return tuple(rows)


def _finding_lines(finding: Finding, *, width: int) -> Iterator[Line]:
    at = finding.problem.at
    place = f"{at.line}:{at.column}" if at else ""
    head = (Span(f"  {place:<6} "), Span(f"{finding.severity:<8}", STYLES[finding.severity]))
    yield (*head, Span(finding.rule.slug, "strong"), Span(f"  {finding.rule.id}", "muted"))
    margin = Span(" " * _MARGIN)
    yield from wrapped((margin,), (Span(_once(finding)),), width=width)
    if finding.problem.hint:
        yield from wrapped((margin, Span("mend  ", "muted")), (Span(finding.problem.hint),), width=width)


def _once(finding: Finding) -> str:
    """The message; where the finding has no place, with the name of its spec."""
    is_lost = finding.problem.at is None and finding.spec
    return f"{finding.spec}: {finding.problem.message}" if is_lost else finding.problem.message


def _ignored_lines(ignored: Sequence[Finding], *, width: int) -> Iterator[Line]:
    yield (Span("Ignored, with a reason", "title"),)
    for finding in ignored:
        at = finding.problem.at
        head = (Span(f"  {at or 'bulkplan.yaml'}  ", "muted"), Span(f"{finding.rule.slug}  ", "strong"))
        yield from wrapped(head, (Span(f"{finding.severity}: {finding.ignored}"),), width=width)
    yield ()


def _summary(linted: Linted, n_specs: int) -> str:
    counted = Counter(finding.severity for finding in linted.findings)
    parts = [_n(counted[severity], severity) for severity in _SEVERITIES if counted[severity]]
    return f"{_n(n_specs, 'spec')}: {', '.join(parts) or 'nothing to say'}."


def _ignored_words(linted: Linted, *, is_shown: bool) -> str:
    if not linted.ignored:
        return ""
    errors = sum(finding.severity == "error" for finding in linted.ignored)
    of_them = f", {_n(errors, 'error')} among them" if errors else ""
    return f" {len(linted.ignored):,} ignored with a reason{of_them}{'' if is_shown else ' (-v shows them)'}."


def _file(finding: Finding) -> str:
    return finding.problem.at.file if finding.problem.at else "bulkplan.yaml"


def _n(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
