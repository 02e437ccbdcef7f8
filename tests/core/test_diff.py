"""Field changes between two requests."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.diff import differences


def term(field: str, *values: str, negate: bool = False):
    clause = {"type": "field_condition", "field": {"field_name": field}, "condition": {"type": "term"}}
    return {**clause, "condition": {"type": "term", "values": list(values)}, "negate": negate}


def body(*clauses, **more):
    return {"s_query": {"type": "and", "queries": list(clauses)}, "results_limit": None, **more}


def found(before, after, **more):
    return [(each.change, each.path, each.before, each.after) for each in differences(before, after, **more)]


def test_equal_bodies_do_not_differ():
    assert found(body(term("a", "1")), body(term("a", "1"))) == []


def test_the_order_of_clauses_and_of_values_does_not_matter():
    clauses = [term(name, "1", "2") for name in "abcde"]
    shuffled = [term(name, "2", "1") for name in "ecadb"]
    assert found(body(*clauses), body(*shuffled)) == []


def test_a_changed_value_is_found_in_the_clause_on_the_same_field():
    changes = found(body(term("a", "1"), term("b", "x")), body(term("b", "x"), term("a", "2")))
    path = "s_query.queries[1].condition.values"
    assert changes == [("added", path, None, "2"), ("removed", path, "1", None)]


def test_clauses_that_came_and_went_are_shown_whole():
    changes = found(body(term("a", "1")), body(term("b", "1")))
    assert changes == [
        ("added", "s_query.queries[0]", None, term("b", "1")),
        ("removed", "s_query.queries[0]", term("a", "1"), None),
    ]


def test_a_null_that_becomes_a_number_and_a_true_that_becomes_one_are_changes():
    changes = found(body(done=True), {**body(done=1), "results_limit": 5})
    assert changes == [("changed", "done", True, 1), ("changed", "results_limit", None, 5)]


def test_the_order_of_a_sort_matters():
    assert found({"sort": ["a", "b"]}, {"sort": ["b", "a"]})


def test_known_ids_are_shown_with_their_names():
    changes = found({"lead_status_id": "stat_1"}, {"lead_status_id": "stat_2"}, names={"stat_2": "Churned"})
    assert changes == [("changed", "lead_status_id", "stat_1", "Churned (stat_2)")]


def test_paths_are_sorted_by_number():
    clauses = [term(f"f{index}", "x") for index in range(12)]
    paths = [change[1] for change in found(body(), body(*clauses))]
    assert paths == [f"s_query.queries[{index}]" for index in range(12)]


@pytest.mark.parametrize("count", [400])
def test_long_queries_are_compared_clause_by_clause(count):
    clauses = [term(f"f{index}", str(index)) for index in range(count)]
    changed = [*clauses[1:], term("f0", "other")]
    random.Random(1).shuffle(changed)
    assert len(found(body(*clauses), body(*changed))) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["queries", "values", "a"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["s_query", "x"]), json_values))
def test_anything_equals_itself(value):
    assert differences(value, json.loads(json.dumps(value))) == ()


@given(*[st.dictionaries(st.sampled_from(["s_query", "x"]), json_values)] * 2)
def test_any_two_bodies_can_be_compared_and_what_is_found_is_in_order(one, other):
    changes = differences(one, other)
    assert changes == differences(one, other)
    assert bool(changes) == bool(differences(other, one))
