"""How `plan`, and `apply` without a saved plan, come to a plan; and how a saved one is read."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bulkplan.adapters.text_files import read_named
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.workspace import GivenVars, Loading, load_workspace
from bulkplan.cli.console import Console
from bulkplan.cli.progress import Progress, progress
from bulkplan.cli.wiring import Place, leave_httpx_its_commands, open_connection, open_store
from bulkplan.errors import BulkplanError, RefusedError, UsageError
from bulkplan.report.problems_text import problem_lines

if TYPE_CHECKING:  # the first request leaves before these are loaded
    import asyncio

    from bulkplan.adapters.close_reader import HttpCloseReader
    from bulkplan.adapters.member_shelf import MemberShelf
    from bulkplan.app.cohorts import CohortWish
    from bulkplan.app.plan import PlanResult
    from bulkplan.model.document import Workspace
    from bulkplan.model.plan import Change, Plan, SealedPlan
    from bulkplan.model.remote import Identity
    from bulkplan.model.shard import Shard

NEEDED_LATER = (
    "bulkplan.core.words",
    "bulkplan.core.changes",
    "bulkplan.core.render",
    "bulkplan.core.planner",
    "bulkplan.app.cohorts",
    "bulkplan.app.funnel",
    "bulkplan.app.plan_early",
    "bulkplan.report.plan_text",
)
"""What is loaded while Close is asked whose key it is, piece by piece."""

TURNS_TO_LEAVE = 20
"""How often the event loop goes round for each of them: a request that need not wait has left after some ten."""


def plan_key(environ: Mapping[str, str]) -> bytes | None:
    """The key that plans are signed with, where there is one."""
    from bulkplan.core.seal import KEY_VARIABLE

    key = environ.get(KEY_VARIABLE, "")
    return key.encode("utf-8", "surrogateescape") if key else None


def workspace_of(place: Place, *, now: datetime, given: GivenVars | None = None) -> Workspace:
    """What the project's files ask for at `now`. Raises `InvalidFilesError` with every problem of every file."""
    return load_workspace(YamlProject(place.root), now=now, given=given)


async def plan_here(
    place: Place,
    console: Console,
    *,
    select: tuple[str, ...],
    given: GivenVars | None = None,
    wish: Callable[[], CohortWish] | None = None,
    shard: Shard | None = None,
    seen: Callable[[Change], None] | None = None,
) -> tuple[Workspace, PlanResult]:
    """
    Make a plan through a client that can only read, of one `shard` where one is named; `wish` says what is to be known
    of the leads themselves. `seen` is shown each row once it is counted.

    Raises:
        BulkplanError: Whatever loading, connecting and planning raise.
    """
    now = place.clock.now()
    with progress(console) as shown:
        async with _asking(place, console, shown, now=now, given=given) as (reader, identity, loading):
            from bulkplan.app.plan import PlanAim
            from bulkplan.app.plan_early import plan_while_reading

            aim = PlanAim(
                target_name=place.target_name,
                target=place.target,
                now=now,
                select=select,
                commit=place.provenance().commit,
                vars=given.values if given else {},
                shard=shard,
            )
            return await plan_while_reading(
                loading,
                reader=reader,
                identity=identity,
                open_store=lambda: open_store(place, reads_only=True),
                aim=aim,
                wish=wish() if wish else None,
                progress=shown,
                seen=seen,
            )


@asynccontextmanager
async def _asking(
    place: Place, console: Console, shown: Progress, *, now: datetime, given: GivenVars | None
) -> AsyncIterator[tuple[HttpCloseReader, asyncio.Task[Identity], Loading]]:
    """
    A reader of the target, which is being asked whose key it has, and the files, still to be read.

    What is wrong with the files is told first: they are read before where there is no way to Close, and where nothing
    would be waited for.
    """
    import asyncio

    leave_httpx_its_commands()
    from bulkplan.adapters.close_reader import open_reader

    loading = Loading(YamlProject(place.root), now=now, given=given) if place.is_sandbox else None
    async with AsyncExitStack() as opened:
        try:
            if loading is not None:
                loading.finish()
            connection = await opened.enter_async_context(open_connection(place, console, shown))
            reader = await opened.enter_async_context(open_reader(connection, clock=place.clock))
        except BulkplanError:
            workspace_of(place, now=now, given=given)
            raise
        shown.heed(reader.counting_pace_s)
        asking = asyncio.create_task(reader.fetch_identity())
        try:
            for name in NEEDED_LATER:
                for _ in range(TURNS_TO_LEAVE):
                    await asyncio.sleep(0)
                importlib.import_module(name)
            yield reader, asking, loading or Loading(YamlProject(place.root), now=now, given=given)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


def tell_warnings(result: PlanResult, console: Console) -> None:
    """What the files should be warned about, on stderr."""
    if not console.manners.quiet:
        for problem in result.problems:
            console.message(problem_lines(problem, severity="warning", width=console.manners.width))


def read_sealed(path: Path) -> SealedPlan:
    """
    Read a saved plan.

    Raises:
        UsageError: There is no such file.
        PlanRefusedError: It is no plan, or was altered.
        BulkplanError: It cannot be read.
    """
    from bulkplan.core.seal import load_sealed

    try:
        text = read_named(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"there is no plan file {path}", hint="make one: bulkplan plan --out plan.json") from error
    except UnicodeDecodeError:
        text = ""  # no plan: says so below
    return load_sealed(text)


def load_members(shelf: MemberShelf, path: Path, plan: Plan, console: Console) -> None:
    """
    Read what lies beside a saved plan; where it is gone, say what that means.

    Raises `PlanRefusedError` for a file that was altered or is of another plan, `BulkplanError`.
    """
    from bulkplan.adapters.member_shelf import file_beside

    if not shelf.load(path, plan):
        console.note(
            f"{file_beside(path)} is not there: nobody knows who the leads of large cohorts were, "
            "so their drift is measured in counts."
        )


def refusal(plan: Plan) -> RefusedError | None:
    """The error for a plan with rows that a guard or a conflict holds back."""
    from bulkplan.core.overlap import GUARD as OVERLAP
    from bulkplan.model.plan import ChangeKind

    rows = [change for change in plan.changes if change.is_blocked and change.kind is ChangeKind.RUN]
    blocked, by = len(rows), "a guard or an overlap" if any(OVERLAP in row.blocked_by for row in rows) else "a guard"
    conflicts = sum(change.kind is ChangeKind.CONFLICT for change in plan.changes)
    if not blocked and not conflicts:
        return None
    parts = [f"{_n(blocked)} refused by {by}"] if blocked else []
    parts += [f"{_n(conflicts)} in conflict with what ran before"] if conflicts else []
    return RefusedError(" and ".join(parts), hint="the rows above say how to mend it")


def _n(count: int) -> str:
    return f"{count:,} run{' is' if count == 1 else 's are'}"
