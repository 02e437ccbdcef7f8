"""Why a plan or an apply failed, as a file for the step that tells people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bulkplan.model.base import Value
from bulkplan.model.shard import Shard


class FailureProblem(Value):
    """One thing wrong in a file of the project; lines and columns count from 1."""

    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None


class Failure(Value):
    """A command that ended in an error: its exit code, what it said, and how to mend it."""

    schema_: Literal["bulkplan/failure/v1"] = Field("bulkplan/failure/v1", alias="schema")
    command: Literal["plan", "apply"]
    target: str | None = None
    shard: Shard | None = None
    exit_code: int
    message: str
    hint: str | None = None
    problems: tuple[FailureProblem, ...] = ()
