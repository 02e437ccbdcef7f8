"""Windows of creation: whatever is halved, every millisecond stays in exactly one window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bulkplan.adapters.creation_window import CreationWindow, instant, milliseconds

numbers = st.integers(0, 4_000_000_000_000)


@given(start=numbers, length=st.integers(1, 10**12), turns=st.lists(st.booleans(), max_size=50))
def test_halving_neither_loses_nor_repeats_a_millisecond(start, length, turns):
    window, leaves = CreationWindow(start, start + length), []
    for takes_first in turns:
        halves = window.halves()
        if halves is None:
            break
        window, other = halves if takes_first else reversed(halves)
        leaves.append(other)
    leaves = sorted([*leaves, window], key=lambda each: each.since)
    assert (leaves[0].since, leaves[-1].until) == (start, start + length)
    assert all(one.until == other.since for one, other in pairwise(leaves))
    assert [each.is_oldest for each in leaves] == [True] + [False] * (len(leaves) - 1)
    assert [each.is_newest for each in leaves] == [False] * (len(leaves) - 1) + [True]


def test_a_single_millisecond_is_not_halved():
    assert CreationWindow(5, 6).halves() is None
    assert CreationWindow(5, 7).halves() is not None


def test_only_inner_bounds_are_asked_for_so_that_nobody_falls_off_the_ends():
    first, last = CreationWindow(0, 2_000).halves()
    assert (first.clause()["condition"]["on_or_after"], last.clause()["condition"]["before"]) == (None, None)
    assert first.clause()["condition"]["before"] == last.clause()["condition"]["on_or_after"]
    assert first.clause()["condition"]["before"]["value"] == "1970-01-01T00:00:01+00:00"


@given(numbers, st.integers(0, 999))
def test_what_is_finer_than_a_millisecond_is_cut_off(number, finer):
    assert milliseconds(instant(number) + timedelta(microseconds=finer)) == number
    assert instant(number).tzinfo is UTC
    assert milliseconds(datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)) == -1
