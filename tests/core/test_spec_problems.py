"""Every mistake that people make in a spec: where it is told, in which words, with which mend."""

# ruff: noqa: E501 - in the table of mistakes each has one row
from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.spec_texts import ACTION, FILTER, HEAD, NOW, SPEC, expand_text, place, read, underlined

from bulkplan.core.expand import expand


def where(condition: str) -> str:
    return f"{HEAD}{ACTION}filter: {{where: {condition}}}\n"


def action(data: str) -> str:
    return f"{HEAD}{FILTER}action: {data}\n"


CORPUS = [
    # text, line:column-end, underlined text, message fragment, hint fragment
    ("x", "1:1-2", "x", "mapping of keys", "schema: bulkplan/v1"),
    ("- a", "1:1-4", "- a", "mapping of keys", "schema: bulkplan/v1"),
    (HEAD + FILTER, "1:1-7", "schema", "action is missing: what happens", "action: {type:"),
    (HEAD + ACTION, "1:1-7", "schema", "filter is missing", "filter: {smart_view:"),
    (SPEC.replace("schema: bulkplan/v1\n", ""), "1:1-5", "name", "schema is missing", "schema: bulkplan/v1"),
    (SPEC.replace("/v1", "/v2"), "1:9-20", "bulkplan/v2", "does not know the format bulkplan/v2", "newer bulkplan"),
    (SPEC.replace("/v1", ""), "1:9-17", "bulkplan", "expected bulkplan/v1", "schema: bulkplan/v1"),
    (SPEC.replace("name: a", "name: A b"), "2:7-10", "A b", '"A b" is not a name', "lower-case"),
    (SPEC.replace("name: a", "name: a_b"), "2:7-10", "a_b", "not a name", "dashes"),
    (SPEC.replace("name: a", "name: 5"), "2:7-8", "5", "name must be text; this is the number 5", 'quote it: "5"'),
    (SPEC.replace("name: a", "name: " + "a" * 81), "2:7-88", "a" * 81, "too long", "at most 80"),
    (SPEC.replace("version: 1", "version: '1'"), "3:10-13", "'1'", "version must be a whole number; this is the text", "remove the quotes: 1"),
    (SPEC.replace("version: 1", "version: 1.0"), "3:10-13", "1.0", "whole number", "write 1"),
    (SPEC.replace("version: 1", "version: 1.5"), "3:10-13", "1.5", "whole number", "digits"),
    (SPEC.replace("version: 1", "version: true"), "3:10-14", "true", "whole number; this is true", "digits"),
    (SPEC.replace("version: 1", "version: 0"), "3:10-11", "0", "at least 1", "1 or more"),
    (SPEC.replace("version: 1", "version:"), "3:1-8", "version", "version has no value", "version: 1"),
    # keys
    (SPEC + "optoins: {}", "6:1-8", "optoins", 'unknown key "optoins"', '"options"'),
    (SPEC + "max_matches: 5", "6:1-12", "max_matches", "unknown key", "belongs under guards"),
    (SPEC + "cohort: fixed", "6:9-14", "fixed", "cohort cannot be", "live, frozen"),
    (SPEC + "zzzzzz: 1", "6:1-7", "zzzzzz", "unknown key", "the keys here are schema, name"),
    (SPEC + "schema_: x", "6:1-8", "schema_", "unknown key", '"schema"'),
    (SPEC + "owner: 5", "6:8-9", "5", "owner must be text", '"5"'),
    (SPEC + "owner: true", "6:8-12", "true", "owner must be text; this is true", '"true"'),
    (SPEC + "owner:", "6:1-6", "owner", "owner has no value", "delete the line"),
    (SPEC + "vars: [1]", "6:7-10", "[1]", "vars must be a mapping", ""),
    (SPEC + "depends_on: x", "6:13-14", "x", "depends_on must be a list", "[x]"),
    (SPEC + "depends_on: [X y]", "6:14-17", "X y", "not a name", "lower-case"),
    (SPEC + "not_before: 1700000000", "6:13-23", "1700000000", "a day or an instant", "2026-01-31"),
    (SPEC + "not_after: '1700000000'", "6:12-24", "'1700000000'", "a day or an instant", "2026-01-31"),
    (SPEC + "not_after: 2026-13-01", "6:12-22", "2026-13-01", "a day or an instant", "2026-01-31"),
    (SPEC + "tests: [{lead: {a: null}, match: true}]", "6:27-32", "match", 'unknown key "match" in tests, item 1', '"matches"'),
    (SPEC + "tests: [{lead: 5, matches: true}]", "6:16-17", "5", "lead must be a mapping", "lead: {"),
    # schedule, for_each
    (SPEC + "schedule: {every: weak}", "6:19-23", "weak", "every cannot be", '"week"'),
    (SPEC + "schedule: {timezone: UTC}", "6:1-9", "schedule", "every is missing in schedule", "every: week"),
    (SPEC + "schedule: {every: week, timezone: Berlin}", "6:35-41", "Berlin", "no timezone", "Europe/Berlin"),
    (SPEC + "schedule: weekly", "6:11-17", "weekly", "schedule must be a mapping", ""),
    (SPEC + "for_each: {}", "6:1-9", "for_each", "names nothing", "region"),
    (SPEC + "for_each: {r: []}", "6:15-17", "[]", "no value for r", "at least one"),
    (SPEC + "for_each: {r: 5}", "6:15-16", "5", "r must be a list", "[5]"),
    (SPEC + "for_each: {r: [a, [b]]}", "6:19-22", "[b]", "item 2 of r must be a single value", ""),
    (SPEC + "for_each: {r: [a, null]}", "6:19-23", "null", "item 2 of r is empty", "delete"),
    (SPEC + "for_each: {r: [a, b, a]}", "6:22-23", "a", "lists a twice", "delete"),
    (SPEC + "for_each: {_r: [a]}", "6:12-14", "_r", "no name", "letter"),
    (SPEC + "for_each: {r: ['5', 5]}", "6:1-9", "for_each", "have the name [5]", "delete"),
    # filter
    (HEAD + ACTION + "filter: {}", "5:1-7", "filter", "empty filter", "all_leads: true"),
    (HEAD + ACTION + "filter:", "5:1-7", "filter", "filter has no value", "filter: {smart_view"),
    (HEAD + ACTION + "filter: all_leads", "5:9-18", "all_leads", "filter must be a mapping", "filter: {"),
    (HEAD + ACTION + "filter: all_leads:true", "5:9-23", "all_leads:true", "filter must be a mapping", "blank after the colon"),
    (HEAD + ACTION + "filter: {all_leads:true}", "5:10-24", "all_leads:true", "unknown key", "all_leads: true"),
    (HEAD + ACTION + "filter: {all_leads: false}", "5:21-26", "false", "can only be true", "all_leads: true"),
    (HEAD + ACTION + "filter: {all_leads: yes}", "5:21-24", "yes", "can only be true", "all_leads: true"),
    (HEAD + ACTION + "filter: {all_leeds: true}", "5:10-19", "all_leeds", "unknown key", '"all_leads"'),
    (HEAD + ACTION + "filter: {query: {}}", "5:10-15", "query", "empty query", "Copy Filters"),
    (HEAD + ACTION + "filter: {query: []}", "5:17-19", "[]", "query must be a mapping", ""),
    (HEAD + ACTION + "filter: {smart_view: ''}", "5:22-24", "''", "empty text", ""),
    (HEAD + ACTION + "filter: {smart_view: x, all_leads: true}", "5:25-34", "all_leads", "one form; this one has all_leads already|one form; this one has smart_view already", "keep one"),
    (where("{}"), "5:17-19", "{}", "empty condition is an error", "all_leads: true"),
    (where("null"), "5:10-15", "where", "where has no value", ""),
    (where("{all: []}"), "5:23-25", "[]", "all is an empty list", "all_leads: true"),
    (where("{status: Churned}"), "5:18-24", "status", "begins with \"status\"", '{field: status, is: "Churned"}'),
    (where("{is: Churned}"), "5:18-20", "is", "names no field", "{field: status, is: Churned}"),
    (where("{feild: a, is: 1}"), "5:18-23", "feild", 'the key "feild"', '"field"'),
    (where("[{field: a, is: 1}]"), "5:17-36", "[{field: a, is: 1}]", "this is a list", "all: or any:"),
    (where("Churned"), "5:17-24", "Churned", "where is a condition", "{field: status"),
    (where("{all: [Churned]}"), "5:24-31", "Churned", "item 1 of all is a condition", "{field: status"),
    (where("{all: {field: a, is: 1}}"), "5:23-40", "{field: a, is: 1}", "all must be a list", ""),
    (where("{all: [{field: a, is: 1}], any: [{field: b, is: 1}]}"), "5:44-47", "any", 'unknown key "any"', "one form"),
    (where("{not: {not: {}}}"), "5:29-31", "{}", "empty condition", "all_leads"),
    (where("{has: opportunty}"), "5:23-33", "opportunty", "has cannot be", '"opportunity"'),
    (where("{has: opportunity, where: {status: x}}"), "5:44-50", "status", "no condition", "field: status"),
    (where("{field: a}"), "5:17-27", "{field: a}", "lacks an operator", "is, is_not"),
    (where("{is: 1}"), "5:18-20", "is", "no condition", ""),
    (where("{field: a, iss: 1}"), "5:28-31", "iss", 'unknown key "iss"', '"is"'),
    (where("{field: a, is_: 1}"), "5:28-31", "is_", 'unknown key "is_"', '"is"'),
    (where("{field: a, is: 1, is_not: 2}"), "5:35-41", "is_not", "is and is_not do not go together", "all: ["),
    (where("{field: a, gt: 1, gte: 2}"), "5:35-38", "gte", "do not go together", "gte and lt"),
    (where("{field: a, gte: 1, before: today}"), "5:36-42", "before", "do not go together", ""),
    (where("{field: a, gt: 1, lt: 2, is: 3}"), "5:42-44", "is", "this one has 3", ""),
    (where("{field: a, exists: yes}"), "5:36-39", "yes", "exists must be true or false", "write true, not yes"),
    (where("{field: a, exists: 'false'}"), "5:36-43", "'false'", "exists must be true or false", "write false without quotes"),
    (where("{field: a, gt: '5'}"), "5:32-35", "'5'", "gt must be a number", "remove the quotes: 5"),
    (where("{field: a, contains: 5}"), "5:38-39", "5", "contains must be text", '"5"'),
    (where("{field: a, is: []}"), "5:32-34", "[]", "is is an empty list", "at least one"),
    (where("{field: a, is: [[1]]}"), "5:33-36", "[1]", "item 1 of is must be a single value", ""),
    (where("{field: a, is: {b: 1}}"), "5:32-38", "{b: 1}", "is must be", ""),
    (where("{field: '', is: 1}"), "5:25-27", "''", "field is an empty text", "custom.Industry"),
    # action
    (action("{type: emai}"), "5:16-20", "emai", 'no action is named "emai"', '"email"'),
    (action("{type: 5}"), "5:16-17", "5", "type cannot be the number 5", "sequence_resume_finished"),
    (action("{tpye: delete}"), "5:10-14", "tpye", 'unknown key "tpye"', '"type"'),
    (action("{}"), "5:1-7", "action", "type is missing", "set_lead_status"),
    (action("delete"), "5:9-15", "delete", "action is a mapping", "action: {type:"),
    (action("{type: email, tempate: x, sender: y}"), "5:23-30", "tempate", 'unknown key "tempate"', '"template"'),
    (action("{type: email, template: x}"), "5:1-7", "action", "sender is missing in action", "sender:"),
    (action("{type: email, template: x, sender: y, contact_preference: all}"), "5:67-70", "all", "contact_preference cannot be", "lead, contact"),
    (action("{type: set_lead_status, status: }"), "5:33-39", "status", "status has no value", "status: Churned"),
    (action("{type: set_custom_field, field: X}"), "5:1-7", "action", "needs value or values", "value: SaaS"),
    (action("{type: set_custom_field, field: X, value: 1, values: [2]}"), "5:54-60", "values", "exclude each other", "keep one"),
    (action("{type: set_custom_field, field: X, value: [1]}"), "5:51-54", "[1]", "value must be a single value", ""),
    (action("{type: sequence_pause}"), "5:1-7", "action", "needs sequence or all_sequences", "all_sequences: true"),
    (action("{type: sequence_resume, sequence: x, all_sequences: true}"), "5:46-59", "all_sequences", "exclude", "keep one"),
    (action("{type: sequence_pause, all_sequences: false}"), "5:47-52", "false", "can only be true", ""),
    # options, guards
    (SPEC + "options: {results_limit: 0}", "6:26-27", "0", "at least 1", "1 or more"),
    (SPEC + "options: {sort: name}", "6:17-21", "name", "sort must be a list", "[name]"),
    (SPEC + "options: {send_done_email: no}", "6:28-30", "no", "true or false", "write false, not no"),
    (SPEC + "guards: {max_percent: 0.05}", "6:23-27", "0.05", "this is the number 0.05", "5%"),
    (SPEC + "guards: {max_percent: 10}", "6:23-25", "10", "max_percent is a percentage", "10%"),
    (SPEC + "guards: {max_percent: '5 %'}", "6:23-28", "'5 %'", "max_percent is a percentage", "write 5%"),
    (SPEC + "guards: {max_percent: 1000%}", "6:23-28", "1000%", "max_percent is a percentage", "%"),
    (SPEC + "guards: {max_drift: 0.02}", "6:21-25", "0.02", "a percentage, or a count of leads", "2%"),
    (SPEC + "guards: {max_drift: yes}", "6:21-24", "yes", "a percentage, or a count of leads", "5%"),
    (SPEC + "guards: {max_matches: '500'}", "6:23-28", "'500'", "max_matches must be a whole number", "remove the quotes: 500"),
    (SPEC + "guards: {max_matches: 1_000}", "6:23-28", "1_000", "whole number", "write 1000"),
    (SPEC + "guards: {max_matches: '1,000'}", "6:23-30", "'1,000'", "whole number", "write 1000"),
    (SPEC + "guards: {max_matches: -1}", "6:23-25", "-1", "at least 0", "0 or more"),
    (SPEC + "guards:\n  max_matches:\n", "7:3-14", "max_matches", "has no value", ""),
    # expressions
    (SPEC + "guards: {max_matches: '{{ vars.n }}'}\nvars: {n: many}", "6:23-37", "'{{ vars.n }}'", "max_matches must be a whole number; this is the text \"many\"", "the expression makes this value"),
    (action("{type: set_lead_status, status: '{{ vars.dd }}'}") + "vars: {d: x}", "5:42-55", "{{ vars.dd }}", "no vars.dd", "vars.d?"),
    (action("{type: set_lead_status, status: '{{ each.r }}'}"), "5:42-54", "{{ each.r }}", "this spec has no for_each", "for_each:"),
]  # fmt: skip

PYDANTIC = re.compile(
    r"pydantic|Input should|Field required|Extra inputs|union_tag|tuple\[|constrained|discriminator|https?://|valid (string|integer)"
)


@pytest.mark.parametrize(("text", "where", "shown", "message", "hint"), CORPUS)
def test_a_mistake_is_told_once_at_its_place_with_its_mend(text, where, shown, message, hint):
    (problem,) = expand_text(text).problems
    assert place(problem) == where
    assert underlined(problem) == shown
    assert any(part in problem.message for part in message.split("|"))
    assert hint in (problem.hint or "")
    assert not PYDANTIC.search(f"{problem.message} {problem.hint}")


def test_all_mistakes_of_a_spec_are_told_at_once():
    problems = expand_text(
        "schema: bulkplan/v1\nname: A\nversion: x\nfilter: {}\naction: {type: email, foo: 1}\nguards: {max_percent: 5}\n"
    ).problems
    assert sorted(underlined(problem) for problem in problems) == ["5", "A", "action", "action", "filter", "foo", "x"]


def test_a_mistake_in_every_variant_is_told_once():
    (problem,) = expand_text(SPEC + "for_each: {r: [a, b, c]}\nowner: 5\n").problems
    assert underlined(problem) == "5"


def test_a_value_is_never_null_but_where_it_is_the_users_own():
    text = f"{HEAD}{ACTION}vars: {{a: null}}\nfilter: {{query: {{type: x, a: null}}}}\ntests: [{{lead: {{a: null}}, matches: true}}]\n"
    assert len(expand_text(text).runs) == 1


KEYS = ["schema", "name", "version", "filter", "action", "guards", "options", "where", "all", "any", "not", "has", "field",
        "is", "gt", "on", "type", "max_percent", "max_drift", "tests", "lead", "for_each", "vars", "schedule", "every", "not_before",
        "depends_on", "query", "smart_view", "all_leads", "value", "values", "is_", "zzz"]  # fmt: skip
VALUES = st.sampled_from(
    [None, True, False, 0, 1, -1, 0.05, 10**18, "", "x", "5%", "yes", "bulkplan/v1", "email", "delete", "set_custom_field",
     "{{ vars.a }}", "{{ each.r ~ 1 }}", "{% x %}", "{{", "2026-01-31", "contact", "week"]
)  # fmt: skip
TREES = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
BASE = {"schema": "bulkplan/v1", "name": "a", "version": 1, "filter": {"all_leads": True}, "action": {"type": "delete"}}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6) | TREES)
def test_no_data_raises_anything_and_every_problem_has_a_place(data):
    merged = {**BASE, **data} if isinstance(data, dict) else data
    for one in read(json.dumps(merged)).documents:
        expansion = expand(one, now=NOW)
        assert bool(expansion.runs) != bool(expansion.problems)
        for problem in expansion.problems:
            assert problem.at is not None
            assert problem.at.end_column is not None
            assert not PYDANTIC.search(f"{problem.message} {problem.hint}")
