"""Where an action came from, decided by what is known of it; and what is said of runs and records."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from core.test_chain import FORMATS, WHO, stamp
from hypothesis import given
from hypothesis import strategies as st
from support.engine_world import KEY, ORGANIZATION, QUERY, RUN, context
from support.plan_world import NOW, spec_data, wanted_run

from bulkplan.core.audit import make_ledger, sight
from bulkplan.core.audit_findings import findings
from bulkplan.core.audit_runs import decisions, deviations
from bulkplan.core.codec import load_record
from bulkplan.core.marker import encode_word, make_marker, make_tag, with_marker
from bulkplan.core.records import Move, first_intent, moved, next_intent
from bulkplan.model.record import Counts, RecordStatus, Verification
from bulkplan.model.remote import BulkAction
from bulkplan.model.run import RunKey
from bulkplan.model.store import Slot

PROJECT_ID = "ab" * 8
NONCE, OTHER_NONCE = "a" * 16, "b" * 16


def intent(name="win-back", nonce=NONCE):
    return first_intent(replace(RUN, key=RunKey(name, 1)), context(), stamp(0), nonce=nonce)


def submitted(record, remote_id, note="started"):
    return moved(record, Move(RecordStatus.SUBMITTED, note, remote_id=remote_id), stamp(1), WHO)


def seen(action, *records, wanted=()):
    ledger = make_ledger(records, wanted, project_id=PROJECT_ID, organization_id=ORGANIZATION, now=NOW)
    return sight("edit", action, ledger)


def raised(sightings, *records) -> list[tuple[str, str]]:
    return [(each.severity, each.rule) for each in findings(sightings, records, recent=records, chain=())]


def marked(key, nonce) -> dict:
    return with_marker(QUERY, make_marker(make_tag(PROJECT_ID, ORGANIZATION, key), nonce))


words = st.binary(min_size=10, max_size=10).map(encode_word).filter(lambda word: word not in (NONCE, OTHER_NONCE))


@given(words, words)
def test_a_marker_that_nobody_here_made_is_of_another_project(tag, nonce):
    found = seen(BulkAction(id="bulkedit_9", s_query=with_marker(QUERY, make_marker(tag, nonce))), intent())
    assert (found.action.origin, found.key) == ("other-project", None)


@given(words)
def test_the_tag_alone_tells_the_run_key(nonce):
    found = seen(BulkAction(id="bulkedit_9", s_query=marked(KEY, nonce)), wanted=[])
    assert found.action.origin == "other-project"
    found = seen(BulkAction(id="bulkedit_9", s_query=marked(KEY, nonce)), intent())
    assert (found.action.origin, found.key) == ("ours-unrecorded", KEY)


def test_a_marker_survives_whatever_close_makes_of_the_tree():
    upper = {"deep": [{"value": make_marker("c" * 16, NONCE).upper()}]}
    assert seen(BulkAction(id="bulkedit_9", s_query=upper), intent()).key == KEY


@pytest.mark.parametrize("every", ["day", "week", "month", "quarter", "year"])
def test_an_earlier_period_of_a_schedule_is_known(every):
    data = spec_data("weekly", schedule={"every": every})
    labels = {"day": "2026-01-15", "week": "2026-W03", "month": "2026-01", "quarter": "2026-Q1", "year": "2025"}
    run = wanted_run(data)
    key = RunKey("weekly", run.key.version, None, labels[every])
    now = datetime.fromisoformat("2026-02-01T12:00:00+00:00")
    ledger = make_ledger([], [run], project_id=PROJECT_ID, organization_id=ORGANIZATION, now=now)
    assert sight("edit", BulkAction(id="bulkedit_9", s_query=marked(key, NONCE)), ledger).key == key


def test_an_action_that_is_recorded_for_one_run_and_marked_for_another_is_an_alarm():
    a, b = submitted(intent(), "bulkedit_1"), intent("other", OTHER_NONCE)
    sighting = seen(BulkAction(id="bulkedit_1", s_query=marked(b.key, OTHER_NONCE)), a, b)
    assert ("alarm", "marker-of-another-run") in raised([sighting], a, b)


def test_one_action_for_two_records_is_an_alarm():
    a, b = submitted(intent(), "bulkedit_1"), submitted(intent("other", OTHER_NONCE), "bulkedit_1")
    sighting = seen(BulkAction(id="bulkedit_1", s_query=QUERY), a, b)
    assert ("alarm", "one-action-for-two-runs") in raised([sighting], a, b)


@pytest.mark.parametrize("status", [RecordStatus.REFUSED, RecordStatus.RELEASED, RecordStatus.FORGOTTEN])
def test_what_was_said_not_to_run_and_ran_is_an_alarm(status):
    record = intent().model_copy(update={"status": status})
    sighting = seen(BulkAction(id="bulkedit_1", s_query=marked(KEY, NONCE)), record)
    assert ("alarm", "ran-after-all") in raised([sighting], record)


def test_an_attempt_under_way_is_a_warning_and_what_close_no_longer_lists_too():
    sending, gone = intent(), submitted(intent("other", OTHER_NONCE), "bulkedit_1")
    assert raised([], sending, gone) == [("warning", "not-listed"), ("warning", "no-outcome")]


def test_a_recorded_alarm_is_told_until_the_run_is_given_up():
    record = submitted(intent(), "bulkedit_1").model_copy(update={"alarm": "it ran twice"})
    sighting = seen(BulkAction(id="bulkedit_1", s_query=marked(KEY, NONCE)), record)
    assert raised([sighting], record) == [("alarm", "recorded-alarm")]
    assert raised([sighting], record.model_copy(update={"status": RecordStatus.FORGOTTEN})) == []


AS_PLANNED = {RecordStatus.SUBMITTED, RecordStatus.DONE, RecordStatus.FORGOTTEN}


@pytest.mark.parametrize("status", RecordStatus)
def test_every_state_is_as_planned_or_told(status):
    assert bool(deviations(intent().model_copy(update={"status": status}))) is (status not in AS_PLANNED)


def test_numbers_that_differ_and_what_was_counted_afterwards_are_deviations():
    verification = Verification(checked_at=NOW, is_ok=False, approved=3, problems=("1 lead still matches",))
    record = submitted(intent(), "bulkedit_1").model_copy(
        update={"counts": Counts(approved=3, n_leads=5), "verification": verification, "remote_status": "paused"}
    )
    assert deviations(record) == (
        "it is paused in Close",
        "it ran on 5 leads, 3 were approved",
        "1 lead still matches",
    )


def test_who_let_each_attempt_run_and_who_gave_it_up():
    record = moved(intent(), Move(RecordStatus.REFUSED, "no"), stamp(1), WHO)
    record = next_intent(record, RUN, context(), stamp(2), nonce=OTHER_NONCE)
    record = submitted(record, "bulkedit_1", "a person says that it ran")
    record = moved(record, Move(RecordStatus.DONE, "Close says done"), stamp(3), WHO)
    record = moved(record, Move(RecordStatus.FORGOTTEN, "forgotten: a test"), stamp(4), WHO)
    found = decisions(record)
    assert [each.what for each in found] == [
        "attempt 1",
        "attempt 2",
        "a person says that it ran",
        "forgotten: a test",
    ]
    assert (found[2].actor, found[2].commit, found[0].actor) == ("dana", "c" * 40, "tester")


def test_an_old_record_says_from_where_its_last_attempt_was():
    record = load_record(Slot("run/win-back@1", 2, (FORMATS / "record_v1.json").read_text()))
    (decision,) = decisions(record.model_copy(update={"commit": "c" * 40, "sent_after": NOW - timedelta(days=1)}))
    assert (decision.what, decision.host, decision.commit) == ("attempt 1", "here", "c" * 40)
