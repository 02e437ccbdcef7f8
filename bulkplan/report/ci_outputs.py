"""A plan as outputs of a step: numbers, words of a fixed list, and a digest; never text from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from bulkplan.core.risk import Risk, risk_of
from bulkplan.model.plan import ChangeKind, SealedPlan
from bulkplan.report.summary import summarize

NAMES = ("has_changes", "match_total", "max_risk", "plan_digest", "blocked", "unknown", "in_progress")
"""What a plan says; `failed` stands beside them."""


def outputs_of(sealed: SealedPlan | None) -> Mapping[str, str]:
    """
    The outputs of a plan; of none (planning failed) they are empty.

    `has_changes`: something would be sent. `match_total`: to how many leads. `max_risk`: a word of `Risk`. `blocked`,
    `unknown`, `in_progress`: how many rows a guard refuses, of how many runs nobody knows what became, and how many
    are not at their end yet.
    """
    if sealed is None:
        return {"failed": "true", **dict.fromkeys(NAMES, "")}
    plan, summary = sealed.plan, summarize(sealed.plan)
    blocked = sum(change.kind is ChangeKind.RUN and change.is_blocked for change in plan.changes)
    kinds = Counter(change.kind for change in plan.changes)
    return {
        "failed": "false",
        "has_changes": "true" if summary.n_run else "false",
        "match_total": str(summary.leads),
        "max_risk": max((risk_of(change) for change in plan.changes), default=Risk.NONE).word,
        "plan_digest": sealed.digest,
        "blocked": str(blocked),
        "unknown": str(kinds[ChangeKind.UNKNOWN]),
        "in_progress": str(kinds[ChangeKind.IN_PROGRESS]),
    }
