"""The apply engine: at most once, never forgotten, and said to be unknown where nobody can tell."""

from __future__ import annotations

import dataclasses
import itertools
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engine_world import KEY, RUN, CrashError, World, context

from bulkplan.core.engine import apply_run
from bulkplan.core.follow import FollowPolicy, follow
from bulkplan.core.marker import is_marked, make_marker, make_tag, mark_body
from bulkplan.core.outcome import OutcomeKind
from bulkplan.core.result import ResultKind, result_of
from bulkplan.core.settle import settle
from bulkplan.errors import CloseError, NotAuthorizedError, WrongOrganizationError
from bulkplan.model.record import RecordStatus
from bulkplan.model.remote import Answer, BulkAction
from bulkplan.model.store import PutResult


def lose_the_answer(world, action):
    world.accept(action)
    return Answer(handed_over=True, failure="the connection was reset")


def never_arrives(world, action):
    return Answer(handed_over=True, failure="the connection was reset")


def refuse(status, body=None, **more):
    return lambda world, action: Answer(handed_over=True, status=status, body=body, **more)


def test_a_run_is_recorded_before_it_is_sent_and_ends_submitted():
    world = World()
    outcome = world.apply()
    assert outcome.kind is OutcomeKind.SUBMITTED
    assert len(world.posts) == 1
    assert world.record.status is RecordStatus.SUBMITTED
    assert world.record.remote_id == world.actions[0].id
    assert [entry.status for entry in world.record.history] == [RecordStatus.SENDING, RecordStatus.SUBMITTED]


def test_the_request_carries_the_nonce_of_the_stored_intent():
    world = World()
    world.apply()
    assert is_marked(world.posts[0]["s_query"], world.record.nonce)
    assert world.record.body == RUN.body


def test_a_submitted_run_is_never_sent_again():
    world = World()
    world.apply()
    assert world.apply(pid=2).kind is OutcomeKind.SUBMITTED
    assert len(world.posts) == 1


def test_a_lost_answer_is_found_by_its_nonce():
    world = World(answer=lose_the_answer)
    outcome = world.apply()
    assert outcome.kind is OutcomeKind.SUBMITTED
    assert world.record.remote_id == world.actions[0].id
    assert len(world.posts) == 1


def test_an_action_that_is_listed_late_is_found_all_the_same():
    world = World(answer=lose_the_answer, lists_from=30.0)
    assert world.apply().kind is OutcomeKind.SUBMITTED


def test_a_request_that_never_shows_is_unknown_and_never_sent_again():
    world = World(answer=never_arrives)
    first = world.apply()
    assert (first.kind, world.record.status) == (OutcomeKind.UNKNOWN, RecordStatus.UNKNOWN)
    assert "state settle" in first.hint
    world.answer = None
    assert world.apply(pid=2).kind is OutcomeKind.UNKNOWN
    assert len(world.posts) == 1


def test_settling_is_bounded_by_the_settle_timeout():
    world = World(answer=never_arrives)
    world.apply(settle_timeout_s=3.0)
    assert sum(world.sleeps) <= 3.0


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 415, 422])
def test_a_refusal_is_recorded_and_the_run_may_start_again(status):
    world = World(answer=refuse(status, {"error": "no"}))
    assert world.apply().kind is OutcomeKind.REFUSED
    assert world.record.status is RecordStatus.REFUSED
    world.answer = None
    again = dataclasses.replace(RUN, record_version=world.record.version)
    assert world.apply(again).kind is OutcomeKind.SUBMITTED
    assert world.record.attempt == 2
    assert len({entry.nonce for entry in world.record.history}) == 2


@pytest.mark.parametrize("status", [100, 204, 301, 303, 307, 408, 409, 425, 500, 502, 503, 504])
def test_whatever_does_not_surely_say_no_is_looked_for(status):
    world = World(answer=refuse(status))
    assert world.apply().kind is OutcomeKind.UNKNOWN


def test_a_rate_limit_is_waited_out_with_a_new_attempt():
    answers = iter([Answer(handed_over=True, status=429, retry_after_s=7.0)])
    world = World(answer=lambda world, action: next(answers, None) or world.accept(action))
    assert world.apply().kind is OutcomeKind.SUBMITTED
    assert 7.0 in world.sleeps
    assert world.record.attempt == 2


def test_a_lasting_rate_limit_ends_refused_and_says_to_come_back():
    world = World(answer=refuse(429))
    outcome = world.apply()
    assert outcome.kind is OutcomeKind.REFUSED
    assert outcome.retry_after_s is not None
    assert len(world.posts) <= 5


def test_lost_state_adopts_what_close_lists_under_the_tag():
    world = World()
    world.apply()
    remote_id = world.record.remote_id
    world.slots.clear()
    outcome = world.apply()
    assert (outcome.kind, world.record.remote_id) == (OutcomeKind.SUBMITTED, remote_id)
    assert len(world.posts) == 1


def test_two_actions_of_one_run_raise_an_alarm():
    world = World(answer=lose_the_answer)
    lost = world.answer

    def twice(world, action):
        world.accept(action.model_copy(update={"id": "bulkedit_twin"}))
        return lost(world, action)

    world.answer = twice
    outcome = world.apply()
    assert outcome.kind is OutcomeKind.ALARM
    assert "bulkedit_twin" in world.record.alarm


def test_another_organization_stops_before_any_record():
    world = World(organization="orga_other")
    with pytest.raises(WrongOrganizationError):
        world.apply()
    assert world.record is None
    assert world.posts == []


def test_a_record_that_moved_since_the_plan_is_not_sent():
    world = World(answer=refuse(400))
    world.apply()
    assert world.apply().kind is OutcomeKind.NOT_SENT
    assert len(world.posts) == 1


def test_an_unreadable_list_before_sending_sends_nothing():
    world = World(listing_fails=True)
    with pytest.raises(CloseError):
        world.apply()
    assert world.posts == []


def test_an_interrupted_apply_starts_nothing():
    world = World(interrupted=True)
    assert world.apply().kind is OutcomeKind.NOT_SENT
    assert world.record is None


def test_a_process_held_up_between_intent_and_request_does_not_send():
    world = World()

    def slow(world, record):
        world.advance(25.0)

    world.on_put = slow
    assert world.apply().kind is OutcomeKind.NOT_SENT
    assert world.posts == []
    assert world.record.status is RecordStatus.REFUSED


@pytest.mark.parametrize("was_stored", [True, False])
def test_a_lost_reply_of_the_store_is_resolved_by_reading_back(was_stored):
    lost = iter([True])

    def lose(world, record):
        if next(lost, False):
            if was_stored:
                world.store(record)
            return PutResult.UNSURE
        return None

    world = World(on_put=lose)
    assert world.apply().kind is OutcomeKind.SUBMITTED
    assert len(world.posts) == 1


def test_a_store_that_is_away_sends_nothing():
    world = World(on_put=lambda world, record: PutResult.UNAVAILABLE)
    assert world.apply().kind is OutcomeKind.NOT_SENT
    assert world.posts == []


def test_a_store_that_others_keep_busy_is_asked_again_and_the_run_is_sent_once():
    busy = iter([True, True])
    world = World(on_put=lambda world, record: PutResult.BUSY if next(busy, False) else None)
    assert world.apply().kind is OutcomeKind.SUBMITTED
    assert len(world.posts) == 1


def test_a_run_that_the_busy_store_never_takes_is_left_for_later():
    world = World(on_put=lambda world, record: PutResult.BUSY)
    outcome = world.apply()
    assert (outcome.kind, result_of(outcome).kind, world.posts) == (OutcomeKind.NOT_SENT, ResultKind.LATER, [])


def test_a_busy_answer_after_an_unsure_one_is_no_leave_to_try_anew():
    """The first write may still arrive: a second intent would wait for it as if it were another's."""
    answers = iter([PutResult.UNSURE, PutResult.BUSY])
    world = World(on_put=lambda world, record: next(answers, None))
    assert result_of(world.apply()).kind is ResultKind.NOT_SENT
    assert world.posts == []


def test_an_outcome_that_cannot_be_stored_is_found_later():
    world = World()
    world.on_put = lambda world, record: None if record.version == 1 else PutResult.UNAVAILABLE
    assert world.apply().kind is OutcomeKind.STATE_BEHIND
    world.on_put = None
    assert world.apply(pid=2).kind is OutcomeKind.SUBMITTED
    assert len(world.posts) == 1


@pytest.mark.parametrize("then", [World.accept, lose_the_answer])
def test_a_store_that_goes_away_while_sending_is_never_taken_for_nothing_sent(then):
    def cut_the_store(world, action):
        world.store_is_away = True
        return then(world, action)

    world = World(answer=cut_the_store)
    assert world.apply().kind is OutcomeKind.STATE_BEHIND
    world.store_is_away = False
    world.answer = None
    assert world.apply(pid=2).kind is OutcomeKind.SUBMITTED
    assert len(world.posts) == 1


def test_a_key_that_is_revoked_while_settling_leaves_the_run_open():
    world = World(answer=lose_the_answer)
    plain = world.find

    def find(word):
        if world.posts:
            raise NotAuthorizedError("the key is not accepted")
        return plain(word)

    world.find = find
    outcome = world.apply()
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "the key is not accepted" in outcome.message
    assert world.record.status is RecordStatus.SENDING


def test_a_living_applier_elsewhere_is_left_alone():
    world = World(gone=False)

    def killed_after_the_intent(world, record):
        world.store(record)
        raise CrashError

    world.on_put = killed_after_the_intent
    with pytest.raises(CrashError):
        world.apply()
    world.on_put = None
    assert world.record.status is RecordStatus.SENDING
    outcome = world.apply(pid=2, settle_timeout_s=1.0)
    assert outcome.kind is OutcomeKind.ELSEWHERE
    assert world.record.status is RecordStatus.SENDING


def test_an_answer_without_the_marker_is_said():
    def strip(world, action):
        answer = world.accept(action)
        return answer.model_copy(update={"body": {**answer.body, "s_query": {"type": "and", "queries": []}}})

    assert World(answer=strip).apply().is_marker_lost


ANSWERS = st.sampled_from([None, lose_the_answer, never_arrives, refuse(400), refuse(500)])


@pytest.mark.parametrize("answer", [None, lose_the_answer, never_arrives])
def test_a_kill_at_any_step_and_a_new_apply_send_at_most_once(answer):
    for crash_at in itertools.count():
        world = World(answer=answer)
        try:
            world.apply(crash_at=crash_at)
        except CrashError:
            pass
        else:
            break
        world.answer = None
        after = world.apply(pid=2)
        assert len(world.actions) <= 1
        sent = bool(world.actions)
        assert after.kind is (OutcomeKind.SUBMITTED if sent else OutcomeKind.UNKNOWN)
        if sent:
            assert world.record.remote_id == world.actions[0].id
    assert crash_at > 10


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32), appliers=st.integers(2, 4), answer=ANSWERS)
def test_appliers_in_any_interleaving_start_a_run_at_most_once(seed, appliers, answer):
    dice = random.Random(seed)
    world = World(answer=answer, gone=dice.random() < 0.5)
    live = [world.step(apply_run(RUN, context(pid=pid))) for pid in range(appliers)]
    while live:
        one = dice.choice(live)
        try:
            next(one)
        except (StopIteration, CloseError):
            live.remove(one)
        if live and dice.random() < 0.02:
            live.remove(dice.choice(live))
    assert len(world.actions) <= 1
    if world.actions:
        assert world.record.status in (RecordStatus.SENDING, RecordStatus.UNKNOWN, RecordStatus.SUBMITTED)
    assert world.record is None or world.record.key == KEY


def test_an_intent_dated_in_the_future_is_called_unknown_all_the_same():
    """The clock of the machine that made it was wrong; no later apply may wait for years because of that."""
    world = World(gone=False, now=datetime(2036, 1, 1, tzinfo=UTC))

    def killed_after_the_intent(world, record):
        world.store(record)
        raise CrashError

    world.on_put = killed_after_the_intent
    with pytest.raises(CrashError):
        world.apply()
    world.on_put, world.now = None, datetime(2026, 1, 1, tzinfo=UTC)
    assert world.apply(pid=2).kind is OutcomeKind.UNKNOWN
    assert world.record.status is RecordStatus.UNKNOWN


def test_an_intent_that_others_called_unknown_before_it_was_known_to_be_stored_is_given_back():
    """The reply of the store was lost; nothing was sent, and only its own maker can say so."""
    lost = iter([True])

    def lose(world, record):
        if next(lost, False):
            world.store(record)
            moved_on = {"status": RecordStatus.UNKNOWN, "version": 2, "write_id": "of another apply"}
            world.store(record.model_copy(update=moved_on))
            return PutResult.UNSURE
        return None

    world = World(on_put=lose)
    assert world.apply().kind is OutcomeKind.NOT_SENT
    assert world.posts == []
    assert world.record.status is RecordStatus.REFUSED


def test_the_last_attempt_against_a_rate_limit_is_not_waited_after():
    world = World(answer=refuse(429, retry_after_s=7.0))
    assert world.apply().retry_after_s == 7.0
    assert len(world.posts) == 5
    assert world.sleeps == [7.0] * 4


@pytest.mark.parametrize("is_listed_late", [False, True])
def test_a_request_that_a_proxy_repeated_is_an_alarm_though_the_answer_arrived(is_listed_late):
    def twice(world, action):
        twin = action.model_copy(update={"id": "bulkedit_twin", "status": "done", "n_leads": 3})
        if is_listed_late:
            world.late = twin
        else:
            world.actions.append(twin)
        return world.accept(action.model_copy(update={"status": "done", "n_leads": 3}))

    world = World(answer=twice)
    first = world.apply()
    if is_listed_late:
        assert first.kind is OutcomeKind.SUBMITTED
        world.actions.append(world.late)
        world.run(follow(world.record, context(), FollowPolicy()))
    else:
        assert first.kind is OutcomeKind.ALARM
    assert "bulkedit_twin" in world.record.alarm


def test_a_look_for_twins_that_fails_is_no_news():
    world = World()
    plain = world.find

    def find(word):
        if world.posts:
            raise CloseError("the list cannot be read")
        return plain(word)

    world.find = find
    assert world.apply().kind is OutcomeKind.SUBMITTED


def test_an_alarm_about_an_attempt_that_others_called_unknown_meanwhile_is_recorded():
    world = World(answer=never_arrives, gone=True)
    world.apply(settle_timeout_s=0.0)
    unknown = world.record
    assert unknown.status is RecordStatus.UNKNOWN
    seen_before = unknown.model_copy(update={"status": RecordStatus.SENDING, "version": unknown.version - 1})
    tag = make_tag("ab" * 8, unknown.organization_id, KEY)
    marked = mark_body(RUN.body, make_marker(tag, "a" * 16))
    world.accept(BulkAction(id="bulkedit_other", organization_id=unknown.organization_id, s_query=marked["s_query"]))
    outcome = world.run(settle(seen_before, context()))
    assert outcome.kind is OutcomeKind.ALARM
    assert "bulkedit_other" in world.record.alarm
    assert world.record.status is RecordStatus.UNKNOWN


def test_a_repeat_that_shows_after_another_apply_settled_the_run_is_an_alarm():
    """The sender hears nothing, another apply has found the first action, and the second has come since."""

    def settled_by_another(world, action):
        world.accept(action)
        sending = world.record
        moved_on = {"status": RecordStatus.SUBMITTED, "version": 2, "write_id": "other", "remote_id": action.id}
        world.store(sending.model_copy(update=moved_on))
        world.accept(action.model_copy(update={"id": "bulkedit_twin"}))
        return Answer(handed_over=True, failure="the connection was reset")

    world = World(answer=settled_by_another)
    assert world.apply().kind is OutcomeKind.ALARM
    assert "bulkedit_twin" in world.record.alarm
