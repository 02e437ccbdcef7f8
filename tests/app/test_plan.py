"""Stories of `plan` against a small Close."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta

import pytest
from support.plan_world import FakeReader, email_data, make_record, plan_of, spec_data, wanted_run
from support.small_catalog import NOW

from bulkplan.core.digest import canonical_json, request_digest
from bulkplan.errors import InvalidFilesError, TryLaterError, UsageError, WrongOrganizationError
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import Counts
from bulkplan.model.record import RecordStatus as S

SUPPRESS = {"suppress": {"field": "custom.Do Not Contact", "is": "Yes"}}
TAG, MAIL = wanted_run(spec_data()), wanted_run(email_data())


def few(**more) -> FakeReader:
    return FakeReader(totals={"stat_chu": 214}, **more)


def kinds(plan):
    return {str(change.key): change.kind for change in plan.changes}


async def test_a_first_run_is_counted_and_capped_at_what_was_counted():
    plan = (await plan_of(TAG, reader=few())).plan
    (row,) = plan.changes
    assert row.would_run
    assert (row.matches.total, row.matches.limited, row.matches.of_leads) == (214, 214, 1000)
    assert row.request.body["results_limit"] == 214
    assert row.request_digest == request_digest(row.request.body)
    assert (plan.total_leads, plan.now, plan.commit) == (1000, NOW, "c0ffee")


async def test_a_plan_of_no_ops_asks_close_nothing():
    reader = few()
    plan = (await plan_of(TAG, MAIL, reader=reader, records=[make_record(TAG), make_record(MAIL)])).plan
    assert set(kinds(plan).values()) == {ChangeKind.NO_OP}
    assert (reader.counted, reader.fetched, plan.total_leads, plan.marker) == ([], [], None, None)


async def test_only_the_names_that_are_needed_are_fetched():
    reader = few()
    await plan_of(TAG, MAIL, reader=reader, records=[make_record(MAIL)])
    assert reader.fetched == [frozenset({CatalogKind.LEAD_STATUSES})]


async def test_equal_queries_and_all_leads_are_counted_once():
    reader = few()
    everyone = wanted_run(spec_data("everyone", filter={"all_leads": True}))
    await plan_of(TAG, MAIL, everyone, reader=reader, project={"overlaps": {"edit_of_filter": "allow"}})
    unmarked = [text for text in reader.counted if "bp1" not in text]
    assert sorted(map(unmarked.count, set(unmarked))) == [1, 1, 2]  # all leads once more, beside the marker


async def test_suppression_is_counted_for_mail_and_left_out_of_edits():
    plan = (await plan_of(TAG, MAIL, reader=few(suppressed=14), project=SUPPRESS)).plan
    edit, mail = plan.changes
    assert (edit.matches.total, edit.matches.suppressed) == (214, None)
    assert (mail.matches.total, mail.matches.suppressed) == (200, 14)
    assert plan.suppression == "Do Not Contact is Yes"


async def test_a_results_limit_below_the_matches_is_the_ceiling_but_not_what_guards_measure():
    limited = wanted_run(email_data(options={"results_limit": 50}, guards={"max_matches": 100}))
    (row,) = (await plan_of(limited, reader=few())).plan.changes
    assert (row.matches.limited, row.asked_limit, row.request.body["results_limit"]) == (50, 50, 50)
    assert row.is_blocked


async def test_a_cohort_of_none_is_refused_unless_that_is_allowed():
    nobody = FakeReader(totals={"stat_chu": 0})
    (row,) = (await plan_of(MAIL, reader=nobody)).plan.changes
    assert (row.kind, row.is_blocked) == (ChangeKind.RUN, True)
    allowed = wanted_run(email_data(guards={"min_matches": 0}))
    (row,) = (await plan_of(allowed, reader=nobody)).plan.changes
    assert (row.kind, row.is_blocked, row.request) == (ChangeKind.NO_OP, False, None)
    assert "no lead matches now; guards.min_matches: 0 allows that (specs/winback.yaml:" in row.reason


async def test_a_guard_says_where_its_limit_stands():
    guarded = wanted_run(email_data(guards={"max_matches": 10}))
    project = {"guards": {"email": {"max_percent": "1%"}}}
    (row,) = (await plan_of(guarded, reader=few(), project=project)).plan.changes
    places = {verdict.guard: (verdict.layer, verdict.set_at) for verdict in row.verdicts}
    assert places["max_matches"][0] == "spec"
    assert places["max_matches"][1].startswith("specs/winback.yaml:")
    assert places["max_percent"][0] == "project"
    assert places["max_percent"][1].startswith("bulkplan.yaml:")
    assert places["min_matches"] == ("default", None)


async def test_rows_follow_their_dependencies():
    later = wanted_run(email_data("a-mail", depends_on=["z-tag"]))
    plan = (await plan_of(later, wanted_run(spec_data("z-tag")), reader=few())).plan
    assert list(kinds(plan)) == ["z-tag@1", "a-mail@1"]
    assert plan.changes[1].notes == ()


async def test_a_dependency_that_will_not_be_done_is_told():
    mail = wanted_run(email_data(depends_on=["tag-churned"]))
    alone = (await plan_of(mail, TAG, reader=few(), select=("winback",))).plan
    assert "not done and not in this plan: applying this plan does not start it" in alone.changes[0].notes[0]
    done = (await plan_of(mail, TAG, reader=few(), select=("winback",), records=[make_record(TAG)])).plan
    assert done.changes[0].notes == ()
    failed = (await plan_of(mail, TAG, reader=few(), records=[make_record(TAG, S.FAILED)])).plan
    assert "tag-churned@1, which is failed" in failed.changes[1].notes[0]


async def test_what_waits_for_a_row_that_is_never_started_is_told_too():
    first = wanted_run(spec_data("first", guards={"max_matches": 1}))
    second, third = (
        wanted_run(spec_data(name, depends_on=[before])) for name, before in (("second", "first"), ("third", "second"))
    )
    plan = (await plan_of(first, second, third, reader=few())).plan
    assert kinds(plan)["first@1"] == "run"
    assert plan.changes[0].is_blocked
    assert plan.changes[1].notes == (
        "depends on first@1, which is blocked: apply does not start it before that is done",
    )
    assert plan.changes[2].notes == ("depends on second@1, which waits for first: apply does not start it",)


async def sent_before(wanted, **changes):
    """A record of a run that sent what its spec said ten days ago."""
    (row,) = (await plan_of(wanted, reader=few(), now=NOW - timedelta(days=10))).plan.changes
    body = {**row.request.body, **changes}
    return make_record(wanted, body=body, asked_limit=row.asked_limit, kind=row.request.kind)


async def test_an_edit_that_changes_nothing_sent_is_a_no_op():
    quiet = {"where": {"all": [{"field": "status", "is": "Churned"}, {"field": "name", "contains": "GmbH"}]}}
    turned = {"where": {"all": list(reversed(quiet["where"]["all"]))}}
    before, after = wanted_run(email_data(filter=quiet)), wanted_run(email_data(filter=turned))
    (row,) = (await plan_of(after, reader=few(), records=[await sent_before(before)])).plan.changes
    assert row.kind is ChangeKind.NO_OP
    assert "same request" in row.reason


async def test_relative_dates_and_the_ceiling_are_no_edit():
    long_ago = {"where": {"field": "last_communication_date", "before": "90 days ago"}}
    before = wanted_run(email_data(filter=long_ago))
    record = (await sent_before(before)).model_copy(update={"fingerprint": "v0:another algorithm"})
    reader = few()
    (row,) = (await plan_of(before, reader=reader, records=[record])).plan.changes
    assert row.kind is ChangeKind.NO_OP
    assert reader.counted == []


async def test_a_suppression_added_after_the_run_is_no_edit_of_the_spec():
    before = wanted_run(email_data(filter={"where": {"field": "status", "is": ["Churned"]}}))
    (row,) = (await plan_of(MAIL, reader=few(), records=[await sent_before(before)], project=SUPPRESS)).plan.changes
    assert row.kind is ChangeKind.NO_OP


async def test_an_edit_after_the_run_is_a_conflict_with_its_differences():
    edited = wanted_run(email_data(filter={"where": {"field": "status", "is": "Customer"}}))
    reader = few()
    (row,) = (await plan_of(edited, reader=reader, records=[await sent_before(MAIL)])).plan.changes
    assert (row.kind, row.compared_with, row.would_run) == (ChangeKind.CONFLICT, "winback@1", False)
    assert {change.path for change in row.differences} == {"s_query.queries[1].condition.object_ids"}
    assert {str(change.after) for change in row.differences if change.after} == {"Customer (stat_cus)"}
    assert reader.counted == []


async def test_a_raised_version_shows_what_differs():
    raised = wanted_run(email_data(version=2, options={"results_limit": 40}))
    (row,) = (await plan_of(raised, reader=few(), records=[await sent_before(MAIL)])).plan.changes
    assert (row.kind, row.compared_with) == (ChangeKind.RUN, "winback@1")
    assert [(change.path, change.before, change.after) for change in row.differences] == [("results_limit", None, 40)]


async def test_an_open_run_of_an_older_version_has_a_row_of_its_own():
    raised = wanted_run(email_data(version=2))
    plan = (await plan_of(raised, reader=few(), records=[make_record(MAIL, S.UNKNOWN)])).plan
    assert kinds(plan) == {"winback@1": ChangeKind.UNKNOWN, "winback@2": ChangeKind.NOT_YET}
    assert plan.changes[0].record_version == 3


async def test_a_run_that_may_not_start_yet_is_counted_all_the_same():
    later = wanted_run(email_data(not_before="2026-12-01"))
    plan = (await plan_of(later, reader=few())).plan
    (row,) = plan.changes
    assert (row.kind, row.matches.total, row.would_run) == (ChangeKind.NOT_YET, 214, False)
    assert plan.marker is None


async def test_orphans_stand_at_the_end_and_alarms_are_told():
    gone = wanted_run(spec_data("gone"))
    records = [make_record(gone), make_record(MAIL, alarm="it ran twice")]
    plan = (await plan_of(MAIL, TAG, reader=few(), records=records)).plan
    assert list(kinds(plan).values())[-1] is ChangeKind.ORPHAN
    assert plan.changes[0].notes == ("alarm on winback@1: it ran twice",)


async def test_select_keeps_what_it_means_and_refuses_what_it_does_not_find():
    gone = make_record(wanted_run(spec_data("gone")))
    plan = (await plan_of(TAG, MAIL, reader=few(), records=[gone], select=("gone", "tag-*"))).plan
    assert list(kinds(plan)) == ["tag-churned@1", "gone@1"]
    with pytest.raises(UsageError, match="nothing-like-it"):
        await plan_of(TAG, reader=few(), select=("nothing-like-it",))


async def test_every_name_that_close_does_not_know_is_located():
    wrong = wanted_run(email_data(filter={"where": {"field": "status", "is": "Chruned"}}))
    also = wanted_run(spec_data(action={"type": "set_lead_status", "status": "Potentail"}))
    project = {"suppress": {"field": "custom.Do Not Contakt", "is": "Yes"}}
    with pytest.raises(InvalidFilesError) as caught:
        await plan_of(wrong, also, reader=few(), project=project)
    files = [problem.at.file for problem in caught.value.problems]
    assert files == ["bulkplan.yaml", "specs/tag-churned.yaml", "specs/winback.yaml"]


async def test_a_problem_of_the_project_file_is_told_once():
    project = {"suppress": {"field": "custom.Do Not Contakt", "is": "Yes"}}
    with pytest.raises(InvalidFilesError) as caught:
        await plan_of(MAIL, wanted_run(email_data("another")), reader=few(), project=project)
    assert len(caught.value.problems) == 1


async def test_state_of_another_organization_is_refused():
    foreign = make_record(TAG, organization_id="orga_other")
    with pytest.raises(WrongOrganizationError, match=r"orga_other.*orga_small"):
        await plan_of(MAIL, reader=few(), records=[foreign])


async def test_a_marker_that_takes_no_lead_away_is_neutral():
    plan = (await plan_of(TAG, reader=few())).plan
    assert (plan.marker.is_neutral, plan.marker.without_marker, plan.marker.with_marker) == (True, 1000, 1000)


async def test_a_count_that_moved_by_chance_is_tried_again():
    assert (await plan_of(TAG, reader=few(marker_takes=[1]))).plan.marker.is_neutral


async def test_a_marker_that_takes_leads_away_twice_is_not_used():
    marker = (await plan_of(TAG, reader=few(marker_takes=[5, 5]))).plan.marker
    assert (marker.is_neutral, marker.without_marker, marker.with_marker) == (False, 1000, 995)


async def test_a_marker_that_close_refuses_is_not_used():
    assert not (await plan_of(TAG, reader=few(refuses_marker=True))).plan.marker.is_neutral


class SlowAtLast(FakeReader):
    """Answers the count of one query only when it is told to."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words, self.go_on = words, asyncio.Event()

    async def count(self, s_query, *, results_limit=None):
        if self.words in canonical_json(s_query):
            await self.go_on.wait()
        return await super().count(s_query, results_limit=results_limit)


async def test_rows_are_finished_while_others_are_still_counted():
    names = ("first", "later")
    runs = [
        wanted_run(spec_data(name, filter={"where": {"field": "name", "contains": f"the {name}"}})) for name in names
    ]
    reader, shown = SlowAtLast("the later"), []
    planning = asyncio.create_task(plan_of(*runs, reader=reader, seen=shown.append))
    for _ in range(200):
        await asyncio.sleep(0)
    assert [(row.key.full_name, row.matches.total) for row in shown] == [("first", 1000)]
    reader.go_on.set()
    assert list((await planning).plan.changes) == shown


class BusyReader(FakeReader):
    async def count(self, s_query, *, results_limit=None):
        raise TryLaterError("Close asks for patience")


async def test_a_count_that_fails_is_told_as_what_it_is():
    with pytest.raises(TryLaterError, match="patience"):
        await plan_of(TAG, MAIL, reader=BusyReader())


async def test_the_same_world_gives_the_same_plan():
    runs = [wanted_run(spec_data(f"s{index}", filter={"all_leads": True})) for index in range(9)]
    assert (await plan_of(*runs)).plan == (await plan_of(*runs)).plan


def test_planning_loads_deepdiff_only_for_a_difference():
    code = "import sys, bulkplan.app.plan, bulkplan.report.plan_text; print('deepdiff' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


async def test_a_run_is_held_against_its_own_earlier_runs():
    runs = [wanted_run(email_data(version=version)) for version in (1, 2, 3)]
    records = [make_record(run, counts=Counts(approved=100 + run.key.version)) for run in runs]
    now = wanted_run(email_data(version=4))
    project = {"guards": {"email": {"max_deviation": "50%"}}}
    (row,) = (await plan_of(now, reader=few(), records=records, project=project)).plan.changes
    assert (row.earlier_counts, row.blocked_by) == ((103, 102, 101), ("max_deviation",))
    (row,) = (await plan_of(now, reader=few(), records=records[1:], project=project)).plan.changes
    assert row.would_run


async def test_whom_a_limit_takes_is_not_left_to_chance():
    cut = wanted_run(email_data(options={"results_limit": 50}))
    (row,) = (await plan_of(cut, reader=few())).plan.changes
    assert row.blocked_by == ("require_sort_with_limit",)
    (row,) = (await plan_of(cut, reader=FakeReader(totals={"stat_chu": 50}))).plan.changes
    assert row.would_run
    said = wanted_run(email_data(options={"results_limit": 50, "sort": ["date_created"]}))
    (row,) = (await plan_of(said, reader=few())).plan.changes
    assert row.would_run
