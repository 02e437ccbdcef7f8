"""The story of `plan`: read the state, ask Close for names and counts, and send nothing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bulkplan import __version__
from bulkplan.app.ahead import Ahead
from bulkplan.app.cohorts import CohortWish
from bulkplan.app.counting import (
    Counts,
    NoProgress,
    Progress,
    check_marker,
    count_all,
    giving_up_together,
    probe_marker,
)
from bulkplan.app.exclusions import add_exclusions
from bulkplan.app.funnel import add_funnels
from bulkplan.app.layers import guard_layers
from bulkplan.app.overlaps import add_overlaps
from bulkplan.app.parts import part_of, with_cohorts_of
from bulkplan.app.records import Shelf, check_organization, read_shelf
from bulkplan.app.rows import finish_rows
from bulkplan.core.changes import Decision, compared, decide, from_record, orphans
from bulkplan.core.codec import run_key_of
from bulkplan.core.dependencies import with_dependency_notes
from bulkplan.core.digest import canonical_json
from bulkplan.core.exclusion import with_all
from bulkplan.core.frozen import comparable, is_frozen
from bulkplan.core.lookup import by_full_name, is_selected, selected
from bulkplan.core.ordering import ordered
from bulkplan.core.planner import Draft, PlanFacts, alarm_notes, assemble, queries_of
from bulkplan.core.render import SUPPRESSED_FAMILIES, RenderContext, Rendered, render_request
from bulkplan.core.words import suppression_words
from bulkplan.errors import InvalidFilesError, Problem, UnreadableRecordError
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Change, ChangeKind, FieldChange, MarkerCheck, Plan
from bulkplan.model.project import Project, Target
from bulkplan.model.record import Record
from bulkplan.model.remote import Identity
from bulkplan.model.request import FAMILY_BY_KIND, Request
from bulkplan.model.run import WantedRun
from bulkplan.model.shard import Shard
from bulkplan.ports import CloseReader, Store

NAMES = "reading names"
ROWS_A_TURN = 16
"""How many rows are finished before others get a turn: two milliseconds."""


def new_plan_id() -> str:
    """A random name for a plan: 80 bits."""
    return secrets.token_hex(10)


@dataclass(frozen=True, kw_only=True)
class PlanAim:
    """
    What a plan is made for, before it is known whose key it is.

    `now` is the instant that the workspace was loaded with. `select` holds glob patterns on names; none means every
    run. `vars` are those that the command line gave. `shard` is the part that this job takes; all rows are decided and
    counted even so, for those of other jobs may touch the same leads.
    """

    target_name: str
    target: Target
    now: datetime
    select: tuple[str, ...] = ()
    commit: str | None = None
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    plan_id: str = field(default_factory=new_plan_id)
    shard: Shard | None = None

    def by(self, identity: Identity) -> PlanScope:
        """What the plan is made for, and by whom: whose key it is, checked already."""
        return PlanScope(identity=identity, **{each.name: getattr(self, each.name) for each in fields(self)})


@dataclass(frozen=True, kw_only=True)
class PlanScope(PlanAim):
    """What a plan is made for, and by whom."""

    identity: Identity


@dataclass(frozen=True)
class Begun:
    """
    What was begun while the files were still being read.

    `shelf` holds every record; `ahead` is what Close was asked; requests are rendered with `context`.
    """

    shelf: Shelf
    ahead: Ahead
    context: RenderContext


@dataclass(frozen=True)
class PlanResult:
    """A plan, and what the files should be warned about."""

    plan: Plan
    problems: tuple[Problem, ...] = ()


async def make_plan(
    workspace: Workspace,
    *,
    reader: CloseReader,
    store: Store,
    scope: PlanScope,
    wish: CohortWish | None = None,
    progress: Progress | None = None,
    seen: Callable[[Change], None] | None = None,
    begun: Begun | None = None,
) -> PlanResult:
    """
    Say what apply would do. Only reads; asks Close nothing when no run needs it.

    Args:
        workspace: The specs and the project file.
        reader: Reads Close.
        store: The state of the target.
        scope: What the plan is made for.
        wish: What is to be known of the leads besides how many they are.
        progress: Is told how far it has come.
        seen: Is shown each row once its leads are counted; most stay as they are then.
        begun: What is known already.

    Raises:
        UsageError: A pattern of `select` means no run.
        InvalidFilesError: Names that Close does not know and the like, all of them, located.
        WrongOrganizationError: The state is of another organization.
        CloseError: Close could not be read.
        StoreError: The state could not be read.
    """
    told = progress or NoProgress()
    if begun is None:
        ahead = Ahead(reader, suppress=workspace.project.suppress)
        begun = begin(read_shelf(store), ahead, scope, store=store, project=workspace.project)
    records = begun.shelf.standings
    drafts = _drafts(workspace, begun.shelf, scope)
    drafts = await _rendered(drafts, workspace, begun, progress=told)
    marker = _marker(drafts, scope=scope, project_id=workspace.project.project_id)
    rows, total_leads, check = await _counted(drafts, marker, begun, reader=reader, progress=told, seen=seen)
    plan = assemble(rows, _facts(workspace, store, scope), total_leads=total_leads, marker=check)
    plan = await add_exclusions(plan, workspace, reader=reader, progress=told)
    part = part_of(plan, workspace, scope.shard)
    wish = wish or CohortWish()
    plan = await with_cohorts_of(plan, part, workspace, reader=reader, wish=wish, progress=told)
    rules, kept = workspace.project.overlaps, wish.keeper.get if wish.keeper else None
    plan = await add_overlaps(plan, rules=rules, reader=reader, progress=told, own=part.own, kept=kept)
    plan = await add_funnels(plan, workspace, reader=reader, progress=told)
    return PlanResult(part.of(with_dependency_notes(plan, records)), workspace.warnings)


def begin(shelf: Shelf, ahead: Ahead, scope: PlanScope, *, store: Store, project: Project) -> Begun:
    """
    Get ready to count, by what the state holds and whose key it is.

    Raises:
        WrongOrganizationError: The state is of another organization.
    """
    check_organization(
        shelf.standings, target=scope.target_name, store=store.name, organization_id=scope.identity.organization_id
    )
    context = render_context(project, target=scope.target, identity=scope.identity, now=scope.now)
    return Begun(shelf, ahead, context)


def render_context(project: Project, *, target: Target, identity: Identity, now: datetime) -> RenderContext:
    """What requests of this target are rendered with."""
    return RenderContext(now=now, timezone=target.timezone, suppress=project.suppress, user_id=identity.user_id)


def locate_all(workspace: Workspace, found: Iterable[tuple[WantedRun, Problem]]) -> tuple[Problem, ...]:
    """Problems of rendering with their places, each once, by file and line."""
    located = dict.fromkeys(_located(workspace, wanted, problem) for wanted, problem in found)
    return tuple(sorted(located, key=_place))


def _drafts(workspace: Workspace, shelf: Shelf, scope: PlanScope) -> list[Draft]:
    """A row for each run that is wanted, before it those of its spec that are still open, at the end the orphans."""
    timezone = ZoneInfo(scope.target.timezone)
    records, unreadable = shelf.standings, _unreadable_names(shelf)
    gone = orphans(records, {run.key.full_name for run in workspace.runs}, now=scope.now)
    orphan_drafts = [Draft(each.record.key, each, notes=alarm_notes([each.record])) for each in gone if each.record]
    runs = selected(workspace.runs, scope.select, known=[draft.key for draft in orphan_drafts])
    related, taken = by_full_name(records), {run.key for run in runs}
    drafts: list[Draft] = []
    for run in ordered(runs):
        mine = related.get(run.key.full_name, [])
        if (error := unreadable.get(run.key.full_name)) is not None:
            drafts.append(Draft(run.key, Decision(ChangeKind.CONFLICT, error.message, error.hint), wanted=run))
            continue
        decision = decide(run, mine, now=scope.now, timezone=timezone)
        for blocker in decision.blockers:
            if blocker.key not in taken:
                taken.add(blocker.key)
                drafts.append(Draft(blocker.key, from_record(blocker, scope.now)))
        drafts.append(Draft(run.key, decision, wanted=run, notes=alarm_notes(mine)))
    return drafts + [draft for draft in orphan_drafts if is_selected(draft.key, scope.select)]


def _unreadable_names(shelf: Shelf) -> dict[str, UnreadableRecordError]:
    """Names of which a record cannot be read, whatever its version: what that one says is not known."""
    keys = ((run_key_of(error.key), error) for error in shelf.unreadable)
    return {key.full_name: error for key, error in keys if key is not None}


async def _rendered(drafts: Sequence[Draft], workspace: Workspace, begun: Begun, *, progress: Progress) -> list[Draft]:
    """The drafts with their requests, compared where that decides or tells something. Fetches only names it needs."""
    ahead, asked = begun.ahead, [draft.wanted for draft in drafts if draft.wanted and draft.decision.needs_request]
    ahead.begin_names([run for run in asked if not ahead.has_rendered(run)])
    progress.step(NAMES, 0, len(ahead.kinds))
    catalog = await ahead.catalog()
    progress.step(NAMES, len(ahead.kinds), len(ahead.kinds))
    rendering = _Rendering(workspace, catalog, begun.context, begun.shelf)
    found = {run.key: ahead.rendered(run, catalog, begun.context) for run in asked}
    problems = [(run, problem) for run in asked for problem in found[run.key].problems]
    if problems:
        raise InvalidFilesError(locate_all(workspace, problems))
    finished = []
    for number, draft in enumerate(drafts):
        finished.append(rendering.finish(draft, found.get(draft.key)))
        if number % ROWS_A_TURN == 0:
            await asyncio.sleep(0)  # what was asked ahead goes on meanwhile
    return finished


@dataclass(frozen=True)
class _Rendering:
    """Finishes drafts by what was fetched, and compares them with the requests of earlier runs."""

    workspace: Workspace
    catalog: Catalog
    context: RenderContext
    shelf: Shelf

    def finish(self, draft: Draft, rendered: Rendered | None) -> Draft:
        """The draft with its request, guards and notes, and decided where that took a comparison."""
        if rendered is None or rendered.request is None or draft.wanted is None:
            return draft
        wanted, request, decision = draft.wanted, rendered.request, draft.decision
        before = self.shelf.record(decision.compare_with.key) if decision.compare_with else None
        found = self._differences(wanted, before, request, sent_is_meant=decision.needs_compare)
        if decision.needs_compare:
            decision = compared(decision, wanted, found)
        return replace(
            draft,
            decision=decision,
            request=request,
            digests=rendered.digests,
            layers=guard_layers(self.workspace, wanted, FAMILY_BY_KIND[request.kind]),
            differences=found,
            notes=(*draft.notes, *rendered.notes),
        )

    def _differences(
        self, wanted: WantedRun, before: Record | None, request: Request, *, sent_is_meant: bool
    ) -> tuple[FieldChange, ...]:
        """
        What differs between what an earlier run sent and this one, as if both were planned at the same instant.

        `sent_is_meant`: the very same run is compared, so suppression, which is no part of a spec, does not count.
        """
        if before is None:
            return ()
        context = replace(self.context, now=before.planned_at)
        fresh = render_request(wanted.spec, catalog=self.catalog, context=context).request or request
        old: JsonObject = {**with_all(comparable(before.body)), "results_limit": before.asked_limit}
        new: JsonObject = comparable(fresh.body, is_frozen=is_frozen(wanted.spec))
        if sent_is_meant and FAMILY_BY_KIND[fresh.kind] in SUPPRESSED_FAMILIES:
            old, new = _without_suppression(old, new, fresh)
        if canonical_json(old) == canonical_json(new):
            return ()
        from bulkplan.core.diff import differences

        return differences(old, new, names=fresh.names)


def _without_suppression(old: JsonObject, new: JsonObject, fresh: Request) -> tuple[JsonObject, JsonObject]:
    """Both bodies with the reviewed query alone, when the old one sent that and nothing but suppression besides."""
    reviewed = fresh.unsuppressed if fresh.unsuppressed is not None else fresh.body["s_query"]
    sent = old["s_query"]
    clauses = sent.get("queries") if isinstance(sent, dict) else None
    is_wrapped = isinstance(clauses, list) and len(clauses) == 2 and clauses[0] == reviewed
    if sent == reviewed or is_wrapped:
        return {**old, "s_query": reviewed}, {**new, "s_query": reviewed}
    return old, new


def _marker(drafts: Sequence[Draft], *, scope: PlanScope, project_id: str | None) -> str | None:
    """One to try out, only where something would be sent."""
    if not any(draft.decision.kind is ChangeKind.RUN for draft in drafts):
        return None
    return probe_marker(project_id, scope.identity.organization_id, scope.plan_id)


async def _counted(
    drafts: Sequence[Draft],
    marker: str | None,
    begun: Begun,
    *,
    reader: CloseReader,
    progress: Progress,
    seen: Callable[[Change], None] | None,
) -> tuple[tuple[Change, ...], int | None, MarkerCheck | None]:
    """The rows with their counts, how many leads there are, and what came of trying out the marker, side by side."""
    queries = queries_of(drafts)
    counts = Counts(len(queries))
    async with giving_up_together() as group:
        group.create_task(count_all(begun.ahead, queries, counts, progress=progress))
        check = group.create_task(check_marker(reader, marker)) if marker and queries else None
        rows = group.create_task(finish_rows(drafts, counts, records=begun.shelf.standings, seen=seen))
    return rows.result(), counts.tally.of_leads if queries else None, check.result() if check else None


def _facts(workspace: Workspace, store: Store, scope: PlanScope) -> PlanFacts:
    return PlanFacts(
        plan_id=scope.plan_id,
        tool_version=__version__,
        target=scope.target_name,
        organization_id=scope.identity.organization_id,
        organization_name=scope.identity.organization_name,
        project_id=workspace.project.project_id,
        state_lineage=store.lineage(),
        commit=scope.commit,
        now=scope.now,
        suppression=suppression_words(workspace.project),
        vars=scope.vars,
    )


def _located(workspace: Workspace, wanted: WantedRun, problem: Problem) -> Problem:
    """A problem of suppression is one of the project file."""
    if problem.path[:1] == ("suppress",) and workspace.project_document is not None:
        return workspace.project_document.located(problem)
    return workspace.located(wanted.source, problem)


def _place(problem: Problem) -> tuple[str, int, int, str]:
    at = problem.at
    return (at.file, at.line, at.column, problem.message) if at else ("", 0, 0, problem.message)
