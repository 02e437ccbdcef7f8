"""Applying a fresh plan to the sandbox: what ran, what did not, and what that does to the others."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from support.applying import Applying

from bulkplan.core.result import ResultKind, error_of
from bulkplan.errors import ActionsFailedError, NotAuthorizedError, RefusedError, UnknownRunError
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import RecordStatus
from bulkplan.report.apply_text import apply_lines
from bulkplan.report.lines import plain_text
from bulkplan.sandbox import SandboxSettings
from bulkplan.sandbox.faults import FaultKind, FaultRule

EMAIL = "{type: email, template: Win-back 2026, sender: dana@example.com}"
NEVER = "{type: set_custom_field, field: Source, value: nobody}"


@pytest.fixture
def job(tmp_path):
    return Applying(tmp_path / "project")


def kinds(result):
    return {row.key.full_name: row.kind for row in result.results}


def test_what_was_planned_runs_once_and_is_recorded(job):
    job.write("warm-up")
    planned = job.plan().changes[0].matches.total
    result = job.apply()
    assert kinds(result) == {"warm-up": ResultKind.DONE}
    assert job.records()["warm-up"].counts.n_leads_processed == planned
    assert error_of(result) is None
    assert [change.kind for change in job.plan().changes] == [ChangeKind.NO_OP]
    assert len(job.actions()) == 1


def test_a_run_is_never_larger_than_what_was_approved(job):
    job.write("warm-up")
    job.apply()
    ((_, _, body),) = job.actions()
    assert json.loads(body)["results_limit"] == job.records()["warm-up"].counts.approved


def test_a_dependant_starts_after_what_it_depends_on_is_done(job):
    job.write("second", status="Churned", more="depends_on: [first]\n")
    job.write("first", status="Customer")
    result = job.apply()
    assert kinds(result) == {"first": ResultKind.DONE, "second": ResultKind.DONE}
    records = job.records()
    assert records["second"].sent_after >= records["first"].finished_at


def test_a_dependant_of_a_refused_run_is_not_started_and_others_are(job):
    job.write("first", status="Customer", more="guards: {max_matches: 1}\n")
    job.write("second", status="Churned", more="depends_on: [first]\n")
    job.write("third", status="Qualified")
    result = job.apply()
    assert kinds(result) == {
        "first": ResultKind.BLOCKED,
        "second": ResultKind.NOT_SENT,
        "third": ResultKind.DONE,
    }
    assert isinstance(error_of(result), RefusedError)


def test_guards_are_judged_again_on_fresh_data(job):
    job.write("warm-up")
    plan = job.plan()
    job.sandbox.world.connection.execute("UPDATE lead SET status_id = (SELECT status_id FROM lead LIMIT 1)")
    result = job.apply(plan)
    assert kinds(result) == {"warm-up": ResultKind.BLOCKED}
    assert "matched in the plan" in result.results[0].message
    assert job.actions() == []


def test_without_waiting_a_run_is_submitted_and_a_later_apply_carries_on(job):
    job.write("warm-up")
    result = job.apply(wait=False)
    assert kinds(result) == {"warm-up": ResultKind.RUNNING}
    assert error_of(result) is None
    assert kinds(job.apply()) == {"warm-up": ResultKind.DONE}
    assert len(job.actions()) == 1


def test_a_run_that_close_refuses_stops_no_other(job):
    job.write("a-first")
    job.write("b-second", status="Customer")
    job.fail(FaultKind.STATUS, status=400)
    result = job.apply()
    assert kinds(result) == {"a-first": ResultKind.REFUSED, "b-second": ResultKind.DONE}
    assert isinstance(error_of(result), ActionsFailedError)
    assert kinds(job.apply())["a-first"] is ResultKind.DONE


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotAuthorizedError), (403, NotAuthorizedError), (402, ActionsFailedError)]
)
def test_what_close_refuses_to_the_key_is_said_to_be_about_the_key(job, status, kind):
    job.write("warm-up")
    job.fail(FaultKind.STATUS, status=status)
    error = error_of(job.apply())
    assert type(error) is kind
    assert job.records()["warm-up"].status is RecordStatus.REFUSED


def test_a_lost_answer_is_settled_and_nothing_runs_twice(job):
    job.write("warm-up")
    job.fail(FaultKind.LOSE_ANSWER)
    assert kinds(job.apply()) == {"warm-up": ResultKind.DONE}
    assert len(job.actions()) == 1


def test_an_unknown_run_blocks_the_runs_after_it_unless_told_to_keep_going(job):
    job.write("a-first")
    job.write("b-second", status="Customer")
    job.fail(FaultKind.STATUS, status=500)
    result = job.apply()
    assert kinds(result) == {"a-first": ResultKind.UNKNOWN, "b-second": ResultKind.NOT_SENT}
    assert isinstance(error_of(result), UnknownRunError)
    assert kinds(job.apply()) == {"a-first": ResultKind.UNKNOWN, "b-second": ResultKind.DONE}
    assert job.records()["a-first"].status is RecordStatus.UNKNOWN
    assert len(job.actions()) == 1


def test_independent_runs_go_on_beside_an_unknown_one_with_keep_going(job):
    job.write("a-first")
    job.write("b-second", status="Customer")
    job.fail(FaultKind.STATUS, status=500)
    assert kinds(job.apply(keep_going=True)) == {"a-first": ResultKind.UNKNOWN, "b-second": ResultKind.DONE}


def test_lost_state_never_makes_a_run_run_again(job):
    job.write("warm-up", action=NEVER)
    job.apply()
    (job.root / "state.db").unlink()
    assert kinds(job.apply()) == {"warm-up": ResultKind.DONE}
    assert len(job.actions()) == 1


def test_an_email_reaches_each_lead_once(job):
    job.write("news", action=EMAIL)
    assert kinds(job.apply()) == {"news": ResultKind.DONE}
    query = "SELECT lead_id FROM activity WHERE bulk_email_action_id IS NOT NULL"
    reached = [lead_id for (lead_id,) in job.sandbox.world.connection.execute(query)]
    assert reached
    assert len(set(reached)) == len(reached)


def test_a_run_over_its_time_to_wait_is_left_running(tmp_path):
    job = Applying(tmp_path / "slow", settings=SandboxSettings(leads_per_second=0.01))
    job.write("warm-up")
    assert kinds(job.apply(wait_timeout_s=5.0)) == {"warm-up": ResultKind.RUNNING}


def test_a_record_that_cannot_be_read_stops_its_own_spec_alone(job):
    job.write("a-first")
    job.write("b-second", status="Customer")
    job.apply()
    job.spoil("a-first@1")
    job.write("c-third", status="Churned")
    result = job.apply()
    assert kinds(result) == {
        "a-first": ResultKind.CONFLICT,
        "b-second": ResultKind.SKIPPED,
        "c-third": ResultKind.DONE,
    }
    assert "run/a-first@1 cannot be trusted" in result.results[0].message
    assert isinstance(error_of(result), RefusedError)


def test_an_open_run_whose_spec_is_gone_is_settled_all_the_same(job):
    job.write("warm-up")
    job.fail(FaultKind.STATUS, status=500)
    job.apply()
    (job.root / "specs" / "warm-up.yaml").unlink()
    job.write("other", status="Customer")
    result = job.apply()
    assert kinds(result) == {"other": ResultKind.DONE, "warm-up": ResultKind.UNKNOWN}
    assert isinstance(error_of(result), UnknownRunError)


def test_a_run_that_emptied_its_own_filter_is_found_again_when_the_state_is_lost(job):
    job.write("warm-up")
    job.apply()
    (job.root / "state.db").unlink()
    (row,) = job.apply().results
    assert row.kind is ResultKind.DONE
    assert "which this state did not know" in row.message
    assert len(job.actions()) == 1


def test_a_run_that_failed_in_close_is_no_success_for_a_retried_job(job):
    job.write("warm-up")
    job.sandbox.add_faults([FaultRule(FaultKind.FAIL_AFTER, method="POST", path="/bulk_action/edit/", leads=1)])
    assert kinds(job.apply()) == {"warm-up": ResultKind.FAILED}
    result = job.apply()
    assert kinds(result) == {"warm-up": ResultKind.FAILED}
    assert isinstance(error_of(result), ActionsFailedError)
    assert "version: 2" in result.results[0].hint


@pytest.mark.parametrize(("kind", "words"), [(500, "may have reached Close"), (400, "Nothing was started in Close")])
def test_what_reached_close_is_told_as_far_as_it_is_known(job, kind, words):
    job.write("warm-up")
    job.fail(FaultKind.STATUS, status=kind)
    assert words in plain_text(apply_lines(job.apply()))


def test_a_store_that_does_not_take_the_intent_is_named_with_its_reason(job):
    job.write("warm-up")
    plan = job.plan()
    with closing(sqlite3.connect(job.root / "state.db")) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON slot BEGIN SELECT RAISE(FAIL, 'the disk is full'); END")
        (row,) = job.apply(plan).results
        other.execute("DROP TRIGGER full")
    assert row.kind is ResultKind.NOT_SENT
    assert "nothing was sent (the disk is full)" in row.message
    assert job.actions() == []
    assert kinds(job.apply()) == {"warm-up": ResultKind.DONE}
