"""A project on disk, a sandbox in process and a state file: what `apply` works with, on a clock that tests step."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import httpx

from bulkplan.adapters.chance import draw_word
from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.close_writer import open_writer
from bulkplan.adapters.member_spool import MemberSpool
from bulkplan.adapters.secret import Secret
from bulkplan.adapters.stores.local import LocalStore
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.apply import apply_plan
from bulkplan.app.cohorts import CohortWish
from bulkplan.app.counting import Progress
from bulkplan.app.following import ApplyOptions
from bulkplan.app.fresh import fresh_requests
from bulkplan.app.interrupting import Interrupt
from bulkplan.app.performer import Edges
from bulkplan.app.plan import PlanScope, make_plan
from bulkplan.app.recheck import Rechecker
from bulkplan.app.records import read_shelf, whole_records
from bulkplan.app.saved_plan import SavedPlanStory
from bulkplan.app.status import Status, refreshed_status
from bulkplan.app.workspace import load_workspace
from bulkplan.core.records import ApplyContext
from bulkplan.core.result import ApplyResult
from bulkplan.core.seal import Circumstances, seal
from bulkplan.core.words import suppression_words
from bulkplan.model.plan import Plan, SealedPlan
from bulkplan.model.project import SandboxSize, Target
from bulkplan.model.store import Provenance
from bulkplan.sandbox import Sandbox, SandboxSettings
from bulkplan.sandbox.clock import SteppedClock
from bulkplan.sandbox.faults import FaultKind, FaultRule
from bulkplan.sandbox.transport import SandboxTransport

T = TypeVar("T")
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
TARGET = Target(sandbox=SandboxSize())
PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
guards: {edit: {max_percent: 100%}, email: {max_percent: 100%}, delete: {max_matches: 60, max_percent: 100%}}
"""


def spec(name: str, *, status: str = "Potential", action: str = "{type: set_lead_status, status: Contacted}", more=""):
    """A spec as text."""
    return (
        f"schema: bulkplan/v1\nname: {name}\nversion: 1\n"
        f"filter: {{where: {{field: status, is: {status}}}}}\naction: {action}\n{more}"
    )


@dataclass
class SandboxTime:
    """The sandbox's clock as a clock of ours; sleeping steps it."""

    clock: SteppedClock

    def now(self) -> datetime:
        return self.clock.now()

    def monotonic(self) -> float:
        return (self.clock.now() - NOON).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await asyncio.sleep(0)


@dataclass
class Heard:
    """Progress that is only noted."""

    messages: list[str] = field(default_factory=list)
    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def update(self, key, message, record) -> None:
        if message:
            self.messages.append(f"{key}: {message}")

    def step(self, label, done, total) -> None:
        self.steps.append((label, done, total))


class Applying:
    """One project; each `plan` and `apply` opens its client anew, as a process would."""

    def __init__(self, root: Path, *, settings: SandboxSettings | None = None, n_leads: int = 60) -> None:
        self.root = root
        (root / "specs").mkdir(parents=True)
        (root / "bulkplan.yaml").write_text(PROJECT)
        self.clock = SteppedClock(NOON)
        self.time = SandboxTime(self.clock)
        self.settings = settings or SandboxSettings(control=True)
        self.sandbox = Sandbox.open(None, leads=n_leads, clock=self.clock, settings=self.settings)
        self.heard = Heard()
        self.wish: CohortWish | None = None
        self.plan_progress: Progress | None = None
        self.pid = 1
        self.before_apply: Callable[[], object] = lambda: None
        """What happens between the check of a saved plan and its first run."""

    def write(self, name: str, **more: str) -> None:
        (self.root / "specs" / f"{name}.yaml").write_text(spec(name, **more))

    def fail(self, kind: FaultKind, **more: object) -> None:
        """Let the next request that starts an edit go wrong."""
        self.sandbox.add_faults([FaultRule(kind, method="POST", path="/bulk_action/edit/", **more)])

    def plan(self) -> Plan:
        return self._with_edges(self._plan)

    def apply(self, plan: Plan | None = None, **options: object) -> ApplyResult:
        async def story(edges: Edges, context: ApplyContext) -> ApplyResult:
            made = plan or await self._plan(edges, context)
            recheck = Rechecker(
                made, plan_digest=None, workspace=self.workspace(), reader=edges.reader, clock=edges.clock
            )
            return await apply_plan(
                made, edges=edges, context=context, options=ApplyOptions(**options), recheck=recheck
            )

        return self._with_edges(story)

    def save(self, *, key: bytes | None = None) -> SealedPlan:
        return seal(self.plan(), key=key)

    def apply_saved(self, sealed: SealedPlan, *, key: bytes | None = None, kept=None, **changes: object) -> ApplyResult:
        async def story(edges: Edges, context: ApplyContext) -> ApplyResult:
            workspace = self.workspace(now=sealed.plan.now)
            identity = await edges.reader.fetch_identity()
            saved = SavedPlanStory(
                sealed=sealed,
                circumstances=replace(self._circumstances(edges, context, key=key), **changes),
                recheck=Rechecker(
                    sealed.plan,
                    plan_digest=sealed.digest,
                    workspace=workspace,
                    reader=edges.reader,
                    clock=edges.clock,
                    progress=edges.progress,
                    kept=kept,
                    open_members=MemberSpool,
                ),
                fetch_fresh=fresh_requests(
                    workspace, target=TARGET, identity=identity, now=sealed.plan.now, reader=edges.reader
                ),
                edges=edges,
                context=context,
                options=ApplyOptions(),
            )
            await saved.check()
            self.before_apply()
            return await saved.apply()

        return self._with_edges(story)

    def workspace(self, now: datetime | None = None):
        return load_workspace(YamlProject(self.root), now=now or self.clock.now())

    def records(self):
        store = LocalStore.open(self.root / "state.db")
        try:
            return {record.key.full_name: record for record in whole_records(store.list())}
        finally:
            store.close()

    def spoil(self, key: str) -> None:
        """Tear the record of a run."""
        connection = sqlite3.connect(self.root / "state.db")
        with connection:
            connection.execute("UPDATE slot SET text = substr(text, 1, 40) WHERE key = ?", (f"run/{key}",))
        connection.close()

    def actions(self, kind: str = "edit"):
        query = "SELECT id, status, body FROM bulk_action WHERE kind = ? ORDER BY id"
        return self.sandbox.world.connection.execute(query, (kind,)).fetchall()

    def story(self, tell: Callable[[Edges, ApplyContext], Awaitable[T]]) -> T:
        """Anything else that works with the edges."""
        return self._with_edges(tell)

    def status(self) -> Status:
        return self._with_edges(lambda edges, context: refreshed_status(read_shelf(edges.store), edges, context))

    async def _plan(self, edges: Edges, context: ApplyContext) -> Plan:
        identity = await edges.reader.fetch_identity()
        workspace = self.workspace()
        scope = PlanScope(target_name="sandbox", target=TARGET, identity=identity, now=self.clock.now())
        return (
            await make_plan(
                workspace,
                reader=edges.reader,
                store=edges.store,
                scope=scope,
                wish=self.wish,
                progress=self.plan_progress,
            )
        ).plan

    def _circumstances(self, edges: Edges, context: ApplyContext, *, key: bytes | None) -> Circumstances:
        return Circumstances(
            now=self.clock.now(),
            organization_id=context.organization_id,
            target="sandbox",
            project_id=context.project_id,
            lineage=edges.store.lineage(),
            wanted={run.key: run for run in self.workspace().runs},
            suppression=suppression_words(self.workspace().project),
            key=key,
        )

    def transport(self) -> httpx.AsyncBaseTransport:
        """How requests reach the sandbox."""
        return SandboxTransport(self.sandbox)

    def _with_edges(self, tell: Callable[[Edges, ApplyContext], Awaitable[T]]) -> T:
        return asyncio.run(self._open(tell))

    async def _open(self, tell: Callable[[Edges, ApplyContext], Awaitable[T]]) -> T:
        connection = Connection("https://sandbox.invalid/api/v1", Secret("sandbox"), "a test", None, self.transport())
        store = LocalStore.open(self.root / "state.db")
        async with AsyncExitStack() as stack:
            stack.callback(store.close)
            reader = await stack.enter_async_context(open_reader(connection, clock=self.time))
            writer = await stack.enter_async_context(open_writer(connection, clock=self.time))
            identity = await reader.fetch_identity()
            edges = Edges(
                reader, writer, store, self.time, draw_word, lambda pid: True, "here", identity.user_id, self.heard,
                Interrupt(),
            )  # fmt: skip
            who = Provenance(actor="tester", host="here", pid=self.pid)
            context = ApplyContext(identity.organization_id, "sandbox", "7f3c0c1e2b9d4a60", who, settle_timeout_s=10.0)
            return await tell(edges, context)
