"""Overlap in a plan: runs that touch the same leads, counted in Close or told from the members."""

from __future__ import annotations

from support.plan_world import FakeReader, email_data, plan_of, spec_data, wanted_run

from bulkplan.core.overlap import GUARD

MAIL = wanted_run(email_data())
SECOND = wanted_run(email_data("again"))
PURGE = wanted_run(spec_data("purge", action={"type": "delete"}))
TAG = wanted_run(spec_data())


def reader() -> FakeReader:
    return FakeReader(totals={"stat_chu": 14})


async def test_an_e_mail_to_leads_that_another_run_deletes_is_refused_on_both_sides():
    plan = (await plan_of(MAIL, PURGE, reader=reader())).plan
    mail, purge = plan.changes
    assert GUARD in mail.blocked_by
    assert GUARD in purge.blocked_by
    assert mail.overlaps[0].message == "14 leads also match purge@1, which deletes them"
    assert not mail.would_run


async def test_the_project_may_allow_it():
    plan = (await plan_of(MAIL, PURGE, reader=reader(), project={"overlaps": {"email_and_delete": "allow"}})).plan
    assert all(change.would_run and not change.overlaps for change in plan.changes)


async def test_two_e_mails_to_one_lead_are_told():
    plan = (await plan_of(MAIL, SECOND, reader=reader())).plan
    assert [change.overlaps[0].severity for change in plan.changes] == ["warning", "warning"]
    assert all(change.would_run for change in plan.changes)


async def test_an_edit_of_what_a_mail_chooses_its_leads_by_is_told_on_both_sides():
    plan = (await plan_of(MAIL, TAG, reader=reader())).plan
    assert [change.overlaps[0].rule for change in plan.changes] == ["edit_of_filter", "edit_of_filter"]
    assert all(change.would_run for change in plan.changes)


async def test_runs_that_get_along_cost_no_further_count():
    alone = reader()
    await plan_of(MAIL, reader=alone)
    both = reader()
    await plan_of(MAIL, TAG, reader=both, project={"overlaps": {"edit_of_filter": "allow"}})
    assert len(both.counted) == len(alone.counted)
