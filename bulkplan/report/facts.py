"""What the forms of a plan say alike, in the same words: counts, shares, how it can be undone, where it stands."""

from __future__ import annotations

import json

from pydantic import JsonValue

from bulkplan.core.shares import all_leads, count_leads
from bulkplan.core.visible import visible_json
from bulkplan.model.plan import Change, MarkerCheck, Matches, Plan
from bulkplan.report.long_lists import without_long_lists


def percent(part: int, whole: int) -> str:
    """Like `3.2 %`; of nothing it is 0."""
    return f"{100 * part / whole if whole else 0:.1f} %"


def matches_words(matches: Matches, asked_limit: int | None = None) -> str:
    """Like `214 of all 1,000 leads (21.4 %); takes 50 of them (results_limit: 50); 14 suppressed`."""
    share = f" ({percent(matches.total, matches.of_leads)})" if matches.of_leads else ""
    parts = [f"{matches.total:,} of {all_leads(matches.of_leads)}{share}"]
    if matches.limited < matches.total and asked_limit is not None:
        parts.append(f"takes {matches.limited:,} of them (results_limit: {asked_limit})")
    if matches.suppressed is not None:
        parts.append(f"{matches.suppressed:,} suppressed")
    if matches.excluded:
        parts.append(f"{matches.excluded:,} taken out for earlier runs")
    return "; ".join(parts)


UNDO_BY_HAND = "by hand"
FORMER_VALUES = "Close's event log keeps the former values for 30 days"
"""How an edit is taken back: no command does it, and for how long anybody can."""


def undo_words(change: Change) -> str:
    """Like `no: mail that was sent cannot be called back`."""
    if change.is_undoable:
        return f"{UNDO_BY_HAND}: {FORMER_VALUES}"
    return f"no: {change.undo_words}" if change.undo_words else "no"


def spec_words(change: Change) -> str | None:
    """Like `specs/tag.yaml:3`; `None` where no spec asks for the row."""
    return f"{change.source.file}:{change.source.line}" if change.source else None


def marker_words(check: MarkerCheck) -> str:
    """What a marker is good for, or why this target does without."""
    if check.is_neutral:
        return "Each request will carry a marker, a condition that every lead meets, by which it can be found again."
    return (
        f"Without markers: this Close counts {count_leads(check.without_marker)}, and {check.with_marker:,} with a "
        "marker. A run whose answer gets lost will be left for a person to settle."
    )


def vars_words(plan: Plan) -> str | None:
    """Like `days=30, region=EMEA`: what `--var` gave; `None` where it gave nothing."""
    given = (f"{name}={value if isinstance(value, str) else json_line(value)}" for name, value in plan.vars.items())
    return ", ".join(sorted(given)) or None


def json_line(value: JsonValue) -> str:
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False)


def request_text(change: Change) -> str | None:
    """The body that would be sent, as indented JSON, long lists of IDs cut; `None` where nothing would be."""
    if change.request is None:
        return None
    return visible_json(json.dumps(without_long_lists(change.request.body), indent=2, ensure_ascii=False))
