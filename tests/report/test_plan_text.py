"""Plans as people and programs read them: golden stories, and what must hold for all of them."""

from __future__ import annotations

import json

import pytest
from support.plan_world import FakeReader, email_data, make_record, plan_of, spec_data, wanted_run

from bulkplan.core.seal import dump_sealed, seal
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import RecordStatus as S
from bulkplan.report.lines import plain_text
from bulkplan.report.plan_json import plan_document
from bulkplan.report.plan_text import SIGN_BY_KIND, Blocks, plan_lines
from bulkplan.report.summary import summarize, summary_words
from bulkplan.report.wrap import cells

TAG = wanted_run(spec_data(description="Tag churned leads", owner="revops@example.com"))
SUPPRESS = {"suppress": {"field": "custom.Do Not Contact", "is": "Yes"}}
PURGE = wanted_run(
    spec_data("purge", action={"type": "delete"}, filter={"all_leads": True}, description="Remove\neverything  at once")
)


def few(**more) -> FakeReader:
    return FakeReader(totals={"stat_chu": 214}, **more)


async def first_run():
    mail = wanted_run(email_data(depends_on=["tag-churned"], options={"results_limit": 50, "sort": ["-date_created"]}))
    return await plan_of(mail, TAG, reader=few(suppressed=14), project=SUPPRESS)


async def blocked_and_conflict():
    edited = wanted_run(spec_data("edited", filter={"where": {"field": "status", "is": "Customer"}}))
    (before,) = (await plan_of(wanted_run(spec_data("edited")), reader=few())).plan.changes
    record = make_record(edited, body=before.request.body, fingerprint=before.fingerprint)
    guarded = wanted_run(email_data(guards={"max_matches": 200, "max_percent": "10%"}))
    return await plan_of(edited, guarded, PURGE, reader=few(), records=[record])


async def raised_version():
    (before,) = (await plan_of(TAG, reader=few())).plan.changes
    action = {"type": "set_lead_status", "status": "Customer"}
    where = {"all": [{"field": "status", "is": "Churned"}, {"field": "custom.Industry", "is": ["SaaS", "Retail"]}]}
    raised = wanted_run(spec_data(version=2, action=action, filter={"where": where}))
    return await plan_of(raised, reader=few(), records=[make_record(TAG, body=before.request.body)])


async def every_state():
    statuses = {f"is-{status}": status for status in S}
    runs = [wanted_run(spec_data(name)) for name in statuses]
    records = [make_record(run, statuses[run.spec.name]) for run in runs]
    paused = wanted_run(spec_data("paused"))
    records.append(make_record(paused, S.SUBMITTED, remote_status="paused", days_ago=2))
    records.append(make_record(wanted_run(spec_data("gone")), alarm="two actions carry its marker"))
    limits = {"not-yet": {"not_before": "2027-01-01"}, "expired": {"not_after": "2026-01-01"}}
    runs += [paused, *(wanted_run(spec_data(name, **limit)) for name, limit in limits.items())]
    return await plan_of(*runs, reader=few(marker_takes=[3, 3]), records=records)


async def nothing_wanted():
    return await plan_of()


STORIES = {
    "01_first_run": first_run,
    "02_blocked_and_conflict": blocked_and_conflict,
    "03_raised_version": raised_version,
    "04_every_state": every_state,
    "05_nothing_wanted": nothing_wanted,
}


@pytest.mark.parametrize("name", STORIES)
async def test_plans_read_as_agreed(name, golden):
    plan = (await STORIES[name]()).plan
    golden(f"{name}/plan.txt", plain_text(plan_lines(plan, width=100, payload=name == "01_first_run")))
    golden(f"{name}/plan.json", dump_sealed(seal(plan, key=None)))


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", STORIES)
async def test_no_line_is_wider_than_asked_unless_it_is_one_word(name, width):
    plan = (await STORIES[name]()).plan
    for line in plain_text(plan_lines(plan, width=width)).splitlines():
        assert cells(line) <= max(width, 33) or len(line.split()) <= 3


@pytest.mark.parametrize("name", STORIES)
async def test_every_run_has_its_block_and_the_last_line_says_that_nothing_was_sent(name):
    plan = (await STORIES[name]()).plan
    lines = plain_text(plan_lines(plan)).splitlines()
    assert lines[-1] == "Nothing was sent to Close."
    titles = [line.split()[1] for line in lines if line[:2] in {f"{sign} " for sign, _ in SIGN_BY_KIND.values()}]
    assert titles == [str(change.key) for change in plan.changes]


async def test_rows_put_into_words_before_make_the_same_text_and_one_that_changed_since_is_made_anew():
    plan = (await first_run()).plan
    blocks = Blocks(width=80)
    for change in plan.changes:
        blocks.prepare(change)
    assert plan_lines(plan, width=80, payload=True, blocks=blocks) == plan_lines(plan, width=80, payload=True)
    first, *others = plan.changes
    noted = plan.model_copy(update={"changes": (first.model_copy(update={"notes": ("look at this",)}), *others)})
    assert plan_lines(noted, width=80, blocks=blocks) == plan_lines(noted, width=80)


def test_every_kind_has_its_sign():
    assert set(SIGN_BY_KIND) == set(ChangeKind)


async def test_a_plan_in_json_is_the_sealed_plan():
    sealed = seal((await first_run()).plan, key=None)
    assert plan_document(sealed) == json.loads(dump_sealed(sealed))


async def test_the_summary_counts_leads_that_would_be_touched():
    summary = summarize((await first_run()).plan)
    assert (summary.n_run, summary.leads) == (2, 264)
    assert summary_words(summary) == "Plan: 2 to run on 264 leads (counted per run)."


async def test_blocked_rows_are_counted_apart_from_those_that_run():
    words = summary_words(summarize((await blocked_and_conflict()).plan))
    assert words == "Plan: nothing to run, 2 blocked, 1 conflict."
