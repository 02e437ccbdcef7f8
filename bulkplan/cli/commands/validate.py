"""`validate`: every problem of every file, offline."""

from __future__ import annotations

from datetime import UTC, datetime

from bulkplan.adapters.yaml_files import YamlProject, find_root
from bulkplan.app.validate import validate
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import INVALID, OK
from bulkplan.report.problems_json import problems_document
from bulkplan.report.problems_text import invalid_lines, valid_lines


def run(args: Args, console: Console) -> int:
    """Check and print; 65 when there is a problem."""
    found = validate(YamlProject(find_root(args.directory)), paths=tuple(args.paths), now=datetime.now(UTC))
    width = console.manners.width
    if args.format == "json":
        console.document(
            problems_document(
                n_files=found.files, n_specs=found.specs, problems=found.problems, warnings=found.warnings
            )
        )
    elif found.problems:
        console.result(invalid_lines(found.problems, warnings=found.warnings, width=width))
    else:
        console.result(valid_lines(n_files=found.files, n_specs=found.specs, warnings=found.warnings, width=width))
    return INVALID if found.problems else OK
