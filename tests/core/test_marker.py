"""The marker: names the attempt, survives what a server may do to a query, and changes no match."""

from __future__ import annotations

import pytest

from bulkplan.core.likeness import normalize
from bulkplan.core.marker import encode_word, is_marked, make_marker, make_tag, nonces_of, with_marker, without_marker
from bulkplan.model.run import RunKey

QUERY = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}
NONCE = encode_word(bytes(range(10)))
TAG = make_tag("ab" * 8, "orga_1", RunKey("win-back", 2))


def add_negate(node):
    if isinstance(node, dict):
        return {"negate": node.get("negate", False), **{key: add_negate(value) for key, value in node.items()}}
    return [add_negate(item) for item in node] if isinstance(node, list) else node


def test_a_marker_is_35_letters_and_digits():
    marker = make_marker(TAG, NONCE)
    assert len(marker) == 35
    assert marker.isalnum()


@pytest.mark.parametrize(
    ("project", "organization", "key"),
    [
        ("cd" * 8, "orga_1", RunKey("win-back", 2)),
        ("ab" * 8, "orga_2", RunKey("win-back", 2)),
        ("ab" * 8, "orga_1", RunKey("win-back", 3)),
        ("ab" * 8, "orga_1", RunKey("win-back", 2, "EMEA")),
    ],
)
def test_another_project_organization_or_run_has_another_tag(project, organization, key):
    assert make_tag(project, organization, key) != TAG


def test_the_nonce_is_found_in_a_query_that_the_server_rewrote():
    marked = add_negate(with_marker(QUERY, make_marker(TAG, NONCE)))
    assert is_marked(marked, NONCE)
    assert nonces_of(marked, TAG) == {NONCE}


def test_without_the_marker_the_query_is_the_reviewed_one():
    marked = add_negate(with_marker(QUERY, make_marker(TAG, NONCE)))
    assert normalize(without_marker(marked)) == QUERY


def test_an_unmarked_query_stays_as_it_is():
    assert without_marker(QUERY) == QUERY
