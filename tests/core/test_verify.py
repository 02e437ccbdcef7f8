"""What the numbers of a finished run say about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.sample_records import STARTED, sample_record

from bulkplan.core.verify import (
    Answers,
    Questions,
    judge_run,
    may_be_lag,
    questions_of,
    verification_words,
    wants_verification,
)
from bulkplan.model.record import Counts, RecordStatus

OLD = {
    "type": "field_condition",
    "negate": False,
    "field": {"type": "regular_field", "object_type": "lead", "field_name": "status_id"},
    "condition": {"type": "reference", "reference_type": "status.lead", "object_ids": ["stat_old"]},
}
EDIT = {"type": "set_lead_status", "lead_status_id": "stat_new", "s_query": OLD}


def done(**changes):
    counts = Counts(approved=10, n_leads=10, n_leads_processed=10)
    values = {"counts": counts, "body": EDIT, "finished_at": STARTED, **changes}
    return sample_record(RecordStatus.DONE, **values)


def deletion(**changes):
    return done(kind="delete", body={"s_query": OLD}, **changes)


def judge(record, **answers):
    return judge_run(record, Answers(**answers), now=STARTED)


@pytest.mark.parametrize(
    ("record", "answers"),
    [
        (done(), {}),
        (done(), {"left_over": 0, "n_events": 10}),
        (done(), {"left_over": 0, "n_events": 7}),
        (done(counts=Counts(approved=10, n_leads=9, n_leads_processed=9)), {"left_over": 0}),
        (done(counts=Counts(approved=10)), {"n_events": 4}),
        (deletion(), {"left_over": 0, "n_events": 9}),
        (deletion(), {"left_over": 0, "n_events": 10}),
    ],
)
def test_numbers_that_add_up_are_fine(record, answers):
    found = judge(record, **answers)
    assert (found.is_ok, found.problems) == (True, ())


@pytest.mark.parametrize(
    ("record", "answers", "words"),
    [
        (done(counts=Counts(approved=10, n_leads=10, n_leads_processed=8)), {}, "processed 8 of 10 leads"),
        (done(counts=Counts(approved=9, n_leads=10, n_leads_processed=10)), {}, "10 leads, 9 were approved"),
        (done(), {"left_over": 1}, "1 lead from before the run still match"),
        (done(), {"n_events": 12}, "changed 12 leads, Close counts 10"),
        (deletion(), {"left_over": 3}, "3 leads from before the run"),
        (deletion(), {"n_events": 9}, "deleted 9 leads, Close counts 10"),
        (deletion(), {"left_over": 0, "n_events": 11}, "deleted 11 leads"),
    ],
)
def test_numbers_that_do_not_add_up_are_told_with_both_values(record, answers, words):
    found = judge(record, **answers)
    assert not found.is_ok
    assert words in found.problems[0]


def test_leads_left_over_are_asked_for_only_where_the_run_should_have_left_none():
    assert questions_of(done()).left_over is not None
    assert questions_of(deletion()).left_over is not None
    assert questions_of(done(body={**EDIT, "lead_status_id": "stat_old"})).left_over is None
    assert questions_of(deletion(asked_limit=10)).left_over is None
    assert questions_of(deletion(asked_limit=11)).left_over is not None
    assert questions_of(done(kind="email", body={"s_query": OLD})) == Questions(None, None)


def test_leads_left_over_are_those_that_nobody_touched_since_before_the_run():
    query = questions_of(deletion()).left_over
    assert query["queries"][0] == OLD
    assert query["queries"][1]["field"]["field_name"] == "date_updated"
    assert query["queries"][1]["condition"]["before"]["value"].startswith("2026-11-22T21:03:04")


def test_events_are_counted_for_edits_and_deletions_that_are_not_too_large():
    assert questions_of(done()).events == "updated"
    assert questions_of(deletion()).events == "deleted"
    large = Counts(approved=5_000, n_leads=5_000, n_leads_processed=5_000)
    assert questions_of(done(counts=large)).events is None


def test_what_an_index_that_is_behind_could_explain_is_asked_again():
    assert may_be_lag(done(), Answers(left_over=2))
    assert not may_be_lag(done(), Answers(left_over=0))
    short = done(counts=Counts(approved=10, n_leads=10, n_leads_processed=8))
    assert not may_be_lag(short, Answers(left_over=2))


def test_a_run_is_counted_once_and_soon():
    assert wants_verification(done(), now=STARTED + timedelta(hours=1))
    assert not wants_verification(done(), now=STARTED + timedelta(days=2))
    assert not wants_verification(done(verification=judge(done())), now=STARTED)
    assert not wants_verification(sample_record(RecordStatus.FAILED), now=STARTED)


def test_the_numbers_stand_in_one_line():
    assert verification_words(judge(done(), left_over=0, n_events=10)) == (
        "10 of 10 leads processed, 10 in the event log, none left over"
    )
    assert verification_words(judge(done(counts=Counts(approved=1)))) == "nothing could be counted"
