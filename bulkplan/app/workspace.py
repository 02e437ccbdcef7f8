"""All that a project's files ask for, or everything that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bulkplan.core.checks import check_runs, check_specs, warn_of_guards, warn_of_tests
from bulkplan.core.expand import expand
from bulkplan.core.project_checks import load_project_document, warn_of_project
from bulkplan.errors import InvalidFilesError, Problem
from bulkplan.model.document import Document, ProjectFiles, Workspace
from bulkplan.model.project import Project
from bulkplan.model.run import WantedRun


class FilesOfProject(Protocol):
    """Reads the files of one project; `adapters.yaml_files.YamlProject` is the one there is."""

    def read(self, paths: tuple[str, ...] = ()) -> ProjectFiles:
        """The project file and every spec file. Raises `UsageError` for a path that is not there."""
        ...

    def read_project(self) -> ProjectFiles:
        """The project file alone."""
        ...


@dataclass(frozen=True)
class Findings:
    """What loading found: the workspace as far as it is good, all problems and warnings, in file and line order."""

    files: ProjectFiles
    workspace: Workspace
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load_workspace(source: FilesOfProject, *, now: datetime) -> Workspace:
    """
    The project and its runs at `now` (aware).

    Raises:
        InvalidFilesError: with every problem of every file, in the order of files and lines.
    """
    findings = examine(source.read(), now=now)
    if findings.problems:
        raise InvalidFilesError(findings.problems)
    return findings.workspace


def load_project(source: FilesOfProject) -> Project:
    """
    What the project file says, or the defaults where there is none; specs are not read.

    Raises:
        InvalidFilesError: with every problem of the project file.
    """
    files = source.read_project()
    project, problems = _load_project(files)
    if problems:
        raise InvalidFilesError(sort_problems(problems))
    return project


def examine(files: ProjectFiles, *, now: datetime) -> Findings:
    """Everything that can be said about files without asking Close; nothing is raised."""
    project, problems = _load_project(files)
    runs: list[WantedRun] = []
    for document in files.specs:
        expansion = expand(document, now=now, project_vars=project.vars)
        runs += expansion.runs
        problems += expansion.problems
    documents = {(document.file, document.index): document for document in files.specs}
    problems += check_specs(files.specs, is_complete=not files.problems)
    problems += check_runs(runs, documents)
    warnings = (
        *files.warnings,
        *warn_of_guards(runs, documents, project),
        *warn_of_tests(files.specs),
        *_project_warnings(files.project, project),
    )
    return Findings(
        files=files,
        workspace=Workspace(project, tuple(runs), files.project, documents, sort_problems(warnings)),
        problems=sort_problems(problems),
        warnings=sort_problems(warnings),
    )


def sort_problems(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Problems in the order of files, lines and columns; those without a place last. Each once."""
    distinct = {(problem.at, problem.message): problem for problem in problems}
    return tuple(sorted(distinct.values(), key=_order))


def _order(problem: Problem) -> tuple[bool, str, int, int, str]:
    at = problem.at
    return (at is None, at.file if at else "", at.line if at else 0, at.column if at else 0, problem.message)


def _load_project(files: ProjectFiles) -> tuple[Project, tuple[Problem, ...]]:
    if files.project is None:
        return Project(), files.problems
    project, problems = load_project_document(files.project)
    return project, (*files.problems, *problems)


def _project_warnings(document: Document | None, project: Project) -> tuple[Problem, ...]:
    return warn_of_project(document, project) if document else ()
