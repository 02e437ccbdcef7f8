"""What looks like a fault and is none: rules that cry wolf are switched off and never read again."""

from __future__ import annotations

import pytest
from support.linting import example_world

from bulkplan.core.lint.judge import judge
from bulkplan.core.lint.rule import Example


def _slugs(filter_: str, *, action: str = "", project: str = "") -> list[str]:
    text = f"name: tidy\nfilter: {filter_}\n" + (f"action: {action}\n" if action else "")
    return [finding.rule.slug for finding in judge(example_world(Example(text, project))).findings]


@pytest.mark.parametrize(
    "where",
    [
        "{field: custom.Tags, is: vip}",
        "{all: [{field: custom.Tags, is: vip}, {field: custom.Tags, is: partner}]}",  # a field may hold both
        "{all: [{field: status, is: [Churned, Contacted]}, {field: status, is_not: Churned}]}",
        "{any: [{field: status, is: Churned}, {field: status, is: Contacted}]}",
        "{all: [{has: contact, where: {field: title, is: CEO}}, {has: contact, where: {field: title, is: CTO}}]}",
        "{all: [{field: custom.Employees, gte: 10}, {field: custom.Employees, lte: 10}]}",
        "{all: [{field: date_created, on_or_after: '2026-01-31'}, {field: date_created, on_or_before: '2026-01-31'}]}",
        "{all: [{field: date_created, after: 90 days ago}, {field: date_created, before: now}]}",
        "{not: {not: {field: status, is: Churned}}}",
        "{all: [{field: custom.Plan, is_not: Free}, {field: custom.Plan, exists: true}]}",
        "{all: [{field: custom.Plan, is_not: Free}, {has: opportunity}]}",
        "{field: name, is: me}",
        "{field: custom.Note, contains: stat_ion master}",
        "{any: [{field: custom.Plan, exists: false}, {field: custom.Plan, is: Free}]}",
    ],
)
def test_conditions_that_are_fine_are_left_alone(where):
    assert _slugs(f"{{where: {where}}}") == []


@pytest.mark.parametrize(
    ("where", "slug"),
    [
        ("{all: [{field: status_id, is: Churned}, {field: lead.status, is: Contacted}]}", "contradiction"),
        (
            "{all: [{field: custom.Tags, is: vip}, {all: [{field: custom.Tags, is_not: [VIP, partner]}]}]}",
            "contradiction",
        ),
        ("{all: [{field: custom.Plan, exists: false}, {field: custom.Plan, is: Free}]}", "contradiction"),
        ("{has: contact, where: {all: [{field: title, is: CEO}, {field: title, is: CTO}]}}", "contradiction"),
        (
            "{all: [{field: date_created, before: 90 days ago}, {field: date_created, after: 30 days ago}]}",
            "empty-range",
        ),
        ("{field: custom.Employees, gt: 10, lt: 10}", "empty-range"),
        ("{any: [{field: status, is: Churned}, {field: custom.Plan, is_not: Free}]}", "negation-alone"),
        ("{not: {field: status, is: Churned}}", "negation-alone"),
        ("{field: custom.Owner, is: [me, dana@example.com]}", "me-in-filter"),
    ],
)
def test_faults_in_other_words_are_found(where, slug):
    assert _slugs(f"{{where: {where}}}") == [slug]


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        (
            "{type: and, queries: [{type: object_type, object_type: lead}, {type: match_all, negate: true}]}",
            ["negation-alone"],
        ),
        ("{query: {type: in_status, status_ids: [stat_1], negate: true}}", ["negation-alone"]),
        ("{type: in_status, status_ids: [stat_1]}", []),
        ("{type: and, queries: [{type: in_status, status_ids: [a]}, {type: match_all, negate: true}]}", []),
    ],
)
def test_written_queries_are_looked_at_too(query, slugs):
    assert _slugs(f"{{query: {query}}}") == slugs


def test_a_delete_by_a_query_that_moves_is_told_where_it_moves():
    moment = "{type: offset, direction: past, moment: {type: now}, offset: {days: 30}}"
    field, condition = "{type: custom_field, custom_field_id: cf_1}", f"{{type: moment_range, before: {moment}}}"
    query = f"{{type: field_condition, field: {field}, condition: {condition}}}"
    text = f"name: tidy\nfilter:\n  query: {query}\naction: {{type: delete}}\n"
    (finding,) = judge(example_world(Example(text))).findings
    assert (finding.rule.slug, finding.where) == ("relative-date-in-delete", "filter/query/condition/before")


@pytest.mark.parametrize(
    ("filter_", "action", "slugs"),
    [
        ("{where: {field: custom.Tags, is: vip}}", "{type: set_custom_field, field: Tags, value: vip}", ["no-effect"]),
        ("{where: {field: custom.Tags, is: [vip, a]}}", "{type: set_custom_field, field: Tags, value: vip}", []),
        (
            "{where: {field: custom.Plan, exists: false}}",
            "{type: clear_custom_field, field: custom.Plan}",
            ["no-effect"],
        ),
        ("{where: {field: custom.Plan, exists: true}}", "{type: clear_custom_field, field: Plan}", []),
        ("{where: {any: [{field: status, is: A}, {field: status, is: B}]}}", "{type: set_lead_status, status: A}", []),
    ],
)
def test_an_action_that_changes_nothing_is_told(filter_, action, slugs):
    assert _slugs(filter_, action=action) == slugs
