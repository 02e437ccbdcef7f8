"""What a row of a plan says once its leads were listed: its cohort, its sample, and its request when it is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bulkplan.core.cohort import MAX_LISTED_IN_ORDER, MAX_MEMBERS, listing_limit
from bulkplan.core.digest import request_digest
from bulkplan.core.frozen import freeze
from bulkplan.core.guards import GuardLayers, drift_allowance, facts_of, judge, zero_words
from bulkplan.core.render import with_ceiling
from bulkplan.model.plan import Change, ChangeKind, Cohort, Matches, SampledLead
from bulkplan.model.request import Request

_COUNTED_GUARDS = frozenset({"max_matches", "max_percent", "min_matches", "max_deviation"})


@dataclass(frozen=True)
class Listed:
    """
    What listing the leads of a row gave.

    `n_counted` is what Close counted then; `has_members` says that they were wanted in the plan.
    """

    cohort: Cohort
    n_counted: int
    has_members: bool = False


def n_to_list(change: Change) -> int:
    """How many leads a row's listing should give; 0 where nothing was counted."""
    if change.matches is None:
        return 0
    return change.matches.total if listing_limit(change.asked_limit) is None else change.matches.limited


def with_cohort(change: Change, listed: Listed) -> Change:
    """The row with who matches, and what a reviewer should know of that."""
    return change.model_copy(update={"cohort": listed.cohort, "notes": (*change.notes, *_notes(change, listed))})


def with_sample(change: Change, sample: Sequence[SampledLead]) -> Change:
    """The row with some of its leads by name, and the note that they are."""
    if not sample:
        return change
    note = f"shows {_leads(len(sample))} by name, as --sample asked: personal data, in this plan wherever it is kept"
    return change.model_copy(update={"sample": tuple(sample), "notes": (*change.notes, note)})


def as_frozen(change: Change) -> Change:
    """A row of a frozen run, saying so; its leads are in it, or would be if it ran."""
    n_leads = change.cohort.n_leads if change.cohort else None
    whom = "the leads that match when the plan is made" if n_leads is None else f"the {_leads(n_leads)} of this plan"
    words = f"{change.filter_words}; frozen: only {whom}, as far as they still match when it runs"
    return change.model_copy(update={"cohort_kind": "frozen", "filter_words": words})


def with_leads_frozen(change: Change, request: Request, lead_ids: Sequence[str], layers: GuardLayers) -> Change:
    """
    The row with its request for these leads only; judged again where they are not as many as were counted.

    Args:
        change: A row of a frozen run, with its matches.
        request: Its request, not frozen yet.
        lead_ids: Who it takes.
        layers: The guards of the run.
    """
    n_leads = len(lead_ids)
    if change.matches is not None and n_leads != change.matches.limited:
        matches = change.matches.model_copy(update={"total": n_leads, "limited": n_leads})
        change = _recounted(change, request, matches, layers)
    if not change.would_run:
        return change
    frozen = with_ceiling(freeze(request, lead_ids), n_leads)
    return change.model_copy(
        update={
            "request": frozen,
            "request_digest": request_digest(frozen.body),
            "max_drift_leads": drift_allowance(n_leads, layers),
        }
    )


def _recounted(change: Change, request: Request, matches: Matches, layers: GuardLayers) -> Change:
    """The row with another count, and the verdicts of the guards that look at it."""
    judged = judge(matches, layers, facts_of(request, change.earlier_counts))
    fresh = {verdict.guard: verdict for verdict in judged if verdict.guard in _COUNTED_GUARDS}
    verdicts = tuple(fresh.get(verdict.guard, verdict) for verdict in change.verdicts)
    others = tuple(name for name in change.blocked_by if name not in _COUNTED_GUARDS)
    blocked = (*(verdict.guard for verdict in fresh.values() if not verdict.is_ok), *others)
    update: dict[str, object] = {"matches": matches, "verdicts": verdicts, "blocked_by": blocked}
    if not matches.total and not blocked:
        update |= {"kind": ChangeKind.NO_OP, "reason": f"no lead matches now; {zero_words(layers)}"}
        update |= {"request": None, "request_digest": None}
    return change.model_copy(update=update)


def _notes(change: Change, listed: Listed) -> list[str]:
    found, notes = listed.cohort.n_leads, []
    if found != listed.n_counted:
        notes.append(
            f"Close counted {_leads(listed.n_counted)} and listed {found:,}, twice in a row: leads come and go, or its "
            "search index is behind"
        )
    if listed.has_members and listed.cohort.members is None:
        notes.append(f"{_leads(found)}: a saved plan holds the members of at most {MAX_MEMBERS:,}; {_where(listed)}")
    if change.asked_limit is not None and listing_limit(change.asked_limit) is None:
        notes.append(
            f"results_limit {change.asked_limit:,} is more than the {MAX_LISTED_IN_ORDER:,} leads that Close lists in "
            "one order: members are those of the whole filter, whichever of them come first"
        )
    return notes


def _where(listed: Listed) -> str:
    """Where the members of a large cohort are."""
    if listed.cohort.members_digest is None:
        return "of more it knows their digest alone, and until apply, drift is measured in counts"
    return "those of more lie in a file beside it, and without that, drift is measured in counts"


def _leads(count: int) -> str:
    return f"{count:,} lead{'s' if count != 1 else ''}"
