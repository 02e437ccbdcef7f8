"""What was reviewed, against what is planned after the merge: a row with the same meaning, or a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.plan_world import (
    IDENTITY,
    FakeReader,
    email_data,
    make_record,
    make_workspace,
    plan_of,
    spec_data,
    wanted_run,
)
from support.small_catalog import CATALOG, NOW

from bulkplan.app.fresh import fresh_requests
from bulkplan.app.layers import guard_layers
from bulkplan.app.reviewed import check_reviewed, recurring_runs
from bulkplan.core.frozen import freeze
from bulkplan.core.members import MemberCollector, encoded
from bulkplan.core.reviewed import Looked, Review, moved_since
from bulkplan.core.seal import seal
from bulkplan.errors import PlanRefusedError
from bulkplan.model.plan import Cohort
from bulkplan.model.project import Target
from bulkplan.model.record import RecordStatus

TARGET = Target(api_key_env="CLOSE_API_KEY", timezone="Europe/Berlin")
QUIET = {"where": {"field": "last_communication_date", "before": "90 days ago"}}


class Merge:
    """A plan that was reviewed two days ago, and the plan made after the merge."""

    def __init__(self, *, reviewed, merged, total=10, now_total=10, project=None, ago=timedelta(days=2), **more):
        self.reviewed_data, self.merged_data = reviewed, merged
        self.total, self.now_total, self.project, self.ago = total, now_total, project, ago
        self.catalog, self.records = more.pop("catalog", CATALOG), more.pop("records", ())
        self.edit_reviewed = more.pop("edit_reviewed", lambda plan: plan)
        self.edit_fresh = more.pop("edit_fresh", lambda plan: plan)
        self.key, self.signed_with = more.pop("key", None), more.pop("signed_with", None)
        self.period = more.pop("period", None)
        assert not more

    async def check(self) -> None:
        reader = FakeReader(totals={"": self.total})
        runs = [wanted_run(data, period=self.period and self.period[0]) for data in self.reviewed_data]
        reviewed = (await plan_of(*runs, reader=reader, now=NOW - self.ago, project=self.project)).plan
        reader = FakeReader(totals={"": self.now_total}, catalog=self.catalog)
        runs = [wanted_run(data, period=self.period and self.period[1]) for data in self.merged_data]
        fresh = (await plan_of(*runs, reader=reader, records=self.records, project=self.project)).plan
        fresh = self.edit_fresh(fresh)
        assert any(change.would_run for change in fresh.changes)
        workspace = make_workspace(runs, project=self.project)

        def render_at(now):
            return fresh_requests(workspace, target=TARGET, identity=IDENTITY, now=now, reader=reader)

        plans = [seal(self.edit_reviewed(reviewed), key=self.signed_with)]
        recurring = recurring_runs(self.records)
        await check_reviewed(fresh, plans, workspace=workspace, render_at=render_at, recurring=recurring, key=self.key)


async def refusal(**words) -> str:
    with pytest.raises(PlanRefusedError) as caught:
        await Merge(**words).check()
    assert "nothing was sent" in caught.value.message
    return caught.value.message


def same(**more):
    return {"reviewed": [spec_data("tag")], "merged": [spec_data("tag")], **more}


async def test_what_was_reviewed_and_stayed_as_it_was_passes():
    await Merge(**same()).check()


async def test_a_relative_date_that_moved_on_with_the_days_is_the_same_request():
    await Merge(reviewed=[spec_data("tag", filter=QUIET)], merged=[spec_data("tag", filter=QUIET)]).check()


async def test_everything_pending_may_be_merged_by_one_pull_request_and_less_may_be_left():
    await Merge(reviewed=[spec_data("a"), spec_data("b")], merged=[spec_data("b")]).check()


async def test_a_row_that_nobody_reviewed_stops_everything():
    said = await refusal(reviewed=[spec_data("tag")], merged=[spec_data("tag"), spec_data("stray")])
    assert "stray@1 would run, but no reviewed plan holds it" in said
    assert "tag@1" not in said


@pytest.mark.parametrize(
    "merged", [spec_data("tag", version=2), spec_data("tag", filter=QUIET)], ids=["version", "meaning"]
)
async def test_another_version_or_meaning_was_not_reviewed(merged):
    assert "another version or another meaning" in await refusal(reviewed=[spec_data("tag")], merged=[merged])


async def test_drift_beyond_the_guard_is_not_what_was_reviewed():
    drift = {"guards": {"max_drift": "2%"}}
    tight = {"reviewed": [spec_data("tag", **drift)], "merged": [spec_data("tag", **drift)], "total": 100}
    await Merge(**tight, now_total=102).check()
    assert "tag@1" in await refusal(**tight, now_total=103)


def leads(numbers):
    """An edit of a plan: its rows know these leads."""
    collector = MemberCollector()
    collector.add(f"lead_{number}" for number in numbers)
    cohort = Cohort(n_leads=len(numbers), digest="sha256:" + "0" * 64, members=encoded(collector))

    def edit(plan):
        rows = tuple(row.model_copy(update={"cohort": cohort}) for row in plan.changes)
        return plan.model_copy(update={"changes": rows})

    return edit


async def test_the_same_count_of_other_leads_is_drift_where_both_plans_know_them():
    reviewed, others = leads(range(10)), leads(range(5, 15))
    await Merge(**same(), edit_reviewed=reviewed, edit_fresh=reviewed).check()
    assert "tag@1" in await refusal(**same(), edit_reviewed=reviewed, edit_fresh=others)


async def test_a_template_edited_since_the_review_stops_it():
    templates = tuple(each.model_copy(update={"body": "Come back now"}) for each in CATALOG.templates)
    edited = CATALOG.model_copy(update={"templates": templates})
    said = await refusal(reviewed=[email_data("mail")], merged=[email_data("mail")], catalog=edited)
    assert 'the template "Win-back 2026" was edited since the plan' in said


async def test_a_name_that_means_something_else_now_makes_another_request():
    statuses = tuple(
        each.model_copy(update={"id": "stat_other"}) if each.label == "Churned" else each
        for each in CATALOG.lead_statuses
    )
    said = await refusal(**same(), catalog=CATALOG.model_copy(update={"lead_statuses": statuses}))
    assert "the request of tag@1 is not the one that was reviewed" in said


@pytest.mark.parametrize(
    ("data", "days", "is_good"),
    [
        (spec_data("tag"), 6, True),
        (spec_data("tag"), 8, False),
        (spec_data("tag", action={"type": "delete"}), 0.9, True),
        (spec_data("tag", action={"type": "delete"}), 1.1, False),
    ],
)
async def test_a_review_holds_for_a_week_and_for_deletes_for_a_day(data, days, is_good):
    words = {"reviewed": [data], "merged": [data], "ago": timedelta(days=days)}
    if is_good:
        await Merge(**words).check()
    else:
        assert "a review holds for" in await refusal(**words)


async def test_a_row_that_was_reviewed_as_refused_is_not_let_through_once_its_guard_passes():
    guarded = spec_data("tag", guards={"max_matches": 50})
    said = await refusal(reviewed=[guarded], merged=[guarded], total=60, now_total=40)
    assert "was reviewed as refused by max_matches" in said


@pytest.mark.parametrize("update", [{"organization_id": "orga_other"}, {"target": "staging"}, {"project_id": "x"}])
async def test_a_plan_for_elsewhere_does_not_count_and_says_so(update):
    said = await refusal(**same(), edit_reviewed=lambda plan: plan.model_copy(update=update))
    assert "there is no reviewed plan" in said
    assert "does not count: it is for" in said


async def test_with_a_key_only_signed_plans_count():
    await Merge(**same(), key=b"key", signed_with=b"key").check()
    assert "not signed" in await refusal(**same(), key=b"key")
    assert "signature is wrong" in await refusal(**same(), key=b"key", signed_with=b"other")


async def test_the_next_period_of_a_schedule_needs_no_review_once_one_has_run():
    weekly = spec_data("tag", schedule={"every": "week"})
    ran = make_record(wanted_run(weekly, period="2026-W40"), RecordStatus.DONE)
    words = {"reviewed": [spec_data("else")], "merged": [weekly], "period": ("2026-W40", "2026-W47")}
    await Merge(**words, records=[ran]).check()
    assert "tag@1+2026-W47" in await refusal(**words)
    edited = spec_data("tag", schedule={"every": "week"}, filter=QUIET)
    assert "tag@1+2026-W47" in await refusal(**{**words, "merged": [edited]}, records=[ran])


async def test_the_first_period_of_a_schedule_may_have_been_reviewed_in_the_one_before():
    weekly = spec_data("tag", schedule={"every": "week"})
    words = {"reviewed": [weekly], "merged": [weekly], "period": ("2026-W46", "2026-W47")}
    await Merge(**words, total=10, now_total=900).check()


async def test_of_a_frozen_cohort_some_may_leave_and_nobody_may_enter():
    wanted = wanted_run(spec_data("tag"))
    plan = (await plan_of(wanted, reader=FakeReader(totals={"": 100}))).plan
    layers = guard_layers(make_workspace([wanted]), wanted, "edit")

    def moved(then, now):
        review = Review(leads(now)(plan).changes[0], leads(then)(plan).changes[0], seal(plan, key=None))
        request = review.row.request
        frozen = review.row.model_copy(update={"request": freeze(request, ["lead_1", "lead_2"])})
        unfrozen = request.model_copy(update={"body": {**request.body, "results_limit": None}})
        return moved_since(replace(review, row=frozen), Looked(unfrozen, layers, is_frozen=True))

    assert moved(range(100), range(98)) == ()
    assert "1 of those now are new" in moved(range(100), range(1, 101))[0]
