"""What only shows when all specs of a project are read together."""

from __future__ import annotations

import pytest
from support.spec_texts import FILTER, HEAD, NOW, SPEC, place, read, underlined

from bulkplan.core.checks import check_alone, check_runs, check_specs, warn_of_guards
from bulkplan.core.expand import expand
from bulkplan.model.project import Project, ProjectGuards
from bulkplan.model.spec import Guards


def named(name: str, *, after: str = "") -> str:
    return SPEC.replace("name: a", f"name: {name}") + (f"depends_on: [{after}]\n" if after else "")


def problems_of(*texts: str, is_complete: bool = True):
    documents = read("---\n".join(texts)).documents
    alone = (problem for document in documents for problem in check_alone(document))
    return (*check_specs(documents, is_complete=is_complete), *alone)


def test_a_name_used_twice_names_both_places():
    (problem,) = problems_of(named("a"), named("b"), named("a"))
    assert place(problem) == "14:7-8"
    assert "specs/s.yaml:2:7" in problem.message


def test_an_unknown_dependency_has_a_near_match():
    (problem,) = problems_of(named("tag-churned"), named("b", after="tag-chruned"))
    assert underlined(problem) == "tag-chruned"
    assert '"tag-churned"' in (problem.hint or "")


def test_while_a_file_cannot_be_read_no_dependency_is_called_unknown():
    assert not problems_of(named("a", after="z"), is_complete=False)


def test_a_spec_that_depends_on_itself_is_told_once():
    (problem,) = problems_of(named("a", after="a"))
    assert "itself" in problem.message


@pytest.mark.parametrize(
    ("texts", "circle"),
    [
        ([named("a", after="b"), named("b", after="a")], "a → b → a"),
        ([named("x"), named("a", after="x, b"), named("b", after="c"), named("c", after="x, a")], "a → b → c → a"),
        ([named("t", after="a"), named("a", after="b"), named("b", after="a")], "a → b → a"),
    ],
)
def test_a_circle_of_dependencies_is_told_once_with_its_path(texts, circle):
    (problem,) = problems_of(*texts)
    assert circle in problem.message
    assert problem.path[0] == "depends_on"


def test_a_long_chain_is_no_circle():
    texts = [named(f"s{number}", after=f"s{number + 1}") for number in range(300)] + [named("s300")]
    assert not problems_of(*texts)


@pytest.mark.parametrize(
    ("guards", "shown", "message"),
    [
        ("{max_matches: 0}", "0", "refuses every run"),
        ("{max_matches: 5, min_matches: 6}", "6", "larger than max_matches (5)"),
        ("{max_percent: 0%}", "0%", "refuses every run"),
        ("{max_percent: 101%}", "101%", "more than all leads"),
        ("{max_drift: 100.5%}", "100.5%", "more than all leads"),
    ],
)
def test_guards_that_no_run_can_pass_are_problems(guards, shown, message):
    (problem,) = problems_of(SPEC + f"guards: {guards}\n")
    assert underlined(problem) == shown
    assert message in problem.message


@pytest.mark.parametrize(
    "guards", ["{max_matches: 5, min_matches: 5}", "{max_percent: 100%, max_drift: 0%}", "{max_drift: 0}"]
)
def test_tight_guards_are_fine(guards):
    assert not problems_of(SPEC + f"guards: {guards}\n")


@pytest.mark.parametrize(
    ("before", "after", "is_fine"),
    [
        ("2026-02-01", "2026-01-31", False),
        ("2026-02-01", "2026-02-01", True),
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z", False),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T09:00:00Z", True),
        ("2026-02-01T10:00:00", "2026-02-01", True),
        ("2026-02-02T10:00:00", "2026-02-01", False),
        ("9999-12-31", "9999-12-31", False),
    ],
)
def test_a_run_must_have_time_to_run(before, after, is_fine):
    document = read(SPEC + f"not_before: {before}\nnot_after: {after}\nfor_each: {{r: [a, b]}}\n").documents[0]
    found = check_runs(expand(document, now=NOW).runs, {(document.file, document.index): document})
    assert [problem.path for problem in found] == ([] if is_fine else [("not_after",)])


def test_a_guard_that_the_project_overrules_is_a_warning():
    text = f"{HEAD}{FILTER}action: {{type: email, template: x, sender: y}}\n"
    text += "guards: {max_matches: 500, max_percent: 5%}\n"
    document = read(text).documents[0]
    guards = ProjectGuards(email=Guards(max_matches=100, max_percent="10%"), delete=Guards(max_matches=1))
    project = Project(guards=guards)
    documents = {(document.file, document.index): document}
    (warning,) = warn_of_guards(expand(document, now=NOW).runs, documents, project)
    assert underlined(warning) == "500"
    assert "100" in warning.message
    assert not warn_of_guards(expand(document, now=NOW).runs, documents, Project())


@pytest.mark.parametrize(
    ("own", "outer"),
    [
        ({"max_drift": "3%"}, {"max_drift": "2%"}),
        ({"max_drift": 3}, {"max_drift": 2}),
        ({"max_deviation": "30%"}, {"max_deviation": "20%"}),
        ({"require_sort_with_limit": False}, {"require_sort_with_limit": True}),
    ],
)
def test_a_guard_that_the_project_overrules_is_told(own, outer):
    written = ", ".join(f"{key}: {str(value).lower()}" for key, value in own.items())
    (document,) = read(SPEC + f"guards: {{{written}}}\n").documents
    runs, documents = expand(document, now=NOW).runs, {(document.file, 0): document}
    strict = Guards.model_validate(outer)
    project = Project(guards=ProjectGuards(email=strict, edit=strict, delete=strict, sequence=strict))
    (warning,) = warn_of_guards(runs, documents, project)
    assert warning.path == ("guards", next(iter(own)))
    assert not warn_of_guards(runs, documents, Project())
