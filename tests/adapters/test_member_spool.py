"""Members on disk: the same as in memory, whatever their number and order."""

from __future__ import annotations

import pytest

from bulkplan.adapters.member_spool import RUN_MEMBERS, MemberSpool
from bulkplan.core.members import N_RANGES, MemberCollector, MemberDrift, compare_members, encoded
from bulkplan.errors import BulkplanError


def lead_ids(first, end):
    return [f"lead_{number}" for number in range(first, end)]


@pytest.fixture
def spool():
    made = MemberSpool()
    yield made
    made.close()


@pytest.mark.parametrize("n_leads", [0, 1, RUN_MEMBERS - 1, RUN_MEMBERS, 2 * RUN_MEMBERS + 7])
def test_members_on_disk_are_those_in_memory(spool, n_leads):
    wanted, pages = MemberCollector(), lead_ids(0, n_leads)
    wanted.add(pages)
    for start in range(0, n_leads, 999):
        spool.add(pages[max(0, start - 5) : start + 999])  # some come twice, as where two windows of dates meet
    assert [spool.in_range(number) for number in range(N_RANGES)] == [wanted.in_range(n) for n in range(N_RANGES)]
    assert encoded(spool) == encoded(wanted)


def test_more_may_come_after_a_look(spool):
    then = MemberCollector()
    then.add(lead_ids(0, RUN_MEMBERS + 5))
    spool.add(lead_ids(2, RUN_MEMBERS + 5))
    assert compare_members(then, spool) == MemberDrift(RUN_MEMBERS + 5, entered=0, left=2)
    spool.add(["lead_new"])
    assert compare_members(then, spool) == MemberDrift(RUN_MEMBERS + 5, entered=1, left=2)


def test_a_full_disk_is_told_in_words(tmp_path, monkeypatch, spool):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(BulkplanError, match="leads cannot be spooled to") as caught:
        spool.add(lead_ids(0, RUN_MEMBERS))
    assert "TMPDIR" in caught.value.hint
