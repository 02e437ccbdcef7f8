"""How rules of the engine are broken on purpose: wrong hearing between it and the world, and wrong rules in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

from bulkplan.core import commit as commits
from bulkplan.core import effects as fx
from bulkplan.core import engine, settle
from bulkplan.core.answers import Ambiguous, Executed, NotExecuted, classify
from bulkplan.core.effects import perform
from bulkplan.core.marker import make_marker, make_tag, mark_body
from bulkplan.core.outcome import Outcome, OutcomeKind
from bulkplan.core.records import OPEN, Move, Stamp, moved, next_intent
from bulkplan.errors import BulkplanError
from bulkplan.model.record import RecordStatus
from bulkplan.model.store import PutResult
from sim.plan import Fault, Kind, Plan
from sim.simulate import Wrap

if TYPE_CHECKING:
    from sim.actors import Actor
    from sim.world import World

Patches = tuple[tuple[ModuleType, str, object], ...]


# between the engine and the world
def hearing(change: Callable[[World, Actor, fx.Effect[object], object], object]) -> Wrap:
    """The engine hears `change(...)` instead of the result of an effect; an error can be turned into a result."""

    def wrap(steps, world, actor):
        try:
            effect = next(steps)
            while True:
                try:
                    heard = yield effect
                except BulkplanError as error:
                    heard = change(world, actor, effect, error)
                    if heard is error:
                        effect = steps.throw(error)
                        continue
                else:
                    heard = change(world, actor, effect, heard)
                effect = steps.send(heard)
        except StopIteration as stop:
            return stop.value

    return wrap


def sending_again(is_wanted: Callable[[object], bool]) -> Wrap:
    """The same request once more, when its answer looks like that."""

    def wrap(steps, world, actor):
        try:
            effect = next(steps)
            while True:
                try:
                    heard = yield effect
                    if type(effect) is fx.Send and is_wanted(heard):
                        heard = yield effect
                except BulkplanError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(heard)
        except StopIteration as stop:
            return stop.value

    return wrap


def intent_after_sending(steps, world, actor):
    """Tells the engine that the intent is stored, and stores it only after the request left."""
    waiting = None
    try:
        effect = next(steps)
        while True:
            if type(effect) is fx.PutRecord and effect.record.status is RecordStatus.SENDING:
                waiting, heard = effect, PutResult.STORED
            else:
                try:
                    heard = yield effect
                    if type(effect) is fx.Send and waiting is not None:
                        yield waiting
                        waiting = None
                except BulkplanError as error:
                    effect = steps.throw(error)
                    continue
            effect = steps.send(heard)
    except StopIteration as stop:
        return stop.value


def new_nonce_on_timeout(steps, world, actor):
    """Repeats a request that timed out under a fresh nonce that no record holds."""
    record = None
    try:
        effect = next(steps)
        while True:
            if type(effect) is fx.PutRecord:
                record = effect.record
            try:
                heard = yield effect
                if type(effect) is fx.Send and heard.failure:
                    nonce = yield fx.DrawWord()
                    tag = make_tag(actor.context.project_id, record.organization_id, record.key)
                    heard = yield replace(effect, body=mark_body(record.body, make_marker(tag, nonce)))
            except BulkplanError as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(heard)
    except StopIteration as stop:
        return stop.value


def put_heard_as(wrong: PutResult) -> Wrap:
    def change(world, actor, effect, heard):
        return PutResult.STORED if type(effect) is fx.PutRecord and heard is wrong else heard

    return hearing(change)


def listing_error_is_empty(world, actor, effect, heard):
    return () if type(effect) is fx.FindActions and isinstance(heard, BulkplanError) else heard


def never_interrupted(world, actor, effect, heard):
    return replace(heard, interrupted=False) if type(effect) is fx.ReadClock else heard


def blind_put(world, actor, effect, heard):
    """A store that ignores what its puts demand."""
    if type(effect) is fx.PutRecord and heard is PutResult.CONFLICT:
        world.store.write(actor, effect.record)
        return PutResult.STORED
    return heard


def refused_records_vanish(world, actor, effect, heard):
    if type(effect) is fx.PutRecord and heard is PutResult.STORED and effect.record.status is RecordStatus.REFUSED:
        world.store.drop(effect.record.key)
    return heard


def nothing_like_ours_is_listed(world, actor, effect, heard):
    return () if type(effect) is fx.FindActions else heard


# rules of the engine
def calls_refusal(*statuses: int) -> Patches:
    def wrong(answer, **more):
        if answer.failure is None and answer.status in statuses:
            return NotExecuted("surely not executed", status=answer.status)
        return classify(answer, **more)

    return ((engine, "classify", wrong),)


def lost_answer_is_refusal(answer, **more):
    meaning = classify(answer, **more)
    return NotExecuted(meaning.why) if isinstance(meaning, Ambiguous) and answer.failure else meaning


def any_2xx_is_success(answer, **more):
    meaning = classify(answer, **more)
    if isinstance(meaning, Ambiguous) and answer.status == 200:
        body = answer.body if isinstance(answer.body, dict) else {}
        return Executed(str(body.get("id", "none")), "created")
    return meaning


def any_id_will_do(answer, *, kind, organization_id):
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status == 200 and isinstance(body.get("id"), str):
        return Executed(body["id"], "created")
    return classify(answer, kind=kind, organization_id=organization_id)


def settled_as(status: RecordStatus):
    """Writes that when one settling found nothing, in place of `unknown`."""

    def not_found(record, context, problem):
        current = yield from perform(fx.GetRecord(record.key))
        if current is None or current.nonce != record.nonce or current.status not in OPEN:
            return Outcome(record.key, OutcomeKind.NOT_SENT, "moved", current)
        word = yield from perform(fx.DrawWord())
        now = yield from perform(fx.ReadClock())
        forced = moved(
            current.model_copy(update={"status": RecordStatus.UNKNOWN}),
            Move(status, "not listed"),
            Stamp(now.now, word),
            context.provenance,
        )
        yield from commits.put_surely(forced)
        return Outcome(record.key, OutcomeKind.NOT_SENT, "not listed, so it can go again", forced)

    return not_found


def open_is_taken_over(status: RecordStatus):
    """Another process's attempt in that state is sent again after one look that found nothing."""
    plain = engine.settle

    def wrong(record, context):
        return (yield from _sent_again(record, context) if record.status is status else plain(record, context))

    return wrong


def _sent_again(record, context):
    sighting = yield from settle.look(record, context)
    if sighting.ours:
        return (yield from settle._found(record, sighting, context))
    now = yield from perform(fx.ReadClock())
    nonce, word = (yield from perform(fx.DrawWord())), (yield from perform(fx.DrawWord()))
    run = _run_of(record)
    intent = next_intent(record, run, context, Stamp(now.now, word), nonce=nonce)
    if not (yield from commits.put_surely(intent)):
        return Outcome(record.key, OutcomeKind.NOT_SENT, "moved", record)
    yield from perform(fx.Connect(run.kind))
    return (yield from engine._send(run, intent, now, context))


def _run_of(record):
    from sim.actors import planned_run

    return planned_run(int(record.key.name.removeprefix("run-")), record.version)


def old_nonce_again(before, run, context, stamp, *, nonce):
    return next_intent(before, run, context, stamp, nonce=before.nonce)


def history_begins_anew(before, run, context, stamp, *, nonce):
    intent = next_intent(before, run, context, stamp, nonce=nonce)
    return intent.model_copy(update={"history": intent.history[-1:]})


def no_look_for_the_tag(run, record, context):
    return None
    yield


def look_alikes_are_ours(record, context):
    sighting = yield from _plain_look(record, context)
    if sighting.ours:
        return sighting
    found = yield from perform(fx.FindCandidates(record))
    return settle.Sighting(tuple(found[:1]), ())


def first_hit_is_enough(record, sighting, context):
    return (yield from _plain_found(record, settle.Sighting(sighting.ours[:1], ()), context))


def never_twins(record, context):
    return None
    yield


def commit_whatever_the_nonce(record, move, context):
    def decide(current):
        return move if current.status in OPEN else commits._overruled(current, move)

    return (yield from commits.write_decided(record, move, decide, context))


def commit_whatever_the_state(record, move, context):
    while True:
        current = yield from perform(fx.GetRecord(record.key))
        if current is None or current.nonce != record.nonce:
            return commits._overruled(current, move) if current else commits._vanished(record, move)
        word, now = (yield from perform(fx.DrawWord())), (yield from perform(fx.ReadClock()))
        before = current.model_copy(update={"status": RecordStatus.UNKNOWN})
        following = moved(before, move, Stamp(now.now, word), context.provenance)
        if (yield from commits.put_surely(following)):
            return commits._outcome_of(following, move)


def late_word_of_a_released_attempt(plan: Plan) -> Plan:
    """Its answer is heard hours later; a person has released it since, and a further attempt is open."""
    first, second = (replace(plan.waves[0][0], number=n, keys=(0,), skew_s=0.0, starts_at=at) for n, at in _TWO_STARTS)
    faults = (
        Fault(Kind.ANSWER, status=400),
        Fault(Kind.FREEZE_AFTER_ANSWER, seconds=7200.0),
        Fault(Kind.PERSON_DID_NOT_RUN, seconds=3000.0),
        Fault(Kind.REQUEST_LOST, nth=2),
    )
    third = replace(second, number=2, starts_at=4000.0)
    return replace(plan, n_keys=1, waves=((first,), (second,), (third,)), faults=faults, use_marker=True)


_TWO_STARTS = ((0, 0.0), (1, 1200.0))


def submitted_without_an_id(intent, answer, context):
    if answer.status == 200:
        move = Move(RecordStatus.SUBMITTED, "started", remote_status="created")
        return (yield from commits.commit(intent, move, context))
    return (yield from _plain_take_answer(intent, answer, context))


def loser_sends(run, record, context):
    made = yield from _plain_store_intent(run, record, context)
    if isinstance(made, Outcome) and made.record is not None and made.record.status is RecordStatus.SENDING:
        return made.record, (yield from perform(fx.ReadClock()))
    return made


def intent_sent_if(is_fine: Callable[[PutResult], bool]):
    """One put, nothing read back: sends when its answer is fine, and else says that nothing was sent."""

    def store_intent(run, record, context):
        start = yield from perform(fx.ReadClock())
        nonce, word = (yield from perform(fx.DrawWord())), (yield from perform(fx.DrawWord()))
        stamp = Stamp(start.now, word)
        if record is None:
            intent = engine.first_intent(run, context, stamp, nonce=nonce)
        else:
            intent = engine.next_intent(record, run, context, stamp, nonce=nonce)
        heard = yield from perform(fx.PutRecord(intent))
        return (intent, start) if is_fine(heard) else engine._record_moved(run, record)

    return store_intent


_plain_look, _plain_found, _plain_take_answer = settle.look, settle._found, engine._take_answer
_plain_store_intent = engine._store_intent
