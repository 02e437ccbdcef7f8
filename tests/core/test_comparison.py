"""What a pull request changes: specs paired by name, requests compared, leads counted by who they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plan_world import FakeReader, email_data, make_record, plan_of, spec_data, wanted_run

from bulkplan.core.comparison import KeptAtEnds, SpecChangeKind, compare_plans
from bulkplan.core.members import EncodedMembers, MemberCollector, encoded
from bulkplan.core.risk import Risk
from bulkplan.model.plan import Cohort, Plan

BAD_FIT = {"where": {"field": "status", "is": "Potential"}}


async def _plan(*datas, records=(), reader=None, project=None) -> Plan:
    runs = [wanted_run(data) for data in datas]
    return (await plan_of(*runs, records=records, reader=reader, project=project)).plan


def _with_members(plan: Plan, key: str, ids) -> Plan:
    collector = MemberCollector()
    collector.add(ids)
    cohort = Cohort(n_leads=len(set(ids)), digest=f"sha256:{len(set(ids)):064}", members=encoded(collector))

    def known(row):
        matches = row.matches.model_copy(update={"total": cohort.n_leads, "limited": cohort.n_leads})
        return row.model_copy(update={"cohort": cohort, "matches": matches}) if str(row.key) == key else row

    return plan.model_copy(update={"changes": tuple(map(known, plan.changes))})


def _kinds(comparison):
    return {str(change.row.key): change.kind.value for change in comparison.changes}


async def test_each_spec_is_new_edited_removed_or_as_before():
    base = await _plan(spec_data("same"), spec_data("edited"), spec_data("gone"))
    head = await _plan(spec_data("same"), spec_data("edited", filter=BAD_FIT), spec_data("fresh"))
    comparison = compare_plans(base, head)
    assert _kinds(comparison) == {"edited@1": "edited", "fresh@1": "new", "gone@1": "removed"}
    assert comparison.n_same == 1


async def test_a_raised_version_is_an_edit_with_the_difference_of_its_request():
    base = await _plan(spec_data("tag"))
    head = await _plan(spec_data("tag", version=2, filter=BAD_FIT))
    (change,) = compare_plans(base, head).changes
    assert (change.kind, str(change.base.key), str(change.head.key)) == (SpecChangeKind.EDITED, "tag@1", "tag@2")
    assert any("object_ids" in difference.path for difference in change.differences)


async def test_what_already_ran_and_stays_as_it_is_is_not_listed():
    wanted = wanted_run(spec_data("tag"))
    record = make_record(wanted)
    base, head = await _plan(spec_data("tag"), records=[record]), await _plan(spec_data("tag"), records=[record])
    assert compare_plans(base, head).changes == ()


async def test_suppression_that_a_pull_request_edits_shows_at_every_spec_that_it_reaches():
    suppress = {"suppress": {"field": "custom.Do Not Contact", "is": True}}
    datas = [email_data("one"), email_data("two"), spec_data("tag")]
    base, head = await _plan(*datas), await _plan(*datas, project=suppress, reader=FakeReader(suppressed=100))
    comparison = compare_plans(base, head)
    assert _kinds(comparison) == {"one@1": "edited", "two@1": "edited"}
    assert comparison.n_same == 1


async def test_a_guard_that_a_pull_request_edits_moves_a_spec_of_the_same_meaning():
    few = FakeReader(totals={"stat_chu": 7})
    base = await _plan(spec_data("tag"), reader=few)
    head = await _plan(spec_data("tag", guards={"max_matches": 5}), reader=few)
    (change,) = compare_plans(base, head).changes
    assert change.kind is SpecChangeKind.MOVED
    assert (change.reach.entering, change.reach.staying) == (None, None), "who they are is not known"


async def test_leads_that_came_between_two_plans_are_no_doing_of_the_pull_request():
    base = await _plan(spec_data("tag"), reader=FakeReader(totals={"stat_chu": 7}))
    head = await _plan(spec_data("tag"), reader=FakeReader(totals={"stat_chu": 9}))
    assert compare_plans(base, head).changes == ()


async def test_without_a_project_at_the_base_everything_is_new():
    head = await _plan(spec_data("one"), spec_data("two"))
    comparison = compare_plans(None, head)
    assert set(_kinds(comparison).values()) == {"new"}
    assert all(change.reach.leaving == 0 for change in comparison.changes)


@given(before=st.sets(st.integers(0, 60)), after=st.sets(st.integers(0, 60)))
async def test_who_enters_leaves_and_stays_adds_up(before, after):
    base = _with_members(await _plan(spec_data("tag")), "tag@1", [f"lead_{each}" for each in before])
    head = _with_members(await _plan(spec_data("tag", filter=BAD_FIT)), "tag@1", [f"lead_{each}" for each in after])
    (change,) = compare_plans(base, head).changes
    reach = change.reach
    assert (reach.base, reach.head) == (len(before), len(after))
    assert (reach.entering, reach.leaving, reach.staying) == (
        len(after - before),
        len(before - after),
        len(before & after),
    )


async def test_members_of_a_large_cohort_count_where_they_lie_beside_the_plan():
    ids = {"base": {"lead_1", "lead_2"}, "head": {"lead_2", "lead_3", "lead_4"}}
    plans, kept = {}, {}
    for end, filter_ in (("base", None), ("head", BAD_FIT)):
        data = spec_data("tag", filter=filter_) if filter_ else spec_data("tag")
        plan = _with_members(await _plan(data), "tag@1", ids[end])
        (row,) = plan.changes
        kept[end] = {row.key: EncodedMembers(row.cohort.members)}.get
        cohort = row.cohort.model_copy(update={"members": None, "members_digest": "sha256:0"})
        plans[end] = plan.model_copy(update={"changes": (row.model_copy(update={"cohort": cohort}),)})
    (change,) = compare_plans(plans["base"], plans["head"], KeptAtEnds(kept["base"], kept["head"])).changes
    assert (change.reach.entering, change.reach.leaving, change.reach.staying) == (2, 1, 1)
    (change,) = compare_plans(plans["base"], plans["head"], KeptAtEnds(kept["base"])).changes
    assert (change.reach.entering, change.reach.leaving, change.reach.staying) == (None, None, None)


async def test_the_riskiest_change_stands_first():
    base = await _plan()
    delete = spec_data("purge", action={"type": "delete"}, guards={"max_matches": 5000, "max_percent": "100%"})
    few = FakeReader(totals={"stat_chu": 7})
    head = await _plan(spec_data("tag"), delete, email_data("mail"), reader=few)
    comparison = compare_plans(base, head)
    risks = [change.risk for change in comparison.changes]
    assert risks == sorted(risks, reverse=True)
    assert str(comparison.changes[0].row.key) == "purge@1"
    assert risks[0] >= Risk.HIGH


@pytest.mark.parametrize("kind", list(SpecChangeKind))
async def test_a_comparison_of_equals_counts_none(kind):
    plan = await _plan(spec_data("tag"))
    assert compare_plans(plan, plan).count(kind) == 0
