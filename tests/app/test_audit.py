"""What an audit says: of every bulk action where it came from, of every promise whether it held."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from support.auditing import Auditing, KnownHistory
from support.sandbox_client import EVERY_LEAD

from bulkplan.app.state import gather_evidence, settle_as_not_run, settle_as_ran
from bulkplan.core.marker import make_marker, with_marker
from bulkplan.errors import NotAuthorizedError, NotFoundError, WrongOrganizationError
from bulkplan.model.audit import FileChange
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.plan import ChangeKind
from bulkplan.model.remote import BulkAction
from bulkplan.sandbox.faults import FaultKind


@pytest.fixture
def job(tmp_path):
    return Auditing(tmp_path / "project")


def origins(report) -> dict[str, str]:
    return {action.id: action.origin for action in report.actions}


def rules(report) -> list[str]:
    return [finding.rule for finding in report.findings if finding.severity == "alarm"]


def only(report):
    (action,) = report.actions
    return action


def test_what_apply_started_is_ours_with_its_creator_and_its_run(job):
    job.write("warm-up")
    job.apply()
    report = job.audit()
    action = only(report)
    assert (action.kind, action.origin, action.run_key, action.status) == ("edit", "ours", "warm-up@1", "done")
    assert (action.user_name, action.action_type, action.subject) == ("Dana Reyes", "set_lead_status", "Contacted")
    assert action.api_key_id.startswith("api_")
    assert action.n_leads == action.n_leads_processed > 0
    assert (report.findings, report.unapplied, report.outside) == ((), (), ())
    (run,) = report.runs
    assert run.deviations == ()
    assert [(each.what, each.actor, each.host) for each in run.decisions] == [("attempt 1", "tester", "here")]


def test_what_was_found_after_a_lost_answer_is_adopted(job):
    job.write("warm-up")
    job.fail(FaultKind.LOSE_ANSWER)
    job.apply()
    action = only(job.audit())
    assert (action.origin, action.run_key, action.note) == ("adopted", "warm-up@1", "found in Close by its nonce")


def test_a_lost_state_is_an_alarm_until_apply_adopts_what_ran(job):
    job.write("warm-up")
    job.apply()
    job.forget_state()
    report = job.audit()
    assert (only(report).origin, only(report).run_key, rules(report)) == (
        "ours-unrecorded",
        "warm-up@1",
        ["marker-without-record"],
    )
    job.apply()
    report = job.audit()
    assert (only(report).origin, rules(report)) == ("adopted", [])
    assert "found in Close by its tag" in report.runs[0].decisions[-1].what


def test_an_older_version_of_a_spec_is_known_by_its_marker(job):
    job.write("warm-up", more="")
    job.apply()
    job.forget_state()
    path = job.root / "specs" / "warm-up.yaml"
    path.write_text(path.read_text().replace("version: 1", "version: 3"))
    assert only(job.audit()).run_key == "warm-up@1"


def test_what_nobody_reviewed_is_outside_of_git(job):
    by_hand = job.start_by_hand()
    deleted = job.start_by_hand("delete")
    other = job.start_by_hand(s_query=job.marked("theirs", project_id="ff" * 8))
    report = job.audit()
    assert origins(report) == {by_hand: "outside", deleted: "outside", other: "other-project"}
    assert {action.id for action in report.outside} == {by_hand, deleted}
    assert rules(report) == []


def test_a_second_action_of_a_run_is_an_alarm(job):
    job.write("warm-up")
    job.apply()
    (ours,) = [action.id for action in job.audit().actions]
    twin = job.start_by_hand(s_query=job.sent_query())
    report = job.audit()
    assert origins(report) == {ours: "ours", twin: "ours-unrecorded"}
    (alarm,) = report.alarms
    assert (alarm.rule, alarm.run_key, set(alarm.action_ids)) == ("ran-more-than-once", "warm-up@1", {ours, twin})


def test_a_second_action_is_an_alarm_even_where_both_are_old(job):
    job.write("warm-up")
    job.apply()
    job.start_by_hand(s_query=job.sent_query())
    job.clock.advance(90 * 86_400)
    report = job.audit(days=7)
    assert (report.actions, report.n_earlier, rules(report)) == ((), 2, ["ran-more-than-once"])


@pytest.fixture
def unknown(job):
    """A run that never arrived, as far as anybody can tell."""
    job.write("warm-up")
    job.fail(FaultKind.DROP)
    job.apply()
    return job


def test_an_unknown_run_needs_a_person(unknown):
    report = unknown.audit()
    assert rules(report) == ["unknown"]
    assert report.runs[0].deviations == ("nobody can tell whether it ran",)


def test_an_action_by_hand_that_does_what_an_unknown_run_asks_for_is_pointed_at(unknown):
    record = unknown.records()["warm-up"]
    alike = unknown.start_by_hand(**record.body)
    report = unknown.audit()
    (alarm,) = report.alarms
    assert (alarm.rule, alarm.action_ids) == ("unknown", (alike,))
    assert "warm-up@1" in only(report).note


def test_what_a_person_vouched_for_is_adopted_with_their_name(unknown):
    record = unknown.records()["warm-up"]
    alike = unknown.start_by_hand(**record.body)
    unknown.story(lambda edges, context: settle_as_ran(record, alike, edges, context))
    report = unknown.audit()
    assert (only(report).origin, only(report).note) == ("adopted", "a person says that it ran")
    assert [each.what for each in report.runs[0].decisions] == ["attempt 1", "a person says that it ran"]


def test_a_released_attempt_that_shows_up_after_all_is_an_alarm(unknown):
    record = unknown.records()["warm-up"]
    unknown.clock.advance(3600)

    async def release(edges, context):
        return await settle_as_not_run(await gather_evidence(record, edges, context), "sure", edges, context)

    unknown.story(release)
    assert rules(unknown.audit()) == []
    late = unknown.start_by_hand(s_query=unknown.marked("warm-up", record.nonce))
    report = unknown.audit()
    (alarm,) = report.alarms
    assert (alarm.rule, alarm.action_ids, only(report).origin) == ("ran-after-all", (late,), "ours-unrecorded")
    assert "a person vouched" in alarm.message


def test_an_attempt_without_an_outcome_that_shows_up_waits_for_apply(unknown):
    record = unknown.records()["warm-up"]
    unknown.start_by_hand(s_query=unknown.marked("warm-up", record.nonce))
    assert rules(unknown.audit()) == ["unknown", "unsettled"]


def test_a_marker_stays_known_where_the_project_got_another_id(job):
    """The nonce alone tells it: 80 random bits."""
    job.write("warm-up")
    job.fail(FaultKind.DROP)
    job.apply()
    nonce = job.records()["warm-up"].nonce
    job.start_by_hand(s_query=with_marker(EVERY_LEAD, make_marker("b" * 16, nonce)))
    assert only(job.audit()).run_key == "warm-up@1"


def test_a_listing_that_lags_is_made_up_for_by_the_event_log(job):
    by_hand = job.start_by_hand()
    assert origins(job.audit(reader=lambda reader: Odd(reader, list_actions=lambda kind: each()))) == {
        by_hand: "outside"
    }


class Odd:
    """A reader with something in the way; all else is read as it is."""

    def __init__(self, reader, **instead) -> None:
        self._reader, self._instead = reader, instead

    def __getattr__(self, name):
        return self._instead.get(name) or getattr(self._reader, name)


async def each(*actions):
    for action in actions:
        yield action


def never(error):
    async def listing(kind, **more):
        raise error
        yield

    return listing


def test_a_key_that_may_not_read_the_event_log_is_told_what_it_misses(job):
    by_hand = job.start_by_hand()
    refused = never(NotAuthorizedError("no right to read events"))
    report = job.audit(reader=lambda reader: Odd(reader, list_created_actions=refused))
    assert origins(report) == {by_hand: "outside"}
    assert "the event log of bulk edit actions could not be read: no right to read events" in report.limits


def test_names_that_may_not_be_read_are_ids(job):
    job.start_by_hand()

    async def refuse(kinds):
        assert kinds == {CatalogKind.USERS, CatalogKind.LEAD_STATUSES}
        raise NotAuthorizedError("admins only")

    report = job.audit(reader=lambda reader: Odd(reader, fetch_catalog=refuse))
    assert only(report).user_name is None
    assert only(report).user_id.startswith("user_")
    assert any("admins only" in words for words in report.limits)


def test_an_action_that_close_only_says_was_made_is_unclear(job):
    async def gone(kind, action_id):
        raise NotFoundError("no such action")

    def bare(kind, **more):
        return each(*[BulkAction(id="bulkedit_x", created_by="user_x", api_key_id="api_x")] * (kind == "edit"))

    report = job.audit(reader=lambda reader: Odd(reader, list_created_actions=bare, fetch_action=gone))
    action = only(report)
    assert (action.origin, action.user_id, action.api_key_id) == ("unclear", "user_x", "api_x")


def test_an_action_of_another_organization_is_an_alarm(job):
    def foreign(kind):
        return each(*[BulkAction(id="bulkedit_x", organization_id="orga_other", status="done")] * (kind == "edit"))

    report = job.audit(reader=lambda reader: Odd(reader, list_actions=foreign))
    assert rules(report) == ["other-organization"]


def test_the_state_of_another_organization_is_refused(job):
    job.write("warm-up")
    job.apply()
    with pytest.raises(WrongOrganizationError, match="warm-up@1"):
        job.audit(organization="orga_other")


def test_a_record_that_was_altered_is_an_alarm(job):
    job.write("warm-up")
    job.apply()
    job.spoil("warm-up@1")
    report = job.audit()
    assert sorted(rules(report)) == ["broken-history", "marker-without-record"]
    assert {alarm.run_key for alarm in report.alarms} == {"warm-up@1"}


def test_what_was_merged_and_never_applied_is_listed_with_its_commit(job):
    job.write("late", more="not_after: 2026-10-01\n")
    job.write("edited")
    job.write("gone", status="Qualified")
    job.apply()
    job.write("never", status="Churned")
    job.write("edited", status="Churned")
    (job.root / "specs" / "gone.yaml").unlink()
    change = FileChange(at=datetime(2026, 11, 1, tzinfo=UTC), commit="c" * 40, author="Dana")
    report = job.audit(history=KnownHistory({"specs/never.yaml": change}))
    rows = {row.key: row for row in report.unapplied}
    assert {key: row.change for key, row in rows.items()} == {
        "edited@1": ChangeKind.CONFLICT,
        "gone@1": ChangeKind.ORPHAN,
        "late@1": ChangeKind.EXPIRED,
        "never@1": ChangeKind.RUN,
    }
    assert (rows["never@1"].file, rows["never@1"].last_change) == ("specs/never.yaml", change)


def test_files_with_problems_do_not_blind_an_audit(job):
    job.write("warm-up")
    job.apply()
    (job.root / "specs" / "bad.yaml").write_text("schema: bulkplan/v1\nname: [\n")
    report = job.audit()
    assert only(report).origin == "ours"
    assert any("bulkplan validate" in words for words in report.limits)


def test_old_actions_are_counted_and_not_listed(job):
    job.start_by_hand()
    job.clock.advance(40 * 86_400)
    new = job.start_by_hand()
    report = job.audit()
    assert (list(origins(report)), report.n_earlier) == ([new], 1)
    assert len(job.audit(days=None).actions) == 2


def test_the_newest_action_comes_first(job):
    first = job.start_by_hand()
    job.clock.advance(60)
    second = job.start_by_hand("delete")
    assert list(origins(job.audit())) == [second, first]


def test_thousands_of_old_actions_take_no_room(job):
    """They are looked at one by one; what is kept of five thousand is a number."""
    old = job.clock.now() - timedelta(days=90)

    async def many(kind):
        for number in range(5_000 if kind == "edit" else 0):
            query = {"type": "and", "queries": [{"type": "id", "value": f"lead_{number}_{each}"} for each in range(5)]}
            yield BulkAction(id=f"bulkedit_{number}", status="done", s_query=query, date_created=old)

    tracemalloc.start()
    report = job.audit(reader=lambda reader: Odd(reader, list_actions=many))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (report.actions, report.n_earlier) == ((), 5_000)
    assert peak < 6_000_000
    told = [step for step in job.steps.told if step[0] == "bulk actions: edit"]
    assert (told[0], told[-1]) == (("bulk actions: edit", 100, None), ("bulk actions: edit", 5_000, 5_000))
