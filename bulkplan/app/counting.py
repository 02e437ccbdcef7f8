"""How many leads: every query of a plan counted once, side by side, and the marker tried out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bulkplan.core.digest import digest_json
from bulkplan.core.marker import encode_word, make_marker, make_tag, with_marker
from bulkplan.core.planner import ALL_LEADS, Tally
from bulkplan.errors import BadRequestError, BulkplanError
from bulkplan.model.base import SQuery
from bulkplan.model.plan import MarkerCheck
from bulkplan.model.run import RunKey
from bulkplan.ports import CloseReader

COUNTING = "counting leads"

_PROBE = RunKey("marker-check", 1)
"""Stands in for a run: the marker that is tried out names no attempt."""


class Progress(Protocol):
    """Is told how far a story has come; for people, never for the result."""

    def step(self, label: str, done: int, total: int) -> None:
        """`done` of `total` steps of `label` are over."""
        ...


class NoProgress:
    """Tells nobody."""

    def step(self, label: str, done: int, total: int) -> None:
        """Nothing."""


def probe_marker(project_id: str | None, organization_id: str, plan_id: str) -> str:
    """A marker of the right form for trying out; the same for the same plan."""
    nonce = encode_word(hashlib.sha256(plan_id.encode()).digest())
    return make_marker(make_tag(project_id, organization_id, _PROBE), nonce)


async def count_all(reader: CloseReader, queries: Mapping[str, SQuery], *, progress: Progress) -> Tally:
    """
    Count every query once, at the same time (the reader bounds how many are under way).

    Args:
        reader: Reads Close.
        queries: Queries by their digest; `ALL_LEADS` must be among them.
        progress: Is told after each count.

    Raises:
        BulkplanError: The first count that failed; the others are given up.
    """
    counting = _Counting(reader, progress, n_queries=len(queries))
    tasks: dict[str, asyncio.Task[int]] = {}
    try:
        async with asyncio.TaskGroup() as group:
            for digest, s_query in queries.items():
                tasks[digest] = group.create_task(counting.count(s_query))
    except BaseExceptionGroup as failures:
        raise _first(failures) from failures
    totals = {digest: task.result() for digest, task in tasks.items()}
    return Tally(totals, totals[digest_json(ALL_LEADS)])


async def check_marker(reader: CloseReader, marker: str) -> MarkerCheck:
    """
    Count all leads with and without a marker: it must not take any away.

    When the numbers differ they are counted once more, for leads come and go. A server that refuses the marked query
    counts as one that the marker disturbs; `with_marker` is 0 then.
    """
    check = await _check_once(reader, marker)
    return check if check.is_neutral else await _check_once(reader, marker)


async def _check_once(reader: CloseReader, marker: str) -> MarkerCheck:
    without = (await reader.count(ALL_LEADS)).total
    try:
        marked = (await reader.count(with_marker(ALL_LEADS, marker))).total
    except BadRequestError:
        return MarkerCheck(is_neutral=False, without_marker=without, with_marker=0)
    return MarkerCheck(is_neutral=marked == without, without_marker=without, with_marker=marked)


@dataclass
class _Counting:
    """Counts, and says how many counts are over."""

    reader: CloseReader
    progress: Progress
    n_queries: int
    n_done: int = field(default=0)

    async def count(self, s_query: SQuery) -> int:
        found = await self.reader.count(s_query)
        self.n_done += 1
        self.progress.step(COUNTING, self.n_done, self.n_queries)
        return found.total


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to show of several: one of ours, which says what to do, before any other."""
    ours = failures.subgroup(BulkplanError)
    chosen: BaseException = ours or failures
    while isinstance(chosen, BaseExceptionGroup):
        chosen = chosen.exceptions[0]
    return chosen
