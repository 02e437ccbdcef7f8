"""One row of a plan in Markdown, in parts: a line of a table, details, differences, the request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bulkplan.core.risk import Risk, risk_of
from bulkplan.core.shares import count_leads
from bulkplan.core.visible import visible
from bulkplan.model.plan import Change, FieldChange, Overlap, Plan, Verdict
from bulkplan.report.facts import UNDO_BY_HAND, json_line, matches_words, percent, request_text, undo_words
from bulkplan.report.funnel_text import funnel_words
from bulkplan.report.markdown import code_span, fenced, html_code, markdown_text, markup_text
from bulkplan.report.summary import state_word
from bulkplan.report.verdict_text import layer_words, passed_words

CLOSE = "</details>\n\n"
"""Ends the details of a row."""

_CELL_CHARS, _TEXT_CHARS, _VALUE_CHARS = 240, 1_000, 2_000
_RISK_SIGNS = {
    Risk.CRITICAL: "🔴 critical",
    Risk.HIGH: "🟠 high",
    Risk.MEDIUM: "🟡 medium",
    Risk.LOW: "🟢 low",
    Risk.NONE: "⚪ none",
}


class RowParts(NamedTuple):
    """What there is to say about a row, the most important first. Each part is shown only with those before it."""

    line: str
    """A line of the table that it stands in."""
    details: str = ""
    """Opens a fold; `CLOSE` ends it."""
    differences: str = ""
    request: str = ""


def row_parts(change: Change, plan: Plan) -> RowParts:
    """The parts of a row that somebody should look at."""
    return RowParts(_line(change), _details(change), _differences(change), _request(change, plan))


def quiet_parts(change: Change) -> RowParts:
    """The one part of a row that sends nothing and needs nobody."""
    why = f"{change.reason}; {change.hint}" if change.hint else change.reason
    cells = (code_span(str(change.key), max_chars=_CELL_CHARS), state_word(change), _text(why, _CELL_CHARS))
    return RowParts(_table_line(*cells))


def _line(change: Change) -> str:
    matches = change.matches
    share = f"{matches.limited:,} ({percent(matches.limited, matches.of_leads)})" if matches else ""
    return _table_line(
        _RISK_SIGNS[risk_of(change)],
        f"{code_span(str(change.key), max_chars=_CELL_CHARS)} **{state_word(change)}**",
        _text(change.summary, _CELL_CHARS),
        share,
        (UNDO_BY_HAND if change.is_undoable else "**no**") if change.source else "",
    )


def _table_line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _details(change: Change) -> str:
    state, about = state_word(change), markup_text(change.summary, max_chars=_CELL_CHARS)
    head = f"{html_code(str(change.key), max_chars=_CELL_CHARS)} <b>{state}</b>: {about}"
    text = f"<details><summary>{head}</summary>\n\n"
    if change.description:
        text += f"**About:** {_text(change.description)}\n\n"
    return text + "".join(f"- {item}\n" for item in _items(change)) + "\n"


def _items(change: Change) -> Iterator[str]:
    yield f"**Why:** {_text(change.reason)}"
    yield from _leads_items(change)
    if change.source:
        yield f"**Undo:** {_text(undo_words(change))}"
        owner = f", owner {_text(change.owner, _CELL_CHARS)}" if change.owner else ""
        yield f"**Spec:** {code_span(f'{change.source.file}:{change.source.line}')}{owner}"
    if change.depends_on:
        yield f"**After:** {', '.join(code_span(name) for name in change.depends_on)}"
    yield from map(_verdict, sorted(change.verdicts, key=lambda one: one.is_ok))
    yield from map(_overlap, sorted(change.overlaps, key=lambda one: one.severity != "error"))
    if change.hint:
        yield f"**Next:** {_text(change.hint)}"
    yield from (f"**Note:** {_text(note)}" for note in change.notes)


def _leads_items(change: Change) -> Iterator[str]:
    if change.filter_words:
        yield f"**Which leads:** {_text(change.filter_words)}"
    if change.matches:
        yield f"**Matches:** {_text(matches_words(change.matches, change.asked_limit))}"
    if change.funnel:
        yield f"**Who is reached:** {_text(funnel_words(change.funnel))}"
    if change.forecast:
        yield f"**Forecast:** {_text(change.forecast.words)}"
    if change.sample:
        named = f"{count_leads(len(change.sample))} by name"
        yield f"**Sample:** {named} in the saved plan, left out here: personal data"


def _verdict(verdict: Verdict) -> str:
    if verdict.is_ok:
        return f"**Guard passes:** {_text(passed_words(verdict))}"
    said = f"{verdict.message or verdict.measured} ({layer_words(verdict)})"
    mend = f" **Mend:** {_text(verdict.mend)}" if verdict.mend else ""
    return f"⛔ **Guard {_text(verdict.guard)} refuses:** {_text(said)}.{mend}"


def _overlap(overlap: Overlap) -> str:
    heads = {"error": "⛔ **Overlap refuses:**", "warning": "⚠️ **Overlap:**", "exclusion": "**Taken out:**"}
    mend = f". **Mend:** {_text(overlap.mend)}" if overlap.mend else ""
    return f"{heads[overlap.severity]} {_text(overlap.message)}{mend}"


def _differences(change: Change) -> str:
    if not change.differences:
        return ""
    other = code_span(str(change.compared_with))
    rows = "\n".join(line for difference in change.differences for line in _difference_lines(difference))
    return f"**What differs from** {other}**:**\n\n{fenced(rows, 'diff')}\n\n"


def _difference_lines(difference: FieldChange) -> Iterator[str]:
    """As a patch shows it: what was, what is."""
    for sign, value in (("-", difference.before), ("+", difference.after)):
        if difference.change == "changed" or (difference.change == "removed") == (sign == "-"):
            yield f"{sign} {difference.path}: {visible(json_line(value), max_chars=_VALUE_CHARS)}"


def _request(change: Change, plan: Plan) -> str:
    text = request_text(change)
    if text is None or change.request is None:
        return ""
    title = f"POST {html_code(change.request.path)}"
    if plan.marker and plan.marker.is_neutral:
        title += ", and-ed with the marker of the attempt when it is sent"
    return f"<details><summary>Request: {title}</summary>\n\n{fenced(text, 'json')}\n\n{CLOSE}"


def _text(text: str, max_chars: int = _TEXT_CHARS) -> str:
    return markdown_text(text, max_chars=max_chars)
