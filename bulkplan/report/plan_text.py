"""A plan for people: a block per row, with why, how many, and what stands in the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bulkplan.core.shares import all_leads, count_leads
from bulkplan.core.visible import visible
from bulkplan.model.plan import Change, ChangeKind, MarkerCheck, Matches, Plan
from bulkplan.model.run import RunKey
from bulkplan.report.diff_text import diff_lines
from bulkplan.report.facts import FORMER_VALUES, UNDO_BY_HAND, marker_words
from bulkplan.report.funnel_text import funnel_words
from bulkplan.report.lines import Line, Span, Style
from bulkplan.report.long_lists import without_long_lists
from bulkplan.report.summary import state_word, summarize, summary_words
from bulkplan.report.verdict_text import overlap_lines, verdict_lines
from bulkplan.report.wrap import wrapped

NOTHING_SENT = "Nothing was sent to Close."

SIGN_BY_KIND: Mapping[ChangeKind, tuple[str, Style]] = {
    ChangeKind.RUN: ("+", "add"),
    ChangeKind.NO_OP: ("=", "muted"),
    ChangeKind.CONFLICT: ("!", "error"),
    ChangeKind.IN_PROGRESS: ("~", "change"),
    ChangeKind.PAUSED: ("~", "warn"),
    ChangeKind.FAILED: ("!", "error"),
    ChangeKind.UNKNOWN: ("?", "warn"),
    ChangeKind.NOT_YET: (">", "muted"),
    ChangeKind.EXPIRED: ("x", "muted"),
    ChangeKind.ORPHAN: ("-", "remove"),
}
_BLOCKED_SIGN: tuple[str, Style] = ("!", "error")
_INDENT = "    "
_LABEL_WIDTH = 9
_KEY_COLUMN = 40


class Blocks:
    """Blocks of rows, of which some are put into words before the plan is whole; a row that has changed since, anew."""

    def __init__(self, *, width: int = 100) -> None:
        """`width`: cells of a line."""
        self.width = width
        self._made: dict[RunKey, tuple[Change, tuple[Line, ...]]] = {}

    def prepare(self, change: Change) -> tuple[Line, ...]:
        """Put a row into words; nothing yet for one that takes a line only."""
        if _is_short(change):
            return ()
        lines = _block(change, self.width)
        self._made[change.key] = (change, lines)
        return lines

    def of(self, change: Change) -> tuple[Line, ...]:
        """The block of a row as it is now."""
        known = self._made.get(change.key)
        return known[1] if known is not None and known[0] is change else _block(change, self.width)


def plan_lines(
    plan: Plan,
    *,
    width: int = 100,
    payload: bool = False,
    closing: str | None = NOTHING_SENT,
    blocks: Blocks | None = None,
) -> tuple[Line, ...]:
    """
    The whole plan: a header, a block per row (a line where there is nothing to do), a summary.

    Args:
        plan: The plan.
        width: Cells of a line.
        payload: Show the request of each row as well.
        closing: The last line; `None` when more is to come.
        blocks: Rows that were put into words before, for the same width.
    """
    blocks = blocks or Blocks(width=width)
    lines = [*_header(plan, width)]
    was_short = False
    # Lines of one row each stand in columns; a very long key does not push the others aside.
    column = max((len(str(row.key)) for row in plan.changes if _is_short(row)), default=0)
    for change in plan.changes:
        block = (
            _line(change, width, min(column, _KEY_COLUMN))
            if _is_short(change)
            else (*blocks.of(change), *(_payload(change, plan) if payload else ()))
        )
        is_short = _is_short(change)
        lines += block if is_short and was_short else [(), *block]
        was_short = is_short
    return (*lines, (), *_footer(plan, width, closing))


def _header(plan: Plan, width: int) -> tuple[Line, ...]:
    facts = [plan.organization_name or plan.organization_id]
    if plan.total_leads is not None:
        facts.append(count_leads(plan.total_leads))
    facts.append(f"as of {plan.now:%Y-%m-%d %H:%M} UTC")
    lines = [*wrapped((Span(f"Plan for {plan.target}: ", "title"),), (Span(", ".join(facts)),), width=width)]
    if plan.shard:
        part = (Span(plan.shard.part_words.capitalize(), "strong"), Span("; the other runs are other jobs' to apply"))
        lines += wrapped((), part, width=width)
    if plan.organization_name:
        lines.append((Span(plan.organization_id, "muted"),))
    if plan.vars:
        said = ", ".join(f"{name}={_given(value)}" for name, value in sorted(plan.vars.items()))
        lines += wrapped((Span("With --var ", "muted"),), (Span(said, "muted"),), width=width)
    if plan.suppression:
        head = (Span("Left out of every e-mail and sequence: ", "muted"),)
        lines += wrapped(head, (Span(plan.suppression, "muted"),), width=width)
    return tuple(lines)


def _given(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _block(change: Change, width: int) -> tuple[Line, ...]:
    sign, style = _BLOCKED_SIGN if state_word(change) == "blocked" else SIGN_BY_KIND[change.kind]
    title = (Span(f"{sign} ", style), Span(str(change.key), "strong"), Span(f"  {state_word(change)}", style))
    lines: list[Line] = [title]
    if change.description:
        lines += wrapped((Span(_INDENT),), (Span(change.description, "muted"),), width=width)
    for label, body in _fields(change):
        lines += wrapped(_head(label), body, width=width)
    if change.verdicts:
        lines += verdict_lines(change.verdicts, _head("guards"), width=width)
    lines += overlap_lines(change.overlaps, _head("overlap"), width=width)
    lines += _sample(change, width)
    lines += _differences(change, width)
    if change.hint:
        lines += wrapped(_head("next"), (Span(change.hint),), width=width)
    for note in change.notes:
        lines += wrapped(_head("note"), (Span(note, "warn"),), width=width)
    return tuple(lines)


def _line(change: Change, width: int, column: int) -> tuple[Line, ...]:
    sign, style = SIGN_BY_KIND[change.kind]
    words = f"{change.reason}; {change.hint}" if change.hint else change.reason
    title = (
        Span(f"{sign} ", style),
        Span(str(change.key).ljust(column), "strong"),
        Span(f"  {state_word(change)}", style),
    )
    return wrapped((*title, Span("  ")), (Span(words, "muted"),), width=width)


def _is_short(change: Change) -> bool:
    return change.kind is ChangeKind.NO_OP and not change.notes


def _fields(change: Change) -> list[tuple[str, tuple[Span, ...]]]:
    """What stands in every block, as far as it is known."""
    fields: list[tuple[str, tuple[Span, ...]]] = [
        ("why", (Span(change.reason),)),
        ("does" if change.source else "did", (Span(change.summary),)),
    ]
    if change.filter_words:
        fields.append(("leads", (Span(change.filter_words),)))
    if change.matches:
        fields.append(("matches", _match_spans(change.matches, change.asked_limit)))
    if change.funnel:
        fields.append(("reaches", (Span(funnel_words(change.funnel)),)))
    if change.forecast:
        fields.append(("sends" if _sends(change) else "changes", (Span(change.forecast.words, "strong"),)))
    if change.source:
        fields.append(("undo", _undo_spans(change)))
    if change.depends_on:
        fields.append(("after", (Span(", ".join(change.depends_on)),)))
    if change.source:
        by = f", owner {change.owner}" if change.owner else ""
        fields.append(("spec", (Span(f"{change.source.file}:{change.source.line}{by}", "muted"),)))
    return fields


def _match_spans(matches: Matches, asked_limit: int | None) -> tuple[Span, ...]:
    share = f" ({100 * matches.total / matches.of_leads:.1f} %)" if matches.of_leads else ""
    parts: list[tuple[str, Style]] = [(f" of {all_leads(matches.of_leads)}{share}", "plain")]
    if matches.limited < matches.total and asked_limit is not None:
        parts.append((f" takes {matches.limited:,} of them (results_limit: {asked_limit})", "warn"))
    if matches.suppressed is not None:
        parts.append((f" {matches.suppressed:,} suppressed", "muted"))
    if matches.excluded:
        parts.append((f" {matches.excluded:,} taken out for earlier runs", "muted"))
    spans = [Span(text + ";", style) for text, style in parts[:-1]] + [Span(*parts[-1])]
    return Span(f"{matches.total:,}", "strong"), *spans


def _sends(change: Change) -> bool:
    """Whether its forecast is one of messages or of new subscriptions, not of changes to old ones."""
    return change.action_type in ("email", "sequence_subscribe")


def _undo_spans(change: Change) -> tuple[Span, ...]:
    if change.is_undoable:
        return Span(UNDO_BY_HAND, "ok"), Span(f": {FORMER_VALUES}")
    return Span("no", "warn"), Span(f": {change.undo_words}" if change.undo_words else "")


def _sample(change: Change, width: int) -> tuple[Line, ...]:
    """Some of the leads by name, where they were asked for."""
    head, lines = _head("sample"), list[Line]()
    for lead in change.sample:
        name = visible(lead.name, max_chars=80) if lead.name else "(no name)"
        lines += wrapped(head, (Span(name), Span(f"  {lead.id}", "muted")), width=width)
        head = _head("")
    return tuple(lines)


def _differences(change: Change, width: int) -> tuple[Line, ...]:
    if change.differences:
        title = wrapped((Span(_INDENT),), (Span(f"differs from {change.compared_with}:"),), width=width)
        return *title, *diff_lines(change.differences, indent=len(_INDENT) + 2, width=width)
    if change.compared_with and change.request:
        words = f"the same request as {change.compared_with}, but for the leads that match"
        return wrapped(_head("differs"), (Span(words, "muted"),), width=width)
    return ()


def _payload(change: Change, plan: Plan) -> tuple[Line, ...]:
    """The request as it would be sent: the reviewed one, marker aside."""
    request = change.request
    if request is None:
        return ()
    title = f"{_INDENT}POST {request.path}"
    if plan.marker and plan.marker.is_neutral:
        title += "  (and-ed with the marker of the attempt when it is sent)"
    text = json.dumps(without_long_lists(request.body), indent=2, ensure_ascii=False)
    return (Span(title, "muted"),), *((Span(f"{_INDENT}{row}"),) for row in text.splitlines())


def _footer(plan: Plan, width: int, closing: str | None) -> tuple[Line, ...]:
    lines: list[Line] = []
    if plan.marker:
        lines += wrapped((), _marker_spans(plan.marker), width=width)
    lines += wrapped((), (Span(summary_words(summarize(plan)), "strong"),), width=width)
    return (*lines, (Span(closing),)) if closing else tuple(lines)


def _marker_spans(check: MarkerCheck) -> Sequence[Span]:
    words = marker_words(check)
    if check.is_neutral:
        return (Span(words, "muted"),)
    alarm, colon, rest = words.partition(": ")
    return Span(alarm + colon, "warn"), Span(rest)


def _head(label: str) -> tuple[Span, ...]:
    return (Span(f"{_INDENT}{label:<{_LABEL_WIDTH}}", "muted"),)
