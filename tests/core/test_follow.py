"""Following a run: to its end, under the ceiling, and never past what was approved."""

from __future__ import annotations

import pytest
from support.engine_world import RUN, World, context

from bulkplan.core.follow import FollowPolicy, follow, refresh
from bulkplan.model.record import RecordStatus


@pytest.fixture
def world():
    world = World()
    world.apply()
    return world


def run_follow(world, *, wait_timeout_s=None):
    return world.run(follow(world.record, context(), FollowPolicy(wait_timeout_s)))


def end_after(world, polls, status="done", **counts):
    """Let Close report `status` after so many waits."""
    plain = world.perform

    def perform(effect):
        if len(world.sleeps) >= polls:
            world.set_status(world.actions[0].id, status, **counts)
        return plain(effect)

    world.perform = perform


@pytest.mark.parametrize(("status", "recorded"), [("done", RecordStatus.DONE), ("error", RecordStatus.FAILED)])
def test_a_run_is_followed_to_its_end_and_its_counts_are_kept(world, status, recorded):
    end_after(world, 3, status, n_leads=3, n_leads_processed=3)
    run_follow(world)
    assert world.record.status is recorded
    assert world.record.counts.n_leads_processed == 3
    assert world.record.finished_at is not None


def test_a_status_that_nobody_knows_counts_as_running(world):
    world.set_status(world.actions[0].id, "reticulating")
    run_follow(world, wait_timeout_s=5.0)
    assert world.record.status is RecordStatus.SUBMITTED
    assert world.record.remote_status == "reticulating"


def test_more_leads_than_approved_pause_the_action(world):
    world.set_status(world.actions[0].id, "processing", n_leads=RUN.approved + 1)
    run_follow(world)
    assert world.actions[0].status == "paused"
    assert "4 leads, 3 were approved" in world.record.alarm


def test_fewer_leads_than_the_drift_guard_allows_pause_the_action(world):
    world.set_status(world.actions[0].id, "processing", n_leads=RUN.approved - 1)
    run_follow(world)
    assert world.actions[0].status == "paused"


def test_an_action_that_vanished_is_an_alarm_and_keeps_its_record(world):
    world.actions.clear()
    run_follow(world)
    assert world.record.status is RecordStatus.SUBMITTED
    assert "no longer knows" in world.record.alarm


def test_a_paused_action_ends_the_waiting_and_says_since_when(world):
    world.set_status(world.actions[0].id, "paused", n_leads=3)
    run_follow(world)
    assert world.record.paused_at == world.now


def test_waiting_ends_when_its_time_is_over(world):
    world.set_status(world.actions[0].id, "processing", n_leads=3)
    run_follow(world, wait_timeout_s=30.0)
    assert 30.0 <= sum(world.sleeps) < 31.0


def test_progress_without_news_writes_nothing(world):
    world.set_status(world.actions[0].id, "processing", n_leads=3, n_leads_processed=1)
    run_follow(world, wait_timeout_s=60.0)
    assert world.record.version == 3


def test_a_refresh_never_pauses(world):
    world.set_status(world.actions[0].id, "processing", n_leads=99)
    world.run(refresh(world.record, context()))
    assert world.actions[0].status == "processing"
    assert world.record.counts.n_leads == 99
