"""Which runs a spec asks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.spec_texts import ACTION, FILTER, HEAD, NOW, SPEC, document, expand_text

from bulkplan.core.expand import escape_variant, expand

EACH = HEAD + FILTER + "action: {type: set_lead_status, status: '{{ each.r ~ \"\" }}'}\n"


def keys(text: str) -> list[str]:
    expansion = expand_text(text)
    assert not expansion.problems, expansion.problems
    return [str(run.key) for run in expansion.runs]


def test_a_plain_spec_is_one_run():
    (run,) = expand_text(SPEC).runs
    assert str(run.key) == "a@1"
    assert run.source.file == "specs/s.yaml"
    assert run.fingerprint.startswith("v1:")


def test_for_each_makes_a_run_for_each_combination_in_order():
    text = SPEC + "for_each: {region: [EMEA, APAC], size: [1, 2]}\n"
    assert keys(text) == ["a[EMEA,1]@1", "a[EMEA,2]@1", "a[APAC,1]@1", "a[APAC,2]@1"]


def test_each_run_has_its_own_values_and_fingerprint():
    runs = expand_text(EACH + "for_each: {r: [Churned, New]}\n").runs
    assert [run.spec.action.status for run in runs] == ["Churned", "New"]
    assert len({run.fingerprint for run in runs}) == 2


def test_variants_keep_run_keys_plain():
    assert keys(EACH + "for_each: {r: [New York, 'x,y', 'a[b]@2', 5, 1.5, true, Zürich, '50%']}\n") == [
        "a[New%20York]@1",
        "a[x%2Cy]@1",
        "a[a%5Bb%5D%402]@1",
        "a[5]@1",
        "a[1.5]@1",
        "a[true]@1",
        "a[Zürich]@1",
        "a[50%25]@1",
    ]


@given(
    st.lists(st.text(min_size=1, max_size=4), min_size=2, max_size=2),
    st.lists(st.text(min_size=1, max_size=4), min_size=2, max_size=2),
)
def test_two_lists_of_values_never_share_a_variant(one, other):
    label = [",".join(escape_variant(value) for value in values) for values in (one, other)]
    assert (label[0] == label[1]) == (one == other)
    assert not set("[]@+ '\"$&;|<>*?\n") & set(label[0])


@pytest.mark.parametrize(
    ("every", "period"),
    [("day", "2026-11-22"), ("week", "2026-W47"), ("month", "2026-11"), ("quarter", "2026-Q4"), ("year", "2026")],
)
def test_a_schedule_puts_the_period_into_the_key(every, period):
    assert keys(SPEC + f"schedule: {{every: {every}}}\n") == [f"a@1+{period}"]


def test_the_period_is_that_of_the_timezone():
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    (run,) = expand_text(SPEC + "schedule: {every: week, timezone: Europe/Berlin}\n", now=late).runs
    assert run.key.period == "2026-W48"
    assert expand_text(SPEC + "schedule: {every: week}\n", now=late).runs[0].key.period == "2026-W47"


def test_more_than_a_hundred_combinations_are_refused():
    text = SPEC + f"for_each: {{a: {list(range(11))}, b: {list(range(10))}}}\n"
    (problem,) = expand_text(text).problems
    assert "110 combinations" in problem.message
    assert len(keys(text.replace("10, ", "", 1).replace(", 10]", "]"))) == 100


def test_a_name_that_is_too_long_is_refused():
    (problem,) = expand_text(SPEC + f"for_each: {{a: [{'x' * 101}]}}\n").problems
    assert "too long" in problem.message


def test_a_whole_expression_keeps_its_type():
    text = (
        HEAD
        + FILTER
        + (
            "vars: {tags: [x, y], cap: 500, mail: true}\n"
            "action: {type: set_custom_field, field: Tags, values: '{{ vars.tags }}'}\n"
            "options: {results_limit: '{{ vars.cap // 2 }}', send_done_email: '{{ vars.mail }}'}\n"
        )
    )
    (run,) = expand_text(text).runs
    assert run.spec.action.values == ("x", "y")
    assert (run.spec.options.results_limit, run.spec.options.send_done_email) == (250, True)


def test_the_vars_of_the_project_stand_below_those_of_the_spec():
    text = HEAD + FILTER + "vars: {b: own}\naction: {type: set_lead_status, status: '{{ vars.a }} {{ vars.b }}'}\n"
    (run,) = expand(document(text), now=NOW, project_vars={"a": "project's", "b": "hidden"}).runs
    assert run.spec.action.status == "project's own"


def test_ranges_of_two_operators_are_fine():
    conditions = (
        "{field: n, gte: 1, lt: 5}, {field: n, gt: 1, lte: 5}, {field: d, on_or_after: today, before: tomorrow}, "
        "{field: d, after: yesterday, on_or_before: today}"
    )
    assert keys(f"{HEAD}{ACTION}filter: {{where: {{all: [{conditions}]}}}}\n") == ["a@1"]


MEANING = "filter: {where: {all: [{field: status, is: [Churned]}, {field: d, before: 90 days ago}]}}\n"


def fingerprint_of(text: str) -> str:
    (run,) = expand_text(text).runs
    return run.fingerprint


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n" + HEAD + MEANING + ACTION,
        HEAD + ACTION + MEANING,
        (HEAD + MEANING + ACTION).replace("name: a", "name: other").replace("version: 1", "version: 7"),
        HEAD + MEANING + ACTION + "description: x\nowner: y\nguards: {max_matches: 5}\ndepends_on: [b]\nvars: {z: 1}\n",
        HEAD + MEANING + ACTION + "tests: [{lead: {status: x}, matches: false}]\nschedule: {every: week}\n",
        HEAD + ACTION + "vars: {d: 90}\n" + MEANING.replace("90 days ago", "'{{ vars.d }} days ago'"),
        HEAD
        + ACTION
        + "filter:\n  where:\n    all:\n"
        + '      - field: "status"\n        is:\n          - Churned\n      - {before: 90 days ago, field: d}\n',
        HEAD + MEANING + ACTION + "options: {}\n",
    ],
)
def test_what_is_no_meaning_never_changes_the_fingerprint(text):
    assert fingerprint_of(text) == fingerprint_of(HEAD + MEANING + ACTION)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Churned", "churned"),
        ("90 days", "91 days"),
        ("type: delete", "type: set_lead_status, status: x"),
        ("all:", "any:"),
    ],
)
def test_another_meaning_has_another_fingerprint(old, new):
    text = HEAD + MEANING + ACTION
    assert fingerprint_of(text.replace(old, new)) != fingerprint_of(text)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 8), st.sampled_from(["", " ", "  # note"]), st.booleans())
def test_indentation_blanks_and_comments_never_change_the_fingerprint(indent, end, is_quoted):
    quote = '"' if is_quoted else ""
    blanks = " " * (indent + 1)
    text = (
        f"{HEAD}filter:{end}\n{blanks}where:{end}\n{blanks * 2}all:\n"
        f"{blanks * 3}- {{field: {quote}status{quote}, is: [Churned]}}{end}\n"
        f"\n{blanks * 3}- {{field: d, before: {quote}90 days ago{quote}}}\n{ACTION}"
    )
    assert fingerprint_of(text) == fingerprint_of(HEAD + MEANING + ACTION)
