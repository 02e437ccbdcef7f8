"""All that a project's files ask for, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import JsonValue

from bulkplan.core.checks import check_alone, check_runs, check_specs, warn_of_guards
from bulkplan.core.expand import declared_vars, expand
from bulkplan.core.fragments import (
    PROJECT_ROOT,
    SPEC_ROOT,
    Fragments,
    Placed,
    load_fragments,
    place_fragments,
    warn_of_unused,
)
from bulkplan.core.near import did_you_mean
from bulkplan.core.offline import find_offline_problems, find_suppression_problems
from bulkplan.core.project_checks import load_project_document, warn_of_project
from bulkplan.core.resolve import list_some
from bulkplan.errors import InvalidFilesError, Problem, UsageError
from bulkplan.model.document import Document, Outline, ProjectFiles, Reading, Workspace
from bulkplan.model.project import Project
from bulkplan.model.run import WantedRun

FILES_A_STEP = 4
"""How many spec files are read before others get their turns: two milliseconds; one by one takes longer in all."""


class FilesOfProject(Protocol):
    """Reads the files of one project; `adapters.yaml_files.YamlProject` is the one there is."""

    def read(self, paths: tuple[str, ...] = ()) -> ProjectFiles:
        """The project file and every spec file. Raises `UsageError` for a path that is not there."""
        ...

    def read_project(self) -> ProjectFiles:
        """The project file alone."""
        ...

    def read_frame(self, paths: tuple[str, ...] = ()) -> ProjectFiles:
        """What `read` gives, without the specs themselves. Raises `UsageError` likewise."""
        ...

    def read_specs(self, names: Iterable[str]) -> Reading:
        """The documents of some of the spec files that `read_frame` found."""
        ...

    def recall(self, outline: Outline) -> Document:
        """A document that holds the outline's data, and finds its places when they are asked for."""
        ...


class GivenVars(NamedTuple):
    """
    Vars of the command line, by name: they stand above those of project, fragments and specs.

    `must_be_declared`: a name that no file knows is a slip of the pen. A saved plan brings names of its own time.
    """

    values: Mapping[str, JsonValue]
    must_be_declared: bool = True


class Findings(NamedTuple):
    """What loading found: the workspace as far as it is good, all problems and warnings, in file and line order."""

    files: ProjectFiles
    workspace: Workspace
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load_workspace(source: FilesOfProject, *, now: datetime, given: GivenVars | None = None) -> Workspace:
    """
    The project and its runs at `now` (aware), with the vars `given` on the command line.

    Raises:
        UsageError: a var is given that no file declares.
        InvalidFilesError: with every problem of every file, in the order of files and lines.
    """
    return Loading(source, now=now, given=given).finish()


class Loading:
    """
    `load_workspace` step by step, for those who have something to do in between.

    `frame` is known at once. What a step gives is good by itself; whether all of it fits together, and so whether
    anything may come of it, only `finish` says.
    """

    def __init__(self, source: FilesOfProject, *, now: datetime, given: GivenVars | None = None) -> None:
        self._source, self._now, self._given = source, now, given
        self._files = source.read_frame()
        self.frame = examine_frame(self._files, now=now)
        self._n_read = 0
        self._readings: list[Reading] = []
        self._found: list[SpecFindings] = []
        self._workspace: Workspace | None = None

    def steps(self) -> Iterator[tuple[WantedRun, ...]]:
        """The runs of some spec files after the other, each once; none any more when there is a problem."""
        is_good = not self.frame.problems
        values = self._given.values if self._given else {}
        names = self._files.spec_files
        while self._n_read < len(names):
            share = names[self._n_read : self._n_read + FILES_A_STEP]
            self._n_read += len(share)
            reading = self._source.read_specs(share)
            found = examine_specs(reading.documents, self.frame, now=self._now, given_vars=values)
            self._readings.append(reading)
            self._found.append(found)
            is_good = is_good and not (reading.problems or found.problems)
            yield found.runs if is_good else ()

    def finish(self) -> Workspace:
        """
        The workspace, once the steps that are left are done. Asked for again, it is the same.

        Raises:
            BulkplanError: As `load_workspace` does.
        """
        if self._workspace is None:
            for _ in self.steps():
                pass
            self._workspace = self._examined()
        return self._workspace

    def _examined(self) -> Workspace:
        files = _with_specs(self._files, self._readings)
        if self._given:
            _checked(self._given, files)
        findings = _findings(files, self.frame, _together(self._found))
        if findings.problems:
            raise InvalidFilesError(findings.problems)
        return findings.workspace


def _with_specs(files: ProjectFiles, readings: Iterable[Reading]) -> ProjectFiles:
    listed = tuple(readings)
    return replace(
        files,
        specs=tuple(document for reading in listed for document in reading.documents),
        problems=(*files.problems, *(problem for reading in listed for problem in reading.problems)),
        warnings=(*files.warnings, *(warning for reading in listed for warning in reading.warnings)),
    )


def load_project(source: FilesOfProject) -> Project:
    """
    What the project file says, or the defaults where there is none; specs are not read.

    Raises:
        InvalidFilesError: with every problem of the project file.
    """
    files = source.read_project()
    project, _, problems = _load_project(files, None)
    if problems:
        raise InvalidFilesError(sort_problems(problems))
    return project


def examine(
    files: ProjectFiles, *, now: datetime, given: GivenVars | None = None, with_tests: bool = False
) -> Findings:
    """
    Everything that can be said about files without asking Close; about the leads of their tests too, where asked for.

    Raises:
        UsageError: a var is given on the command line that no file declares.
    """
    values = _checked(given, files) if given else {}
    frame = examine_frame(files, now=now)
    return _findings(files, frame, examine_specs(files.specs, frame, now=now, given_vars=values, with_tests=with_tests))


def _findings(files: ProjectFiles, frame: Frame, found: SpecFindings) -> Findings:
    """What is said of specs seen alone, and of all of them together."""
    together = check_specs(files.specs, is_complete=not files.problems)
    problems = (*files.problems, *frame.problems, *found.problems, *together)
    warnings = sort_problems((*files.warnings, *found.warnings, *warn_of_frame(files, frame)))
    return Findings(
        files=files,
        workspace=Workspace(frame.project, found.runs, frame.document, found.documents, warnings),
        problems=sort_problems(problems),
        warnings=warnings,
    )


class Frame(NamedTuple):
    """What every spec is seen in: the project, with its fragments; and all that is wrong with files as such."""

    project: Project
    document: Document | None
    fragments: Fragments
    problems: tuple[Problem, ...]


class SpecFindings(NamedTuple):
    """What was found in some specs, each seen alone: their runs, their documents with fragments in place."""

    runs: tuple[WantedRun, ...]
    documents: Mapping[tuple[str, int], Document]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def examine_frame(files: ProjectFiles, *, now: datetime) -> Frame:
    """Everything that can be said about a project's files but for its specs."""
    fragments = load_fragments(files.fragments, is_complete=files.has_every_fragment)
    project, document, problems = _load_project(files, fragments)
    problems += fragments.problems
    if document is not None and project.suppress is not None:
        found = find_suppression_problems(project.suppress, now=now)
        problems += tuple(document.located(problem) for problem in found)
    return Frame(project, document, fragments, problems)


def examine_specs(
    specs: Iterable[Document],
    frame: Frame,
    *,
    now: datetime,
    given_vars: Mapping[str, JsonValue],
    with_tests: bool = False,
) -> SpecFindings:
    """Everything that can be said about each of these specs without looking at the others."""
    runs: list[WantedRun] = []
    documents: dict[tuple[str, int], Document] = {}
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for spec in specs:
        placed = place_fragments(spec, frame.fragments, root=SPEC_ROOT)
        documents[spec.file, spec.index] = placed.document
        expansion = expand(placed.document, now=now, project_vars=frame.project.vars, given_vars=given_vars)
        runs += expansion.runs
        problems += (*placed.problems, *expansion.problems, *check_alone(spec))
        for run in expansion.runs:
            found = find_offline_problems(run.spec, now=now)
            if with_tests and run.spec.tests and not found:
                from bulkplan.core.spec_tests import find_fixture_problems  # much to load, and few specs have tests

                found = find_fixture_problems(run, now=now)
            problems += map(placed.document.located, found)
    problems += check_runs(runs, documents)
    warnings += warn_of_guards(runs, documents, frame.project)
    return SpecFindings(tuple(runs), documents, tuple(problems), tuple(warnings))


def _together(found: Iterable[SpecFindings]) -> SpecFindings:
    """What was found in several specs, each seen alone."""
    listed = tuple(found)
    return SpecFindings(
        runs=tuple(run for one in listed for run in one.runs),
        documents={place: document for one in listed for place, document in one.documents.items()},
        problems=tuple(problem for one in listed for problem in one.problems),
        warnings=tuple(warning for one in listed for warning in one.warnings),
    )


def warn_of_frame(files: ProjectFiles, frame: Frame) -> tuple[Problem, ...]:
    """Warnings about the project file, and about fragments that nobody uses."""
    users = [(files.project, PROJECT_ROOT), *((spec, SPEC_ROOT) for spec in files.specs)]
    unused = () if files.problems else warn_of_unused(files.fragments, users=users)
    return (*unused, *(warn_of_project(files.project, frame.project) if files.project else ()))


def _checked(given: GivenVars, files: ProjectFiles) -> Mapping[str, JsonValue]:
    """The values given, once it is sure that each name means something here."""
    declared = declared_vars((*files.specs, *files.fragments, *((files.project,) if files.project else ())))
    unknown = next((name for name in given.values if name not in declared), None)
    if unknown is None or not given.must_be_declared or files.problems:
        return given.values
    some = f"there are: {list_some(sorted(declared))}" if declared else "declare it: vars: {NAME: VALUE} in a spec"
    raise UsageError(
        f'--var {unknown}: no spec, fragment or project file declares the var "{unknown}"',
        hint=did_you_mean(unknown, sorted(declared)) or some,
    )


def sort_problems(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Problems in the order of files, lines and columns; those without a place last. Each once."""
    distinct = {(problem.at, problem.message): problem for problem in problems}
    return tuple(sorted(distinct.values(), key=_order))


def _order(problem: Problem) -> tuple[bool, str, int, int, str]:
    at = problem.at
    return (at is None, at.file if at else "", at.line if at else 0, at.column if at else 0, problem.message)


def _load_project(
    files: ProjectFiles, fragments: Fragments | None
) -> tuple[Project, Document | None, tuple[Problem, ...]]:
    """The project, its document and its problems; fragments are put in place where they are at hand."""
    if files.project is None:
        return Project(), None, files.problems
    placed = place_fragments(files.project, fragments, root=PROJECT_ROOT) if fragments else Placed(files.project)
    project, problems = load_project_document(placed.document)
    return project, placed.document, (*files.problems, *placed.problems, *problems)
