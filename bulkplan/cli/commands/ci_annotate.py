"""`ci annotate`: what `validate`, `lint` and planning find, beside the lines of the pull request."""

from __future__ import annotations

from bulkplan.adapters.clock import SystemClock
from bulkplan.adapters.yaml_files import YamlProject, find_root
from bulkplan.app.lint import lint, world_of
from bulkplan.app.workspace import Findings, examine
from bulkplan.cli.arguments import Args
from bulkplan.cli.ci_reading import read_document
from bulkplan.cli.commands.lint import annotation_of
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.repository import folder_in_repository
from bulkplan.errors import Location, Problem
from bulkplan.model.failure import Failure, FailureProblem
from bulkplan.report.annotations import Annotation, annotation_lines, problem_annotation


def run(args: Args, console: Console) -> int:
    """Print annotations; that there are any fails nothing."""
    root = find_root(args.directory)
    clock = SystemClock()
    findings = examine(YamlProject(root).read(), now=clock.now())
    notes = [
        *(problem_annotation(problem) for problem in _errors(findings, args)),
        *(problem_annotation(problem, level="warning") for problem in findings.warnings),
        *_linted(findings, clock),
    ]
    for line in annotation_lines(notes, folder=folder_in_repository(root)):
        console.raw(f"{line}\n")
    return OK


def _errors(findings: Findings, args: Args) -> list[Problem]:
    """What is wrong with the files, and what planning found wrong besides: names that only Close knows."""
    document = read_document(args.plan) if args.plan else None
    more = [_located(problem) for problem in document.problems] if isinstance(document, Failure) else []
    told = {(_place(problem), problem.message) for problem in findings.problems}
    return [*findings.problems, *(each for each in more if (_place(each), each.message) not in told)]


def _linted(findings: Findings, clock: SystemClock) -> list[Annotation]:
    """The rules that need no connection and no state; none while files are wrong."""
    if findings.problems:
        return []
    world = world_of(findings, now=clock.now(), timezone="UTC", records=None, close=None)
    return [annotation_of(finding) for finding in lint(world).findings]


def _place(problem: Problem) -> str:
    return str(problem.at) if problem.at else ""


def _located(problem: FailureProblem) -> Problem:
    if problem.file is None or problem.line is None or problem.column is None:
        return Problem(problem.message, problem.hint)
    return Problem(problem.message, problem.hint, at=Location(problem.file, problem.line, problem.column))
