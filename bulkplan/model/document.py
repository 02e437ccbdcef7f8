"""A YAML document as read: plain data, with the place of every value; and all that a project's files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.errors import Location, Path, Problem
from bulkplan.model.project import Project
from bulkplan.model.run import FragmentSource, SpecSource, WantedRun


@dataclass(frozen=True)
class Document:
    """
    One YAML document: `data` is JSON-like (timestamps as ISO text), `places` has every value, `keys` every mapping key.

    `digest` is `sha256:…` over the data as it stands in the file, not over its layout. Where a fragment is used, its
    conditions stand in the data below `where`, at places of their own file; `uses` has the defaults of its vars by the
    path of each use.
    """

    file: str
    index: int
    line: int
    data: JsonValue
    places: Mapping[Path, Location]
    keys: Mapping[Path, Location]
    digest: str
    uses: Mapping[Path, Mapping[str, JsonValue]] = field(default_factory=dict)
    fragments: tuple[FragmentSource, ...] = ()

    def locate(self, path: Path, *, on_key: bool = False) -> Location | None:
        """The place of the value (or key) at `path`, or of its nearest ancestor that has one."""
        if on_key and path in self.keys:
            return self.keys[path]
        for end in range(len(path), -1, -1):
            if (place := self.places.get(path[:end])) is not None:
                return place
        return None

    def located(self, problem: Problem) -> Problem:
        """The problem with its place, unless it has one."""
        at = problem.at or self.locate(problem.path, on_key=problem.on_key)
        return self._told_where_used(problem.located(at))

    def _told_where_used(self, problem: Problem) -> Problem:
        """A problem inside a fragment also names the use that brought it here."""
        if problem.at is None or problem.at.file == self.file:
            return problem
        path = problem.path
        use = next((path[:end] for end in range(len(path)) if path[:end] in self.uses), None)
        at = self.locate((*use, "use")) if use is not None else None
        if at is None or str(at) in (problem.hint or ""):
            return problem
        return replace(problem, hint=f"{problem.hint}; used at {at}" if problem.hint else f"used at {at}")

    @property
    def source(self) -> SpecSource:
        """Where it stands, for plans and records."""
        return SpecSource(
            file=self.file, document=self.index, line=self.line, digest=self.digest, fragments=self.fragments
        )


@dataclass(frozen=True)
class Outline:
    """
    What other specs and fragments need to know of a spec: `data` holds its name, what it depends on, the names of its
    vars, and the fragments that it uses, each where it stands in the spec. `index` counts the documents of the file.
    """

    file: str
    index: int
    line: int
    data: JsonValue


@dataclass(frozen=True)
class Workspace:
    """What the files of a project ask for: valid, expanded, not yet resolved. Runs are in file, then document order."""

    project: Project
    runs: tuple[WantedRun, ...]
    project_document: Document | None = None
    documents: Mapping[tuple[str, int], Document] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()

    def locate(self, source: SpecSource, path: Path, *, on_key: bool = False) -> Location | None:
        """The place of a value of a spec."""
        document = self.documents.get((source.file, source.document))
        return document.locate(path, on_key=on_key) if document else None

    def located(self, source: SpecSource, problem: Problem) -> Problem:
        """The problem of a spec with its place."""
        document = self.documents.get((source.file, source.document))
        return document.located(problem) if document else problem


class Reading(NamedTuple):
    """What became of reading one file: its documents, as far as they could be read, and what is wrong with it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class ProjectFiles:
    """
    The files of a project as read: `files` in the order of reading (POSIX form, below the root), documents likewise.

    `selected` are those that a person asked for; all of them where nobody named any. `spec_files` are those of the
    specs, read or not; `has_every_fragment` is false when a file could not be found or read that may hold one.
    """

    project: Document | None = None
    specs: tuple[Document, ...] = ()
    fragments: tuple[Document, ...] = ()
    files: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    spec_files: tuple[str, ...] = ()
    has_every_fragment: bool = True
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
