"""A plan in numbers, and in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bulkplan.model.plan import Change, ChangeKind, Plan

BLOCKED = "blocked"
"""How a row that a guard refuses is counted."""


@dataclass(frozen=True)
class Summary:
    """`n_run` rows would touch `leads` leads in all; `others` counts the other rows by kind, or as "blocked"."""

    n_run: int
    leads: int
    others: Mapping[str, int]


def summarize(plan: Plan) -> Summary:
    """The plan in numbers; kinds in their own order."""
    running = [change for change in plan.changes if change.would_run]
    found = Counter(state_word(change) for change in plan.changes if not change.would_run)
    order = [kind.value for kind in ChangeKind]
    order.insert(order.index(ChangeKind.NO_OP.value) + 1, BLOCKED)
    leads = sum(change.matches.limited for change in running if change.matches)
    return Summary(len(running), leads, {word: found[word] for word in order if found[word]})


def state_word(change: Change) -> str:
    """One word for how a row stands: its kind, or `blocked` when only a guard keeps it from running."""
    return BLOCKED if change.kind is ChangeKind.RUN and change.is_blocked else change.kind.value


def summed_leads(n_runs: int, leads: int) -> str:
    """Like `32 leads`, or of several runs `366 leads (counted per run)`: a lead that two runs match counts twice."""
    words = f"{leads:,} lead{'s' if leads != 1 else ''}"
    return f"{words} (counted per run)" if n_runs > 1 else words


def summary_words(summary: Summary) -> str:
    """Like `Plan: 3 to run on 512 leads (counted per run), 1 no-op, 1 blocked.`"""
    if not summary.n_run and not summary.others:
        return "Plan: no run is wanted."
    parts = [f"{count:,} {word}" for word, count in summary.others.items()]
    if summary.n_run:
        parts.insert(0, f"{summary.n_run:,} to run on {summed_leads(summary.n_run, summary.leads)}")
    else:
        parts.insert(0, "nothing to run")
    return f"Plan: {', '.join(parts)}."
