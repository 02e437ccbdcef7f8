"""`validate`: what is wrong with the files of a project, or with some of them; Close is not asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import NamedTuple, Protocol

from bulkplan.app.workspace import (
    FilesOfProject,
    Frame,
    GivenVars,
    examine,
    examine_frame,
    examine_specs,
    sort_problems,
    warn_of_frame,
)
from bulkplan.core.checks import check_specs
from bulkplan.core.outline import outline_of
from bulkplan.errors import Problem
from bulkplan.model.document import Outline


class Helpers(Protocol):
    """Do the same work on several shares at once; `adapters.helpers.ForkedHelpers` are those there are."""

    @property
    def count(self) -> int:
        """How many work side by side."""
        ...

    @property
    def least(self) -> int:
        """How many files are worth a helper of their own."""
        ...

    def share(self, work: Callable[[Sequence[str]], bytes], shares: Sequence[Sequence[str]]) -> Sequence[bytes]:
        """What the work made of each share, in their order."""
        ...


class Validation(NamedTuple):
    """How many files and specs (documents) were looked at, and what was found, in the order of files and lines."""

    files: int
    specs: int
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class ShareFindings:
    """What was found in a share of the spec files, each spec seen alone; `unread` are problems of the files as such."""

    outlines: tuple[Outline, ...]
    unread: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def validate(
    source: FilesOfProject,
    *,
    paths: tuple[str, ...] = (),
    now: datetime,
    given: GivenVars | None = None,
    helpers: Helpers | None = None,
) -> Validation:
    """
    Examine all files of the project, and tell what concerns `paths` (all of them when there are none).

    The whole project is always read: names and dependencies reach across files. What concerns a fragment concerns the
    specs that use it. A large project is looked through by `helpers`, side by side; what they find is the same.

    Raises:
        UsageError: one of `paths` does not exist, or lies outside the project; a var is given that no file declares.
    """
    if helpers is not None and not paths and given is None:
        return _validate_in_shares(source, helpers, now=now)
    files = source.read(paths)
    findings = examine(files, now=now, given=given, with_tests=True)
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


def _validate_in_shares(source: FilesOfProject, helpers: Helpers, *, now: datetime) -> Validation:
    """The whole project, no more of it in memory than a few specs and an outline of each."""
    files = source.read_frame()
    frame = examine_frame(files, now=now)
    work = partial(_look_through, source, frame, now)
    found = _found_in(_shares(files.spec_files, helpers), work, helpers)
    unread = (*files.problems, *(problem for share in found for problem in share.unread))
    specs = tuple(source.recall(outline) for share in found for outline in share.outlines)
    together = check_specs(specs, is_complete=not unread)
    warnings = warn_of_frame(replace(files, specs=specs, problems=unread), frame)
    return Validation(
        files=len(files.files),
        specs=len(specs),
        problems=sort_problems(
            (*frame.problems, *together, *(problem for share in found for problem in (*share.unread, *share.problems)))
        ),
        warnings=sort_problems(
            (*files.warnings, *warnings, *(warning for share in found for warning in share.warnings))
        ),
    )


def _found_in(
    shares: Sequence[Sequence[str]], work: Callable[[Sequence[str]], ShareFindings], helpers: Helpers
) -> list[ShareFindings]:
    """What the work finds in each share; what crosses from one process to another does so as JSON."""
    if len(shares) == 1:
        return [work(shares[0])]
    from pydantic import TypeAdapter  # slow to load and to build, and only large projects have several shares

    as_text = TypeAdapter(ShareFindings)
    answers = helpers.share(lambda names: as_text.dump_json(work(names)), shares)
    return [as_text.validate_json(answer) for answer in answers]


def _shares(names: tuple[str, ...], helpers: Helpers) -> list[tuple[str, ...]]:
    """The names in their order, dealt out evenly; one share where more are not worth it."""
    n_shares = max(1, min(helpers.count, len(names) // helpers.least))
    bounds = [len(names) * number // n_shares for number in range(n_shares + 1)]
    return [names[begin:end] for begin, end in pairwise(bounds)]


def _look_through(source: FilesOfProject, frame: Frame, now: datetime, names: Sequence[str]) -> ShareFindings:
    """One file after the other, so that none is kept."""
    outlines: list[Outline] = []
    unread: list[Problem] = []
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for name in names:
        reading = source.read_specs((name,))
        found = examine_specs(reading.documents, frame, now=now, given_vars={}, with_tests=True)
        outlines += map(outline_of, reading.documents)
        unread += reading.problems
        problems += found.problems
        warnings += (*reading.warnings, *found.warnings)
    return ShareFindings(tuple(outlines), tuple(unread), tuple(problems), tuple(warnings))


def _of(problems: tuple[Problem, ...], selected: frozenset[str], *, is_all: bool) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if is_all or problem.at is None or problem.at.file in selected)
