"""Where a project's YAML files are, and what documents stand in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from bulkplan.adapters.yaml_documents import LaterDocuments, LaterPlaces, parse_documents
from bulkplan.adapters.yaml_text import MAX_FILE_BYTES, FileText, decode
from bulkplan.core.digest import digest_json
from bulkplan.errors import Location, Problem, UsageError
from bulkplan.model.document import Document, Outline, ProjectFiles, Reading

PROJECT_FILE = "bulkplan.yaml"
SPECS_FOLDER = "specs"
FILTERS_FOLDER = "filters"
SUFFIXES = (".yaml", ".yml")
MAX_FILES = 20_000


def find_root(start: Path) -> Path:
    """
    The nearest folder, from `start` upward, that holds `bulkplan.yaml` or `specs/`.

    Raises:
        UsageError: when there is none, or `start` is no folder.
    """
    folder = start.resolve()
    if not folder.is_dir():
        raise UsageError(f"{start} is not a folder", hint="name the folder of the project: -C DIR")
    for candidate in (folder, *folder.parents):
        if (candidate / PROJECT_FILE).is_file() or (candidate / SPECS_FOLDER).is_dir():
            return candidate
    raise UsageError(
        f"no project here: neither {PROJECT_FILE} nor {SPECS_FOLDER}/ in {folder}, nor in any folder above it",
        hint="bulkplan init makes one here; or name the folder of the project: -C DIR",
    )


@dataclass(frozen=True)
class YamlProject:
    """The files of one project folder."""

    root: Path

    def read(self, paths: tuple[str, ...] = ()) -> ProjectFiles:
        """
        Read the project file, every spec file and every fragment.

        Args:
            paths: files or folders that a person asked for, as typed in the current folder; files outside `specs/`
                are read as specs too. Empty means all.

        Raises:
            UsageError: when one of `paths` does not exist or lies outside the project.
        """
        frame = self.read_frame(paths)
        specs = self.read_specs(frame.spec_files)
        return replace(
            frame,
            specs=specs.documents,
            problems=(*frame.problems, *specs.problems),
            warnings=(*frame.warnings, *specs.warnings),
        )

    def read_frame(self, paths: tuple[str, ...] = ()) -> ProjectFiles:
        """The same without the specs themselves, of which only the names are looked for."""
        root = self.root.resolve()
        spec_files, problems = find_specs(root)
        filter_files, filter_problems = find_files(root, FILTERS_FOLDER)
        selected, more = select_files(paths, root, (*spec_files, *filter_files))
        project, project_problems = _read_project(root)
        filters = _joined(read_documents(path, root, holds="fragment") for path in filter_files)
        own = (PROJECT_FILE,) if (root / PROJECT_FILE).is_file() else ()
        names = _names((*spec_files, *more), root)
        files = (*own, *_names(filter_files, root), *names)
        return ProjectFiles(
            project=project,
            fragments=filters.documents,
            files=files,
            selected=selected or files,
            spec_files=names,
            has_every_fragment=not (filter_problems or filters.problems),
            problems=(*problems, *filter_problems, *project_problems, *filters.problems),
            warnings=filters.warnings,
        )

    def read_specs(self, names: Iterable[str]) -> Reading:
        """The documents of these files (of `read_frame`), in their order."""
        root = _real(self.root) if self.root.is_absolute() else self.root.resolve()
        return _joined(read_documents(root / name, root, name=name) for name in names)

    def recall(self, outline: Outline) -> Document:
        """The document of an outline, with the outline's data; its file is read again when a place is asked for."""
        root = self.root.resolve()
        later = LaterDocuments(lambda: read_documents(root / outline.file, root).documents)
        return Document(
            file=outline.file,
            index=outline.index,
            line=outline.line,
            data=outline.data,
            places=LaterPlaces(later, outline.index, is_keys=False),
            keys=LaterPlaces(later, outline.index, is_keys=True),
            digest=digest_json(outline.data),
        )

    def read_project(self) -> ProjectFiles:
        """Read the project file alone, where there is one."""
        project, problems = _read_project(self.root.resolve())
        files = (PROJECT_FILE,) if project else ()
        return ProjectFiles(project=project, files=files, selected=files, problems=problems)


def _joined(readings: Iterable[Reading]) -> Reading:
    """What became of several files, as if they were one."""
    listed = list(readings)
    if len(listed) == 1:
        return listed[0]
    return Reading(
        tuple(document for reading in listed for document in reading.documents),
        tuple(problem for reading in listed for problem in reading.problems),
        tuple(warning for reading in listed for warning in reading.warnings),
    )


def _is_utf8(path: Path) -> bool:
    """Whether a name can be written into plans and records."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def find_specs(root: Path) -> tuple[tuple[Path, ...], tuple[Problem, ...]]:
    """`specs/**/*.yaml` and `.yml` in the order of their names; names with a leading dot are left out."""
    return find_files(root, SPECS_FOLDER)


def find_files(root: Path, folder: str) -> tuple[tuple[Path, ...], tuple[Problem, ...]]:
    """The YAML files of one folder below the root, and those that are not taken, each with the reason."""
    found: list[Path] = []
    problems: list[Problem] = []
    for path in _walk(root / folder):
        if path.is_symlink():
            if path.suffix.lower() in SUFFIXES or path.is_dir():
                hint = f"put the file itself under {folder}/"
                problems.append(Problem("symbolic links are not followed", hint, at=_at(path, root)))
        elif path.suffix.lower() in SUFFIXES and not _is_utf8(path):
            shown = Location(str(path.relative_to(root)).encode("utf-8", "backslashreplace").decode(), 1, 1)
            problems.append(Problem("the name of this file is not UTF-8", "rename the file", at=shown))
        elif path.suffix.lower() in SUFFIXES:
            found.append(path)
        if len(found) > MAX_FILES:
            problems.append(Problem(f"there are more than {MAX_FILES:,} files under {folder}/", at=_at(path, root)))
            break
    return tuple(sorted(found, key=lambda path: path.relative_to(root).parts)), tuple(problems)


def read_documents(path: Path, root: Path, *, name: str | None = None, holds: str = "spec") -> Reading:
    """
    The documents of one file below `root`; a file without any is a warning.

    `name` is what the file is called where that is known already; `holds` says what its documents are.
    """
    name = name or _name(path, root)
    content = read_text(path, name, root)
    if isinstance(content, Problem):
        return Reading(problems=(content,))
    reading = parse_documents(content)
    if not reading.documents and not reading.problems:
        empty = Problem(f"the file holds no {holds}", "write one, or delete the file", at=Location(name, 1, 1))
        return Reading(warnings=(empty,))
    return reading


def _read_project(root: Path) -> tuple[Document | None, tuple[Problem, ...]]:
    path = root / PROJECT_FILE
    if not os.path.lexists(path):
        other = root / "bulkplan.yml"
        wrong = Problem("the project file is named bulkplan.yaml", "rename it", at=_at(other, root))
        return None, (wrong,) if os.path.lexists(other) else ()
    content = read_text(path, PROJECT_FILE, root)
    if isinstance(content, Problem):
        return None, (content,)
    reading = parse_documents(content)
    if len(reading.documents) > 1:
        second = reading.documents[1]
        extra = Problem("the project file holds one document only", "delete this one", at=second.locate(()))
        return reading.documents[0], (*reading.problems, extra)
    if not reading.documents and not reading.problems:
        hint = "delete the file, or begin with: schema: bulkplan/project/v1"
        return None, (Problem("the project file is empty", hint, at=Location(PROJECT_FILE, 1, 1)),)
    return (reading.documents[0] if reading.documents else None), reading.problems


def select_files(
    paths: tuple[str, ...], root: Path, specs: tuple[Path, ...]
) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """The names that `paths` stand for, and the files among them that are no specs of the project yet."""
    chosen: list[Path] = []
    for written in paths:
        path = Path(os.path.abspath(written))  # noqa: PTH100 - Path.resolve would follow a symbolic link
        if path.parent.resolve() != root and root not in path.parent.resolve().parents and path.resolve() != root:
            raise UsageError(f"{written} lies outside the project {root}", hint="name a file below the project")
        path = path.parent.resolve() / path.name
        if not path.exists():
            raise UsageError(f"there is no file or folder {written}", hint="check the spelling")
        chosen += _below(path, specs) if path.is_dir() else [path]
    known = {*specs, root / PROJECT_FILE}
    more = tuple(path for path in dict.fromkeys(chosen) if path not in known)
    return tuple(_names(dict.fromkeys(chosen), root)), more


def _below(folder: Path, specs: tuple[Path, ...]) -> list[Path]:
    inside = [path for path in specs if folder in path.parents]
    return inside or [path for path in sorted(_walk(folder)) if path.suffix.lower() in SUFFIXES]


def _walk(folder: Path) -> Iterator[Path]:
    if folder.is_symlink():
        yield folder
        return
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in sorted([*names, *linked]):
            if not name.startswith("."):
                yield Path(place) / name


def read_text(path: Path, name: str, root: Path) -> FileText | Problem:
    """The text of a regular file below the root; nothing else is opened, and no symbolic link followed."""
    at = Location(name, 1, 1)
    if not _is_below(path.parent, root):
        return Problem("the file lies outside the project", "put it below the project's folder", at=at)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return Problem("this is not a regular file", "put a plain file here", at=at)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return Problem("this is not a regular file", "put a plain file here", at=at)
            raw = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return Problem(f"the file cannot be read: {error.strerror}", at=at)
    return decode(name, raw)


@lru_cache(16)
def _real(root: Path) -> Path:
    """A folder with symbolic links followed; asked for every file, so answered once."""
    return root.resolve()


@lru_cache(256)
def _is_below(folder: Path, root: Path) -> bool:
    """Whether a folder is the root or lies in it, symbolic links followed; asked for every file, so answered once."""
    real, top = folder.resolve(), root.resolve()
    return top == real or top in real.parents


def _names(paths: Iterable[Path], root: Path) -> tuple[str, ...]:
    return tuple(_name(path, root) for path in paths)


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if root in path.parents else path.as_posix()


def _at(path: Path, root: Path) -> Location:
    return Location(_name(path, root), 1, 1)
