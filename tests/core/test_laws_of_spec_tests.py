"""A test of a spec says what its filter says: the engine agrees with an evaluator that looks at the fixture itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.plan_world import wanted_run
from support.spec_texts import NOW

from bulkplan.core.spec_tests import Circumstances, judge_test, prepare_test
from bulkplan.sandbox.fixture_world import FixtureMatcher

STATUSES = ("New", "Old", "Lost")
TYPES = ("active", "won", "lost")
WORDS = ("red", "green", "blue")
days = st.integers(0, 4)
counts = st.integers(0, 3)
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)


def one_of(field, operators, values):
    return st.builds(lambda operator, value: {"field": field, operator: value}, st.sampled_from(operators), values)


def either_or_list(values):
    return st.one_of(values, st.lists(values, min_size=1, max_size=2))


def dated(field):
    operators = ["before", "after", "on", "on_or_before", "on_or_after"]
    return one_of(field, operators, days.map("{} days ago".format))


def exists(field):
    return one_of(field, ["exists"], st.booleans())


NUMBERS = ["is", "is_not", "gt", "gte", "lt", "lte"]
CONDITIONS = {
    "lead": st.one_of(
        one_of("status", ["is", "is_not"], either_or_list(st.sampled_from(STATUSES))),
        dated("last_communication_date"),
        exists("last_communication_date"),
        one_of("custom.Count", NUMBERS, counts),
        exists("custom.Count"),
        dated("custom.Day"),
        one_of("custom.Text", ["contains", "phrase", "word_starts_with"], words),
        one_of("custom.Tags", ["is", "is_not"], either_or_list(st.sampled_from(WORDS))),
        one_of("city", ["is"], st.sampled_from(WORDS)),
        one_of("num_opportunities", NUMBERS, counts),
    ),
    "opportunity": st.one_of(
        one_of("status_type", ["is", "is_not"], st.sampled_from(TYPES)), one_of("value", NUMBERS, counts)
    ),
    "contact": st.one_of(one_of("title", ["contains"], words), exists("email")),
}


def filters(kind):
    def branches(inner):
        listed = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            listed.map(lambda parts: {"all": parts}),
            listed.map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        )

    leaves = CONDITIONS[kind]
    if kind == "lead":
        others = st.sampled_from(["opportunity", "contact"])
        leaves = st.one_of(leaves, others.flatmap(lambda k: st.builds(dict, has=st.just(k), where=filters(k))))
    return st.recursive(leaves, branches, max_leaves=5)


def fixture(**fields):
    return st.fixed_dictionaries({}, optional=fields)


LEADS = fixture(
    **{
        "status": st.sampled_from(STATUSES),
        "last_communication_date": days.map("{} days ago".format),
        "custom.Count": counts,
        "custom.Day": days.map("{} days ago".format),
        "custom.Text": words,
        "custom.Tags": st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True),
        "city": st.sampled_from(WORDS),
        "opportunities": st.lists(
            st.fixed_dictionaries({"status_type": st.sampled_from(TYPES)}, optional={"value": counts}), max_size=2
        ),
        "contacts": st.lists(fixture(title=words, email=st.just("a@example.com")), max_size=2),
    }
)


def holds(where, thing):
    if "all" in where:
        return all(holds(part, thing) for part in where["all"])
    if "any" in where:
        return any(holds(part, thing) for part in where["any"])
    if "not" in where:
        return not holds(where["not"], thing)
    if "has" in where:
        listed = thing.get({"opportunity": "opportunities", "contact": "contacts"}[where["has"]], [])
        return any(holds(where["where"], one) for one in listed)
    (operator, operand) = next((key, value) for key, value in where.items() if key != "field")
    held = len(thing.get("opportunities", [])) if where["field"] == "num_opportunities" else thing.get(where["field"])
    values = held if isinstance(held, list) else [] if held is None else [held]
    operands = operand if isinstance(operand, list) else [operand]
    if operator == "exists":
        return bool(values) is operand
    if operator == "is_not":
        return not any(value in operands for value in values)
    return any(compares(operator, value, one) for value in values for one in operands)


def compares(operator, value, operand):
    if operator == "is":
        return value == operand
    if operator == "phrase":
        return re.search(rf"\b{operand}\b", value) is not None
    if operator in ("contains", "word_starts_with"):
        return set(operand.split()) <= set(value.split())
    if isinstance(value, str):
        value, operand = -int(value.split()[0]), -int(operand.split()[0])
    order = (value > operand) - (value < operand)
    after = {"gt": (1,), "gte": (0, 1), "lt": (-1,), "lte": (-1, 0), "after": (1,), "before": (-1,), "on": (0,)}
    return order in {**after, "on_or_after": (0, 1), "on_or_before": (-1, 0)}[operator]


def result_of(where, lead, *, zone=UTC, now=NOW):
    data = {
        "schema": "bulkplan/v1",
        "name": "a",
        "version": 1,
        "filter": {"where": where},
        "action": {"type": "delete"},
    }
    run = wanted_run({**data, "tests": [{"lead": lead, "matches": True}]})
    prepared = prepare_test(run, 0, Circumstances(now, zone))
    assert prepared.problems == ()
    found = FixtureMatcher().find_ids(
        prepared.queries, lead=prepared.fixture.lead, catalog=prepared.catalog, now=now, zone=zone
    )
    return judge_test(prepared, found, place=lambda _: None)


@settings(max_examples=150, deadline=None)
@given(filters("lead"), LEADS, st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles"]))
@example({"any": [{"all": [{"field": "city", "exists": False}, {"field": "city", "is": "red"}]}]}, {}, "UTC")
def test_the_engine_agrees_with_a_look_at_the_fixture(where, lead, zone):
    result = result_of(where, lead, zone=ZoneInfo(zone))
    assert result.matches is holds(where, lead)
    for clause in result.clauses:
        check(clause)


def check(clause):
    """The marks below `any of` and `not` fit the one above."""
    parts = [part.holds for part in clause.clauses]
    if clause.words == "any of:":
        assert clause.holds is any(parts)
    elif clause.words == "all of:":
        assert clause.holds is all(parts)
    for part in clause.clauses:
        check(part)


@pytest.mark.parametrize("hour", [0, 6, 12, 23])
def test_days_are_those_of_the_zone(hour):
    evaluate = partial(result_of, now=datetime(2026, 3, 29, hour, 30, tzinfo=UTC), zone=ZoneInfo("Europe/Berlin"))
    for field in ("last_communication_date", "custom.Day"):
        for operator, wanted in (("on", True), ("before", False), ("after", False)):
            assert evaluate({"field": field, operator: "1 day ago"}, {field: "yesterday"}).matches is wanted
