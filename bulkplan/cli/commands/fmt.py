"""`fmt`: the canonical layout of the project's YAML files."""

from __future__ import annotations

from collections.abc import Sequence

from bulkplan.adapters.formatting import Formatted, format_files
from bulkplan.adapters.text_files import replace_text
from bulkplan.adapters.yaml_files import find_root
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import ERROR, OK
from bulkplan.errors import InvalidFilesError
from bulkplan.report.lines import Line, Span
from bulkplan.report.text_diff import diff_lines


def run(args: Args, console: Console) -> int:
    """Lay out what is not; with `--check` and `--diff` only say so. 65 when a file cannot be read."""
    files = format_files(find_root(args.directory), args.paths)
    changed = [file for file in files if file.would_change]
    if args.diff:
        for file in changed:
            console.result(diff_lines(file.name, file.before, file.after))
    elif args.check:
        console.result((Span(file.name),) for file in changed)
    else:
        for file in changed:
            replace_text(file.path, file.after)
            console.result([(Span("formatted ", "ok"), Span(file.name))])
    console.message(_summary(files, changed, args) if not console.manners.quiet else ())
    problems = tuple(problem for file in files for problem in file.problems)
    if problems:
        raise InvalidFilesError(problems)
    return ERROR if args.check and changed else OK


def _summary(files: Sequence[Formatted], changed: Sequence[Formatted], args: Args) -> list[Line]:
    if not files:
        return [(Span("There is no file to format."),)]
    would = "would be formatted" if args.check or args.diff else "formatted"
    n_same = sum(not file.would_change and not file.problems for file in files)
    parts = [f"{_n(len(changed))} {would}"] if changed else []
    parts += [f"{_n(n_same)} laid out already"] if n_same else []
    then = "; bulkplan fmt does it" if changed and args.check else ""
    return [(Span(f"{', '.join(parts)}{then}."),)] if parts else []


def _n(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
