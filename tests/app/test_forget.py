"""Giving a run key up for good."""

from __future__ import annotations

import pytest
from support.applying import Applying

from bulkplan.adapters.chance import draw_word
from bulkplan.app.forget import forget_run
from bulkplan.core.codec import dump_record
from bulkplan.core.result import ResultKind
from bulkplan.errors import RefusedError, StoreError, UsageError
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import RecordStatus
from bulkplan.model.store import PutResult
from bulkplan.sandbox.faults import FaultKind


@pytest.fixture
def job(tmp_path):
    made = Applying(tmp_path / "project")
    made.write("warm-up")
    return made


def forget(job, reason="the list was wrong", *, wrap=lambda store: store, record=None):
    async def story(edges, context):
        return forget_run(
            record or job.records()["warm-up"],
            reason,
            store=wrap(edges.store),
            clock=edges.clock,
            draw_word=draw_word,
            who=context.provenance,
        )

    return job.story(story)


class LostReply:
    """A store whose answer to a write is lost; `keeps` says whether it stored it."""

    def __init__(self, store, *, keeps):
        self.store, self.keeps = store, keeps

    def put(self, key, text, *, expected_version):
        if self.keeps:
            self.store.put(key, text, expected_version=expected_version)
        return PutResult.UNSURE

    def get(self, key):
        return self.store.get(key)


def test_a_forgotten_run_keeps_its_history_and_never_runs_again(job):
    job.apply()
    before = job.records()["warm-up"]
    tombstone = forget(job)
    assert tombstone.status is RecordStatus.FORGOTTEN
    assert tombstone.history[:-1] == before.history
    assert tombstone.history[-1].note == "forgotten: the list was wrong"
    (change,) = job.plan().changes
    assert change.kind is ChangeKind.NO_OP
    assert [row.kind for row in job.apply().results] == [ResultKind.SKIPPED]
    assert len(job.actions()) == 1


def test_a_refused_run_that_is_forgotten_is_not_tried_again(job):
    job.fail(FaultKind.STATUS, status=400)
    job.apply()
    forget(job)
    job.apply()
    assert job.actions() == []


@pytest.mark.parametrize(("how", "words"), [("unknown", "state settle"), ("submitted", "bulkplan pause")])
def test_a_run_that_may_still_do_something_is_not_forgotten(job, how, words):
    if how == "unknown":
        job.fail(FaultKind.STATUS, status=502)
        job.apply()
    else:
        job.apply(wait=False)
    with pytest.raises(RefusedError, match=how) as caught:
        forget(job)
    assert words in caught.value.hint


def test_forgetting_needs_a_reason(job):
    job.apply()
    with pytest.raises(UsageError, match="needs a reason"):
        forget(job, "  ")


def test_a_record_that_moved_meanwhile_is_left_alone(job):
    job.apply()
    old = job.records()["warm-up"]
    forget(job)
    with pytest.raises(StoreError, match="was not changed"):
        forget(job, record=old)


def test_a_lost_reply_of_the_store_is_resolved_by_reading_back(job):
    job.apply()
    with pytest.raises(StoreError):
        forget(job, wrap=lambda store: LostReply(store, keeps=False))
    assert job.records()["warm-up"].status is RecordStatus.DONE
    tombstone = forget(job, wrap=lambda store: LostReply(store, keeps=True))
    assert dump_record(job.records()["warm-up"]) == dump_record(tombstone)
