"""How much a row of a plan deserves a second look: by what it does, to how many, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from bulkplan.core.limits import DEFAULT_MAX_MATCHES, DEFAULT_MAX_PERCENT, PERCENT_FROM_LEADS
from bulkplan.model.plan import ALARM, Change, ChangeKind, Matches
from bulkplan.model.request import Family


class Risk(IntEnum):
    """How risky a row is; a larger one is riskier. `none`: nothing is sent, and nobody is needed."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """Like `high`."""
        return self.name.lower()


FAMILY_BY_ACTION: Mapping[str, Family] = {
    "email": "email",
    "set_lead_status": "edit",
    "set_custom_field": "edit",
    "clear_custom_field": "edit",
    "delete": "delete",
    "sequence_subscribe": "sequence",
    "sequence_pause": "sequence",
    "sequence_resume": "sequence",
    "sequence_resume_finished": "sequence",
}
"""The guards that hold for each action, by its type."""

_BY_FAMILY: Mapping[Family, Risk] = {
    "edit": Risk.LOW,
    "email": Risk.MEDIUM,
    "sequence": Risk.MEDIUM,
    "delete": Risk.HIGH,
}
"""A run of ordinary size: what is deleted is gone, mail is read, and a field can be written again."""

_BY_KIND: Mapping[ChangeKind, Risk] = {
    ChangeKind.RUN: Risk.NONE,  # by what it does and to how many: see `_of_run`
    ChangeKind.NO_OP: Risk.NONE,
    ChangeKind.CONFLICT: Risk.MEDIUM,
    ChangeKind.IN_PROGRESS: Risk.LOW,
    ChangeKind.PAUSED: Risk.LOW,
    ChangeKind.FAILED: Risk.MEDIUM,
    ChangeKind.UNKNOWN: Risk.HIGH,
    ChangeKind.NOT_YET: Risk.LOW,
    ChangeKind.EXPIRED: Risk.NONE,
    ChangeKind.ORPHAN: Risk.NONE,
}
_HUGE_FACTOR = 10
_HUGE_SHARE_FACTOR = 2
_NEEDS_SOMEBODY = frozenset({ChangeKind.UNKNOWN, ChangeKind.CONFLICT, ChangeKind.FAILED})


def risk_of(change: Change) -> Risk:
    """
    How risky a row is.

    A run counts by its action, one step more beyond the size that is allowed where nobody sets a limit, two steps more
    far beyond it, and one step more when a guard or an overlap refuses it. What cannot be undone is never `low`. Rows
    that send nothing now count by how much they need somebody; an alarm is always `high` at least.
    """
    found = _of_run(change) if change.kind is ChangeKind.RUN else _BY_KIND[change.kind]
    has_alarm = any(note.startswith(ALARM) for note in change.notes)
    return max(found, Risk.HIGH) if has_alarm else found


def riskiest_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The rows by falling risk: at equal risk those that need somebody, then those with more leads, then as given."""
    return tuple(sorted(changes, key=_order))


def _of_run(change: Change) -> Risk:
    family = FAMILY_BY_ACTION.get(change.action_type, "delete")
    base = _BY_FAMILY[family] if change.is_undoable else max(_BY_FAMILY[family], Risk.MEDIUM)
    steps = _size_steps(change.matches, family, is_blocked=change.is_blocked) + int(change.is_blocked)
    return Risk(min(base + steps, Risk.CRITICAL))


def _size_steps(matches: Matches | None, family: Family, *, is_blocked: bool) -> int:
    """0 up to the default limits, 1 beyond, 2 far beyond. A row that is refused counts by all that match."""
    if matches is None:
        return 0
    leads = matches.total if is_blocked else matches.limited
    most, share = DEFAULT_MAX_MATCHES[family], 0.0
    most_share = float(DEFAULT_MAX_PERCENT[family].rstrip("%"))
    if matches.of_leads >= PERCENT_FROM_LEADS:
        share = 100 * leads / matches.of_leads
    is_huge = leads > _HUGE_FACTOR * most or share > _HUGE_SHARE_FACTOR * most_share
    return 2 if is_huge else int(leads > most or share > most_share)


def _order(change: Change) -> tuple[int, bool, int]:
    calls = change.kind in _NEEDS_SOMEBODY or (change.kind is ChangeKind.RUN and change.is_blocked)
    leads = change.matches.limited if change.matches else 0
    return -risk_of(change), not calls, -leads
