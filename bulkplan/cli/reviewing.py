"""How `apply --reviewed` comes to a plan: made now, and held against the plans that were reviewed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bulkplan.adapters.cohort_files import DiskSpool
from bulkplan.adapters.member_shelf import MemberShelf
from bulkplan.adapters.member_spool import MemberSpool
from bulkplan.app.cohorts import CohortWish
from bulkplan.app.fresh import fresh_requests
from bulkplan.app.records import read_shelf
from bulkplan.app.reviewed import check_reviewed, recurring_runs
from bulkplan.app.saved_plan import FetchFresh
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.planning import load_members, plan_here, plan_key, read_sealed, tell_warnings
from bulkplan.cli.progress import progress
from bulkplan.cli.shard_option import given_shard
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.var_options import given_vars
from bulkplan.cli.wiring import Place, open_connection, open_store
from bulkplan.core.seal import seal
from bulkplan.errors import UsageError
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Plan, SealedPlan
from bulkplan.report.plan_text import plan_lines


@dataclass(frozen=True)
class Agreed:
    """
    A plan that may be carried out: `sealed` is there when it is used once, as saved and reviewed ones are; then `shelf`
    holds what lies beside it.
    """

    plan: Plan
    workspace: Workspace
    sealed: SealedPlan | None = None
    shelf: MemberShelf | None = None


@dataclass(frozen=True)
class Shelved:
    """A reviewed plan, and what lies beside it."""

    sealed: SealedPlan
    shelf: MemberShelf


def reviewed_plan(args: Args, place: Place, console: Console, *, stack: ExitStack) -> Agreed:
    """
    A plan made now, whose every row that would be sent was reviewed. It is then used once, like a saved one.

    What holds members on disk is closed by `stack`.

    Raises:
        UsageError: The words do not go together, or a plan is not there.
        PlanRefusedError: A row was not reviewed, or is not what was reviewed any more.
        BulkplanError: Whatever planning raises.
    """
    if args.plan is not None or args.select:
        raise UsageError(
            "--reviewed goes with neither PLAN nor --select: it plans now, everything that is pending",
            hint="bulkplan apply --reviewed DIR; or, to run a saved plan as it is: bulkplan apply PLAN",
        )
    reviewed = [_read(path, stack, console) for path in _files(args.reviewed)]
    shelf = stack.enter_context(MemberShelf())
    planning = plan_here(
        place,
        console,
        select=(),
        given=given_vars(args.var),
        wish=lambda: CohortWish(members=True, open_spool=DiskSpool, open_members=MemberSpool, keeper=shelf),
        shard=given_shard(args),
    )
    workspace, result = run_until_signal(planning)
    tell_warnings(result, console)
    console.result(plan_lines(result.plan, width=console.manners.width, closing=None))
    if not any(change.would_run for change in result.plan.changes):
        return Agreed(result.plan, workspace)
    fresh = seal(result.plan, key=plan_key(place.environ))
    run_until_signal(_check(Shelved(fresh, shelf), reviewed, workspace, place, console))
    count = len(reviewed)
    console.note(f"Every run to be sent was reviewed ({count} reviewed plan{'' if count == 1 else 's'} looked at).")
    return Agreed(result.plan, workspace, fresh, shelf)


def _read(path: Path, stack: ExitStack, console: Console) -> Shelved:
    sealed, shelf = read_sealed(path), stack.enter_context(MemberShelf())
    load_members(shelf, path, sealed.plan, console)
    return Shelved(sealed, shelf)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Each file, and the plans of each folder."""
    for path in paths:
        yield from sorted(path.glob("*.json")) if path.is_dir() else [path]


async def _check(fresh: Shelved, reviewed: list[Shelved], workspace: Workspace, place: Place, console: Console) -> None:
    from bulkplan.adapters.close_reader import open_reader

    shelves = {each.sealed.plan.plan_id: each.shelf for each in (*reviewed, fresh)}

    store = open_store(place)
    try:
        recurring = recurring_runs(read_shelf(store).standings)
    finally:
        store.close()
    with progress(console) as shown:
        async with (
            open_connection(place, console, shown) as connection,
            open_reader(connection, clock=place.clock) as reader,
        ):
            identity = await reader.fetch_identity()

            def render_at(now: datetime) -> FetchFresh:
                return fresh_requests(workspace, target=place.target, identity=identity, now=now, reader=reader)

            await check_reviewed(
                fresh.sealed.plan,
                [each.sealed for each in reviewed],
                workspace=workspace,
                render_at=render_at,
                recurring=recurring,
                key=plan_key(place.environ),
                kept=lambda plan, key: shelves[plan.plan_id].get(key),
            )
