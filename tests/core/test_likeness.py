"""Which listed actions could be a request of ours."""

from __future__ import annotations

import pytest

from bulkplan.core.likeness import could_be
from bulkplan.core.marker import with_marker
from bulkplan.model.remote import BulkAction

A = {"type": "id", "value": "lead_a"}
B = {"type": "id", "value": "lead_b"}
QUERY = {"type": "and", "queries": [A, {"type": "or", "queries": [A, B]}]}
SORT = [{"direction": "asc"}]


def _could_be(s_query, *, limit=5, sort=SORT):
    action = BulkAction(id="bulkedit_1", s_query=s_query, sort=sort, results_limit=limit)
    return could_be(action, {"s_query": QUERY, "sort": SORT, "results_limit": 5})


@pytest.mark.parametrize(
    "listed",
    [
        QUERY,
        with_marker(QUERY, "bp1" + "a" * 32),
        {"type": "and", "queries": [QUERY]},
        {"type": "and", "queries": [QUERY], "negate": False},
        {"type": "and", "queries": [A, {"type": "and", "queries": [{"type": "or", "queries": [A, B]}]}]},
        {"type": "and", "queries": [A, {"type": "or", "queries": [A, {"type": "or", "queries": [B]}]}]},
    ],
)
def test_the_same_selection_is_known_however_it_was_written_back(listed):
    assert _could_be(listed)


@pytest.mark.parametrize(
    "listed",
    [
        None,
        A,
        {"type": "or", "queries": [A, {"type": "or", "queries": [A, B]}]},
        {"type": "and", "queries": [QUERY], "negate": True},
        {"type": "and", "queries": [A, A, B]},
        {"type": "and", "queries": [A, {"type": "or", "queries": [A, B], "negate": True}]},
        {"type": "and", "queries": [A, {"type": "and", "queries": [A, B]}]},
    ],
)
def test_another_selection_is_another(listed):
    assert not _could_be(listed)


def test_another_limit_or_order_is_another():
    assert not _could_be(QUERY, limit=6)
    assert not _could_be(QUERY, sort=[])
