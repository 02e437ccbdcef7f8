"""What a rule is, what it looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Literal

from bulkplan.core.lint.names import SLUGS
from bulkplan.errors import Problem
from bulkplan.model.document import Document, Workspace
from bulkplan.model.project import Severity
from bulkplan.model.record import Recorded
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.model.spec import Spec

Needs = Literal["files", "state", "close"]
"""What a rule looks at besides the files: what was recorded, or what Close says (`--online`)."""


@dataclass(frozen=True)
class SpecView:
    """One document of a spec, and the runs that it asks for, at least one."""

    document: Document
    runs: tuple[WantedRun, ...]

    @property
    def spec(self) -> Spec:
        """The spec of the first run; those of the others differ in what `for_each` fills in."""
        return self.runs[0].spec


@dataclass(frozen=True)
class EmptyTag:
    """A placeholder of a template, and for how many leads of the cohort nothing stands behind it."""

    tag: str
    template: str
    n_empty: int
    n_leads: int
    is_some_contact: bool = False
    """Counted are leads of which at least one contact lacks it."""


@dataclass(frozen=True)
class UnknownTag:
    """A placeholder of a template that names no field."""

    tag: str
    template: str


@dataclass(frozen=True)
class CloseFacts:
    """What Close says about one run. `mail_key` is the key of the action that brings the templates."""

    problems: tuple[Problem, ...] = ()
    user_views: tuple[str, ...] = ()
    mail_key: Literal["template", "sequence"] = "template"
    empty_tags: tuple[EmptyTag, ...] = ()
    unknown_tags: tuple[UnknownTag, ...] = ()
    sender_without_user: str | None = None


@dataclass(frozen=True)
class World:
    """All that rules look at. `records` and `close` are `None` where they were not asked for."""

    workspace: Workspace
    specs: tuple[SpecView, ...]
    now: datetime
    zone: tzinfo = UTC
    records: tuple[Recorded, ...] | None = None
    close: Mapping[RunKey, CloseFacts] | None = None
    unused_fragments: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Hit:
    """Something that a rule found in a document (`None`: in the project file, or in none)."""

    document: Document | None
    problem: Problem


@dataclass(frozen=True)
class Example:
    """
    How it looks. A line that ends in `# <slug>` is where the finding is told.

    `spec` and `project` are keys of a file; `ran` is the spec as it ran before; `words` say what Close has; `fragment`
    is a file under `filters/`. `without` names keys that a spec in good order has, and this one has not.
    """

    spec: str = ""
    project: str = ""
    ran: str = ""
    words: str = ""
    fragment: str = ""
    without: tuple[str, ...] = ()


Check = Callable[[World], Iterator[Hit]]
SpecCheck = Callable[[Spec], Iterator[Problem]]


@dataclass(frozen=True)
class Rule:
    """One rule. `summary` is one line, `why` a paragraph for whoever asks, `check` what finds it."""

    id: str
    severity: Severity
    summary: str
    why: str
    bad: Example
    good: Example
    check: Check
    needs: Needs = "files"

    @property
    def slug(self) -> str:
        """Its name for people."""
        return SLUGS[self.id]


@dataclass(frozen=True)
class Finding:
    """
    What a rule found, with its place; `ignored` is the reason why it may stand. `spec` is the name of the spec.

    `where` names the place in the document by its keys, e.g. `filter/where/all/0`: it stays when lines move.
    """

    rule: Rule
    severity: Severity
    problem: Problem
    where: str = ""
    spec: str | None = None
    ignored: str | None = None


@dataclass(frozen=True)
class Linted:
    """Findings in the order of files and lines, those without a place last; `ignored` are those with a reason."""

    findings: tuple[Finding, ...] = ()
    ignored: tuple[Finding, ...] = ()
    skipped: frozenset[Needs] = field(default_factory=frozenset)
    """What was not looked at, so that the rules that need it found nothing."""


def each_spec(check: SpecCheck) -> Check:
    """A rule that looks at one spec at a time; what several runs of one spec share is told once."""

    def found(world: World) -> Iterator[Hit]:
        for view in world.specs:
            for run in view.runs:
                for problem in check(run.spec):
                    yield Hit(view.document, problem)

    return found
