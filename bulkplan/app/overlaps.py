"""Which rows of a plan touch the same leads: from the members where they are known, else counted in Close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from bulkplan.app.counting import NoProgress, Progress
from bulkplan.core.common_members import common_members
from bulkplan.core.members import Members, members_of
from bulkplan.core.overlap import (
    MAX_PAIRS,
    Pair,
    new_overlap_words,
    pairs_of,
    rows_of,
    unwanted_pairs,
    with_overlaps,
)
from bulkplan.model.plan import Change, Plan
from bulkplan.model.project import OverlapRules
from bulkplan.model.run import RunKey
from bulkplan.ports import CloseReader

OVERLAPS = "comparing runs"


async def add_overlaps(
    plan: Plan,
    *,
    rules: OverlapRules,
    reader: CloseReader,
    progress: Progress,
    own: Collection[RunKey] | None = None,
    kept: Callable[[RunKey], Members | None] | None = None,
) -> Plan:
    """
    The plan, each row with what it has in common with others; with `own`, only pairs that hold one of those rows.

    Pairs whose members are both known, from the plan or from what was `kept` beside it, cost nothing; of
    the others the worst `MAX_PAIRS` are counted, one request each, and a note on each row of those left over says so.

    Raises:
        CloseError: A count failed.
    """
    pairs = [pair for pair in pairs_of(rows_of(plan.changes), rules) if own is None or not pair.keys.isdisjoint(own)]
    if not pairs:
        return plan
    members = _members(plan, kept)
    shared = common_members(members)
    counted = [(pair, shared.get(pair.keys, 0)) for pair in pairs if pair.keys <= members.keys()]
    asked = [pair for pair in pairs if not pair.keys <= members.keys()]
    counted += await _count(asked[:MAX_PAIRS], reader, progress)
    changes = with_overlaps(plan.changes, counted)
    return plan.model_copy(update={"changes": _with_notes(changes, asked[MAX_PAIRS:])})


async def new_overlaps(plan: Plan, *, rules: OverlapRules, reader: CloseReader) -> tuple[str, ...]:
    """
    Which rows of a saved plan have leads in common by now, though the project wants none, in words.

    Only rows that would run are looked at, so what the plan told was refused then. Of the pairs the worst `MAX_PAIRS`
    are counted, one request each.

    Raises:
        CloseError: A count failed.
    """
    pairs = unwanted_pairs(rows_of(change for change in plan.changes if change.would_run), rules)
    counted = await _count(pairs[:MAX_PAIRS], reader, NoProgress())
    return tuple(new_overlap_words(pair, n_leads) for pair, n_leads in counted if n_leads)


def _members(plan: Plan, kept: Callable[[RunKey], Members | None] | None) -> dict[RunKey, Members]:
    found = ((row.key, members_of(row.cohort, kept(row.key) if kept else None)) for row in plan.changes if row.cohort)
    return {key: members for key, members in found if members is not None}


async def _count(pairs: Sequence[Pair], reader: CloseReader, progress: Progress) -> list[tuple[Pair, int]]:
    n_done = 0

    async def count(pair: Pair) -> tuple[Pair, int]:
        nonlocal n_done
        found = (await reader.count(pair.s_query)).total
        n_done += 1
        progress.step(OVERLAPS, n_done, len(pairs))
        return pair, found

    return list(await asyncio.gather(*(count(pair) for pair in pairs)))


def _with_notes(changes: Sequence[Change], left_over: Sequence[Pair]) -> tuple[Change, ...]:
    """A row of which some pairs were not looked at says so."""
    missed: dict[RunKey, int] = {}
    for pair in left_over:
        for row in (pair.first, pair.second):
            missed[row.key] = missed.get(row.key, 0) + 1
    return tuple(
        change.model_copy(update={"notes": (*change.notes, _missed_note(missed[change.key]))})
        if change.key in missed
        else change
        for change in changes
    )


def _missed_note(count: int) -> str:
    others = "one other run" if count == 1 else f"{count:,} other runs"
    return (
        f"not compared with {others} that may touch the same leads: a plan counts at most {MAX_PAIRS} pairs; "
        "plan --out, which knows the members, compares them all"
    )
