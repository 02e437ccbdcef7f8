"""The file of members beside a saved plan: what it holds, and that only the very file of that plan is taken."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime

import pytest

from bulkplan.adapters.member_shelf import MemberShelf, file_beside, write_beside
from bulkplan.core.members import MemberCollector, MemberDrift, compare_members
from bulkplan.errors import BulkplanError, PlanRefusedError, UsageError
from bulkplan.model.plan import Change, ChangeKind, Cohort, Plan
from bulkplan.model.run import RunKey

NOW = datetime(2026, 11, 2, tzinfo=UTC)
BIG, SMALL, OTHER = RunKey("big", 1), RunKey("small", 1), RunKey("other", 1)
N_LEADS = {BIG: 20_000, OTHER: 3}


def members_of(key, *, less=0):
    collector = MemberCollector()
    collector.add(f"{key}_{number}" for number in range(less, N_LEADS[key]))
    return collector


def row(key, digest=None):
    cohort = Cohort(n_leads=N_LEADS.get(key, 1), digest="sha256:0", members_digest=digest)
    return Change(key=key, kind=ChangeKind.RUN, reason="", action_type="delete", summary="", cohort=cohort)


def plan_of(*rows, plan_id="one"):
    return Plan(
        plan_id=plan_id, tool_version="0", target="t", organization_id="o", now=NOW, expires_at=NOW, changes=rows
    )


@pytest.fixture
def saved(tmp_path):
    """A plan with two large cohorts, kept in another order than that of their rows."""
    path = tmp_path / "plan.json"
    with MemberShelf() as shelf:
        digests = {key: shelf.keep(key, members_of(key)) for key in (OTHER, BIG)}
        plan = plan_of(row(BIG, digests[BIG]), row(SMALL), row(OTHER, digests[OTHER]))
        assert shelf.save(path, plan) == tmp_path / "plan.json.members"
    return path, plan


def load(path, plan):
    with MemberShelf() as shelf:
        assert shelf.load(path, plan)
        assert shelf.get(SMALL) is None
        return {key: compare_members(shelf.get(key), members_of(key, less=2)) for key in (BIG, OTHER)}


def test_what_was_kept_is_found_again_and_compared(saved):
    assert load(*saved) == {BIG: MemberDrift(20_000, entered=0, left=2), OTHER: MemberDrift(3, entered=0, left=2)}


def test_it_holds_eight_bytes_a_lead_and_names_its_plan(saved):
    path, plan = saved
    head, _, members = file_beside(path).read_bytes().partition(b"\n")
    assert head == b"bulkplan/members/v1 one"
    assert len(members) == 8 * 20_003
    assert plan.changes[0].cohort.members_digest == f"sha256:{hashlib.sha256(members[: 8 * 20_000]).hexdigest()}"


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda raw: raw.replace(b" one\n", b" two\n"), "does not hold the members of this plan, but of another"),
        (lambda raw: b"", "does not hold the members of this plan"),
        (lambda raw: raw[:1000] + bytes([raw[1000] ^ 1]) + raw[1001:], "altered: the members of big@1"),
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "altered: the members of other@1"),
        (lambda raw: raw[:-8], "altered: the members of other@1"),
        (lambda raw: raw[:-3], "altered: the members of other@1"),
        (lambda raw: raw + b"\n", "altered: something stands behind its end"),
    ],
    ids=["another plan", "empty", "one bit", "last bit", "one less", "half of one less", "one more"],
)
def test_an_altered_file_is_refused(saved, edit, words):
    path, plan = saved
    file_beside(path).write_bytes(edit(file_beside(path).read_bytes()))
    with MemberShelf() as shelf, pytest.raises(PlanRefusedError, match=words):
        shelf.load(path, plan)


def test_members_out_of_order_are_refused_though_the_plan_has_their_digest(saved):
    path, plan = saved
    head, _, raw = file_beside(path).read_bytes().partition(b"\n")
    raw = raw[8:16] + raw[:8] + raw[16:]
    forged = plan_of(row(BIG, f"sha256:{hashlib.sha256(raw[:160_000]).hexdigest()}"), *plan.changes[1:])
    file_beside(path).write_bytes(head + b"\n" + raw)
    with MemberShelf() as shelf, pytest.raises(PlanRefusedError, match="the members of big@1 are others"):
        shelf.load(path, forged)


def test_a_missing_file_is_no_error_and_no_members(saved):
    path, plan = saved
    file_beside(path).unlink()
    with MemberShelf() as shelf:
        assert not shelf.load(path, plan)
        assert shelf.get(BIG) is None


def test_a_plan_of_small_cohorts_has_no_file_and_takes_an_old_one_away(saved):
    path, _ = saved
    with MemberShelf() as shelf:
        assert shelf.save(path, plan_of(row(SMALL))) is None
        assert shelf.load(path, plan_of(row(SMALL)))
    assert not file_beside(path).exists()


@pytest.mark.parametrize("is_needed", [True, False])
def test_what_somebody_else_wrote_is_left_alone(saved, is_needed):
    path, _ = saved
    file_beside(path).write_text("mine")
    with MemberShelf() as shelf:
        if is_needed:
            with pytest.raises(UsageError, match="bulkplan did not write it"):
                shelf.save(path, plan_of(row(OTHER, shelf.keep(OTHER, members_of(OTHER)))))
        else:
            assert shelf.save(path, plan_of(row(SMALL))) is None
    assert file_beside(path).read_text() == "mine"


def test_what_was_fetched_with_a_plan_is_laid_beside_it_over_nothing_of_others(saved):
    path, plan = saved
    fetched = file_beside(path).read_bytes()
    write_beside(path, fetched)
    with MemberShelf() as shelf:
        assert shelf.load(path, plan)
    file_beside(path).write_text("mine")
    with pytest.raises(UsageError, match="bulkplan did not write it"):
        write_beside(path, fetched)
    assert file_beside(path).read_text() == "mine"


@pytest.mark.parametrize(("make", "words"), [(os.mkdir, "Is a directory"), (os.mkfifo, "is no ordinary file")])
def test_what_is_no_file_in_its_place_is_told_in_words(saved, make, words):
    path, plan = saved
    file_beside(path).unlink()
    make(file_beside(path))
    with MemberShelf() as shelf:
        with pytest.raises(BulkplanError, match=words):
            shelf.load(path, plan)
        with pytest.raises(UsageError, match="bulkplan did not write it"):
            shelf.save(path, plan)
