"""What the people and processes of a schedule do, as generators of effects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bulkplan.app.line import Line, Ticket
from bulkplan.core import commit as commits
from bulkplan.core import effects as fx
from bulkplan.core import engine, follow, settle
from bulkplan.core.effects import Steps, perform
from bulkplan.core.likeness import could_be
from bulkplan.core.outcome import Outcome, OutcomeKind
from bulkplan.core.records import FOLLOWED, OPEN, ApplyContext, Move, PlannedRun, Stamp, moved
from bulkplan.core.result import NEEDS_PERSON, ApplyResult, ResultKind, RunResult, followed_result, result_of
from bulkplan.errors import BulkplanError, HeldBackError, NotAuthorizedError, StoreError
from bulkplan.model.record import Record, RecordStatus
from sim.actors import KEYS, Actor, Together, planned_run

if TYPE_CHECKING:
    from sim.world import World

PERSON_PATIENCE_S = 15 * 60.0
BETWEEN_LOOKS_S = 60.0


class Apply:
    """One `apply`: read the records, think, settle what is open, start the rest, follow what runs."""

    def __init__(
        self,
        actor: Actor,
        world: World,
        numbers: tuple[int, ...],
        *,
        thinks_s: float,
        keep_going: bool,
        n_well: int | None = None,
    ) -> None:
        self.world = world
        self.approved: dict[int, int] = {}
        self.actor, self.numbers, self.thinks_s, self.keep_going = actor, numbers, thinks_s, keep_going
        self.context: ApplyContext = actor.context
        self.results: dict[int, RunResult] = {}
        self.stopped = False
        if n_well is not None:
            actor.process.line = Line(self._goes_on, holds=not keep_going, n_well=n_well)
            actor.process.line.is_single = not self.context.use_marker

    def _goes_on(self) -> bool:
        return not self.stopped and not self.actor.is_interrupted

    def story(self) -> Steps[ApplyResult | None]:
        """Every row, or `None` where the plan could not be made."""
        planned: dict[int, Record | None] = {}
        try:
            for number in self.numbers:
                planned[number] = yield from perform(fx.GetRecord(KEYS[number]))
                self.approved[number] = self.world.n_matching(KEYS[number])
        except StoreError:
            return None
        yield from perform(fx.Sleep(self.thinks_s))
        open_numbers = [number for number, record in planned.items() if record and record.status in OPEN]
        for number in open_numbers:
            yield from self._settle(number)
        left = {number: record for number, record in planned.items() if number not in open_numbers}
        if self.actor.line is not None:
            yield from perform(Together(tuple(self._strand_of(number, record) for number, record in left.items())))
        else:
            for number, record in left.items():
                yield from self._go_on(number, record, self.actor)
        for number in self.numbers:
            yield from self._follow(number)
        return ApplyResult(
            tuple(self.results.values()), interrupted=any(one.knows_it for one in (self.actor, *self.actor.strands))
        )

    def _settle(self, number: int) -> Steps[None]:
        try:
            record = yield from perform(fx.GetRecord(KEYS[number]))
            if record is None:
                self._note(number, ResultKind.UNKNOWN, "gone")
                return
            outcome = yield from settle.settle(record, self.context)
        except BulkplanError as error:
            self._note(number, ResultKind.UNKNOWN, error.message)
            return
        self._take(number, outcome)

    def _strand_of(self, number: int, record: Record | None) -> Actor:
        """A run that goes beside the others: in the order of the plan, and as the line lets it."""
        ticket = self.actor.line.join()
        strand = self.actor.strand(ticket)
        strand.steps = self._in_line(number, record, strand, ticket)
        return strand

    def _in_line(self, number: int, record: Record | None, strand: Actor, ticket: Ticket) -> Steps[None]:
        try:
            while number not in self.results:
                try:
                    yield from self._go_on(number, record, strand)
                except HeldBackError:
                    continue  # counted once more, or not started any more
        finally:
            strand.is_unclear = False
            ticket.leave()

    def _go_on(self, number: int, record: Record | None, actor: Actor) -> Steps[None]:
        if record is not None and record.status in FOLLOWED:
            self.results[number] = followed_result(record, was_sent=False)
            return
        if self.stopped or self.actor.is_interrupted:
            self._note(number, ResultKind.NOT_SENT, "not started")
            return
        run = planned_run(number, record.version if record else 0, self.approved[number])
        found = self.world.n_matching(run.key)
        self.actor.checked[run.key] = (run.approved, found)
        actor.prepared_at = self.world.t
        if may_start(run.approved, found):
            yield from self._start(number, run, actor)
        else:
            yield from self._refuse(number, run)

    def _refuse(self, number: int, run: PlannedRun) -> Steps[None]:
        """A guard says no, unless the run turns out to have run long ago, unknown to this state."""
        try:
            adopted = yield from engine.adopt_lost(run, self.context)
        except BulkplanError:
            adopted = None
        if adopted is None:
            self._note(number, ResultKind.BLOCKED, "other leads match than were approved")
        else:
            self._take(number, adopted)

    def _start(self, number: int, run: PlannedRun, actor: Actor) -> Steps[None]:
        n_sent = actor.n_sent
        try:
            outcome = yield from engine.apply_run(run, self.context)
        except HeldBackError:
            raise
        except BulkplanError as error:
            has_sent = actor.n_sent > n_sent
            self._note(number, ResultKind.UNKNOWN if has_sent else ResultKind.NOT_SENT, error.message)
            self.stopped = self.stopped or isinstance(error, NotAuthorizedError)
        else:
            self._take(number, outcome)
            is_doubtful = self.results[number].kind in NEEDS_PERSON and not self.keep_going
            self.stopped = self.stopped or outcome.stops_apply or is_doubtful
            self._tell_the_line(outcome)
        actor.busy_with = None

    def _tell_the_line(self, outcome: Outcome) -> None:
        line = self.actor.line
        if line is not None:
            line.is_single = not self.context.use_marker
            if outcome.is_first_send and outcome.kind is OutcomeKind.SUBMITTED:
                line.note_success()

    def _take(self, number: int, outcome: Outcome) -> None:
        self.results[number] = result_of(outcome)
        if outcome.is_marker_lost:
            self.context = replace(self.context, use_marker=False)
        self.actor.counts[f"{outcome.kind} {KEYS[number]}"] = 1

    def _note(self, number: int, kind: ResultKind, message: str) -> None:
        self.results[number] = RunResult(KEYS[number], kind, message)

    def _follow(self, number: int) -> Steps[None]:
        result = self.results.get(number)
        if result is None or result.kind is not ResultKind.RUNNING or result.record is None:
            return
        try:
            record = yield from follow.follow(result.record, self.context, follow.FollowPolicy(5.0))
            self.results[number] = followed_result(record, was_sent=result.was_sent)
        except BulkplanError:
            return


def may_start(approved: int, found: int) -> bool:
    """What guards say of a run that was approved for so many leads, now that `found` match."""
    return found == approved and found > 0


def release(actor: Actor, number: int, world: World) -> Steps[None]:
    """`state settle --did-not-run`: only from `unknown`, old enough, not listed in two looks a minute apart."""
    record = yield from _read(number)
    if record is None or record.status is not RecordStatus.UNKNOWN:
        return
    age_s = (world.wall_clock(actor) - record.sent_after).total_seconds()
    if age_s < PERSON_PATIENCE_S and not world.network.is_careless:
        return
    for pause in (0.0, BETWEEN_LOOKS_S):
        yield from perform(fx.Sleep(pause))
        try:
            sighting = yield from settle.look(record, actor.context)
        except BulkplanError:
            return
        if sighting.ours or sighting.others:
            return
    yield from _say(actor, record, Move(RecordStatus.RELEASED, "a person says that it did not run"), world)


def vouch(actor: Actor, number: int, world: World) -> Steps[None]:
    """`state settle --ran ID`: a person who knows the action that it ran as."""
    record = yield from _read(number)
    if record is None or record.status not in OPEN:
        return
    facts = [fact for fact in world.network.accepted.get(record.nonce, ()) if not fact.is_elsewhere]
    if not facts:
        return
    try:
        action = yield from perform(fx.FetchAction(record.kind, facts[0].action_id))
    except BulkplanError:
        return
    if action is None or (world.plan.echo != "stripped" and not could_be(action, record.body)):
        return
    yield from _say(actor, record, Move(RecordStatus.SUBMITTED, "a person says that it ran", action.id), world)


def _read(number: int) -> Steps[Record | None]:
    try:
        return (yield from perform(fx.GetRecord(KEYS[number])))
    except StoreError:
        return None


def _say(actor: Actor, record: Record, move: Move, world: World) -> Steps[None]:
    word = yield from perform(fx.DrawWord())
    following = moved(record, move, Stamp(world.wall_clock(actor), word), actor.context.provenance)
    yield from commits.put_surely(following)
