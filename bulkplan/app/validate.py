"""`validate`: what is wrong with the files of a project, or with some of them; Close is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bulkplan.app.workspace import FilesOfProject, GivenVars, examine
from bulkplan.errors import Problem


@dataclass(frozen=True)
class Validation:
    """How many files and specs (documents) were looked at, and what was found, in the order of files and lines."""

    files: int
    specs: int
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def validate(
    source: FilesOfProject, *, paths: tuple[str, ...] = (), now: datetime, given: GivenVars | None = None
) -> Validation:
    """
    Examine all files of the project, and tell what concerns `paths` (all of them when there are none).

    The whole project is always read: names and dependencies reach across files. What concerns a fragment concerns the
    specs that use it.

    Raises:
        UsageError: one of `paths` does not exist, or lies outside the project; a var is given that no file declares.
    """
    files = source.read(paths)
    findings = examine(files, now=now, given=given)
    chosen = frozenset(files.selected)
    documents = findings.workspace.documents.values()
    used = {fragment.file for document in documents if document.file in chosen for fragment in document.fragments}
    selected = chosen | used
    return Validation(
        files=len(chosen & frozenset(files.files)),
        specs=sum(document.file in chosen for document in files.specs),
        problems=_of(findings.problems, selected, is_all=not paths),
        warnings=_of(findings.warnings, selected, is_all=not paths),
    )


def _of(problems: tuple[Problem, ...], selected: frozenset[str], *, is_all: bool) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if is_all or problem.at is None or problem.at.file in selected)
