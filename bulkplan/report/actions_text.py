"""Bulk actions that no run is known for, as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bulkplan.model.audit import AuditedAction
from bulkplan.report.lines import Line, Span


def action_lines(actions: Sequence[AuditedAction], names: Mapping[str, str]) -> tuple[Line, ...]:
    """One line for each action: when, what, on how many leads, how it stands, and its ID for `import`."""
    if not actions:
        return ((Span("Every bulk action that Close lists is in the state.", "ok"),),)
    rows = [_cells(action, names) for action in actions]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines: list[Line] = []
    for *cells, action_id in rows:
        text = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
        lines.append((Span(text), Span(f"  {action_id}", "strong")))
    count = f"{len(actions):,} bulk action{'' if len(actions) == 1 else 's'}"
    last = f"{count} without a record. Take one in: bulkplan import ID --name NAME"
    return (*lines, (), (Span(last),))


def _cells(action: AuditedAction, names: Mapping[str, str]) -> tuple[str, ...]:
    when = f"{action.created_at:%Y-%m-%d %H:%M}" if action.created_at else "?"
    subject = names.get(action.subject_id or "", action.subject_id or "")
    what = f"{action.action_type} “{subject}”" if subject else action.action_type
    leads = "? leads" if action.n_leads is None else f"{action.n_leads:,} lead{'' if action.n_leads == 1 else 's'}"
    return when, what, leads, action.status or "?", action.id
