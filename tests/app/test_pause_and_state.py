"""Pausing and resuming a run, and a person's word about a run that nobody can tell about."""

from __future__ import annotations

import pytest
from support.applying import Applying

from bulkplan.app.pause import pause_run, resume_run
from bulkplan.app.records import find_record
from bulkplan.app.state import gather_evidence, settle_as_not_run, settle_as_ran
from bulkplan.core.result import ResultKind
from bulkplan.errors import RefusedError, UsageError
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import RecordStatus
from bulkplan.sandbox import SandboxSettings
from bulkplan.sandbox.faults import FaultKind


@pytest.fixture
def slow(tmp_path):
    job = Applying(tmp_path / "project", settings=SandboxSettings(leads_per_second=0.5))
    job.write("warm-up")
    job.apply(wait=False)
    return job


@pytest.fixture
def unknown(tmp_path):
    job = Applying(tmp_path / "project")
    job.write("warm-up")
    job.fail(FaultKind.STATUS, status=502)
    job.apply()
    return job


def pause(job, name="warm-up"):
    return job.story(lambda edges, context: pause_run(name, edges, context))


def resume(job, name="warm-up"):
    return job.story(lambda edges, context: resume_run(name, edges, context))


def test_a_paused_run_is_planned_as_paused_and_goes_on_when_resumed(slow):
    assert pause(slow).remote_status == "paused"
    (change,) = slow.plan().changes
    assert change.kind is ChangeKind.PAUSED
    assert "2026-11-09" in change.reason
    assert not resume(slow).was_running
    assert [row.kind for row in slow.apply().results] == [ResultKind.DONE]


def test_resuming_a_run_that_goes_on_already_changes_nothing(slow):
    pause(slow)
    assert not resume(slow).was_running
    again = resume(slow)
    assert again.was_running
    assert again.record.remote_status in ("loading", "processing")
    slow.clock.advance(3600)
    with pytest.raises(RefusedError, match="has ended in Close already"):
        resume(slow)


def test_a_run_paused_for_more_than_seven_days_cannot_be_resumed(slow):
    pause(slow)
    slow.clock.advance(8 * 86_400)
    with pytest.raises(RefusedError, match="paused since 2026-11-02"):
        resume(slow)


def test_a_run_that_is_done_cannot_be_paused(slow):
    slow.clock.advance(3600)
    with pytest.raises(RefusedError, match="has ended in Close already: done"):
        pause(slow)


def test_a_name_that_the_state_does_not_know_gets_near_matches(slow):
    with pytest.raises(UsageError) as caught:
        pause(slow, "warm-upp")
    assert "warm-up@1" in caught.value.hint


def test_status_reads_the_progress_from_close_and_changes_nothing_there(slow):
    slow.clock.advance(5.0)
    before = len(slow.sandbox.requests)
    status = slow.status()
    (record,) = status.shelf.standings
    assert 0 < record.counts.n_leads_processed < record.counts.n_leads
    assert {request.method for request in slow.sandbox.requests[before:]} == {"GET"}


def settle(job, tell):
    async def story(edges, context):
        return await tell(find_record(edges.store, "warm-up"), edges, context)

    return job.story(story)


def test_nobody_may_say_too_early_that_a_run_did_not_run(unknown):
    with pytest.raises(RefusedError, match="may still arrive"):
        settle(unknown, gather_evidence)


def test_a_released_run_may_start_again(unknown):
    async def release(record, edges, context):
        return await settle_as_not_run(await gather_evidence(record, edges, context), "looked in Close", edges, context)

    unknown.clock.advance(16 * 60)
    assert settle(unknown, release).status is RecordStatus.RELEASED
    assert [row.kind for row in unknown.apply().results] == [ResultKind.DONE]
    assert len(unknown.actions()) == 1


def test_a_release_needs_a_reason(unknown):
    async def release(record, edges, context):
        return await settle_as_not_run(await gather_evidence(record, edges, context), "  ", edges, context)

    unknown.clock.advance(16 * 60)
    with pytest.raises(UsageError, match="needs a reason"):
        settle(unknown, release)


def test_an_action_that_a_person_names_must_select_the_same_leads(unknown):
    unknown.write("other", status="Churned")
    unknown.apply()
    ((action_id, _, _),) = unknown.actions()

    async def as_ran(record, edges, context):
        return await settle_as_ran(record, action_id, edges, context)

    with pytest.raises(RefusedError, match="selects other leads"):
        settle(unknown, as_ran)


@pytest.mark.parametrize(("action_id", "words"), [("bulkemail_x", "kind"), ("bulkedit_x", "knows no action")])
def test_an_action_that_cannot_be_this_run_is_refused(unknown, action_id, words):
    async def as_ran(record, edges, context):
        return await settle_as_ran(record, action_id, edges, context)

    with pytest.raises(RefusedError, match=words):
        settle(unknown, as_ran)


def test_an_action_started_by_hand_can_be_vouched_for(unknown):
    body = unknown.records()["warm-up"].body
    answer = start_by_hand(unknown, body)

    async def as_ran(record, edges, context):
        return await settle_as_ran(record, answer["id"], edges, context)

    assert settle(unknown, as_ran).remote_id == answer["id"]
    assert [row.kind for row in unknown.apply().results] == [ResultKind.DONE]
    assert len(unknown.actions()) == 1


def start_by_hand(job, body):
    from support.sandbox_client import request

    return job.sandbox.handle(request("POST", "/bulk_action/edit/", body)).json()


def test_the_action_of_another_run_is_never_taken_for_this_one(unknown):
    unknown.write("twin")
    unknown.apply()
    ((action_id, _, _),) = unknown.actions()

    async def as_ran(record, edges, context):
        return await settle_as_ran(record, action_id, edges, context)

    with pytest.raises(RefusedError, match="marker of another run"):
        settle(unknown, as_ran)
    assert not any(
        "candidates" in str(item) and action_id in str(item) for item in unknown.records()["warm-up"].evidence
    )


def test_an_action_that_does_something_else_to_the_same_leads_is_refused(unknown):
    body = {**unknown.records()["warm-up"].body, "lead_status_id": other_status(unknown)}
    answer = start_by_hand(unknown, body)

    async def as_ran(record, edges, context):
        return await settle_as_ran(record, answer["id"], edges, context)

    with pytest.raises(RefusedError, match="does something else"):
        settle(unknown, as_ran)


def other_status(job):
    query = "SELECT id FROM lead_status WHERE label = 'Churned'"
    return job.sandbox.world.connection.execute(query).fetchone()[0]
