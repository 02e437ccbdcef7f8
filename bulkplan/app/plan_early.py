"""A plan whose files are read while Close is asked: whose key it is, then the names and counts of what was read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bulkplan.app.ahead import Ahead
from bulkplan.app.cohorts import CohortWish
from bulkplan.app.counting import Progress
from bulkplan.app.plan import Begun, PlanAim, PlanResult, PlanScope, begin, make_plan
from bulkplan.app.records import read_shelf
from bulkplan.app.workspace import Loading
from bulkplan.core.changes import Decision, decide
from bulkplan.core.lookup import by_full_name, is_selected
from bulkplan.core.planner import Draft, queries_of
from bulkplan.errors import BulkplanError
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Change
from bulkplan.model.record import Standing
from bulkplan.model.remote import Identity
from bulkplan.model.run import WantedRun
from bulkplan.ports import CloseReader, Store

RUNS_A_TURN = 4
"""How many runs are rendered before others get their turns: a millisecond."""
TURNS_A_STEP = 24
"""How often the event loop goes round in between: an answer, and the request that takes its place, take some twenty."""


async def plan_while_reading(
    loading: Loading,
    *,
    reader: CloseReader,
    identity: asyncio.Future[Identity],
    open_store: Callable[[], Store],
    aim: PlanAim,
    wish: CohortWish | None = None,
    progress: Progress | None = None,
    seen: Callable[[Change], None] | None = None,
) -> tuple[Workspace, PlanResult]:
    """
    What `load_workspace` and `make_plan` give, sooner: the time that Close takes goes into reading.

    All of it happens in one thread. Whatever Close answers to what it was asked ahead, what is wrong with the files is
    told first, and nothing that was counted for them is used then.

    Raises:
        BulkplanError: Whatever `load_workspace`, `identity`, the store and `make_plan` raise, in this order.
    """
    with ExitStack() as opened:
        early = _Early(loading, reader, identity, lambda: opened.enter_context(closing(open_store())), aim)
        following = asyncio.create_task(early.follow())
        try:
            for runs in loading.steps():
                early.see(runs)
                await early.give_way()
            workspace = loading.finish()
            early.end()
            store, scope, begun = await following
            result = await make_plan(
                workspace, reader=reader, store=store, scope=scope, wish=wish, progress=progress, seen=seen, begun=begun
            )
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await early.close()
        return workspace, result


@dataclass
class _Early:
    """
    Follows the reading of files. Until it is known whose key it is, state is read and runs gather: Close is asked
    nothing else before.
    """

    loading: Loading
    reader: CloseReader
    identity: asyncio.Future[Identity]
    open_store: Callable[[], Store]
    aim: PlanAim
    seen: list[WantedRun] = field(default_factory=list)
    queue: asyncio.Queue[tuple[WantedRun, Decision] | None] = field(default_factory=asyncio.Queue)
    chooser: _Chooser | None = None
    has_ended: bool = False

    async def follow(self) -> tuple[Store, PlanScope, Begun]:
        """Ask what Close is asked ahead, until everything is read and asked for."""
        project = self.loading.frame.project
        try:
            store = self.open_store()
            shelf = read_shelf(store)
        except BulkplanError:
            await self.identity  # a key that is not accepted is told first
            raise
        scope = self.aim.by(await self.identity)
        ahead = Ahead(self.reader, suppress=project.suppress)
        begun = begin(shelf, ahead, scope, store=store, project=project)
        self.chooser = _Chooser(ahead, self.aim, by_full_name(shelf.standings))
        self.see(())
        if self.has_ended:
            self.end()
        n_begun = 0
        while (counted := await self.queue.get()) is not None:
            try:
                await self._begin_counts(begun, *counted)
            except BulkplanError:
                break  # told by the plan, which needs the same names
            n_begun += 1
            if n_begun % RUNS_A_TURN == 0:
                await self.give_way()
        return store, scope, begun

    def see(self, runs: tuple[WantedRun, ...]) -> None:
        """These runs were read."""
        self.seen += runs
        if self.chooser is not None:
            chosen = [(run, decision) for run in self.seen if (decision := self.chooser.counted(run)) is not None]
            self.seen.clear()
            self.chooser.ahead.begin_names([run for run, _ in chosen])
            for one in chosen:
                self.queue.put_nowait(one)

    def end(self) -> None:
        """Everything was read."""
        self.has_ended = True
        if self.chooser is not None:
            self.queue.put_nowait(None)

    async def give_way(self) -> None:
        """Let what is under way go on: answers come first, for a free place on the road is lost time."""
        is_asking = not self.identity.done() or (self.chooser is not None and self.chooser.ahead.is_asking)
        for _ in range(TURNS_A_STEP if is_asking else 1):
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Give up what was asked ahead and is not needed."""
        if self.chooser is not None:
            await self.chooser.ahead.close()

    @staticmethod
    async def _begin_counts(begun: Begun, run: WantedRun, decision: Decision) -> None:
        rendered = await begun.ahead.render(run, begun.context)
        draft = Draft(run.key, decision, wanted=run, request=rendered.request, digests=rendered.digests)
        queries = queries_of([draft])
        for digest, s_query in queries.items():
            begun.ahead.begin_count(digest, s_query)


@dataclass
class _Chooser:
    """Tells which runs a plan is going to count, by what state has recorded of them."""

    ahead: Ahead
    aim: PlanAim
    related: dict[str, list[Standing]]

    def counted(self, run: WantedRun) -> Decision | None:
        """What is decided of a run whose leads are counted; `None`: they are not, or it takes more to tell."""
        if not is_selected(run.key, self.aim.select):
            return None
        mine = self.related.get(run.key.full_name, [])
        decision = decide(run, mine, now=self.aim.now, timezone=ZoneInfo(self.aim.target.timezone))
        return decision if decision.needs_count else None
