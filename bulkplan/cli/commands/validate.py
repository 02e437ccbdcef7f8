"""`validate`: every problem of every file, offline."""

from __future__ import annotations

from datetime import UTC, datetime

from bulkplan.adapters.helpers import ForkedHelpers
from bulkplan.adapters.yaml_files import YamlProject, find_root
from bulkplan.app.validate import Validation, validate
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import INVALID, OK
from bulkplan.cli.repository import folder_in_repository
from bulkplan.cli.var_options import given_vars
from bulkplan.report.problems_json import problems_document
from bulkplan.report.problems_text import invalid_lines, valid_lines


def run(args: Args, console: Console) -> int:
    """Check and print; 65 when there is a problem."""
    given = given_vars(args.var)
    root = find_root(args.directory)
    found = validate(
        YamlProject(root), paths=tuple(args.paths), now=datetime.now(UTC), given=given, helpers=ForkedHelpers()
    )
    width = console.manners.width
    if args.format == "json":
        console.document(
            problems_document(
                n_files=found.files, n_specs=found.specs, problems=found.problems, warnings=found.warnings
            )
        )
    elif args.format == "github":
        _annotate(found, console, folder=folder_in_repository(root))
    elif found.problems:
        console.result(invalid_lines(found.problems, warnings=found.warnings, width=width))
    else:
        console.result(valid_lines(n_files=found.files, n_specs=found.specs, warnings=found.warnings, width=width))
    return INVALID if found.problems else OK


def _annotate(found: Validation, console: Console, *, folder: str) -> None:
    from bulkplan.report.annotations import annotation_lines, problem_annotation

    notes = [problem_annotation(problem) for problem in found.problems]
    notes += [problem_annotation(warning, level="warning") for warning in found.warnings]
    console.raw("".join(f"{line}\n" for line in annotation_lines(notes, folder=folder)))
    counted = f"{_n(len(found.problems), 'problem')}, {_n(len(found.warnings), 'warning')}"
    console.note(f"{_n(found.specs, 'spec')} in {_n(found.files, 'file')}: {counted}.")


def _n(count: int, word: str) -> str:
    return f"{count:,} {word}s" if count > 1 else f"{count or 'no'} {word}"
