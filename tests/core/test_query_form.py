"""Which structured queries a spec may hold, and how wrong ones are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.small_catalog import CATALOG, CONTEXT, LEAD_CLAUSE, make_spec

from bulkplan.core.query_form import read_query
from bulkplan.core.render import render_request

STATUS = {
    "type": "field_condition",
    "negate": False,
    "field": {"type": "regular_field", "object_type": "lead", "field_name": "status_id"},
    "condition": {"type": "reference", "reference_type": "status.lead", "object_ids": ["stat_chu"]},
}
WITH_CLAUSE = {"type": "and", "negate": False, "queries": [LEAD_CLAUSE, STATUS]}


def render(query):
    return render_request(make_spec(filter_={"query": query}), catalog=CATALOG, context=CONTEXT)


def body(query):
    rendered = render(query)
    assert rendered.request is not None, rendered.problems
    return rendered.request.body


def test_a_query_with_its_lead_clause_is_sent_as_written():
    assert body(WITH_CLAUSE)["s_query"] == WITH_CLAUSE


def test_a_query_without_a_lead_clause_gets_one():
    assert body(STATUS)["s_query"] == {"type": "and", "queries": [LEAD_CLAUSE, STATUS]}


def test_a_copied_filter_is_unwrapped_with_its_limit_and_sort():
    sort = [{"direction": "desc", "field": STATUS["field"]}]
    copied = {"limit": None, "query": WITH_CLAUSE, "results_limit": 7, "sort": sort}
    sent = body(copied)
    assert (sent["s_query"], sent["results_limit"], sent["sort"]) == (WITH_CLAUSE, 7, sort)


def test_the_types_of_related_objects_do_not_count_as_selected():
    related = {
        "type": "has_related",
        "this_object_type": "lead",
        "related_object_type": "contact",
        "related_query": {"type": "object_type", "object_type": "contact"},
    }
    assert body(related)["s_query"]["queries"] == [LEAD_CLAUSE, related]


def test_a_query_that_selects_contacts_is_refused():
    (found,) = render({"type": "and", "queries": [{"type": "object_type", "object_type": "contact"}]}).problems
    assert found.path == ("filter", "query")
    assert "contact" in found.message


def test_conditions_and_moments_that_nobody_knows_are_left_to_close():
    odd = {**STATUS, "condition": {"type": "moment_range", "before": {"type": "eclipse"}}}
    assert body(odd)["s_query"]["queries"][1] == odd


def test_moments_that_close_measures_itself_are_said():
    moving = {**STATUS, "condition": {"type": "moment_range", "before": {"type": "now"}}}
    assert any("relative to now" in note for note in render(moving).notes)
    assert render(STATUS).notes == ()


def test_a_view_inside_a_query_is_a_dependency():
    rendered = render({"type": "saved_search", "saved_search_id": "save_hot"})
    assert rendered.request is not None
    assert [one.id for one in rendered.request.dependencies] == ["save_hot"]
    assert any("save_gone" in note for note in render({"type": "saved_search", "saved_search_id": "save_gone"}).notes)


SHAPES = {
    "no type": ({"queries": []}, (), "needs a type"),
    "unknown type": ({"type": "andd", "queries": []}, ("type",), "andd"),
    "no queries": ({"type": "and"}, (), "queries"),
    "queries no list": ({"type": "or", "queries": {}}, ("queries",), "list"),
    "deep unknown type": (
        {"type": "and", "queries": [LEAD_CLAUSE, {"type": "or", "queries": [{"type": "nor"}]}]},
        ("queries", 1, "queries", 0, "type"),
        "nor",
    ),
    "not an object": ({"type": "and", "queries": ["x"]}, ("queries", 0), "object"),
    "no condition": ({"type": "field_condition", "field": STATUS["field"]}, (), "condition"),
    "bad field": ({**STATUS, "field": {"type": "odd"}}, ("field",), "regular_field"),
    "field without name": (
        {**STATUS, "field": {"type": "regular_field", "object_type": "lead"}},
        ("field",),
        "field_name",
    ),
    "bad condition": ({**STATUS, "condition": []}, ("condition",), "condition"),
    "bad negate": ({"type": "match_all", "negate": "yes"}, ("negate",), "true or false"),
    "bad id": ({"type": "id", "value": 5}, ("value",), "text"),
    "bad related query": (
        {"type": "has_related", "this_object_type": "lead", "related_object_type": "contact", "related_query": []},
        ("related_query",),
        "object",
    ),
    "wrapped, deep": ({"query": {"type": "and", "queries": [{}]}}, ("query", "queries", 0), "type"),
    "wrapped, odd key": ({"query": STATUS, "sorted": []}, ("sorted",), "sorted"),
    "wrapped, bad limit": ({"query": STATUS, "results_limit": 0}, ("results_limit",), "results_limit"),
    "wrapped, bad sort": ({"query": STATUS, "sort": [{"direction": "up"}]}, ("sort", 0, "direction"), "asc or desc"),
}


@pytest.mark.parametrize(("query", "path", "message"), SHAPES.values(), ids=SHAPES.keys())
def test_a_wrong_shape_is_named_with_its_place(query, path, message):
    found = render(query).problems
    assert ("filter", "query", *path) in [one.path for one in found]
    assert any(message in one.message for one in found)


def test_a_query_nested_without_end_is_refused():
    query = STATUS
    for _ in range(60):
        query = {"type": "and", "queries": [query]}
    assert any("nested" in one.message for one in render(query).problems)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["and", "or", "lead", "id", "contact", "has_related"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "queries", "query", "sort", "related_query", "negate", "field", "value"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["type", "query", "queries", "sort", "results_limit"]), json_values))
def test_no_json_makes_the_reader_fail(value):
    parts, problems = read_query(value, ("filter", "query"))
    assert isinstance(parts.node, dict)
    for problem in problems:
        assert problem.path[:2] == ("filter", "query")
