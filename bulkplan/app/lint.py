"""`lint`: what is valid, and yet should be looked at twice; Close is asked only where that is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bulkplan.app.workspace import Findings
from bulkplan.core.fragments import PROJECT_ROOT, SPEC_ROOT, warn_of_unused
from bulkplan.core.lint.judge import judge
from bulkplan.core.lint.rule import CloseFacts, Finding, Linted, SpecView, World
from bulkplan.core.lookup import is_selected, selected
from bulkplan.errors import Location
from bulkplan.model.record import Recorded
from bulkplan.model.run import RunKey, WantedRun


def world_of(
    findings: Findings,
    *,
    now: datetime,
    timezone: str = "UTC",
    records: Sequence[Recorded] | None = None,
    close: Mapping[RunKey, CloseFacts] | None = None,
) -> World:
    """
    What the rules look at: the specs by document, in the order of the files.

    Args:
        findings: Of files without a problem.
        now: The instant that they were examined at.
        timezone: Of the target.
        records: What was recorded; `None` when nobody looked.
        close: What Close says of runs; `None` when nobody asked.
    """
    workspace, files = findings.workspace, findings.files
    users = [(files.project, PROJECT_ROOT), *((spec, SPEC_ROOT) for spec in files.specs)]
    by_place: dict[tuple[str, int], list[WantedRun]] = {}
    for run in workspace.runs:
        by_place.setdefault((run.source.file, run.source.document), []).append(run)
    views = tuple(SpecView(workspace.documents[place], tuple(runs)) for place, runs in by_place.items())
    return World(
        workspace,
        views,
        now,
        ZoneInfo(timezone),
        tuple(records) if records is not None else None,
        close,
        warn_of_unused(files.fragments, users=users),
    )


def lint(
    world: World, *, files: Collection[str] | None = None, select: Sequence[str] = (), rules: Collection[str] = ()
) -> Linted:
    """
    What the rules find in the whole project, narrowed to what was asked for.

    Args:
        world: All files of the project: rules reach across specs.
        files: Only what stands in these files; `None` means all.
        select: Only specs that one of these patterns means.
        rules: Slugs of the rules to apply; none means all.

    Raises:
        UsageError: A pattern of `select` means no spec.
    """
    selected(world.workspace.runs, select)
    runs = {run.spec.name: run.key for run in world.workspace.runs}

    def is_asked(finding: Finding) -> bool:
        at = finding.problem.at
        if files is not None and (at is None or at.file not in files):
            return False
        key = runs.get(finding.spec or "")
        return not select or (key is not None and is_selected(key, select))

    found = judge(world, rules=rules)
    return replace(
        found,
        findings=_each_once(filter(is_asked, found.findings)),
        ignored=_each_once(filter(is_asked, found.ignored)),
    )


def _each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What several specs have by one fragment is told once, at the fragment."""
    distinct: dict[tuple[str, Location | None, str], Finding] = {}
    for finding in findings:
        distinct.setdefault((finding.rule.id, finding.problem.at, finding.problem.message), finding)
    return tuple(distinct.values())
