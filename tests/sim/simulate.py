"""Running one schedule from its seed: the waves, the healing, the verdict; shrinking and telling what failed."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass

from bulkplan.core import effects as fx
from sim.actors import Actor, planned_run
from sim.facts import ViolationError
from sim.invariants import Oracle, judge_the_end
from sim.plan import ApplierPlan, Fault, Kind, Plan, draw_plan
from sim.stories import Apply, release, vouch
from sim.world import World

Steps = Generator[fx.Effect[object], object, object]
Wrap = Callable[[Steps, "World", "Actor"], Steps]
"""Stands between the engine and the world, for engines that are broken on purpose."""

_PROCESS_KINDS = frozenset(
    {
        Kind.CRASH, Kind.CRASH_BEFORE_SEND, Kind.CRASH_AFTER_SEND, Kind.FREEZE, Kind.FREEZE_AFTER_PUT,
        Kind.FREEZE_BEFORE_SEND, Kind.FREEZE_AFTER_ANSWER, Kind.INTERRUPT, Kind.INTERRUPT_AFTER_PUT, Kind.CLOCK_JUMP,
    }
)  # fmt: skip
HEALING_ROUNDS = 4
HEALED_AFTER_S = 4 * 3600.0


@dataclass(frozen=True)
class Options:
    """What differs from the plain simulation."""

    wrap: Wrap | None = None
    is_careless: bool = False
    always: tuple[Kind, ...] = ()
    shape: Callable[[Plan], Plan] | None = None
    is_wide: bool | None = None
    """Whether appliers hold several runs in flight; None: as the seed has it."""
    only: str | None = None
    """The one invariant that is judged, where not all are."""

    def plan(self, seed: int) -> Plan:
        """The schedule of a seed."""
        plan = draw_plan(seed, always=self.always, is_wide=self.is_wide)
        return self.shape(plan) if self.shape else plan


PLAIN = Options()


@dataclass(frozen=True)
class Verdict:
    """How a schedule ended. `ends`: status of each record; `struck`: the faults that took place."""

    seed: int
    violation: ViolationError | None
    ends: tuple[str, ...]
    struck: tuple[Fault, ...]
    n_steps: int


def run_seed(seed: int, options: Options = PLAIN, *, keep: tuple[int, ...] | None = None, say=None) -> Verdict:
    """Run the schedule of a seed, with all its faults or only those numbered in `keep`."""
    plan = options.plan(seed)
    return run_plan(plan if keep is None else plan.keeping(keep), options, say=say)


def run_plan(plan: Plan, options: Options = PLAIN, *, say: Callable[[str], None] | None = None) -> Verdict:
    """Run a schedule to its end."""
    oracle = Oracle(options.only)
    world = World(plan, say=say, judge=oracle.judge)
    world.oracle = oracle
    world.network.is_careless = options.is_careless
    world.wrap = options.wrap
    violation = None
    try:
        _run_waves(world, options)
        _heal(world, options)
        if options.only is None:
            judge_the_end(world)
    except ViolationError as error:
        violation = error
        world.trace(f"VIOLATION {error}")
    ends = tuple(f"{key} {record.status}" for key, record in sorted(world.store.records.items()))
    return Verdict(plan.seed, violation, ends, tuple(world.struck), world.n_steps)


def _run_waves(world: World, options: Options) -> None:
    for applier in (one for wave in world.plan.waves for one in wave):
        world.at(applier.starts_at, lambda one=applier: _start(world, one, options))
    for fault in world.plan.faults:
        if fault.kind is Kind.STRANGER:
            world.at(fault.seconds, lambda one=fault: _meddle(world, one))
        elif fault.kind in (Kind.PERSON_RAN, Kind.PERSON_DID_NOT_RUN):
            world.at(fault.seconds, lambda one=fault: _decide(world, one))
        elif fault.kind in (Kind.STATE_LOST, Kind.STATE_OLD) and fault.nth < len(world.plan.waves):
            at = world.plan.waves[fault.nth][0].starts_at - 0.001
            world.at(at, lambda one=fault: _lose_state(world, is_old=one.kind is Kind.STATE_OLD))
    if any(fault.kind is Kind.STATE_OLD for fault in world.plan.faults):
        for number in range(1, 40):
            world.at(0.5 * 1.5**number, world.store.keep_copy)
    world.run_agenda()


def _start(world: World, plan: ApplierPlan, options: Options) -> None:
    actor = world.new_actor(
        f"applier {plan.number}",
        plan.host,
        dice=random.Random(world.plan.seed * 1000 + plan.number),
        skew_s=plan.skew_s,
        settle_timeout_s=plan.settle_timeout_s,
    )
    for fault in world.plan.faults:
        if fault.kind in _PROCESS_KINDS and fault.who == plan.number:
            actor.faults[fault.kind, fault.nth] = fault
    apply = Apply(actor, world, plan.keys, thinks_s=plan.thinks_s, keep_going=plan.keep_going, n_well=plan.n_well)
    _enter(world, actor, apply, options)


def _enter(world: World, actor: Actor, apply: Apply, options: Options) -> None:
    steps = apply.story()
    actor.steps = options.wrap(steps, world, actor) if options.wrap else steps
    world.trace(f"{actor} starts on {actor.host}")
    world.enter(actor)


def _meddle(world: World, fault: Fault) -> None:
    """Somebody starts the same action by hand."""
    if fault.who < world.plan.n_keys:
        taken = world.close.create("edit", planned_run(fault.who).body, now=world.t)
        world.trace(f"somebody starts {taken.id} by hand, alike to run-{fault.who}")


def _decide(world: World, fault: Fault) -> None:
    story = vouch if fault.kind is Kind.PERSON_RAN else release
    name = f"a person about run-{fault.who}"
    actor = world.new_actor(name, "desk", dice=random.Random(world.plan.seed * 1000 + 500 + len(world.actors)))
    actor.process.is_person = True
    actor.steps = story(actor, fault.who, world)
    world.trace(f"{actor}: {fault.kind}")
    world.enter(actor)


def _lose_state(world: World, *, is_old: bool) -> None:
    """Only between applies, with nothing under way and everything listed: more is outside the promise."""
    shown = all(max(one.listed_from, one.logged_from) <= world.t for one in world.close.taken)
    is_elsewhere = any(fact.is_elsewhere for facts in world.network.accepted.values() for fact in facts)
    if world.is_quiet() and shown and world.plan.can_find and not is_elsewhere:
        if not is_old:
            world.store.lose_all()
        elif not world.store.restore_copy():
            return
        world.faults = {key: fault for key, fault in world.faults.items() if fault.kind is not Kind.LOOK_MISSES}


def _heal(world: World, options: Options) -> None:
    """Faults off, applies until nothing changes any more."""
    world.is_healing = True
    world.t += HEALED_AFTER_S
    world.trace("healing begins")
    for number in range(HEALING_ROUNDS):
        before = dict(world.store.records)
        actor = world.new_actor(f"healer {number}", "healer", dice=random.Random(world.plan.seed * 1000 + 900 + number))
        keys = tuple(range(world.plan.n_keys))
        _enter(world, actor, Apply(actor, world, keys, thinks_s=0.0, keep_going=True), options)
        world.run_agenda()
        if world.store.records == before:
            return
    raise ViolationError("ends", f"applies still change something after {HEALING_ROUNDS} rounds")


def shrink(verdict: Verdict, options: Options = PLAIN) -> tuple[int, ...]:
    """The numbers of faults that are enough for the same invariant to break: deleted one by one, until none can go."""
    keep = tuple(range(len(options.plan(verdict.seed).faults)))
    wanted = verdict.violation.invariant
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for number in keep:
            fewer = tuple(one for one in keep if one != number)
            found = run_seed(verdict.seed, options, keep=fewer).violation
            if found is not None and found.invariant == wanted:
                keep, is_smaller = fewer, True
                break
    return keep


def tell(seed: int, options: Options = PLAIN, *, keep: tuple[int, ...] | None = None) -> str:
    """The whole schedule as a numbered list, the same bytes each time."""
    plan = options.plan(seed)
    lines: list[str] = []
    verdict = run_seed(seed, options, keep=keep, say=lines.append)
    kept = range(len(plan.faults)) if keep is None else keep
    waves, markers = [len(wave) for wave in plan.waves], "on" if plan.use_marker else "off"
    head = [f"seed {seed}: {plan.n_keys} run keys, waves of {waves}, echo {plan.echo}, markers {markers}"]
    for number, fault in enumerate(plan.faults):
        head.append(f"fault {number}{'' if number in kept else ' (left out)'}: {fault}")
    body = [f"{number:5} {line}" for number, line in enumerate(lines, 1)]
    return "\n".join([*head, *body, f"ends: {', '.join(verdict.ends)}", str(verdict.violation or "holds")])


def explain(verdict: Verdict, options: Options = PLAIN) -> str:
    """A failing schedule, shrunk, with the command that replays it."""
    keep = shrink(verdict, options)
    numbers = ",".join(map(str, keep)) or "none"
    return f"{tell(verdict.seed, options, keep=keep)}\nreplay: python tests/sim --seed {verdict.seed} --keep {numbers}"
