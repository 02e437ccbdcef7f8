"""Writes down why a command failed, for the step of a CI job that tells people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from bulkplan.cli.arguments import Args
from bulkplan.cli.exit_codes import exit_code
from bulkplan.cli.own_files import remove_own, write_text
from bulkplan.cli.shard_option import given_shard
from bulkplan.cli.stopping import Stopped
from bulkplan.cli.wiring import find_place
from bulkplan.errors import BulkplanError, InvalidFilesError, Problem
from bulkplan.model.failure import Failure, FailureProblem


@contextmanager
def telling_failure(args: Args, command: Literal["plan", "apply"]) -> Iterator[None]:
    """Where the command fails, write why to the file of `--failure`; that of an earlier command is removed first."""
    path = args.failure
    if path is None:
        yield
        return
    remove_own(path)
    try:
        yield
    except BulkplanError as error:
        _write(path, args, command, error, exit_code(error))
        raise
    except Stopped as stopped:
        said = stopped.error or BulkplanError("interrupted; what was recorded is safe")
        _write(path, args, command, said, stopped.exit_code)
        raise


def _write(path: Path, args: Args, command: Literal["plan", "apply"], error: BulkplanError, code: int) -> None:
    problems = error.problems if isinstance(error, InvalidFilesError) else ()
    failure = Failure(
        command=command,
        target=_target(args),
        shard=given_shard(args),
        exit_code=code,
        message=error.message,
        hint=error.hint,
        problems=tuple(map(_problem, problems)),
    )
    write_text(path, failure.model_dump_json(by_alias=True, indent=2) + "\n")


def _problem(problem: Problem) -> FailureProblem:
    at = problem.at
    found = FailureProblem(message=problem.message, hint=problem.hint)
    if at is None:
        return found
    return found.model_copy(update={"file": at.file, "line": at.line, "column": at.column})


def _target(args: Args) -> str | None:
    """The name of the target, as far as the project file can be read."""
    try:
        return find_place(args).target_name
    except BulkplanError:
        return args.target
