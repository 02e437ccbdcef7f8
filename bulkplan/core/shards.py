"""
Which shard of a job matrix a run belongs to.

Every job decides alone, so nothing may decide it that two jobs could see differently: no count, no state, no clock,
only the specs and the rules of the project. Runs that must see each other stay together: those that wait for one
another (`depends_on`), and those of which the project takes leads of the one out of the other (`overlaps: exclude`),
for the later one must know whether the earlier one still runs. Such a group goes where the hash of its first name says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from bulkplan.core.seal import expiry
from bulkplan.model.plan import Change, Plan
from bulkplan.model.project import OverlapRules
from bulkplan.model.request import FAMILY_BY_KIND, KIND_BY_ACTION, Family
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.model.shard import PlanShard, Shard

SIDES: Mapping[str, tuple[Family, Family]] = {
    "email_and_delete": ("email", "delete"),
    "sequence_and_delete": ("sequence", "delete"),
    "edit_and_delete": ("edit", "delete"),
    "two_emails": ("email", "email"),
    "email_and_sequence": ("email", "sequence"),
    "two_sequences": ("sequence", "sequence"),
}
"""Which runs each rule that may exclude is about."""

OF_NOBODY = 1
"""The shard of what no spec asks for any more: orphans are told, and followed, once."""


class Shares:
    """How the runs of a project are shared out among so many shards."""

    def __init__(self, runs: Sequence[WantedRun], rules: OverlapRules, *, of: int) -> None:
        """`runs` are all that the specs ask for, whatever is selected; `rules` those of the project."""
        self._of = of
        self._number: dict[str, int] = {}
        for group in _groups(runs, rules):
            number = _number(min(group), of)
            self._number.update(dict.fromkeys(group, number))

    def number(self, key: RunKey) -> int:
        """The shard (from 1) of a run, at whatever version."""
        return self._number.get(key.full_name, OF_NOBODY)

    def holds(self, shard: Shard, key: RunKey) -> bool:
        """Whether a run belongs to a shard of this number of shards."""
        return self.number(key) == shard.number


def shard_of(plan: Plan, shares: Shares, shard: Shard) -> Plan:
    """The rows of a whole plan that belong to one shard; the plan says which part of it that is."""
    rows = tuple(change for change in plan.changes if shares.holds(shard, change.key))
    part = PlanShard(number=shard.number, of=shard.of, runs=len(rows), of_runs=len(plan.changes))
    return plan.model_copy(update={"changes": rows, "shard": part, "expires_at": expiry(rows, plan.now)})


def rows_in(changes: Iterable[Change], shares: Shares, shard: Shard) -> frozenset[RunKey]:
    """The keys of the rows of one shard."""
    return frozenset(change.key for change in changes if shares.holds(shard, change.key))


def _number(name: str, of: int) -> int:
    """The same on every machine and in every version of Python: not `hash`."""
    return int.from_bytes(sha256(name.encode()).digest()[:8]) % of + 1


def _groups(runs: Sequence[WantedRun], rules: OverlapRules) -> list[set[str]]:
    """Full names of runs that belong together."""
    leader: dict[str, str] = {run.key.full_name: run.key.full_name for run in runs}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for names in (*_waiting(runs), *_excluding(runs, rules)):
        for name in names[1:]:
            leader[find(name)] = find(names[0])
    groups: dict[str, set[str]] = {}
    for name in leader:
        groups.setdefault(find(name), set()).add(name)
    return list(groups.values())


def _waiting(runs: Sequence[WantedRun]) -> Iterable[list[str]]:
    """Each run with all runs of the specs that it depends on."""
    by_name: dict[str, list[str]] = {}
    for run in runs:
        by_name.setdefault(run.spec.name, []).append(run.key.full_name)
    for run in runs:
        for name in run.spec.depends_on:
            yield [run.key.full_name, *by_name.get(name, ())]


def _excluding(runs: Sequence[WantedRun], rules: OverlapRules) -> Iterable[list[str]]:
    """The runs of which leads may be taken out of one another."""
    by_family: dict[Family, list[str]] = {}
    for run in runs:
        by_family.setdefault(FAMILY_BY_KIND[KIND_BY_ACTION[run.spec.action.type]], []).append(run.key.full_name)
    for rule, (one, other) in SIDES.items():
        if getattr(rules, rule) == "exclude" and one in by_family and other in by_family:
            yield by_family[one] + by_family[other]
