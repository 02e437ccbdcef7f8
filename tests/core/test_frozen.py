"""Frozen cohorts: the leads of the plan in its request, and requests compared without them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plan_world import spec_data, wanted_run

from bulkplan.core.diff import differences
from bulkplan.core.frozen import MAX_FROZEN_LEADS, comparable, freeze, too_many_to_freeze
from bulkplan.model.request import Request

QUERY = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}, {"type": "match_all"}]}
ids = st.sets(st.integers(0, 10**6).map(lambda number: f"lead_{number}"), min_size=1, max_size=30)


def request(query=QUERY) -> Request:
    return Request(kind="delete", body={"s_query": query, "results_limit": 5, "sort": [], "send_done_email": False})


def test_the_filter_stays_and_the_leads_are_anded_to_it():
    body = freeze(request(), ["lead_b", "lead_a"]).body
    assert body["s_query"] == {
        "type": "and",
        "queries": [
            QUERY,
            {
                "type": "or",
                "negate": False,
                "queries": [{"type": "id", "value": "lead_a"}, {"type": "id", "value": "lead_b"}],
            },
        ],
    }


def test_nobody_cannot_be_frozen():
    with pytest.raises(ValueError, match="no lead"):
        freeze(request(), [])


@given(before=ids, after=ids)
def test_two_frozen_requests_differ_by_what_was_reviewed_not_by_who_matched(before, after):
    old, new = (comparable(freeze(request(), each).body) for each in (before, after))
    assert old == new == {**request().body, "cohort": "frozen"}


@given(ids)
def test_freezing_a_live_run_is_one_difference(lead_ids):
    old, new = comparable(request().body), comparable(request().body, is_frozen=True)
    (change,) = differences(old, new)
    assert (change.path, change.change, change.after) == ("cohort", "added", "frozen")
    (change,) = differences(comparable(freeze(request(), lead_ids).body), old)
    assert (change.path, change.change) == ("cohort", "removed")


@pytest.mark.parametrize(
    "clause",
    [
        {"type": "or", "queries": [{"type": "id", "value": "lead_a"}]},
        {"type": "or", "negate": False, "queries": [{"type": "id", "value": "lead_a", "negate": False}]},
        {"type": "or", "negate": False, "queries": []},
        {"type": "or", "negate": True, "queries": [{"type": "id", "value": "lead_a"}]},
    ],
    ids=["by hand", "copied", "empty", "negated"],
)
def test_ids_in_a_query_by_hand_are_compared_like_any_clause(clause):
    body = request({"type": "and", "queries": [QUERY, clause]}).body
    assert comparable(body) == body


def test_too_many_leads_are_refused_at_the_key():
    problem = too_many_to_freeze(MAX_FROZEN_LEADS + 1)
    assert problem is not None
    assert problem.path == ("cohort",)
    assert "3,000" in problem.message
    assert "3,001" in problem.message
    assert too_many_to_freeze(MAX_FROZEN_LEADS) is None


def test_a_page_of_the_largest_frozen_actions_can_be_read():
    """With the spaces and the `negate` that a server may add; a client of ours reads 32 MiB."""
    nodes = [{"type": "id", "negate": False, "value": f"lead_{number:043}"} for number in range(MAX_FROZEN_LEADS)]
    assert 100 * len(json.dumps(nodes)) < 31 * 1024 * 1024


def test_only_a_frozen_cohort_is_part_of_the_fingerprint():
    live, said_live, frozen = (
        wanted_run(spec_data(**more)).fingerprint for more in ({}, {"cohort": "live"}, {"cohort": "frozen"})
    )
    assert live == said_live != frozen
    assert live == "v1:f7eefc88d0518606b2394ec95e6e943960de62c4ff2072fceeb4f836e1d81664"  # as ever
