"""What a pull request changes, spec by spec, in Markdown: riskiest first, within a budget of bytes."""

from __future__ import annotations

from collections.abc import Mapping

from bulkplan.core.comparison import Comparison, Reach, SpecChange, SpecChangeKind
from bulkplan.core.visible import visible
from bulkplan.model.plan import FieldChange
from bulkplan.report.facts import json_line
from bulkplan.report.markdown import code_span, fenced, html_code
from bulkplan.report.plan_markdown import Markdown
from bulkplan.report.summary import state_word

_TABLE_HEAD = "| Spec | Change | At the base | At the head | Leads entering | leaving | staying |\n"
_TABLE_HEAD += "|---|---|---|---|---:|---:|---:|\n"
_NAME_CHARS, _VALUE_CHARS = 120, 300
_MAX_DIFFERENCES = 20
_MOVED_MEANS = "<sub>moved: it asks for the same, and stands otherwise: by a guard, or beside other runs</sub>\n\n"
_SIGNS: Mapping[SpecChangeKind, str] = {
    SpecChangeKind.NEW: "➕ new",
    SpecChangeKind.EDITED: "✏️ edited",
    SpecChangeKind.REMOVED: "➖ removed",
    SpecChangeKind.MOVED: "↔️ moved",
}
_WORDS: Mapping[SpecChangeKind, str] = {
    SpecChangeKind.NEW: "new",
    SpecChangeKind.EDITED: "edited",
    SpecChangeKind.REMOVED: "removed",
    SpecChangeKind.MOVED: "moved",
}


def comparison_markdown(comparison: Comparison, *, max_bytes: int) -> Markdown:
    """
    The changes of a pull request as a table, and below it how each request differs.

    What does not fit is counted: lines of the table go before differences, and the riskiest stand first.
    """
    title = f"#### What this pull request changes: {summary_of(comparison)}\n\n"
    lines = [_line(change) for change in comparison.changes]
    folds = [_fold(change) for change in comparison.changes]
    room = max_bytes - len((title + _TABLE_HEAD + _left_out(len(lines), len(folds)) + _MOVED_MEANS + "\n\n").encode())
    n_lines, room = _that_fit(lines, room)
    shown = [fold for fold in folds[:n_lines] if fold]
    n_folds, _ = _that_fit(shown, room)
    n_missing = sum(1 for fold in folds if fold) - n_folds
    table = f"{_TABLE_HEAD}{''.join(lines[:n_lines])}\n" if n_lines else ""
    if comparison.count(SpecChangeKind.MOVED) and n_lines:
        table += _MOVED_MEANS
    note = _left_out(len(lines) - n_lines, n_missing)
    return Markdown(title + table + "".join(shown[:n_folds]) + note, len(lines) - n_lines)


def summary_of(comparison: Comparison) -> str:
    """Like `1 new, 2 edited; 12 as before`."""
    counts = [(comparison.count(kind), word) for kind, word in _WORDS.items()]
    parts = [f"{count:,} {word}" for count, word in counts if count]
    words = ", ".join(parts) or "nothing that would run otherwise"
    return f"{words}; {comparison.n_same:,} as before" if comparison.n_same else words


def _that_fit(parts: list[str], room: int) -> tuple[int, int]:
    """How many of the first parts fit, and the room that is left."""
    for count, part in enumerate(parts):
        size = len(part.encode())
        if size > room:
            return count, room
        room -= size
    return len(parts), room


def _line(change: SpecChange) -> str:
    base, head, reach = change.base, change.head, change.reach
    key = code_span(str(change.row.key), max_chars=_NAME_CHARS)
    if base and head and base.key != head.key:
        key = f"{code_span(str(base.key), max_chars=_NAME_CHARS)} → {key}"
    cells = (
        key,
        _SIGNS[change.kind],
        f"{state_word(base)}, {reach.base:,}" if base else "–",
        f"**{state_word(head)}**, {reach.head:,}" if head else "gone; nothing is undone",
        *_moves(reach),
    )
    return f"| {' | '.join(cells)} |\n"


def _moves(reach: Reach) -> tuple[str, str, str]:
    """Who enters, leaves and stays; a question mark where only counts are known."""
    if reach.entering is None or reach.leaving is None or reach.staying is None:
        return ("?", "?", "?")
    return (f"{reach.entering:,}", f"{reach.leaving:,}", f"{reach.staying:,}")


def _fold(change: SpecChange) -> str:
    if not change.differences:
        return ""
    told = [line for each in change.differences[:_MAX_DIFFERENCES] for line in _difference(each)]
    rest = len(change.differences) - _MAX_DIFFERENCES
    if rest > 0:
        told.append(f"  and {rest:,} more differences")
    name = html_code(str(change.row.key), max_chars=_NAME_CHARS)
    head = f"<details><summary>How the request of {name} differs</summary>\n\n"
    return head + fenced("\n".join(told), "diff") + "\n\n</details>\n\n"


def _difference(each: FieldChange) -> list[str]:
    """As a patch shows it."""
    before = f"- {each.path}: {visible(json_line(each.before), max_chars=_VALUE_CHARS)}"
    after = f"+ {each.path}: {visible(json_line(each.after), max_chars=_VALUE_CHARS)}"
    return {"added": [after], "removed": [before], "changed": [before, after]}[each.change]


def _left_out(n_lines: int, n_folds: int) -> str:
    parts = [f"{n_lines:,} spec{'s' if n_lines != 1 else ''}"] if n_lines else []
    parts += [f"the differences of {n_folds:,}"] if n_folds else []
    return f"Left out for lack of room: {' and '.join(parts)}.\n\n" if parts else ""
