"""The files of a project that have a canonical layout, and each one's text before and after."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkplan.adapters.yaml_files import FILTERS_FOLDER, PROJECT_FILE, find_files, find_specs, read_text, select_files
from bulkplan.adapters.yaml_format import LayoutError, format_yaml
from bulkplan.adapters.yaml_key_order import KeyOrder
from bulkplan.adapters.yaml_text import FileText, split_lines
from bulkplan.errors import InvalidFilesError, Location, Problem
from bulkplan.report.schemas import SCHEMAS

SCHEMA_FOLDER = "schemas"


@dataclass(frozen=True)
class Formatted:
    """A file as it is and as it should be. `name` is below the root; with `problems` it stays as it is."""

    path: Path
    name: str
    before: str
    after: str
    problems: tuple[Problem, ...] = ()

    @property
    def would_change(self) -> bool:
        """Whether its layout is not the canonical one."""
        return not self.problems and self.before != self.after


def format_files(root: Path, paths: Sequence[str] = ()) -> tuple[Formatted, ...]:
    """
    Lay out the project file, every spec and every filter; or those that a person named. Nothing is written.

    Raises:
        UsageError: One of `paths` does not exist or lies outside the project.
    """
    root = root.resolve()
    known = (*_project_file(root), *find_files(root, FILTERS_FOLDER)[0], *find_specs(root)[0])
    names, _ = select_files(tuple(paths), root, known)
    chosen = [root / name for name in names] if paths else known
    return tuple(_formatted(path, root) for path in chosen)


def _project_file(root: Path) -> tuple[Path, ...]:
    path = root / PROJECT_FILE
    return (path,) if path.is_file() else ()


def _formatted(path: Path, root: Path) -> Formatted:
    name = path.relative_to(root).as_posix()
    content = read_text(path, name, root)
    if isinstance(content, Problem):
        return Formatted(path, name, "", "", (content,))
    before = path.read_bytes().decode("utf-8")  # as it is: with the line ends and the mark that reading takes away
    kind = kind_of(name)
    order = KeyOrder.of_schema(SCHEMAS[kind]())
    try:
        after = format_yaml(content, order=order, schema=schema_place(path, root, kind))
    except InvalidFilesError as error:
        return Formatted(path, name, before, before, error.problems)
    except LayoutError as error:
        problem = Problem(error.message, error.hint, at=Location(name, 1, 1))
        return Formatted(path, name, before, before, (problem,))
    return Formatted(path, name, before, after)


def format_text(name: str, text: str) -> str:
    """A text of our own in its canonical layout; `name` is its path below the root of a project."""
    content = FileText(name, text, split_lines(text))
    return format_yaml(content, order=KeyOrder.of_schema(SCHEMAS[kind_of(name)]()))


def kind_of(name: str) -> str:
    """The schema that a file follows, by its path below the root."""
    if name == PROJECT_FILE:
        return "project"
    return "filter" if name.startswith(f"{FILTERS_FOLDER}/") else "bulk-action"


def schema_place(path: Path, root: Path, kind: str) -> str | None:
    """Where editors find the schema, seen from the file; `None` where the project does not keep it."""
    place = root / SCHEMA_FOLDER / f"{kind}.v1.schema.json"
    return Path(os.path.relpath(place, path.parent)).as_posix() if place.is_file() else None
