"""`test`: the tests of specs, evaluated on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.spec_tests import Wish, run_tests
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import ERROR, OK
from bulkplan.cli.var_options import given_vars
from bulkplan.cli.wiring import find_place
from bulkplan.report.spec_tests_text import spec_test_lines
from bulkplan.sandbox.fixture_world import FixtureMatcher


def run(args: Args, console: Console) -> int:
    """Evaluate and print; 1 when a test fails."""
    given = given_vars(args.var)
    place = find_place(args)
    report = run_tests(
        YamlProject(place.root),
        matcher=FixtureMatcher(),
        wish=_wish(args),
        now=datetime.now(UTC),
        zone=ZoneInfo(place.target.timezone),
        given=given,
    )
    if args.format == "json":
        console.document(report.model_dump(mode="json"))
    else:
        console.result(spec_test_lines(report, is_full=args.verbose, width=console.manners.width))
    return ERROR if report.failed else OK


def _wish(args: Args) -> Wish:
    """Words that are there as files or folders, or are written like one, are paths; the others are names of specs."""
    paths = tuple(word for word in args.paths if "/" in word or word.endswith((".yaml", ".yml")) or Path(word).exists())
    names = tuple(word for word in args.paths if word not in paths)
    return Wish(paths, names, tuple(args.select))
