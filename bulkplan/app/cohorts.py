"""The story of who, not only how many: the leads of each run fetched, digested, frozen, sampled and listed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from bulkplan.app.counting import NoProgress, Progress
from bulkplan.app.layers import guard_layers
from bulkplan.core.cohort import MAX_MEMBERS, CohortDigest, listing_limit
from bulkplan.core.cohort_rows import Listed, as_frozen, n_to_list, with_cohort, with_leads_frozen, with_sample
from bulkplan.core.frozen import is_frozen, too_many_to_freeze
from bulkplan.core.members import GrowingMembers, MemberCollector, Members, encoded
from bulkplan.errors import InvalidFilesError, Problem
from bulkplan.model.base import SQuery
from bulkplan.model.document import Workspace
from bulkplan.model.lead import FoundLead
from bulkplan.model.plan import Change, Cohort, Plan, SampledLead
from bulkplan.model.request import FAMILY_BY_KIND, Request
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.ports import CloseReader

FETCHING = "fetching leads"
_ROWS_AT_ONCE = 4


class Spool(Protocol):
    """Holds leads of any number while a row is looked at; `adapters.cohort_files.DiskSpool` is the one for many."""

    def add(self, leads: Iterable[FoundLead]) -> None:
        """Take these too."""
        ...

    def leads(self) -> Iterator[FoundLead]:
        """Every lead once, sorted by ID; may be asked for again."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class MemberSink(Protocol):
    """Where the leads of each run are listed."""

    def write(self, key: RunKey, leads: Iterable[FoundLead]) -> None:
        """Take the leads of one run, sorted by ID."""
        ...


class MemberKeeper(Protocol):
    """Keeps the members of large cohorts; `adapters.member_shelf.MemberShelf` lays them beside the saved plan."""

    def keep(self, key: RunKey, members: Members) -> str:
        """Keep those of a run; return `Cohort.members_digest`."""
        ...

    def get(self, key: RunKey) -> Members | None:
        """Those that were kept of a run."""
        ...


@dataclass
class MemorySpool:
    """Holds leads in memory: for cohorts that are small anyway, such as frozen ones."""

    _found: dict[str, FoundLead] = field(default_factory=dict)

    def add(self, leads: Iterable[FoundLead]) -> None:
        """Take these too."""
        for lead in leads:
            self._found.setdefault(lead.id, lead)

    def leads(self) -> Iterator[FoundLead]:
        """Sorted by ID."""
        return iter(sorted(self._found.values()))

    def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True)
class CohortWish:
    """
    What is to be known of the leads of each run, besides those of frozen runs, which are always fetched.

    `members`: keep them in the plan, so that drift is measured in members; those of cohorts above `max_in_plan` with
    `keeper`, if there is one. `sample`: show so many leads of each run, by name. `sink`: list every lead there, with
    names if `with_names`.
    """

    members: bool = False
    sample: int = 0
    sink: MemberSink | None = None
    with_names: bool = False
    open_spool: Callable[[], Spool] = MemorySpool
    open_members: Callable[[], GrowingMembers] = MemberCollector
    keeper: MemberKeeper | None = None
    max_in_plan: int = MAX_MEMBERS


async def add_cohorts(
    plan: Plan,
    workspace: Workspace,
    *,
    reader: CloseReader,
    wish: CohortWish | None = None,
    progress: Progress | None = None,
) -> Plan:
    """
    The plan, its rows with the leads that were asked for. Asks Close nothing when none were.

    Only rows that would run are looked at.

    Raises:
        InvalidFilesError: A frozen run takes more leads than a request can hold; all of them, located.
        CloseError: Leads could not be listed.
    """
    wanted = {run.key: run for run in workspace.runs}
    frozen = frozenset(key for key, run in wanted.items() if is_frozen(run.spec))
    _check_frozen(plan, workspace, wanted, frozen)
    gathering = _Gathering(workspace, wanted, frozen, reader, wish or CohortWish(), progress or NoProgress())
    gathering.announce(plan.changes)
    changes = await gathering.rows(plan.changes)
    return plan.model_copy(update={"changes": changes})


def _check_frozen(
    plan: Plan, workspace: Workspace, wanted: Mapping[RunKey, WantedRun], frozen: frozenset[RunKey]
) -> None:
    problems: list[Problem] = []
    for change in plan.changes:
        if change.key in frozen and change.would_run and change.matches is not None:
            problem = too_many_to_freeze(change.matches.limited)
            if problem is not None:
                at = workspace.locate(wanted[change.key].source, problem.path, on_key=True)
                problems.append(problem.located(at))
    if problems:
        raise InvalidFilesError(tuple(problems))


@dataclass
class _Fetched:
    """The leads of one row, as they come in and when all are there."""

    spool: Spool
    members: GrowingMembers | None
    digest: CohortDigest = field(default_factory=CohortDigest)

    @property
    def n_leads(self) -> int:
        """How many they are, once all are there."""
        return self.digest.n_leads

    def add(self, leads: Sequence[FoundLead]) -> None:
        """Take these too."""
        self.spool.add(leads)
        if self.members is not None:
            self.members.add(lead.id for lead in leads)

    def finish(self) -> None:
        """All are there."""
        for lead in self.spool.leads():
            self.digest.add(lead.id)

    def close(self) -> None:
        """Let go of everything."""
        self.spool.close()
        if self.members is not None:
            self.members.close()


@dataclass
class _Gathering:
    """Fetches the leads of the rows of one plan."""

    workspace: Workspace
    wanted: Mapping[RunKey, WantedRun]
    frozen: frozenset[RunKey]
    reader: CloseReader
    wish: CohortWish
    progress: Progress
    n_fetched: int = 0
    n_expected: int = 0

    def announce(self, changes: Iterable[Change]) -> None:
        """Add up what will be fetched."""
        self.n_expected = sum(n_to_list(change) for change in changes if self._is_listed(change))
        if self.n_expected:
            self.progress.step(FETCHING, 0, self.n_expected)

    async def rows(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        """All rows, a few at a time; one after the other where they are listed in a file."""
        turns = asyncio.Semaphore(1 if self.wish.sink else _ROWS_AT_ONCE)

        async def in_turn(change: Change) -> Change:
            async with turns:
                return await self._row(change)

        tasks = [asyncio.ensure_future(in_turn(change)) for change in changes]
        try:
            return tuple(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _row(self, change: Change) -> Change:
        row, request = change, change.request
        if request is not None and self._is_listed(row):
            row = await self._listed(row, request)
        if request is not None and self.wish.sample and row.would_run:
            row = with_sample(row, await self._sample(row, request))
        return as_frozen(row) if row.key in self.frozen else row

    def _is_listed(self, change: Change) -> bool:
        """Whether all its leads are fetched."""
        is_asked = self.wish.members or self.wish.sink is not None or change.key in self.frozen
        return is_asked and change.would_run and change.request is not None

    async def _listed(self, row: Change, request: Request) -> Change:
        expected = n_to_list(row)
        found = await self._fetch(row, request)
        try:
            if found.n_leads != expected:
                found.close()
                self._expect(found.n_leads, instead_of=expected)
                found = await self._fetch(row, request)
                expected = await self._count(row, request)
            return self._told(row, request, found, n_counted=expected)
        finally:
            found.close()

    def _expect(self, n_leads: int, *, instead_of: int) -> None:
        """Begin a row anew: what was fetched of it counts no more, and it will be as many again."""
        self.n_fetched -= n_leads
        self.n_expected += n_leads - instead_of

    async def _fetch(self, row: Change, request: Request) -> _Fetched:
        """The leads of a row. They are the caller's to close."""
        limit = listing_limit(row.asked_limit)
        found = _Fetched(self.wish.open_spool(), self.wish.open_members() if self.wish.members else None)
        try:
            async with aclosing(self._pages(request, limit=limit, with_names=self.wish.with_names)) as pages:
                async for page in pages:
                    found.add(page)
                    self.n_fetched += len(page)
                    self.progress.step(FETCHING, self.n_fetched, max(self.n_expected, self.n_fetched))
            found.finish()
        except BaseException:
            found.close()
            raise
        return found

    def _pages(
        self, request: Request, *, limit: int | None, with_names: bool
    ) -> AsyncGenerator[Sequence[FoundLead], None]:
        return self.reader.list_lead_ids(query_of(request), sort=sort_of(request), limit=limit, with_names=with_names)

    async def _count(self, row: Change, request: Request) -> int:
        limit = listing_limit(row.asked_limit)
        found = await self.reader.count(query_of(request), results_limit=limit)
        return found.total if limit is None else found.limited

    def _told(self, row: Change, request: Request, found: _Fetched, *, n_counted: int) -> Change:
        """The row with what is known of its leads now, after they were listed where that was asked for."""
        cohort = Cohort(n_leads=found.n_leads, digest=found.digest.text, **self._kept(row.key, found))
        row = with_cohort(row, Listed(cohort, n_counted, has_members=self.wish.members))
        if row.key in self.frozen:
            row = self._frozen(row, request, [lead.id for lead in found.spool.leads()])
        if self.wish.sink is not None and row.would_run:
            self.wish.sink.write(row.key, found.spool.leads())
        return row

    def _kept(self, key: RunKey, found: _Fetched) -> dict[str, str]:
        """What a cohort says of its members: all of them, or of many the digest of what lies beside the plan."""
        if found.members is None:
            return {}
        if found.n_leads <= self.wish.max_in_plan:
            return {"members": encoded(found.members)}
        return {"members_digest": self.wish.keeper.keep(key, found.members)} if self.wish.keeper else {}

    def _frozen(self, row: Change, request: Request, lead_ids: Sequence[str]) -> Change:
        wanted = self.wanted[row.key]
        if problem := too_many_to_freeze(len(lead_ids)):
            at = self.workspace.locate(wanted.source, problem.path, on_key=True)
            raise InvalidFilesError((problem.located(at),))
        layers = guard_layers(self.workspace, wanted, FAMILY_BY_KIND[request.kind])
        return with_leads_frozen(row, request, lead_ids, layers)

    async def _sample(self, row: Change, request: Request) -> list[SampledLead]:
        n_leads = min(self.wish.sample, row.matches.limited if row.matches else 0)
        pages = self._pages(request, limit=max(1, n_leads), with_names=True)
        return [SampledLead(id=lead.id, name=lead.name) async for page in pages for lead in page]


def query_of(request: Request) -> SQuery:
    """What selects its leads. Raises `ValueError` for a request without a query; none is rendered so."""
    query = request.body["s_query"]
    if not isinstance(query, dict):
        raise ValueError("a request without a query selects nobody")
    return query


def sort_of(request: Request) -> list[JsonValue]:
    """In which order Close takes its leads."""
    sort = request.body.get("sort")
    return sort if isinstance(sort, list) else []
