"""What may stand under `lint`: known rules, with reasons that a person understands."""

from __future__ import annotations

import pytest
from support.spec_texts import SPEC, expand_text, place, read

from bulkplan.core.checks import check_alone
from bulkplan.core.lint.settings import find_lint_problems


@pytest.mark.parametrize(
    ("settings", "message", "hint", "path"),
    [
        ({"ignore": {"no-cieling": "a b c"}}, 'no rule "no-cieling"', "no-ceiling", ("lint", "ignore", "no-cieling")),
        ({"ignore": {"bp999": "a b c"}}, 'no rule "bp999"', "--list-rules", ("lint", "ignore", "bp999")),
        ({"severity": {"none": "error"}}, 'no rule "none"', "--list-rules", ("lint", "severity", "none")),
        ({"ignore": {"no-ceiling": "yes"}}, "no reason", "at least 3", ("lint", "ignore", "no-ceiling")),
        (
            {"ignore": {"no-ceiling": "a b c", "BP101": "d e f"}},
            "the same rule",
            "delete one",
            ("lint", "ignore", "BP101"),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_mend(settings, message, hint, path):
    (problem,) = find_lint_problems(settings)
    assert message in problem.message
    assert hint in problem.hint
    assert problem.path == path


def test_slugs_and_ids_in_any_case_are_known():
    assert list(find_lint_problems({"ignore": {"no-ceiling": "a b c", "bp204": "a b c"}})) == []


def test_the_place_is_the_key():
    (document,) = read(SPEC + "lint: {ignore: {no-cieling: kept by hand here}}\n").documents
    (problem,) = check_alone(document)
    assert place(problem) == "6:17-27"


def test_lint_is_no_part_of_the_meaning():
    (plain,) = expand_text(SPEC).runs
    (ignoring,) = expand_text(SPEC + "lint: {ignore: {all-leads: a small sandbox}}\n").runs
    assert plain.fingerprint == ignoring.fingerprint
