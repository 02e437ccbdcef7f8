"""What became of the tests of specs, for people: each failed one with the clauses of its filter, and a count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bulkplan.model.spec_test_report import Clause, Outcome, TestReport, TestResult
from bulkplan.report.lines import Line, Span, Style
from bulkplan.report.wrap import wrapped

_SIGNS: Mapping[Outcome, tuple[str, Style]] = {
    "passed": ("✓", "ok"),
    "failed": ("✗", "error"),
    "not-evaluated": ("-", "warn"),
}
_INDENT = "  "


def spec_test_lines(report: TestReport, *, is_full: bool = False, width: int = 100) -> tuple[Line, ...]:
    """
    The results and one line that counts them.

    Args:
        report: The results.
        is_full: Every test is shown with its clauses, and specs without tests by name; else only what did not pass.
        width: Cells of a line.
    """
    lines: list[Line] = []
    for result in report.results:
        if is_full or result.outcome != "passed":
            lines += [*_result_lines(result, width), ()]
    if is_full and report.untested:
        lines += [*wrapped((Span("without tests: ", "muted"),), (Span(", ".join(report.untested)),), width=width), ()]
    return (*lines, *wrapped((), (Span(_summary(report), "strong"),), width=width))


def _result_lines(result: TestResult, width: int) -> Iterator[Line]:
    sign, style = _SIGNS[result.outcome]
    name = f" “{result.name}”" if result.name else ""
    said = (Span(f" test {result.number}{name} "), Span(f"({result.at}) ", "muted"), Span(result.reason))
    yield from wrapped((Span(f"{sign} ", style),), (Span(result.run, "strong"), *said), width=width)
    for clause in result.clauses:
        yield from _clause_lines(clause, width, depth=1)


def _clause_lines(clause: Clause, width: int, *, depth: int) -> Iterator[Line]:
    sign, style = _SIGNS["passed" if clause.holds else "failed"]
    found = f": {clause.found}" if clause.found else ""
    body = [Span(f"{clause.words}{found}")]
    if clause.at:
        body.append(Span(f" ({clause.at})", "muted"))
    yield from wrapped((Span(_INDENT * depth), Span(f"{sign} ", style)), body, width=width)
    for part in clause.clauses:
        yield from _clause_lines(part, width, depth=depth + 1)


def _summary(report: TestReport) -> str:
    if not report.results:
        return f"No tests: {_n(len(report.untested), 'spec')} without any."
    without = f" {_n(len(report.untested), 'spec')} without tests." if report.untested else ""
    return (
        f"{_n(len(report.results), 'test')} in {_n(report.specs, 'spec')}: {report.passed} passed, "
        f"{report.failed} failed, {report.not_evaluated} not evaluated.{without}"
    )


def _n(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
