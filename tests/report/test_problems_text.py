"""Problems as people read them."""

from __future__ import annotations

import textwrap

import pytest

from bulkplan.errors import BulkplanError, Location, Problem
from bulkplan.report.lines import plain_text
from bulkplan.report.problems_text import error_lines, invalid_lines, problem_lines, valid_lines


def _text(problem: Problem, **how) -> str:
    return plain_text(problem_lines(problem, **how))


def _at(source: str, column: int, end_column: int | None = None, *, line: int = 12) -> Location:
    return Location("specs/winback.yaml", line, column, end_column, source)


def test_a_problem_shows_its_place_its_line_underlined_and_its_mend():
    at = _at("      - {field: status, is: [Chruned]}", 30, 37)
    problem = Problem('no lead status is named "Chruned"', 'did you mean "Churned"?', at=at)
    assert _text(problem) == textwrap.dedent("""\
        specs/winback.yaml:12:30: error: no lead status is named "Chruned"
           12 |       - {field: status, is: [Chruned]}
              |                              ^^^^^^^
        hint: did you mean "Churned"?
        """)


def test_a_warning_says_so():
    assert _text(Problem("no project_id"), severity="warning") == "warning: no project_id\n"


def _caret(source: str, column: int, end_column: int | None, **how) -> tuple[str, str]:
    """The source as shown and the line below it, without the gutter."""
    _, shown, under = _text(Problem("x", at=_at(source, column, end_column)), **how).splitlines()
    return shown[8:], under[8:]


@pytest.mark.parametrize(
    ("source", "column", "end_column", "shown", "under"),
    [
        ("name: x", 1, 5, "name: x", "^^^^"),
        ("name: x", 7, None, "name: x", "      ^"),
        ("name: x", 7, 7, "name: x", "      ^"),
        ("name:\tx", 7, 8, "name:    x", "         ^"),
        ("顧客: x", 5, 6, "顧客: x", "      ^"),
        ("a: 顧客", 4, 6, "a: 顧客", "   ^^^^"),
        ("e\u0301: x", 5, 6, "e\u0301: x", "   ^"),
        ("a\x1b: x", 5, 6, "a\\x1b: x", "       ^"),
        ("a: x", 9, 12, "a: x", "    ^"),
        ("", 1, 1, "", "^"),
        ("a: bc", 4, 99, "a: bc", "   ^^"),
    ],
)
def test_the_underline_sits_below_what_is_meant(source, column, end_column, shown, under):
    assert _caret(source, column, end_column) == (shown, under)


@pytest.mark.parametrize("start", [0, 30, 250, 480])
def test_a_long_line_is_cut_to_what_matters(start):
    source = "x" * start + "WRONG" + "y" * (495 - start)
    shown, under = _caret(source, start + 1, start + 6, width=80)
    assert len(shown) <= 80 - 8
    assert shown[under.index("^") :].startswith("WRONG")
    assert under.count("^") == 5


def test_errors_of_any_kind_have_the_same_form():
    assert plain_text(error_lines(BulkplanError("no key", hint="set it"))) == "error: no key\nhint: set it\n"


def test_all_problems_are_listed_and_counted():
    problems = (Problem("a", at=_at("x", 1)), Problem("b", at=Location("specs/b.yaml", 1, 1)), Problem("c"))
    text = plain_text(invalid_lines(problems, warnings=(Problem("w"),)))
    assert text.count("error: ") == 3
    assert text.count("warning: ") == 1
    assert text.splitlines()[-1] == "3 problems in 2 files; nothing was sent to Close."


def test_one_problem_is_counted_as_one():
    assert plain_text(invalid_lines((Problem("c"),))).splitlines()[-1] == "1 problem; nothing was sent to Close."


def test_valid_files_get_one_line():
    assert plain_text(valid_lines(n_files=3, n_specs=1)) == "1 spec in 3 files: no problem.\n"
    text = plain_text(valid_lines(n_files=1, n_specs=2, warnings=(Problem("w"),)))
    assert text.splitlines()[-1] == "2 specs in 1 file: no problem, 1 warning."
