"""What a pull request changes: two plans, of the base and of the head, compared spec by spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bulkplan.core.diff import differences
from bulkplan.core.digest import canonical_json
from bulkplan.core.frozen import comparable
from bulkplan.core.members import Members, compare_members, members_of
from bulkplan.core.risk import Risk, risk_of
from bulkplan.model.base import JsonObject
from bulkplan.model.plan import Change, ChangeKind, FieldChange, Plan
from bulkplan.model.run import RunKey

KeptMembers = Callable[[RunKey], Members | None]
_AT_REST = frozenset({ChangeKind.NO_OP, ChangeKind.EXPIRED})
"""Nothing is sent for such a row, and nobody is needed."""


class SpecChangeKind(StrEnum):
    """What became of one run that the specs ask for."""

    NEW = "new"
    EDITED = "edited"
    REMOVED = "removed"
    MOVED = "moved"
    """It asks for the same, and yet stands otherwise: refused by a guard, beside other runs."""


@dataclass(frozen=True)
class Reach:
    """
    How many leads a run would touch at the base and at the head.

    `entering`, `leaving` and `staying` are there where both plans know who the leads are.
    """

    base: int
    head: int
    entering: int | None = None
    leaving: int | None = None
    staying: int | None = None


@dataclass(frozen=True)
class SpecChange:
    """One run that differs between base and head. `differences` are those of the request, where both have one."""

    kind: SpecChangeKind
    base: Change | None
    head: Change | None
    reach: Reach
    differences: tuple[FieldChange, ...] = ()

    @property
    def row(self) -> Change:
        """The row to speak of: the head's, or of what is gone the base's."""
        row = self.head or self.base
        if row is None:
            raise ValueError("a change of nothing")
        return row

    @property
    def risk(self) -> Risk:
        """How much this change deserves a second look."""
        return risk_of(self.head) if self.head else Risk.NONE


@dataclass(frozen=True)
class Comparison:
    """What differs, riskiest first, and how many runs are the same at both ends."""

    changes: tuple[SpecChange, ...]
    n_same: int

    def count(self, kind: SpecChangeKind) -> int:
        """How many runs changed like this."""
        return sum(change.kind is kind for change in self.changes)


@dataclass(frozen=True)
class KeptAtEnds:
    """The members that lie beside the plans of base and head, by run; `None` where nothing does."""

    base: KeptMembers | None = None
    head: KeptMembers | None = None


def compare_plans(base: Plan | None, head: Plan, kept: KeptAtEnds | None = None) -> Comparison:
    """
    Compare two plans, made one right after the other, by what their specs ask for.

    Runs are paired by name, variant and period, so a raised version is an edit. Rows that no spec asks for (orphans)
    are no part of it, nor what is at rest at both ends. `base` is `None` where it has no project: then all is new.
    `kept` knows the members of large cohorts, where they lie beside the plans.
    """
    before, after = _by_name(base.changes if base else ()), _by_name(head.changes)
    found: list[SpecChange] = []
    n_same = 0
    for name in sorted(before.keys() | after.keys()):
        change = _compare(before.get(name), after.get(name), kept or KeptAtEnds())
        if change is None:
            n_same += 1
        else:
            found.append(change)
    return Comparison(tuple(sorted(found, key=_order)), n_same)


def meaning_of(change: Change) -> JsonObject | None:
    """What a row's request says beside its ceiling, which is only how many leads there are; `None` without one."""
    if change.request is None:
        return None
    body = comparable(change.request.body)
    return {**body, "results_limit": change.asked_limit}


def _by_name(changes: Iterable[Change]) -> dict[tuple[str, str], Change]:
    return {(change.key.full_name, change.key.period or ""): change for change in changes if change.source is not None}


def _compare(base: Change | None, head: Change | None, kept: KeptAtEnds) -> SpecChange | None:
    kind = _kind(base, head)
    if kind is None:
        return None
    return SpecChange(kind, base, head, _reach(base, head, kept), _differences(base, head))


def _kind(base: Change | None, head: Change | None) -> SpecChangeKind | None:
    if base is None:
        return SpecChangeKind.NEW
    if head is None:
        return SpecChangeKind.REMOVED
    is_same = base.key == head.key and base.fingerprint == head.fingerprint
    if not is_same or not _mean_alike(base, head):
        return SpecChangeKind.EDITED
    if base.kind in _AT_REST and head.kind in _AT_REST:
        return None
    return SpecChangeKind.MOVED if _standing(base) != _standing(head) else None


def _mean_alike(base: Change, head: Change) -> bool:
    """Where only one of them has a request there is nothing to compare: the fingerprint has decided."""
    then, now = meaning_of(base), meaning_of(head)
    return then is None or now is None or canonical_json(then) == canonical_json(now)


def _standing(change: Change) -> tuple[object, ...]:
    """No counts: where the same is asked twice and other leads answer, that is no doing of a pull request."""
    overlaps = tuple((each.with_, each.rule, each.severity) for each in change.overlaps)
    return (change.kind, change.blocked_by, overlaps)


def _reach(base: Change | None, head: Change | None, kept: KeptAtEnds) -> Reach:
    then, now = _n_leads(base), _n_leads(head)
    if not then or not now:
        return Reach(then, now, entering=now, leaving=then, staying=0)
    before, after = _members(base, kept.base), _members(head, kept.head)
    if before is None or after is None:
        return Reach(then, now)
    drift = compare_members(before, after)
    return Reach(then, now, entering=drift.entered, leaving=drift.left, staying=drift.planned - drift.left)


def _n_leads(change: Change | None) -> int:
    """Leads that the row is about; none where it is at rest."""
    if change is None or change.kind in _AT_REST or change.matches is None:
        return 0
    return change.matches.limited


def _members(change: Change | None, kept: KeptMembers | None) -> Members | None:
    return members_of(change.cohort, kept(change.key) if kept else None) if change else None


def _differences(base: Change | None, head: Change | None) -> tuple[FieldChange, ...]:
    then, now = (meaning_of(base) if base else None), (meaning_of(head) if head else None)
    if then is None or now is None or canonical_json(then) == canonical_json(now):
        return ()
    names = {
        name: words for each in (base, head) if each and each.request for name, words in each.request.names.items()
    }
    return differences(then, now, names=names)


def _order(change: SpecChange) -> tuple[int, int, int, str]:
    kinds = list(SpecChangeKind)
    return -change.risk, -change.reach.head, kinds.index(change.kind), str(change.row.key)
