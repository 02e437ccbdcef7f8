"""Drift judged in members: who entered and who left, against `max_drift`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.guards import GuardLayers, drift_allowance, judge_drift
from bulkplan.core.members import MemberDrift
from bulkplan.model.spec import Guards

counts = st.integers(0, 2_000)
limits = st.sampled_from(["0%", "0.5%", "2%", "5%", "100%", 0, 1, 15, 400])


def layers(max_drift) -> GuardLayers:
    return GuardLayers(family="email", project=Guards(max_drift=max_drift), spec=Guards())


def judged(entered, left, *, planned=400, max_drift="2%"):
    return judge_drift(
        planned, planned + entered - left, layers(max_drift), members=MemberDrift(planned, entered, left)
    )


def test_a_refusal_says_who_moved_and_how_far_that_is():
    verdict = judged(12, 3)
    assert not verdict.is_ok
    assert verdict.message == "12 entered, 3 left since the plan: 15 of the 400 planned = 3.8 %, the limit is 2 %"
    assert (verdict.guard, verdict.measured, verdict.denominator) == ("max_drift", "3.8%", 400)


def test_a_limit_in_leads_is_said_in_leads():
    verdict = judged(1, 1, max_drift=1)
    assert verdict.message == "1 entered, 1 left since the plan: 2 of the 400 planned = 0.5 %, the limit is 1 lead"
    assert verdict.measured == "2"


@pytest.mark.parametrize(("entered", "left", "is_ok"), [(8, 0, True), (0, 8, True), (4, 4, True), (5, 4, False)])
def test_who_entered_and_who_left_count_together(entered, left, is_ok):
    assert judged(entered, left).is_ok is is_ok


def test_the_counts_say_nothing_where_members_are_known():
    same = MemberDrift(planned=400, entered=0, left=0)
    assert judge_drift(10, 900, layers("0%"), members=same).is_ok


@given(entered=counts, left=counts, more=counts, planned=st.integers(1, 2_000), max_drift=limits)
def test_more_drift_never_turns_a_refusal_into_a_pass(entered, left, more, planned, max_drift):
    less = judged(entered, left, planned=planned, max_drift=max_drift)
    assert less.is_ok or not judged(entered + more, left, planned=planned, max_drift=max_drift).is_ok
    assert less.is_ok == (entered + left <= drift_allowance(planned, layers(max_drift)))
    if less.is_ok:  # members never allow what counts refuse
        assert judge_drift(planned, planned + entered - left, layers(max_drift)).is_ok
