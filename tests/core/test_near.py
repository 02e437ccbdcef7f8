"""Which words are called near."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.near import did_you_mean, join_words, near


@pytest.mark.parametrize(
    ("word", "candidates", "found"),
    [
        ("Chruned", ["Churned", "Potential"], ("Churned",)),
        ("CHURNED", ["Potential", "churned"], ("churned",)),
        ("lead status", ["lead_status", "lead-stage"], ("lead_status", "lead-stage")),
        ("nothing like it", ["abc"], ()),
        ("", ["a"], ()),
        ("a", [], ()),
        ("same", ["same", "same"], ("same",)),
    ],
)
def test_the_nearest_come_first_and_case_does_not_count(word, candidates, found):
    assert near(word, candidates) == found


def test_no_more_than_asked_for():
    assert near("ab", ["ab1", "ab2", "ab3"], 2) == ("ab1", "ab2")


def test_the_question_lists_the_choices():
    assert did_you_mean("regon", ["region", "reason", "x"], 2) == 'did you mean "region" or "reason"?'
    assert did_you_mean("zzz", ["region"]) is None


def test_words_are_joined_as_people_do():
    assert join_words(["a", "b", "c"]) == "a, b and c"
    assert join_words(["a", "b"], last="or") == "a or b"
    assert join_words([]) == ""


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=20))
def test_only_candidates_are_named(word, candidates):
    assert set(near(word, candidates)) <= set(candidates)
