"""`lint`: what is valid, and yet should be looked at twice."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bulkplan import __version__
from bulkplan.adapters.clock import SystemClock
from bulkplan.adapters.yaml_files import YamlProject, find_root
from bulkplan.app.lint import lint, world_of
from bulkplan.app.workspace import Findings, examine
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import ERROR, OK
from bulkplan.cli.progress import progress
from bulkplan.cli.recorded import recorded
from bulkplan.cli.repository import folder_in_repository
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.var_options import given_vars
from bulkplan.cli.wiring import Place, open_connection, place_at
from bulkplan.core.lint.names import slug_of
from bulkplan.core.lint.rule import CloseFacts, Finding, Linted
from bulkplan.core.lint.table import BY_SLUG, RULES
from bulkplan.core.lookup import selected
from bulkplan.core.near import did_you_mean
from bulkplan.errors import InvalidFilesError, UsageError
from bulkplan.model.project import Severity
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.report.annotations import Annotation, Level, annotation_lines, problem_annotation
from bulkplan.report.lint_json import lint_document, rules_document
from bulkplan.report.lint_text import counted_words, lint_lines, rule_lines


def run(args: Args, console: Console) -> int:
    """Apply the rules, print; 1 when an error stands (with --strict: a warning)."""
    rules = frozenset(_slug(name) for name in args.rule)
    if args.list_rules:
        return _list_rules(rules, args, console)
    root = find_root(args.directory)
    clock = SystemClock()
    files = YamlProject(root).read(tuple(args.paths))
    findings = examine(files, now=clock.now(), given=given_vars(args.var))
    if findings.problems:
        raise InvalidFilesError(findings.problems)
    place = place_at(root, findings.workspace.project, flag=args.target, environ=os.environ)
    asked = _Asked(findings, frozenset(files.selected) if args.paths else None, tuple(args.select))
    world = world_of(
        findings,
        now=clock.now(),
        timezone=place.target.timezone,
        records=recorded(place, console, is_online=args.online),
        close=run_until_signal(_facts(place, console, asked)) if args.online else None,
    )
    linted = lint(world, files=asked.files, select=asked.select, rules=rules)
    _show(linted, args, console, asked=asked, root=root)
    return ERROR if any(_counts(finding, is_strict=args.strict) for finding in linted.findings) else OK


@dataclass(frozen=True)
class _Asked:
    """What was asked for: files (`None`: all), and patterns of names."""

    findings: Findings
    files: frozenset[str] | None
    select: tuple[str, ...]

    @property
    def runs(self) -> list[WantedRun]:
        """The runs of the specs that were asked for."""
        runs = selected(self.findings.workspace.runs, self.select)
        return [run for run in runs if self.files is None or run.source.file in self.files]

    @property
    def n_specs(self) -> int:
        """How many documents they stand in."""
        return len({(run.source.file, run.source.document) for run in self.runs})


def _slug(name: str) -> str:
    slug = slug_of(name)
    if slug is None:
        hint = did_you_mean(name, [*BY_SLUG, *(rule.id for rule in RULES)], 1) or "bulkplan lint --list-rules"
        raise UsageError(f'there is no rule "{name}"', hint=hint)
    return slug


def _list_rules(rules: frozenset[str], args: Args, console: Console) -> int:
    listed = [rule for rule in RULES if not rules or rule.slug in rules]
    if args.format == "json":
        console.document(rules_document(listed))
    else:
        console.result(rule_lines(listed, width=console.manners.width))
    return OK


async def _facts(place: Place, console: Console, asked: _Asked) -> Mapping[RunKey, CloseFacts]:
    from bulkplan.adapters.close_reader import open_reader
    from bulkplan.app.lint_facts import gather_facts
    from bulkplan.app.plan import render_context

    workspace = asked.findings.workspace
    with progress(console) as shown:
        async with (
            open_connection(place, console, shown) as connection,
            open_reader(connection, clock=place.clock) as reader,
        ):
            identity = await reader.fetch_identity()
            context = render_context(workspace.project, target=place.target, identity=identity, now=place.clock.now())
            return await gather_facts(asked.runs, workspace, reader=reader, context=context, progress=shown)


def _show(linted: Linted, args: Args, console: Console, *, asked: _Asked, root: Path) -> None:
    if args.format == "json":
        console.document(lint_document(linted, n_specs=asked.n_specs))
    elif args.format == "sarif":
        from bulkplan.report.sarif import sarif_document

        folder = folder_in_repository(root)
        console.document(sarif_document(linted, rules=RULES, version=__version__, folder=folder))
    elif args.format == "github":
        notes = map(annotation_of, linted.findings)
        lines = annotation_lines(notes, folder=folder_in_repository(root))
        console.raw("".join(f"{line}\n" for line in lines))
        console.note(counted_words(linted, asked.n_specs))
    else:
        width = console.manners.width
        console.result(lint_lines(linted, n_specs=asked.n_specs, width=width, verbose=args.verbose))


def annotation_of(finding: Finding) -> Annotation:
    """A finding as a note beside its line."""
    level: Mapping[Severity, Level] = {"error": "error", "warning": "warning", "note": "notice"}
    title = f"{finding.rule.slug} ({finding.rule.id})"
    return problem_annotation(finding.problem, level=level[finding.severity], title=title)


def _counts(finding: Finding, *, is_strict: bool) -> bool:
    return finding.severity == "error" or (is_strict and finding.severity == "warning")
