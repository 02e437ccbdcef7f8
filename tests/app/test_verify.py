"""What is counted in Close once a run is done, against the sandbox."""

from __future__ import annotations

import pytest
from support.applying import Applying
from support.sandbox_client import request

from bulkplan.app.records import whole_records
from bulkplan.app.verify import verified
from bulkplan.core.result import ResultKind, error_of
from bulkplan.errors import UnknownRunError
from bulkplan.model.record import RecordStatus
from bulkplan.sandbox import SandboxSettings
from bulkplan.sandbox.faults import FaultKind, FaultRule

REMOVE = "{type: delete}"


@pytest.fixture
def job(tmp_path):
    return Applying(tmp_path / "project")


def touch_less(job):
    """Let the action miss leads: what it changed is changed back, as if it had never been touched."""
    job.sandbox.world.connection.execute(
        """
        UPDATE lead SET date_updated = '2026-01-01T00:00:00.000000+00:00', status_id = (
            SELECT id FROM lead_status WHERE label = 'Potential')
        WHERE id IN (SELECT lead_id FROM bulk_target LIMIT 2)
        """
    )


@pytest.mark.parametrize("action", ["{type: set_lead_status, status: Contacted}", REMOVE])
def test_a_run_that_did_what_was_approved_is_counted_and_kept(job, action):
    job.write("warm-up", action=action)
    planned = job.plan().changes[0].matches.total
    (row,) = job.apply().results
    assert row.kind is ResultKind.DONE
    found = job.records()["warm-up"].verification
    assert (found.is_ok, found.left_over, found.n_events) == (True, 0, planned)
    assert job.records()["warm-up"].history[-1].note.startswith("verified: ")


def test_leads_that_the_run_missed_need_a_person(job):
    job.write("warm-up")
    job.apply(wait=False)
    job.clock.advance(60)
    _advance(job)
    touch_less(job)
    result = job.apply()
    assert [row.kind for row in result.results] == [ResultKind.MISMATCH]
    assert "2 leads from before the run still match" in result.results[0].message
    assert "state show 'warm-up@1'" in result.results[0].hint
    assert isinstance(error_of(result), UnknownRunError)
    assert job.records()["warm-up"].verification.left_over == 2
    assert any("counting again" in message for message in job.heard.messages)


def _advance(job):
    """Let the sandbox carry the action out: it moves when it is asked something."""
    job.sandbox.handle(request("GET", "/bulk_action/edit/"))


def test_nothing_waits_for_a_run_that_did_less_than_approved(job):
    job.write("first")
    job.write("second", status="Churned", more="depends_on: [first]\n")
    job.apply(wait=False)
    job.clock.advance(60)
    _advance(job)
    touch_less(job)
    kinds = {row.key.full_name: row.kind for row in job.apply().results}
    assert kinds == {"first": ResultKind.MISMATCH, "second": ResultKind.NOT_SENT}


def test_a_search_index_that_is_behind_is_counted_again(job):
    """What was put back is right again by the time of the second look."""
    job.write("warm-up")
    job.apply(wait=False)
    job.clock.advance(60)
    _advance(job)
    touch_less(job)
    plain = job.time.sleep

    async def sleep(seconds):
        job.sandbox.world.connection.execute("UPDATE lead SET date_updated = '2027-01-01T00:00:00.000000+00:00'")
        await plain(seconds)

    job.time.sleep = sleep
    assert [row.kind for row in job.apply().results] == [ResultKind.DONE]


def test_counts_that_close_does_not_give_are_noted_and_fail_nothing(job):
    job.write("warm-up")
    job.apply(wait=False)
    job.clock.advance(60)
    plan = job.plan()
    job.sandbox.add_faults(
        [FaultRule(FaultKind.STATUS, path=path, times=None, status=400) for path in ("/event/", "/data/search/")]
    )
    assert [row.kind for row in job.apply(plan).results] == [ResultKind.DONE]
    found = job.records()["warm-up"].verification
    assert (found.is_ok, found.left_over, found.n_events) == (True, None, None)
    assert len(found.notes) == 2


def test_status_counts_a_run_that_ended_meanwhile(tmp_path):
    job = Applying(tmp_path / "project", settings=SandboxSettings(leads_per_second=5.0))
    job.write("warm-up")
    job.apply(wait=False)
    job.clock.advance(3600)
    status = job.status()
    (record,) = status.shelf.standings
    assert record.verification.is_ok
    before = len(job.sandbox.requests)
    job.status()
    assert {request.path for request in job.sandbox.requests[before:]} <= {"/api/v1/me/"}


def test_a_run_is_not_counted_when_it_is_interrupted_over_it(job):
    job.write("warm-up")
    job.apply(wait=False)
    job.clock.advance(60)

    async def interrupted(edges, context):
        (record,) = whole_records(edges.store.list())
        ended = record.model_copy(update={"status": RecordStatus.DONE, "verification": None})
        edges.interrupt.set()
        return await verified(ended, edges, context)

    assert job.story(interrupted).verification is None
