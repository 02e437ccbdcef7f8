"""How many leads: every query of a plan counted once, side by side, and the marker tried out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from bulkplan.app.ahead import Ahead
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


class Counts:
    """The counts that have come in, by the digest of the query, for those who wait for some of them."""

    def __init__(self, n_expected: int) -> None:
        self._n_expected = n_expected
        self._totals: dict[str, int] = {}
        self._news = asyncio.Event()
        self.tally = Tally(self._totals)

    @property
    def is_complete(self) -> bool:
        """Whether no further count is to come."""
        return len(self._totals) >= self._n_expected

    def add(self, totals: Mapping[str, int]) -> None:
        """So many leads matched."""
        self._totals |= totals
        self._news.set()

    async def wait_for(self, digests: Collection[str]) -> None:
        """Until all of these are counted. For one who waits at a time."""
        while any(digest not in self._totals for digest in digests):
            self._news.clear()
            await self._news.wait()


async def count_all(ahead: Ahead, queries: Mapping[str, SQuery], counts: Counts, *, progress: Progress) -> None:
    """
    Count every query once, at the same time (the reader bounds how many are under way); nothing where there are none.

    Args:
        ahead: Asks Close, and may have begun before.
        queries: Queries by their digest.
        counts: Gets each count as it comes.
        progress: Is told at the beginning and after each count.

    Raises:
        BulkplanError: The first count that failed; the others are given up.
    """
    if not queries:
        return
    answered = ahead.take_answered(queries)
    counts.add(answered)
    counting = _Counting(ahead, progress, counts, n_queries=len(queries), n_done=len(answered))
    progress.step(COUNTING, len(answered), len(queries))
    async with giving_up_together() as group:
        for digest in (digest for digest in queries if digest not in answered):
            group.create_task(counting.count(digest, queries[digest]))


@asynccontextmanager
async def giving_up_together() -> AsyncIterator[asyncio.TaskGroup]:
    """
    A group of tasks of which all are given up when one fails.

    Raises:
        BulkplanError: The first of ours that was raised.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise _first(failures) from failures


async def check_marker(reader: CloseReader, marker: str) -> MarkerCheck:
    """
    Count all leads with and without a marker, at the same time: it must not take any away.

    When the numbers differ they are counted once more, for leads come and go. A server that refuses the marked query
    counts as one that the marker disturbs; `with_marker` is 0 then.
    """
    check = await _check_once(reader, marker)
    return check if check.is_neutral else await _check_once(reader, marker)


async def _check_once(reader: CloseReader, marker: str) -> MarkerCheck:
    without, marked = await asyncio.gather(_total(reader), _total_with(reader, marker))
    is_neutral = marked == without
    return MarkerCheck(is_neutral=is_neutral, without_marker=without, with_marker=marked or 0)


async def _total(reader: CloseReader) -> int:
    return (await reader.count(ALL_LEADS)).total


async def _total_with(reader: CloseReader, marker: str) -> int | None:
    """`None`: Close refuses the marked query."""
    try:
        return (await reader.count(with_marker(ALL_LEADS, marker))).total
    except BadRequestError:
        return None


@dataclass
class _Counting:
    """Counts, and says how many counts are over."""

    ahead: Ahead
    progress: Progress
    counts: Counts
    n_queries: int
    n_done: int

    async def count(self, digest: str, s_query: SQuery) -> None:
        found = await self.ahead.count(digest, s_query)
        self.n_done += 1
        self.progress.step(COUNTING, self.n_done, self.n_queries)
        self.counts.add({digest: found.total})


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to show of several: one of ours, which says what to do, before any other."""
    ours = failures.subgroup(BulkplanError)
    chosen: BaseException = ours or failures
    while isinstance(chosen, BaseExceptionGroup):
        chosen = chosen.exceptions[0]
    return chosen
