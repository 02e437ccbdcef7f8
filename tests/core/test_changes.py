"""The decision table of a plan, and the rules around it."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from support.plan_world import email_data, make_record, spec_data, wanted_run
from support.small_catalog import NOW

from bulkplan.core.changes import ROW_BY_STATUS, compared, decide, from_record, orphans
from bulkplan.model.plan import ChangeKind, FieldChange
from bulkplan.model.record import RecordStatus as S

BERLIN = ZoneInfo("Europe/Berlin")
RUN = wanted_run(spec_data(version=2))
OLDER = wanted_run(spec_data(version=1))
NEWER = wanted_run(spec_data(version=3))
EDITED = wanted_run(spec_data(version=2, filter={"all_leads": True}))


def decision(wanted=RUN, *records, now=NOW):
    return decide(wanted, records, now=now, timezone=BERLIN)


def test_every_record_status_has_its_row():
    assert set(ROW_BY_STATUS) == set(S)


def test_a_run_without_a_record_runs_because_it_never_ran():
    assert (decision().kind, decision().reason) == (ChangeKind.RUN, "never ran")


KIND_BY_STATUS = {
    S.SENDING: ChangeKind.UNKNOWN,
    S.SUBMITTED: ChangeKind.IN_PROGRESS,
    S.DONE: ChangeKind.NO_OP,
    S.FAILED: ChangeKind.FAILED,
    S.REFUSED: ChangeKind.RUN,
    S.UNKNOWN: ChangeKind.UNKNOWN,
    S.RELEASED: ChangeKind.RUN,
    S.FORGOTTEN: ChangeKind.NO_OP,
}


@pytest.mark.parametrize(("status", "kind"), KIND_BY_STATUS.items())
def test_the_record_of_the_same_version_decides(status, kind):
    found = decision(RUN, make_record(RUN, status))
    assert found.kind is kind
    assert not found.needs_compare


@pytest.mark.parametrize("status", S)
def test_only_rows_that_run_or_will_run_are_counted(status):
    found = decision(RUN, make_record(RUN, status))
    assert found.needs_count == (found.kind is ChangeKind.RUN)


@pytest.mark.parametrize("status", S)
def test_an_edited_spec_is_compared_only_when_its_run_was_accepted(status):
    found = decision(EDITED, make_record(RUN, status))
    assert found.needs_compare == (status in (S.DONE, S.SUBMITTED))
    if status in (S.REFUSED, S.RELEASED):
        assert found.kind is ChangeKind.RUN


def test_an_edit_that_sends_something_else_is_a_conflict_with_both_ways_out():
    pending = decision(EDITED, make_record(RUN))
    found = compared(pending, EDITED, (FieldChange(path="s_query", change="changed"),))
    assert found.kind is ChangeKind.CONFLICT
    assert "version: 3" in found.hint
    assert "git checkout" in found.hint
    assert EDITED.source.file in found.hint


@pytest.mark.parametrize(("status", "kind"), [(S.DONE, ChangeKind.NO_OP), (S.SUBMITTED, ChangeKind.IN_PROGRESS)])
def test_an_edit_that_sends_the_same_changes_nothing(status, kind):
    found = compared(decision(EDITED, make_record(RUN, status)), EDITED, ())
    assert found.kind is kind
    assert "same request" in found.reason


def test_a_raised_version_runs_and_is_compared_with_the_version_before():
    found = decision(RUN, make_record(OLDER))
    assert found.kind is ChangeKind.RUN
    assert "raised from 1 to 2" in found.reason
    assert found.compare_with.key == OLDER.key


def test_a_version_that_never_ran_is_not_compared_with():
    found = decision(RUN, make_record(OLDER, S.REFUSED))
    assert (found.kind, found.compare_with) == (ChangeKind.RUN, None)


@pytest.mark.parametrize("status", [status for status in S if status not in (S.REFUSED, S.RELEASED)])
def test_a_lowered_version_is_a_conflict(status):
    found = decision(RUN, make_record(RUN), make_record(NEWER, status))
    assert found.kind is ChangeKind.CONFLICT
    assert "tag-churned@3" in found.reason
    assert "version: 4" in found.hint


@pytest.mark.parametrize("status", [S.REFUSED, S.RELEASED])
def test_a_newer_version_that_never_ran_is_no_conflict(status):
    assert decision(RUN, make_record(RUN), make_record(NEWER, status)).kind is ChangeKind.NO_OP


@pytest.mark.parametrize("status", [S.SENDING, S.UNKNOWN, S.SUBMITTED])
def test_a_raised_version_waits_while_the_one_before_is_open(status):
    found = decision(RUN, make_record(OLDER, status))
    assert found.kind is ChangeKind.NOT_YET
    assert str(OLDER.key) in found.reason
    assert [record.key for record in found.blockers] == [OLDER.key]


def test_a_paused_run_says_until_when_it_can_be_resumed():
    paused_at = NOW - timedelta(days=2)
    found = decision(RUN, make_record(RUN, S.SUBMITTED, remote_status="paused", paused_at=paused_at))
    assert found.kind is ChangeKind.PAUSED
    assert f"{paused_at + timedelta(days=7):%Y-%m-%d %H:%M} UTC" in found.reason
    assert "bulkplan resume" in found.hint


def test_a_run_paused_for_longer_than_seven_days_no_longer_blocks_the_next_version():
    paused = {"remote_status": "paused", "paused_at": NOW - timedelta(days=7)}
    assert decision(RUN, make_record(OLDER, S.SUBMITTED, **paused)).kind is ChangeKind.RUN
    found = decision(RUN, make_record(RUN, S.SUBMITTED, **paused))
    assert (found.kind, "version: 3" in found.hint) == (ChangeKind.PAUSED, True)


def test_a_forgotten_run_key_stays_taken():
    found = decision(RUN, make_record(RUN, S.FORGOTTEN, note="made by mistake"))
    assert "stays taken" in found.reason
    assert "made by mistake" in found.reason


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        ({"not_before": "2026-11-23"}, ChangeKind.NOT_YET),
        ({"not_before": "2026-11-22"}, ChangeKind.RUN),
        ({"not_before": "2026-11-22T11:31:00"}, ChangeKind.NOT_YET),
        ({"not_before": "2026-11-22T11:30:00"}, ChangeKind.RUN),
        ({"not_before": "2026-11-22T10:31:00Z"}, ChangeKind.NOT_YET),
        ({"not_after": "2026-11-21"}, ChangeKind.EXPIRED),
        ({"not_after": "2026-11-22"}, ChangeKind.RUN),
        ({"not_after": "2026-11-22T11:30:00"}, ChangeKind.EXPIRED),
        ({"not_after": "2026-11-22T10:31:00Z"}, ChangeKind.RUN),
    ],
)
def test_not_before_and_not_after_are_read_in_the_zone_of_the_target(limits, kind):
    wanted = wanted_run(spec_data(version=2, **limits))
    assert decision(wanted).kind is kind


def test_a_run_that_is_done_never_expires():
    wanted = wanted_run(spec_data(version=2, not_after="2026-01-01"))
    assert decision(wanted, make_record(wanted)).kind is ChangeKind.NO_OP
    assert decision(wanted, make_record(wanted, S.REFUSED)).kind is ChangeKind.EXPIRED


def weekly(week: int, version: int = 1):
    data = email_data(version=version, schedule={"every": "week"})
    return wanted_run(data, period=f"2026-W{week}")


def test_each_period_runs_once():
    assert decision(weekly(47), make_record(weekly(46))).kind is ChangeKind.RUN
    assert "new period 2026-W47" in decision(weekly(47), make_record(weekly(46))).reason
    assert decision(weekly(47), make_record(weekly(46)), make_record(weekly(47))).kind is ChangeKind.NO_OP


def test_a_version_raised_within_a_period_is_compared_with_that_period():
    records = [make_record(weekly(46), days_ago=1), make_record(weekly(47), days_ago=3)]
    assert decision(weekly(47, version=2), *records).compare_with.key == weekly(47).key


def test_a_schedule_that_comes_or_goes_never_runs_a_version_again_by_itself():
    once = wanted_run(email_data())
    assert decision(weekly(47), make_record(once)).kind is ChangeKind.CONFLICT
    assert decision(once, make_record(weekly(47))).kind is ChangeKind.CONFLICT
    assert decision(weekly(47, version=2), make_record(once)).kind is ChangeKind.RUN


def test_orphans_are_the_open_runs_of_a_name_or_else_its_latest():
    gone = [wanted_run(spec_data("gone", version=version)) for version in (1, 2, 3)]
    records = [make_record(run, days_ago=9 - index) for index, run in enumerate(gone)]
    assert [found.record.key.version for found in orphans(records, {"tag-churned"}, now=NOW)] == [3]
    running = [make_record(gone[0], S.SUBMITTED), *records[1:]]
    found = orphans(running, set(), now=NOW)
    assert [each.record.key.version for each in found] == [1]
    assert (found[0].kind, "still running" in found[0].reason) == (ChangeKind.ORPHAN, True)


def test_no_run_that_is_wanted_is_an_orphan():
    assert orphans([make_record(OLDER)], {"tag-churned"}, now=NOW) == ()


@pytest.mark.parametrize("status", S)
def test_every_row_speaks_without_gaps(status):
    found = from_record(make_record(RUN, status), NOW)
    assert "{" not in found.reason + (found.hint or "")
