"""Rows of a plan that touch the same leads: which pairs are looked at, and what it means that they do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from bulkplan.core.clashes import RULES, RuleName, clash, clashes, edits_filter_of, kind_of
from bulkplan.core.exclusion import MAX_EXCLUDED
from bulkplan.model.base import SQuery
from bulkplan.model.plan import Change, ChangeKind, Overlap
from bulkplan.model.project import ExcludingRule, OverlapRules
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey

Severity = Literal["error", "warning", "exclusion"]
GUARD = "overlap"
"""Stands in `blocked_by` of a row that an overlap refuses."""
MAX_PAIRS = 100
"""Pairs of one plan that are counted in Close, one request each."""


@dataclass(frozen=True)
class Row:
    """One row as far as overlaps go. `n_leads` match it (0 where nobody counted yet)."""

    key: RunKey
    request: Request
    depends_on: tuple[str, ...] = ()
    n_leads: int = 0

    @property
    def s_query(self) -> SQuery:
        """What selects its leads."""
        query = self.request.body["s_query"]
        if not isinstance(query, dict):
            raise ValueError(f"{self.key}: a row without a query overlaps nothing")
        return query


@dataclass(frozen=True)
class Pair:
    """Two rows that may clash; `first` runs before `second`. `says` is what the project makes of it."""

    first: Row
    second: Row
    rule: RuleName
    says: ExcludingRule

    @property
    def keys(self) -> frozenset[RunKey]:
        """Both run keys."""
        return frozenset({self.first.key, self.second.key})

    @property
    def s_query(self) -> SQuery:
        """What matches the leads of both."""
        return both(self.first.s_query, self.second.s_query)


@dataclass(frozen=True)
class Common:
    """The leads that both rows of a pair match; of too many to name only their number."""

    pair: Pair
    n_leads: int
    lead_ids: frozenset[str] | None

    def excluded(self) -> Overlap:
        """That they are taken out of the later row."""
        first, told = self.pair.first, self._told("exclusion")
        limit = first.request.body.get("results_limit")
        if isinstance(limit, int) and limit < first.n_leads:
            words = (
                f"{told.message}; it takes {limit:,} of its {_leads(first.n_leads)}, and all of them are left out here"
            )
            return told.model_copy(update={"message": words})
        return told

    def waiting(self) -> Overlap:
        """That they stay in the later row, for the earlier one takes nobody now."""
        told = self._told("warning")
        return told.model_copy(update={"message": f"{told.message}; not taken out, for a guard refuses that run"})

    def refused(self) -> Overlap:
        """That they are too many to be taken out."""
        told = self._told("error")
        words = f"{told.message}: too many to be taken out of one request (at most {MAX_EXCLUDED:,} leads)"
        return told.model_copy(update={"message": words})

    def _told(self, severity: Severity) -> Overlap:
        return _overlap(self.pair, self.pair.first, self.n_leads, severity=severity)


def both(one: SQuery, other: SQuery) -> SQuery:
    """A query for the leads that match both."""
    queries: list[JsonValue] = [one, other]
    return {"type": "and", "queries": queries}


def rows_of(changes: Iterable[Change]) -> list[Row]:
    """The rows of a plan that run, or would if no guard refused them, and match somebody."""
    return [
        Row(change.key, change.request, change.depends_on, change.matches.total)
        for change in changes
        if change.kind is ChangeKind.RUN and change.request and change.matches and change.matches.total
    ]


def pairs_of(rows: Sequence[Row], rules: OverlapRules) -> list[Pair]:
    """
    The pairs that are told, worst rule first, then those with the most leads; not those of `pairs_to_exclude`.

    Where one row waits for the other (`depends_on`), their order is meant: an error or exclusion is then a warning.
    """
    found = _pairs(rows, rules)
    return sorted((pair for pair in found if pair.says != "exclude"), key=_worst_first)


def unwanted_pairs(rows: Sequence[Row], rules: OverlapRules) -> list[Pair]:
    """The pairs that may have no lead in common, for the project refuses it or takes those leads out; worst first."""
    found = _pairs(rows, rules)
    return sorted((pair for pair in found if pair.says in ("error", "exclude")), key=_worst_first)


def new_overlap_words(pair: Pair, n_leads: int) -> str:
    """That two rows have leads in common by now, though they had none when the plan was made."""
    both_match = "matches both" if n_leads == 1 else "match both"
    return (
        f"{_leads(n_leads)} {both_match} {pair.first.key} and {pair.second.key} by now, none did in the plan, and the "
        f"project has overlaps.{pair.rule}: {pair.says}"
    )


def excludes_any(rules: OverlapRules) -> bool:
    """Whether any rule takes leads out of later runs."""
    return "exclude" in rules.model_dump().values()


def pairs_to_exclude(earlier: Iterable[Row], later: Row, rules: OverlapRules) -> list[Pair]:
    """The pairs of a row with those before it of which the project says `exclude`, in the order of the rows."""
    pairs = (_pair(first, later, rule, rules) for first in earlier if (rule := clash(first.request, later.request)))
    return [pair for pair in pairs if pair is not None and pair.says == "exclude"]


def with_exclusions(change: Change, overlaps: Sequence[Overlap]) -> Change:
    """The row with what was taken out of it, or why nothing was."""
    return _marked(change, overlaps)


def with_overlaps(changes: Sequence[Change], counted: Sequence[tuple[Pair, int]]) -> tuple[Change, ...]:
    """
    The rows with what they have in common.

    Args:
        changes: The rows of a plan.
        counted: Pairs with the number of leads in both; pairs without any are left out.
    """
    found: dict[RunKey, list[Overlap]] = {}
    for pair, n_leads in counted:
        if n_leads:
            found.setdefault(pair.first.key, []).append(_overlap(pair, pair.second, n_leads))
            found.setdefault(pair.second.key, []).append(_overlap(pair, pair.first, n_leads))
    return tuple(_marked(change, found.get(change.key, ())) for change in changes)


def _marked(change: Change, overlaps: Sequence[Overlap]) -> Change:
    if not overlaps:
        return change
    refusing = any(overlap.severity == "error" for overlap in overlaps)
    blocked = (*change.blocked_by, GUARD) if refusing else change.blocked_by
    return change.model_copy(update={"overlaps": (*change.overlaps, *overlaps), "blocked_by": blocked})


def _pairs(rows: Sequence[Row], rules: OverlapRules) -> list[Pair]:
    """Every two rows of which the project says something, in the order of the rows."""
    told = frozenset(rule for rule in RULES if getattr(rules, rule) != "allow")
    found = sorted(clashes([row.request for row in rows], told))
    pairs = (_pair(rows[first], rows[second], rule, rules) for first, second, rule in found)
    return [pair for pair in pairs if pair is not None]


def _pair(first: Row, second: Row, rule: RuleName, rules: OverlapRules) -> Pair | None:
    says: ExcludingRule = getattr(rules, rule)
    if says in ("error", "exclude") and (second.key.name in first.depends_on or first.key.name in second.depends_on):
        says = "warning"
    return None if says == "allow" else Pair(first, second, rule, says)


def _worst_first(pair: Pair) -> tuple[bool, int, int]:
    return pair.says != "error", RULES.index(pair.rule), -min(pair.first.n_leads, pair.second.n_leads)


def _overlap(pair: Pair, other: Row, n_leads: int, *, severity: Severity | None = None) -> Overlap:
    severity = severity or ("error" if pair.says == "error" else "warning")
    verb = "also matches" if n_leads == 1 else "also match"
    message = f"{_leads(n_leads)} {verb} {other.key}, which {_deed(pair, other)}"
    mend = (
        f"narrow one of the two filters, or let one depend on the other (depends_on), "
        f"or set overlaps.{pair.rule}: warning in bulkplan.yaml in a reviewed change"
    )
    return Overlap(
        with_=other.key,
        n_leads=n_leads,
        rule=pair.rule,
        severity=severity,
        message=message,
        mend=mend if severity == "error" else None,
    )


def _deed(pair: Pair, other: Row) -> str:
    """What the other row does to them, from the point of view of this one."""
    if pair.rule == "two_values":
        return "writes another value to the same field"
    if pair.rule == "edit_of_filter":
        this = pair.first if other is pair.second else pair.second
        edits = edits_filter_of(other.request, this.request)
        deed = "edits what this run chooses its leads by" if edits else "chooses its leads by what this run edits"
        is_ordered = other.key.name in this.depends_on or this.key.name in other.depends_on
        return deed if is_ordered else f"{deed}; say with depends_on which of them goes first"
    words = {
        "delete": "deletes them",
        "email": "sends them an e-mail",
        "edit": "edits them",
        "subscribe": "subscribes them to a sequence",
        "resume": "resumes a sequence for them",
        "pause": "pauses the same sequence",
    }
    return words[kind_of(other.request)]


def _leads(count: int) -> str:
    return f"{count:,} lead{'s' if count != 1 else ''}"
