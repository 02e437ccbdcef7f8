"""`validate`: what is wrong with the files of a project, or with some of them; Close is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bulkplan.app.workspace import FilesOfProject, examine
from bulkplan.errors import Problem


@dataclass(frozen=True)
class Validation:
    """How many files and specs (documents) were looked at, and what was found, in the order of files and lines."""

    files: int
    specs: int
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def validate(source: FilesOfProject, *, paths: tuple[str, ...] = (), now: datetime) -> Validation:
    """
    Examine all files of the project, and tell what concerns `paths` (all of them when there are none).

    The whole project is always read: names and dependencies reach across files.

    Raises:
        UsageError: when one of `paths` does not exist, or lies outside the project.
    """
    files = source.read(paths)
    findings = examine(files, now=now)
    selected = frozenset(files.selected)
    return Validation(
        files=len(selected & frozenset(files.files)),
        specs=sum(document.file in selected for document in files.specs),
        problems=_of(findings.problems, selected, is_all=not paths),
        warnings=_of(findings.warnings, selected, is_all=not paths),
    )


def _of(problems: tuple[Problem, ...], selected: frozenset[str], *, is_all: bool) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if is_all or problem.at is None or problem.at.file in selected)
