"""The simulated world: a clock, a network, processes that step one effect at a time, and the facts they make."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from bulkplan.app.line import FRESH_S
from bulkplan.core import effects as fx
from bulkplan.core.likeness import could_be
from bulkplan.core.marker import encode_word, is_marked
from bulkplan.core.records import ApplyContext
from bulkplan.errors import BulkplanError, CloseError, HeldBackError, TryLaterError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.remote import Answer, BulkAction, Identity
from bulkplan.model.run import RunKey
from bulkplan.model.store import Provenance, PutResult
from sim.actors import APPROVED, KEYS, PROJECT_ID, Actor, Process, Together
from sim.close_model import EPOCH, ORGANIZATION, USER, CloseModel
from sim.facts import Ended, Fact, Failed, ViolationError
from sim.network import Network
from sim.plan import Fault, Kind, Plan
from sim.store import SimStore
from sim.words import effect_words, result_words

MAX_STEPS = 40_000


class World:
    """Runs a plan. `judge` hears every fact; `say` gets the trace."""

    def __init__(self, plan: Plan, *, say: Callable[[str], None] | None = None, judge: Callable[[World, Fact], None]):
        self.plan, self.say, self.judge = plan, say, judge
        self.t = 0.0
        self.agenda: list[tuple[float, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.close = CloseModel(loading_s=plan.loading_s, echo=plan.echo)
        self.store = SimStore(self)
        self.network = Network(self)
        self.actors: list[Actor] = []
        self.faults: dict[tuple[Kind, int], Fault] = {(fault.kind, fault.nth): fault for fault in plan.faults}
        self.numbers: dict[str, int] = {}
        self.is_healing = False
        self.moves = [fault for fault in plan.faults if fault.kind is Kind.COHORT_MOVES]
        self.paused_by: dict[str, Actor] = {}
        self.is_log_hidden = any(fault.kind is Kind.LOG_HIDDEN for fault in plan.faults)
        self.n_steps = 0
        self.struck: list[Fault] = []
        self.wrap: Callable[..., object] | None = None
        """What stands between the engine and each strand, for engines that are broken on purpose."""

    # time
    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        heapq.heappush(self.agenda, (self.t + max(0.0, seconds), next(self.order), act))

    def run_agenda(self) -> None:
        """Until nothing is left to happen."""
        agenda = self.agenda
        while agenda:
            self.t, _, act = heapq.heappop(agenda)
            self.n_steps += 1
            if self.n_steps > MAX_STEPS:
                raise ViolationError("ends", f"the schedule did not end within {MAX_STEPS} steps")
            act()
        for actor in self.actors:
            if actor.is_alive:
                raise ViolationError("ends", f"{actor} waits for ever")

    def tell(self, fact: Fact) -> None:
        """Hand a fact to the oracle."""
        self.judge(self, fact)

    def trace(self, text: str) -> None:
        """A line of the trace."""
        if self.say is not None:
            self.say(f"{self.t:12.3f}  {text}")

    def strike(self, kind: Kind, number: int) -> Fault | None:
        """The fault of this kind that strikes the so-manieth time."""
        fault = None if self.is_healing else self.faults.get((kind, number))
        if fault is not None:
            self.struck.append(fault)
            if self.say is not None:
                self.trace(f"! {fault}")
        return fault

    def count(self, what: str) -> int:
        """How often this happened in the schedule, this time included."""
        self.numbers[what] = number = self.numbers.get(what, 0) + 1
        return number

    # actors
    def enter(self, actor: Actor, *, after_s: float = 0.0) -> None:
        """Let a process or a person begin."""
        self.actors.append(actor)
        self.at(after_s, lambda: self.resume(actor, None))

    def new_actor(self, name: str, host: str, *, dice: random.Random, skew_s: float = 0.0, **more: float) -> Actor:
        """An actor without steps yet."""
        number = len(self.actors)
        context = ApplyContext(
            organization_id=ORGANIZATION,
            target="test",
            project_id=PROJECT_ID,
            provenance=Provenance(actor=name, host=host, pid=number),
            use_marker=self.plan.use_marker,
            **more,
        )
        return Actor(Process(number, name, host, dice, context, skew_s))

    def kill(self, actor: Actor, why: str) -> None:
        """The process is gone; what it handed to the network stays there."""
        self.trace(f"{actor} is killed ({why})")
        process = actor.process
        process.is_alive, process.crashed = False, True
        for strand in (*process.strands, self.actors[process.number]):
            strand.busy_with = None
            strand.steps.close()

    def interrupt(self, actor: Actor) -> None:
        """The process is asked to end; whoever waits in its line hears of it."""
        actor.process.is_interrupted = True
        if actor.process.line is not None:
            actor.process.line.advance()

    def resume(self, actor: Actor, result: object, error: BulkplanError | None = None) -> None:
        """Hand an actor the result of its last effect, and take its next ones until one takes time."""
        if actor.is_alive and actor.process.frozen_until > self.t:
            self.at(actor.process.frozen_until - self.t, lambda: self.resume(actor, result, error))
            return
        if isinstance(result, Answer):
            actor.is_unclear = self.network.is_unclear(actor, result)
        while actor.is_alive:
            try:
                effect = actor.steps.throw(error) if error else actor.steps.send(result)
            except StopIteration as stop:
                self._end(actor, stop.value)
                return
            except (ValueError, TypeError, KeyError, AssertionError, BulkplanError, AttributeError) as problem:
                self._fail(actor, problem)
                return
            error = None
            delay = self._before(actor, effect)
            if not actor.is_alive:
                return
            if delay == 0.0 and type(effect) in _LOCAL:
                result = self.local(actor, effect)
                continue
            if delay == 0.0 and actor.ticket is not None and _is_intent(effect):
                self._perform(actor, effect)
                return
            self.at(delay, lambda effect=effect: self._perform(actor, effect))
            return

    def _end(self, actor: Actor, result: object) -> None:
        actor.is_over, actor.busy_with, actor.is_unclear = True, None, False
        if actor.when_over is not None:
            actor.when_over()
            return
        actor.process.is_alive = False
        self.trace(f"{actor} ends")
        if not actor.is_person:
            self.tell(Ended(actor, result))

    def _fail(self, actor: Actor, problem: Exception) -> None:
        actor.process.is_alive, actor.busy_with = False, None
        self.tell(Failed(actor, problem))

    def _before(self, actor: Actor, effect: fx.Effect[object]) -> float:
        """What happens to a process before its next effect, and how long that takes."""
        actor.process.n_steps += 1
        is_local = type(effect) in _LOCAL or (actor.ticket is not None and _is_intent(effect))
        delay = 0.0 if is_local else self._latency(actor)
        if actor.faults and not self.is_healing:
            delay += self._suffer(actor, effect)
        if type(effect) is fx.Sleep and not actor.is_interrupted:
            delay += effect.seconds
        return delay

    def _latency(self, actor: Actor) -> float:
        draw = actor.dice.random()
        if draw < 0.7:
            return 0.02 * draw + 0.001
        return 3 * (draw - 0.7) if draw < 0.95 else 160 * (draw - 0.95)

    def _suffer(self, actor: Actor, effect: fx.Effect[object]) -> float:
        """The faults of a process that are due now; returns for how long it is frozen."""
        delay = 0.0
        found = [actor.faults.get((kind, actor.n_steps)) for kind in (*_AT_STEP, Kind.FREEZE)]
        if type(effect) is fx.Send:
            number = actor.count("about to send")
            found += [actor.faults.get((kind, number)) for kind in (Kind.CRASH_BEFORE_SEND, Kind.FREEZE_BEFORE_SEND)]
        for fault in found:
            if fault is None:
                continue
            self.struck.append(fault)
            self.trace(f"! {fault}")
            if fault.kind in (Kind.CRASH, Kind.CRASH_BEFORE_SEND):
                self.kill(actor, f"before {type(effect).__name__}")
            elif fault.kind is Kind.INTERRUPT:
                self.interrupt(actor)
            elif fault.kind is Kind.CLOCK_JUMP:
                actor.process.skew_s += fault.more
            else:
                delay += fault.seconds
                actor.process.frozen_until = self.t + fault.seconds
        return delay

    def strike_process(self, actor: Actor, kind: Kind, number: int) -> bool:
        """Whether this fault of a process strikes now."""
        fault = None if self.is_healing else actor.faults.get((kind, number))
        if fault is not None:
            self.struck.append(fault)
            self.trace(f"! {fault}")
        return fault is not None

    def suffer_after(self, actor: Actor, kind: Kind, what: str) -> float:
        """A freeze after something was done, before the process learns of it."""
        fault = actor.faults.get((kind, actor.counts.get(what, 0))) if not self.is_healing else None
        if fault is None:
            return 0.0
        self.struck.append(fault)
        self.trace(f"! {fault}")
        if fault.kind is Kind.INTERRUPT_AFTER_PUT:
            self.interrupt(actor)
            return 0.0
        actor.process.frozen_until = self.t + fault.seconds
        return fault.seconds

    # effects
    def _perform(self, actor: Actor, effect: fx.Effect[object]) -> None:
        if not actor.is_alive:
            return
        if self._goes_its_own_way(actor, effect):
            return
        wait_s = 0.0
        try:
            result = self.perform(actor, effect)
        except BulkplanError as error:
            if self.say is not None:
                self.trace(f"{actor}: {effect_words(effect)} -> {type(error).__name__}")
            self.resume(actor, None, error)
            return
        if type(effect) is fx.PutRecord:
            result, wait_s = result
            wait_s += self._after_put(actor, effect.record, result)
        if self.say is not None:
            self.trace(f"{actor}: {effect_words(effect)} -> {result_words(result)}")
        if wait_s:
            self.at(wait_s, lambda: self.resume(actor, result))
        else:
            self.resume(actor, result)

    def _goes_its_own_way(self, actor: Actor, effect: fx.Effect[object]) -> bool:
        """Whether the result of an effect comes by itself, later."""
        if type(effect) is fx.Send:
            self.network.send(actor, effect)
        elif type(effect) is Together:
            self._begin_together(actor, effect.strands)
        else:
            return type(effect) is fx.Connect and actor.ticket is not None and not self._passes(actor, effect)
        return True

    def _after_put(self, actor: Actor, record: Record, result: object) -> float:
        """What its line hears, and what else happens to a process that has put a record; how long it is held up."""
        actor.count("put")
        if actor.ticket is not None:
            actor.ticket.note_put(record, is_stored=result is PutResult.STORED)
        frozen_s = self.suffer_after(actor, Kind.FREEZE_AFTER_PUT, "put")
        self.suffer_after(actor, Kind.INTERRUPT_AFTER_PUT, "put")
        return frozen_s

    def _begin_together(self, actor: Actor, strands: tuple[Actor, ...]) -> None:
        """Each strand goes its way; the one that began them goes on when the last is over."""
        left = len(strands)

        def one_is_over() -> None:
            nonlocal left
            left -= 1
            if not left:
                self.at(0.0, lambda: self.resume(actor, None))

        for strand in strands:
            strand.when_over = one_is_over
            strand.steps = self.wrap(strand.steps, self, strand) if self.wrap else strand.steps
            self.at(0.0, lambda strand=strand: self.resume(strand, None))
        if not strands:
            self.resume(actor, None)

    def _passes(self, actor: Actor, effect: fx.Connect) -> bool:
        """Whether a run is let through its line; if not now, it is woken later, or held back."""
        ticket = actor.ticket
        if actor.process.frozen_until > self.t:
            self.at(actor.process.frozen_until - self.t, lambda: self._perform(actor, effect))
            return False
        is_old = not ticket.has_begun and self.t - actor.prepared_at > FRESH_S
        if not ticket.line.goes_on() or (ticket.may_pass and is_old):
            self.trace(f"{actor}: a run is held back")
            self.resume(actor, None, HeldBackError("held back"))
            return False
        if not ticket.may_pass:
            ticket.wait(lambda: self.at(0.0, lambda: self._perform(actor, effect)))
            return False
        return True

    def perform(self, actor: Actor, effect: fx.Effect[object]) -> object:  # noqa: C901 - one arm per effect
        """The result of one effect, as of this instant."""
        match effect:
            case fx.GetRecord(key):
                return self.store.get(actor, key)
            case fx.PutRecord(record):
                return self.store.put(actor, record)
            case fx.FindActions():
                return self.find(actor, effect)
            case fx.FindCandidates(record):
                return self.find_candidates(record)
            case fx.Connect():
                return self.connect()
            case fx.FetchAction(kind, action_id):
                if self.strike(Kind.FETCH_FAILS, self.count("fetch")):
                    raise TryLaterError("Close does not answer")
                return self.close.fetch(kind, action_id, now=self.t)
            case fx.PauseAction(_, action_id):
                return self.pause(actor, action_id)
            case fx.Sleep():
                return None
            case _ if type(effect) in _LOCAL:
                return self.local(actor, effect)
        raise TypeError(f"no way to perform {effect}")

    def local(self, actor: Actor, effect: fx.Effect[object]) -> object:
        """What a process does by itself, in no time."""
        match effect:
            case fx.ReadClock():
                actor.knows_it = actor.knows_it or actor.is_interrupted
                actor.last_clock = self.t
                return fx.Instant(self.wall_clock(actor), self.t + 1000 * actor.number, actor.is_interrupted)
            case fx.DrawWord():
                word = encode_word(actor.dice.randbytes(10))
                actor.drawn.add(word)
                return word
            case fx.InDoubt():
                if actor.ticket is not None:
                    actor.ticket.doubt()
            case fx.IsHolderGone(record):
                holder = self.actors[record.pid]
                return record.host == actor.host and not holder.is_alive
        return None

    def wall_clock(self, actor: Actor) -> datetime:
        """What time the actor's machine believes it is."""
        return EPOCH + timedelta(seconds=self.t + actor.skew_s)

    def connect(self) -> Identity:
        """Opens the connection and asks whose key it is."""
        number = self.count("connect")
        if self.strike(Kind.CONNECT_FAILS, number):
            raise CloseError("no connection")
        wrong = self.strike(Kind.WRONG_ORGANIZATION, number)
        return Identity(user_id=USER, organization_id="orga_other" if wrong else ORGANIZATION)

    def n_matching(self, key: RunKey) -> int:
        """How many leads match the filter of a run now."""
        moves = [fault for fault in self.moves if KEYS[fault.who] == key and fault.seconds <= self.t]
        return max(moves, key=lambda fault: fault.seconds).nth if moves else APPROVED

    def n_taken(self, key: RunKey, body: dict[str, object], *, is_limited: bool) -> int:
        """How many leads Close takes for an action; more than matched before only where it heeds no limit."""
        if not is_limited:
            return body["results_limit"] + 2
        return min(self.n_matching(key), body["results_limit"])

    def pause(self, actor: Actor, action_id: str) -> BulkAction:
        """An applier holds an action."""
        self.trace(f"{actor} pauses {action_id}")
        self.paused_by.setdefault(action_id, actor)
        action = self.close.pause(action_id, now=self.t)
        if action is None:
            raise CloseError("no such action")
        return action

    def find(self, actor: Actor, effect: fx.FindActions) -> tuple[BulkAction, ...]:
        """Both listings read to their ends; what the event log hides is fetched."""
        number = self.count("look")
        if fault := self.strike(Kind.LOOK_FAILS, number):
            raise TryLaterError("the list broke off") if fault.accepted else CloseError("the list cannot be read")
        listed = {action.id: action for action in self.close.list(effect.kind, now=self.t)}
        logged = {action.id: action for action in self.close.log(effect.kind, now=self.t)}
        if (fault := self.strike(Kind.LOOK_MISSES, number)) and (listed or logged):
            slips = listed if fault.accepted else logged
            slips.pop(next(iter(slips), ""), None)
        for action_id in logged.keys() - listed.keys():
            found = self.close.fetch(effect.kind, action_id, now=self.t) if self.is_log_hidden else logged[action_id]
            if found is not None:
                listed[action_id] = found
        hits = tuple(listed[one] for one in sorted(listed) if is_marked(listed[one].s_query, effect.word))
        if len(hits) > 1:
            self.network.note_twins(actor, hits)
        return hits

    def find_candidates(self, record: Record) -> tuple[BulkAction, ...]:
        """Actions of the listing that could be the attempt without its marker."""
        since = record.sent_after - timedelta(minutes=5)
        return tuple(
            action
            for action in self.close.list(record.kind, now=self.t)
            if action.date_created >= since and could_be(action, record.body)
        )

    # what the oracle and people may know
    def is_quiet(self) -> bool:
        """Whether nothing is under way: no process, no request, no late write."""
        return not any(actor.is_alive for actor in self.actors) and not self.network.flying and not self.store.n_late

    def would_be_careless(self, actor: Actor, nonce: str) -> bool:
        """Whether a careful person would not release this attempt."""
        return actor.is_person and not self.network.is_careless and self.can_still_run(nonce)

    def can_still_run(self, nonce: str) -> bool:
        """Whether an attempt ran, or may yet: what no person should say "it did not run" about."""
        if nonce in self.network.flying or nonce in self.network.accepted:
            return True
        strands = (strand for actor in self.actors for strand in (actor, *actor.strands))
        return any(strand.is_alive and strand.busy_with == nonce for strand in strands)


_LOCAL = frozenset({fx.ReadClock, fx.DrawWord, fx.IsHolderGone, fx.Report, fx.Disconnect, fx.InDoubt})


def _is_intent(effect: fx.Effect[object]) -> bool:
    """In the program nothing comes between the connection and the first try to store the intent."""
    return type(effect) is fx.PutRecord and effect.record.status is RecordStatus.SENDING


_AT_STEP = (Kind.CRASH, Kind.INTERRUPT, Kind.CLOCK_JUMP)
