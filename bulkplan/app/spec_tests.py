"""`test`: whether the filters of specs match the leads that their tests make up; no account, no connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bulkplan.app.workspace import FilesOfProject, GivenVars, examine, sort_problems
from bulkplan.core.lookup import selected
from bulkplan.core.spec_tests import Circumstances, Prepared, judge_test, prepare_test
from bulkplan.errors import BadRequestError, InvalidFilesError, Path, Problem
from bulkplan.model.document import Workspace
from bulkplan.model.run import WantedRun
from bulkplan.model.spec_test_report import TestReport, TestResult
from bulkplan.ports import Matcher


@dataclass(frozen=True)
class Wish:
    """
    Which tests are asked for: those of specs in `paths` or of a name in `names`; all where neither is given.

    `select` holds patterns on names that narrow this down.
    """

    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    select: tuple[str, ...] = ()


def run_tests(
    source: FilesOfProject,
    *,
    matcher: Matcher,
    wish: Wish,
    now: datetime,
    zone: tzinfo,
    given: GivenVars | None = None,
) -> TestReport:
    """
    Evaluate the tests of specs.

    Args:
        source: The files of the project.
        matcher: Answers queries about a made-up lead.
        wish: Which tests.
        now: Aware; the present, for tests that name no moment.
        zone: The target's zone.
        given: Vars of the command line.

    Raises:
        UsageError: A path or a name of `wish` means nothing, or a var is given that no file declares.
        InvalidFilesError: With every problem of every file, those of the tests among them.
    """
    files = source.read(wish.paths)
    findings = examine(files, now=now, given=given)
    if findings.problems:
        raise InvalidFilesError(findings.problems)
    runs = _chosen(findings.workspace.runs, wish, files=frozenset(files.selected))
    prepared, problems = _prepared(findings.workspace, runs, now=now, zone=zone)
    if problems:
        raise InvalidFilesError(problems)
    results = tuple(_result(one, matcher, findings.workspace) for one in prepared)
    counts = Counter(result.outcome for result in results)
    return TestReport(
        specs=len({run.key.name for run in runs if run.spec.tests}),
        untested=tuple(dict.fromkeys(run.key.name for run in runs if not run.spec.tests)),
        passed=counts["passed"],
        failed=counts["failed"],
        not_evaluated=counts["not-evaluated"],
        results=results,
    )


def _chosen(runs: Sequence[WantedRun], wish: Wish, *, files: frozenset[str]) -> tuple[WantedRun, ...]:
    named = {run.key for run in selected(runs, wish.names)} if wish.names else set()
    is_all = not wish.names and not wish.paths
    chosen = [run for run in runs if is_all or run.key in named or (wish.paths and run.source.file in files)]
    return tuple(selected(chosen, wish.select))


def _prepared(
    workspace: Workspace, runs: Iterable[WantedRun], *, now: datetime, zone: tzinfo
) -> tuple[tuple[Prepared, ...], tuple[Problem, ...]]:
    circumstances = Circumstances(now, zone, workspace.project.suppress)
    prepared = tuple(prepare_test(run, index, circumstances) for run in runs for index in range(len(run.spec.tests)))
    problems = tuple(_located(workspace, one.run, problem) for one in prepared for problem in one.problems)
    return prepared, sort_problems(problems)


def _located(workspace: Workspace, run: WantedRun, problem: Problem) -> Problem:
    if problem.path[:1] == ("suppress",) and workspace.project_document is not None:
        return workspace.project_document.located(problem)
    return workspace.located(run.source, problem)


def _result(prepared: Prepared, matcher: Matcher, workspace: Workspace) -> TestResult:
    def place(path: Path) -> str | None:
        at = _located(workspace, prepared.run, Problem("", path=path)).at
        return f"{at.file}:{at.line}" if at else None

    try:
        answers = matcher.find_ids(
            prepared.queries,
            lead=prepared.fixture.lead,
            catalog=prepared.catalog,
            now=prepared.now,
            zone=prepared.zone,
        )
    except BadRequestError as error:
        return judge_test(prepared.without_answer(error.message), (), place=place)
    return judge_test(prepared, answers, place=place)
