"""Old copies of the state, and attempts that a person gave up wrongly: nothing runs twice unsaid."""

from __future__ import annotations

import pytest
from support.applying import Applying

from bulkplan.app.records import find_record
from bulkplan.app.state import gather_evidence, settle_as_not_run, settle_as_ran
from bulkplan.core.result import ResultKind
from bulkplan.errors import RefusedError
from bulkplan.model.record import RecordStatus
from bulkplan.sandbox.faults import FaultKind

MINUTES, HOUR = 60, 3600


@pytest.fixture
def job(tmp_path):
    job = Applying(tmp_path / "project")
    job.write("warm-up")
    return job


def say(job, tell):
    """A person's word about the run."""

    async def story(edges, context):
        return await tell(find_record(edges.store, "warm-up"), edges, context)

    return job.story(story)


async def did_not_run(record, edges, context):
    return await settle_as_not_run(await gather_evidence(record, edges, context), "the proxy", edges, context)


def as_ran(action_id):
    return lambda record, edges, context: settle_as_ran(record, action_id, edges, context)


def kind_of(result):
    return {row.key.full_name: row.kind for row in result.results}["warm-up"]


def test_an_old_copy_of_the_state_that_knows_an_earlier_attempt_ends_in_a_question(job):
    job.fail(FaultKind.DROP)
    assert kind_of(job.apply()) is ResultKind.UNKNOWN
    old = (job.root / "state.db").read_bytes()
    job.clock.advance(16 * MINUTES)
    say(job, did_not_run)
    assert kind_of(job.apply()) is ResultKind.DONE
    ((action_id, _, _),) = job.actions()

    (job.root / "state.db").write_bytes(old)
    assert kind_of(job.apply()) is ResultKind.ALARM
    assert action_id in job.records()["warm-up"].alarm
    with pytest.raises(RefusedError, match="did run"):
        say(job, did_not_run)
    record = say(job, as_ran(action_id))
    assert (record.status, record.remote_id) == (RecordStatus.SUBMITTED, action_id)
    job.apply()
    assert job.records()["warm-up"].status is RecordStatus.DONE
    assert len(job.actions()) == 1


def test_a_released_attempt_that_shows_before_the_next_one_is_taken(job):
    job.fail(FaultKind.ACCEPT_LATE, seconds=HOUR)
    assert kind_of(job.apply()) is ResultKind.UNKNOWN
    job.clock.advance(16 * MINUTES)
    say(job, did_not_run)
    job.clock.advance(HOUR)
    result = job.apply()
    assert (kind_of(result), result.results[0].was_sent) == (ResultKind.DONE, False)
    assert len(job.actions()) == 1


@pytest.mark.parametrize("noticed_by", ["apply", "status"])
def test_a_released_attempt_that_shows_after_the_next_one_ran_is_an_alarm_from_then_on(job, noticed_by):
    job.fail(FaultKind.ACCEPT_LATE, seconds=HOUR)
    job.apply()
    job.clock.advance(16 * MINUTES)
    say(job, did_not_run)
    assert kind_of(job.apply()) is ResultKind.DONE
    assert kind_of(job.apply()) is ResultKind.SKIPPED
    job.clock.advance(HOUR)
    if noticed_by == "apply":
        assert kind_of(job.apply()) is ResultKind.ALARM
    else:
        (record,) = job.status().shelf.standings
        assert "more than once" in record.alarm
    ids = {action_id for action_id, _, _ in job.actions()}
    assert len(ids) == 2
    assert all(each in job.records()["warm-up"].alarm for each in ids)
    (change,) = job.plan().changes
    assert "more than once" in " ".join(change.notes)
