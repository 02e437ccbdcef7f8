"""Who is in a cohort, and what of it a plan may hold."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.cohort import MAX_LISTED_IN_ORDER, CohortDigest, is_sound, listing_limit
from bulkplan.model.plan import Cohort

lead_ids = st.sets(st.integers(0, 400).map(lambda number: f"lead_{number}"))


def cohort_of(n_leads: int, members: str | None) -> Cohort:
    return Cohort(n_leads=n_leads, digest="sha256:0", members=members)


@given(ids=lead_ids, others=lead_ids)
def test_cohorts_share_a_digest_only_if_they_share_every_lead(ids, others):
    texts = []
    for each in (ids, others):
        digest = CohortDigest()
        for lead_id in sorted(each):
            digest.add(lead_id)
        texts.append(digest.text)
        assert digest.n_leads == len(each)
    assert (texts[0] == texts[1]) == (ids == others)
    lines = "".join(f"{lead_id}\n" for lead_id in sorted(ids))
    assert texts[0] == "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize(
    "members",
    ["no base64!", "AAAA", b64encode(b"b" * 8 + b"a" * 8).decode(), b64encode(b"a" * 16).decode(), ""],
    ids=["no base64", "half a digest", "unsorted", "twice the same", "too few"],
)
def test_members_that_nobody_collected_are_unsound(members):
    assert not is_sound(cohort_of(2, members))


def test_a_cohort_without_members_is_sound():
    assert is_sound(cohort_of(1_000_000, None))


def test_a_limit_beyond_one_order_is_not_followed():
    assert listing_limit(None) is None
    assert listing_limit(MAX_LISTED_IN_ORDER) == MAX_LISTED_IN_ORDER
    assert listing_limit(MAX_LISTED_IN_ORDER + 1) is None
