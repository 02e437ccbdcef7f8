"""The members of cohorts, and who came and went between two."""

from __future__ import annotations

import hashlib
from base64 import b64decode

from hypothesis import given, settings
from hypothesis import strategies as st

from bulkplan.core.cohort import is_sound
from bulkplan.core.members import EncodedMembers, MemberCollector, MemberDrift, compare_members, encoded
from bulkplan.model.plan import Cohort

lead_ids = st.sets(st.integers(0, 400).map(lambda number: f"lead_{number}"))


def collected(ids) -> MemberCollector:
    collector = MemberCollector()
    collector.add(ids)
    return collector


def text_of(ids) -> str:
    return encoded(collected(ids))


@given(planned=lead_ids, now=lead_ids)
def test_who_entered_and_who_left_is_what_sets_say(planned, now):
    drift = compare_members(EncodedMembers(text_of(planned)), collected(now))
    assert drift == MemberDrift(len(planned), entered=len(now - planned), left=len(planned - now))


@given(ids=lead_ids, order=st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_the_members(ids, order):
    shuffled = [*ids, *ids]
    order.shuffle(shuffled)
    assert text_of(shuffled) == text_of(ids)
    assert is_sound(Cohort(n_leads=len(ids), digest="sha256:0", members=text_of(ids)))


@given(ids=lead_ids)
def test_members_are_the_first_eight_bytes_of_the_digests_sorted(ids):
    digests = sorted(hashlib.sha256(lead_id.encode()).digest()[:8] for lead_id in ids)
    assert b64decode(text_of(ids)) == b"".join(digests)


@settings(max_examples=20)
@given(ids=st.sets(st.integers(0, 10**9).map(str), min_size=1, max_size=20))
def test_no_id_stands_in_the_members(ids):
    raw = b64decode(text_of(ids))
    assert not any(lead_id.encode() in raw for lead_id in ids if len(lead_id) > 3)
