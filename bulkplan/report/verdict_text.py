"""What guards said, in words: short where they passed, in full where they refused."""

from __future__ import annotations

from collections.abc import Sequence

from bulkplan.model.plan import Overlap, Verdict
from bulkplan.report.lines import Line, Span
from bulkplan.report.wrap import wrapped


def verdict_lines(verdicts: Sequence[Verdict], head: Sequence[Span], *, width: int) -> tuple[Line, ...]:
    """
    The verdicts of one row: each refusal with its mend, then all that passed.

    Args:
        verdicts: In the order to show.
        head: What stands before the first line; later lines begin below its end.
        width: Cells of a line.
    """
    below = (Span(" " * sum(len(span.text) for span in head)),)
    heads = [head, *(below for _ in range(2 * len(verdicts)))]
    lines: list[Line] = []
    for body in _bodies(verdicts):
        lines += wrapped(heads.pop(0), body, width=width)
    return tuple(lines)


def overlap_lines(overlaps: Sequence[Overlap], head: Sequence[Span], *, width: int) -> tuple[Line, ...]:
    """What a row has in common with others: what refuses it first, with its mend."""
    lines: list[Line] = []
    for overlap in sorted(overlaps, key=lambda one: one.severity != "error"):
        lines += wrapped(head, _said(overlap), width=width)
        head = (Span(" " * sum(len(span.text) for span in head)),)
        if overlap.mend:
            lines += wrapped(head, (Span("mend: ", "strong"), Span(overlap.mend)), width=width)
    return tuple(lines)


def _said(overlap: Overlap) -> tuple[Span, ...]:
    if overlap.severity == "error":
        return Span(f"{overlap.rule} refuses: ", "error"), Span(overlap.message)
    if overlap.severity == "exclusion":
        return Span("taken out: ", "change"), Span(overlap.message)
    return (Span(overlap.message, "warn"),)


def passed_words(verdict: Verdict) -> str:
    """Like `max_matches 214 of 10,000 (default)`, `max_percent 21.4 % of all 1,000 leads, at most 50 % (default)`."""
    return f"{verdict.guard} {_bound(verdict)} ({layer_words(verdict)})"


def layer_words(verdict: Verdict) -> str:
    """Which layer set the limit, and where: `default`, `project, bulkplan.yaml:12`."""
    return f"{verdict.layer}, {verdict.set_at}" if verdict.set_at else verdict.layer


def _bodies(verdicts: Sequence[Verdict]) -> list[tuple[Span, ...]]:
    bodies: list[tuple[Span, ...]] = []
    for verdict in verdicts:
        if not verdict.is_ok:
            said = f"{verdict.message} ({layer_words(verdict)})"
            bodies.append((Span(f"{verdict.guard} refuses: ", "error"), Span(said)))
            if verdict.mend:
                bodies.append((Span("mend: ", "strong"), Span(verdict.mend)))
    passed = [passed_words(verdict) for verdict in verdicts if verdict.is_ok]
    if passed:
        bodies.append((Span("ok: ", "ok"), Span("; ".join(passed), "muted")))
    return bodies


def _bound(verdict: Verdict) -> str:
    measured, limit = _number(verdict.measured), _number(verdict.limit)
    if verdict.guard == "require_sort_with_limit":
        return measured
    if verdict.guard == "min_matches":
        return f"{measured}, at least {limit}"
    if verdict.guard == "max_deviation":
        of = verdict.denominator_words
        return f"{measured} off {of}, at most {limit}" if of else f"waits: {measured}"
    whole = f" of {verdict.denominator_words}, at most" if verdict.denominator_words else " of"
    return f"{measured}{whole} {limit}"


def _number(text: str) -> str:
    """For people: `1,204`, `12.3 %`."""
    return f"{int(text):,}" if text.isdigit() else text.replace("%", " %")
