"""Fragments: what specs share, put where it is used, each mistake at its own place."""

from __future__ import annotations

import pytest
from support.spec_texts import ACTION, HEAD, NOW, read

from bulkplan.app.workspace import GivenVars, examine
from bulkplan.core.english import describe_where
from bulkplan.model.document import Document, ProjectFiles

QUIET = (
    "schema: bulkplan/filter/v1\nname: quiet\nvars: {days: 90}\n"
    'where: {field: last_communication_date, before: "{{ vars.days }} days ago"}\n'
)
NEVER = "schema: bulkplan/filter/v1\nname: never\nwhere: {field: status, is: Bad Fit}\n"


def documents(text: str, file: str) -> tuple[Document, ...]:
    found = read(text, file=file)
    assert not found.problems
    return found.documents


def look(where: str, *fragments: str, project: str = "", more: str = "", given: dict | None = None):
    spec = f"{HEAD}{ACTION}filter:\n  where: {where}\n{more}"
    files = ProjectFiles(
        project=documents(f"schema: bulkplan/project/v1\n{project}", "bulkplan.yaml")[0],
        specs=documents(spec, "specs/s.yaml"),
        fragments=tuple(
            document for i, text in enumerate(fragments) for document in documents(text, f"filters/{i}.yaml")
        ),
    )
    return examine(files, now=NOW, given=GivenVars(given) if given else None)


def words(*args, **kwargs) -> str:
    found = look(*args, **kwargs)
    assert not found.problems, found.problems
    (run,) = found.workspace.runs
    return describe_where(run.spec.filter.where)


def told(*args, **kwargs) -> list[tuple[str, str, str]]:
    return [(str(one.at), one.message, one.hint or "") for one in look(*args, **kwargs).problems]


def test_words_say_the_name_and_what_it_means_here():
    assert words("{use: quiet}", QUIET) == "quiet (last communication date is before 90 days ago)"
    assert words("{all: [{field: status, is: New}, {not: {use: quiet}}]}", QUIET) == (
        "status is New, and not quiet (last communication date is before 90 days ago)"
    )


@pytest.mark.parametrize(
    ("where", "project", "spec", "given", "days"),
    [
        ("{use: quiet}", "vars: {days: 1}\n", "", None, 90),
        ("{use: quiet}", "vars: {days: 1}\n", "vars: {days: 2}\n", None, 2),
        ("{use: quiet}", "", "vars: {days: 2}\n", {"days": 3}, 3),
        ("{use: quiet, vars: {days: 4}}", "", "vars: {days: 2}\n", {"days": 3}, 4),
        ('{use: quiet, vars: {days: "{{ vars.days + 1 }}"}}', "", "vars: {days: 2}\n", None, 3),
    ],
)
def test_of_two_values_for_a_var_the_nearer_one_counts(where, project, spec, given, days):
    assert f"before {days} days ago" in words(where, QUIET, project=project, more=spec, given=given)


def test_each_use_has_its_own_vars_and_each_run_its_own_each():
    text = QUIET.replace("vars.days", "each.days")
    found = look("{use: quiet}", text, more="for_each: {days: [5, 6]}\n")
    assert [describe_where(run.spec.filter.where)[-12:-1] for run in found.workspace.runs] == [
        " 5 days ago",
        " 6 days ago",
    ]
    both = words("{any: [{use: quiet, vars: {days: 5}}, {use: quiet}]}", QUIET)
    assert "5 days ago" in both
    assert "90 days ago" in both


def test_a_fragment_may_use_others_and_hands_on_what_it_was_given():
    outer = "schema: bulkplan/filter/v1\nname: outer\nwhere: {all: [{use: quiet}, {not: {use: never}}]}\n"
    said = words("{use: outer, vars: {days: 7}}", outer, QUIET, NEVER)
    assert said == "outer (quiet (last communication date is before 7 days ago), and not never (status is Bad Fit))"
    (run,) = look("{use: outer}", outer, QUIET, NEVER).workspace.runs
    assert [source.name for source in run.source.fragments] == ["never", "outer", "quiet"]


def test_a_fragment_means_what_it_says_not_what_it_is_called():
    def fingerprint(where: str, *fragments: str) -> str:
        return look(where, *fragments).workspace.runs[0].fingerprint

    plain = fingerprint("{field: last_communication_date, before: 90 days ago}")
    assert fingerprint("{use: quiet}", QUIET) == plain
    assert fingerprint("{use: calm}", QUIET.replace("name: quiet", "name: calm\ndescription: x")) == plain
    assert fingerprint("{use: quiet}", QUIET.replace("90", "91")) != plain


def test_suppression_may_use_fragments_with_the_vars_of_the_project_only():
    project = "vars: {days: 5}\nsuppress: {any: [{use: quiet}]}\n"
    text = QUIET.replace("vars: {days: 90}\n", "")
    found = look("{use: quiet}", text, project=project, given={"days": 1}).workspace
    assert describe_where(found.project.suppress) == "quiet (last communication date is before 5 days ago)"
    assert "before 1 days ago" in describe_where(found.runs[0].spec.filter.where)


CYCLE = "schema: bulkplan/filter/v1\nname: a\nwhere: {not: {use: b}}\n"
TWINS = (CYCLE, CYCLE.replace("a\n", "b\n").replace("use: b", "use: a"))
NO_WHERE = "schema: bulkplan/filter/v1\nname: quiet\n"
MISTAKES = [
    ("{use: quit}", (QUIET,), "specs/s.yaml:6:16", 'no fragment is named "quit"', 'did you mean "quiet"?'),
    ("{use: quiet}", (), "specs/s.yaml:6:16", 'no fragment is named "quiet"', "filters/quiet.yaml"),
    ("{use: quiet, var: {x: 1}}", (QUIET,), "specs/s.yaml:6:23", 'unknown key "var"', 'did you mean "vars"?'),
    ("{use: quiet, where: {use: quiet}}", (QUIET,), "specs/s.yaml:6:23", 'unknown key "where"', "use, vars"),
    ("{use: '{{ vars.n }}'}", (QUIET,), "specs/s.yaml:6:16", "cannot hold an expression", "vars: {…}"),
    ("{use: 5}", (QUIET,), "specs/s.yaml:6:16", "use must be text", "quote it"),
    ("{use: a}", TWINS, "filters/1.yaml:3:20", "a → b → a", ""),
    ("{use: quiet}", (QUIET, QUIET), "filters/1.yaml:2:7", "is taken", "another name"),
    ("{use: quiet}", (QUIET + "wher: x\n",), "filters/0.yaml:5:1", 'unknown key "wher"', 'did you mean "where"?'),
    ("{use: quiet}", (NO_WHERE,), "filters/0.yaml:1:1", "where is missing", "add a line"),
    ("{use: quiet}", (QUIET.replace("filter/v1", "filter/v2"),), "filters/0.yaml:1:9", "filter/v2", "newer bulkplan"),
    ("{use: quiet}", (QUIET.replace("before", "befor"),), "filters/0.yaml:4:41", 'unknown key "befor"', "before"),
    (
        "{use: quiet}",
        (QUIET.replace("vars: {days: 90}\n", ""),),
        "filters/0.yaml:3:50",
        "there is no vars.days",
        "used at specs/s.yaml:6:16",
    ),
    (
        "{use: quiet, vars: {days: x}}",
        (QUIET.replace("before", "gte").replace(" days ago", ""),),
        "filters/0.yaml:4:46",
        "gte must be a number",
        "used at specs/s.yaml:6:16",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("where", "fragments", "at", "message", "hint"), MISTAKES)
def test_a_mistake_is_told_once_at_its_place_with_its_mend(where, fragments, at, message, hint):
    ((found_at, found_message, found_hint),) = told(where, *fragments)
    assert found_at == at
    assert message in found_message
    assert hint in found_hint


def test_a_fault_of_a_fragment_is_told_once_however_often_it_is_used():
    text = QUIET.replace("vars: {days: 90}\n", "")
    assert len(told("{any: [{use: quiet}, {use: quiet}, {not: {use: quiet}}]}", text)) == 1


def test_fragments_that_double_at_each_level_end_at_a_bound():
    def level(n: int) -> str:
        inner = "{field: status, is: x}" if n == 0 else f"{{all: [{', '.join([f'{{use: f{n - 1}}}'] * 4)}]}}"
        return f"schema: bulkplan/filter/v1\nname: f{n}\nwhere: {inner}\n"

    messages = [message for _, message, _ in told("{use: f8}", *(level(n) for n in range(9)))]
    assert messages == ["fragments bring more than 5,000 values into this document"]


def test_nesting_ends_at_a_bound():
    def level(n: int) -> str:
        inner = "{field: status, is: x}" if n == 0 else f"{{use: f{n - 1}}}"
        return f"schema: bulkplan/filter/v1\nname: f{n}\nwhere: {inner}\n"

    assert words("{use: f9}", *(level(n) for n in range(10)))
    assert "more than 10 deep" in told("{use: f10}", *(level(n) for n in range(11)))[0][1]


def test_a_fragment_that_nothing_uses_is_a_warning():
    (warning,) = look("{use: quiet}", QUIET, NEVER).warnings
    assert (str(warning.at), warning.message) == ("filters/1.yaml:2:7", 'nothing uses the fragment "never"')
    assert not look("{use: quiet}", QUIET, NEVER, project="suppress: {use: never}\n").warnings
