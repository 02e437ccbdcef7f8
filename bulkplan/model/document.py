"""A YAML document as read: plain data, with the place of every value; and all that a project's files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bulkplan.errors import Location, Path, Problem
from bulkplan.model.project import Project
from bulkplan.model.run import SpecSource, WantedRun


@dataclass(frozen=True)
class Document:
    """
    One YAML document: `data` is JSON-like (timestamps as ISO text), `places` has every value, `keys` every mapping key.

    `digest` is `sha256:…` over the data, not over its layout.
    """

    file: str
    index: int
    line: int
    data: JsonValue
    places: Mapping[Path, Location]
    keys: Mapping[Path, Location]
    digest: str

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
        return problem if problem.at else problem.located(self.locate(problem.path, on_key=problem.on_key))

    @property
    def source(self) -> SpecSource:
        """Where it stands, for plans and records."""
        return SpecSource(file=self.file, document=self.index, line=self.line, digest=self.digest)


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


@dataclass(frozen=True)
class Reading:
    """What became of reading one file: its documents, as far as they could be read, and what is wrong with it."""

    documents: tuple[Document, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class ProjectFiles:
    """
    The files of a project as read: `files` in the order of reading (POSIX form, below the root), documents likewise.

    `selected` are those that a person asked for; all of them where nobody named any.
    """

    project: Document | None = None
    specs: tuple[Document, ...] = ()
    files: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
