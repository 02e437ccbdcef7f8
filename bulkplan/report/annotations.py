"""Notes beside lines of a pull request: workflow commands that GitHub reads from the output of a step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bulkplan.core.visible import visible
from bulkplan.errors import Location, Problem

Level = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")
MAX_PER_LEVEL = 10
"""GitHub shows so many of each level for one step, and drops the others without a word."""


@dataclass(frozen=True)
class Annotation:
    """
    One note. `message` may have several lines; `at` is the place, its file below the folder of the project.

    Text from outside may stand in every part: it is made visible and escaped when it is written.
    """

    level: Level
    message: str
    title: str | None = None
    at: Location | None = None


def problem_annotation(problem: Problem, *, level: Level = "error", title: str | None = None) -> Annotation:
    """A problem as a note: what is wrong, and below it how to mend it."""
    message = problem.message + (f"\nhint: {problem.hint}" if problem.hint else "")
    return Annotation(level, message, title, problem.at)


def annotation_lines(annotations: Iterable[Annotation], *, folder: str = "") -> tuple[str, ...]:
    """
    The commands, one a line, in the order of levels, then as given.

    Of each level there are at most ten: where there would be more, the tenth says how many are left out.

    Args:
        annotations: What to say.
        folder: The folder of the project below the repository, in POSIX form; empty where it is the repository's own.
    """
    every = tuple(annotations)
    lines: list[str] = []
    for level in LEVELS:
        lines += [_line(each, folder) for each in _shown([each for each in every if each.level == level])]
    return tuple(lines)


def _shown(annotations: Sequence[Annotation]) -> Sequence[Annotation]:
    if len(annotations) <= MAX_PER_LEVEL:
        return annotations
    kept = annotations[: MAX_PER_LEVEL - 1]
    level, n_left = annotations[0].level, len(annotations) - len(kept)
    message = f"{n_left:,} more are left out: GitHub shows {MAX_PER_LEVEL} of each level. The text form lists them all."
    return [*kept, Annotation(level, message, f"{n_left:,} more")]


def _line(annotation: Annotation, folder: str) -> str:
    """Source: GitHub Actions, "Workflow commands"; a column range is told for one line only, its end inclusive."""
    at = annotation.at
    properties: dict[str, str | int | None] = {}
    if at is not None:
        properties["file"] = f"{folder}/{at.file}" if folder else at.file
        properties |= {"line": at.line, "endLine": at.line, "col": at.column}
        properties["endColumn"] = max(at.column, at.end_column - 1) if at.end_column else None
    properties["title"] = annotation.title
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    return f"::{annotation.level}{' ' if written else ''}{written}::{_data(annotation.message)}"


def _data(text: str) -> str:
    """The message: its own line ends stay line ends, all else that would not show is written out."""
    return "%0A".join(visible(line).replace("%", "%25") for line in text.split("\n"))


def _property(text: str) -> str:
    return visible(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
