"""How `plan`, and `apply` without a saved plan, come to a plan; and how a saved one is read."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bulkplan.adapters.member_shelf import MemberShelf, file_beside
from bulkplan.adapters.text_files import read_named
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.cohorts import CohortWish
from bulkplan.app.plan import PlanResult, PlanScope, make_plan
from bulkplan.app.workspace import GivenVars, load_workspace
from bulkplan.cli.console import Console
from bulkplan.cli.progress import Progress, progress
from bulkplan.cli.wiring import Place, open_connection, open_store
from bulkplan.core.overlap import GUARD as OVERLAP
from bulkplan.core.seal import KEY_VARIABLE, load_sealed
from bulkplan.errors import BulkplanError, RefusedError, UsageError
from bulkplan.model.document import Workspace
from bulkplan.model.plan import ChangeKind, Plan, SealedPlan
from bulkplan.model.remote import Identity
from bulkplan.model.shard import Shard
from bulkplan.report.problems_text import problem_lines

if TYPE_CHECKING:
    from bulkplan.adapters.close_reader import HttpCloseReader

_BEGINNINGS = (
    b'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"',
    b"kind,id,created_at,",
    b"### Audit of ",
    b"Audit of ",
)
"""Of the forms that are no JSON."""


def plan_key(environ: Mapping[str, str]) -> bytes | None:
    """The key that plans are signed with, where there is one."""
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
    wish: CohortWish | None = None,
    shard: Shard | None = None,
) -> tuple[Workspace, PlanResult]:
    """
    Make a plan through a client that can only read, of one `shard` where one is named; `wish` says what is to be known
    of the leads themselves.

    Raises:
        BulkplanError: Whatever loading, connecting and planning raise.
    """
    now = place.clock.now()
    with progress(console) as shown:
        async with _reading(place, console, shown, now=now, given=given) as (reader, identity, workspace):
            scope = PlanScope(
                place.target_name,
                place.target,
                identity,
                now,
                select,
                place.provenance().commit,
                given.values if given else {},
                shard=shard,
            )
            with closing(open_store(place, reads_only=True)) as store:
                return workspace, await make_plan(
                    workspace, reader=reader, store=store, scope=scope, wish=wish, progress=shown
                )


@asynccontextmanager
async def _reading(
    place: Place, console: Console, shown: Progress, *, now: datetime, given: GivenVars | None
) -> AsyncIterator[tuple[HttpCloseReader, Identity, Workspace]]:
    """A reader of the target, whose key it has, and the workspace: what is wrong with files is told before anything."""
    from bulkplan.adapters.close_reader import open_reader

    workspace = workspace_of(place, now=now, given=given)
    async with (
        open_connection(place, console, shown) as connection,
        open_reader(connection, clock=place.clock) as reader,
    ):
        yield reader, await reader.fetch_identity(), workspace


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
    if not shelf.load(path, plan):
        console.note(
            f"{file_beside(path)} is not there: nobody knows who the leads of large cohorts were, "
            "so their drift is measured in counts."
        )


def write_text(path: Path, text: str, *, is_private: bool = False) -> None:
    """
    Write a file whole or not at all; a private one for its owner alone.

    Raises:
        UsageError: The path names no file, or a file that is not one of ours.
        BulkplanError: It cannot be written.
    """
    path = _own_place(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        draft.touch(mode=0o600 if is_private else 0o666, exist_ok=False)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):  # where a draft cannot be made, it often cannot be taken away either
            draft.unlink()
        raise BulkplanError(f"{path} cannot be written: {error.strerror or error}") from error


def remove_own(path: Path) -> None:
    """
    Remove what bulkplan wrote there before, if anything.

    Raises:
        UsageError: The path names no file, or a file that is not one of ours.
        BulkplanError: It cannot be removed.
    """
    try:
        _own_place(path).unlink(missing_ok=True)
    except OSError as error:
        raise BulkplanError(f"{path} cannot be removed: {error.strerror or error}") from error


def _own_place(path: Path) -> Path:
    """Where the text goes, symbolic links followed: a new file, or one that bulkplan wrote before."""
    if path == Path() or path.is_dir():
        raise UsageError(f'"{path}" is no file to write to', hint="name a file: --out plan.json")
    real = path.resolve()
    if real.exists() and not real.is_file():
        raise UsageError(f"{path} is no ordinary file", hint="name a file, or print it: --format json")
    if real.is_file() and real.stat().st_size and not _is_ours(real):
        hint = "name another file, or remove it"
        raise UsageError(f"{path} is there already, and bulkplan did not write it", hint=hint)
    return real


def _is_ours(path: Path) -> bool:
    """Whether a file begins as everything that bulkplan writes: JSON that says what it is, its pages, its tables."""
    with path.open("rb") as file:
        head = file.read(400)
    is_json = head.lstrip().startswith(b"{") and any(mark in head for mark in (b"bulkplan", b"format_version"))
    return is_json or head.startswith(_BEGINNINGS)


def refusal(plan: Plan) -> RefusedError | None:
    """The error for a plan with rows that a guard or a conflict holds back."""
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
