"""The oracle: the seven invariants of the apply protocol, and what they are there for, each as a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bulkplan.core.chain import breaks
from bulkplan.core.engine import SEND_WINDOW_S
from bulkplan.core.outcome import OutcomeKind
from bulkplan.core.result import error_of
from bulkplan.model.record import Record, RecordStatus
from sim.facts import Accepted, Ended, Fact, Failed, Gone, Intends, Sent, Stored, ViolationError
from sim.plan import Kind

if TYPE_CHECKING:
    from sim.close_model import Taken
    from sim.world import World

FOLLOWED = frozenset({RecordStatus.SUBMITTED, RecordStatus.DONE, RecordStatus.FAILED})
MAY_START_FROM = frozenset({None, RecordStatus.REFUSED, RecordStatus.RELEASED})
HOLDS_EXECUTED = frozenset({RecordStatus.SENDING, RecordStatus.UNKNOWN, *FOLLOWED})

_S = RecordStatus
ARROWS: dict[RecordStatus | None, frozenset[RecordStatus]] = {
    None: frozenset({_S.SENDING, _S.SUBMITTED}),
    _S.SENDING: frozenset({_S.SUBMITTED, _S.REFUSED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.SUBMITTED, _S.REFUSED, _S.RELEASED}),
    _S.REFUSED: frozenset({_S.SENDING, _S.SUBMITTED}),
    _S.RELEASED: frozenset({_S.SENDING, _S.SUBMITTED}),
    _S.SUBMITTED: frozenset({_S.DONE, _S.FAILED}),
    _S.DONE: frozenset(),
    _S.FAILED: frozenset(),
}
"""Written down here once more: the simulator trusts no table of ours."""

Found = str | None
"""What is wrong, or `None`."""


def request_follows_a_durable_intent(world: World, fact: Fact) -> Found:
    """1. Every request carries a nonce that a durable record held before the first byte was sent."""
    if not isinstance(fact, Sent):
        return None
    intent = world.oracle.durable.get(fact.nonce)
    if intent is None:
        return f"{fact.by} sends {fact.key} with {fact.nonce[:4]}, which no record ever held"
    if fact.nonces != ({fact.nonce} if intent.marked else set()):
        return f"{fact.by} sends {fact.key} with the nonces {sorted(fact.nonces)}"
    return None


def nonce_is_sent_once_by_its_maker(world: World, fact: Fact) -> Found:
    """2. A nonce is sent at most once, and only by the process that made it."""
    if not isinstance(fact, Sent):
        return None
    if world.network.sent[fact.nonce] > 1:
        return f"{fact.by} sends {fact.nonce[:4]} of {fact.key} again"
    if fact.nonce not in fact.by.drawn:
        return f"{fact.by} sends {fact.nonce[:4]} of {fact.key}, which somebody else made"
    return None


def new_nonce_only_where_nothing_runs(world: World, fact: Fact) -> Found:
    """3. A run key gets a new nonce only from absent, `refused` or `released`; only a person releases."""
    if not isinstance(fact, Stored):
        return None
    before, after = fact.before, fact.after
    is_released = after.status is RecordStatus.RELEASED and (before is None or before.status is not after.status)
    if is_released and not fact.by.is_person:
        return f"{fact.by} releases {after.key} by itself"
    if before is not None and after.nonce == before.nonce:
        if after.attempt > before.attempt:
            return f"{fact.by} begins attempt {after.attempt} of {after.key} with the old nonce"
        return None
    if (before.status if before else None) not in MAY_START_FROM:
        return f"{fact.by} gives {after.key} a new nonce over {before.status}"
    if before is not None and after.nonce in {entry.nonce for entry in before.history}:
        return f"{fact.by} takes an old nonce of {after.key} again"
    return None


def refused_is_the_senders_word(world: World, fact: Fact) -> Found:
    """4. `refused` is written only by the sender of that attempt, and only when it was surely not executed."""
    if isinstance(fact, Sent) and fact.nonce in world.oracle.refused:
        return f"{fact.by} sends {fact.nonce[:4]} of {fact.key} after it was recorded as refused"
    if not isinstance(fact, Stored) or fact.after.status is not RecordStatus.REFUSED:
        return None
    if fact.before is not None and fact.before.status is RecordStatus.REFUSED:
        return None
    nonce = fact.after.nonce
    if nonce not in fact.by.drawn:
        return f"{fact.by} calls {fact.after.key} refused, which it did not send"
    if nonce in world.network.accepted:
        return f"{fact.by} calls {fact.after.key} refused, and it ran"
    if nonce in world.network.sent and nonce not in world.network.refused_clearly:
        return f"{fact.by} calls {fact.after.key} refused without a clear answer"
    return None


def submitted_is_true(world: World, fact: Fact) -> Found:
    """5. `submitted` is written only with an ID that the server gave for that nonce, or a person vouches for."""
    if not isinstance(fact, Stored) or fact.after.status not in FOLLOWED:
        return None
    if fact.before is not None and fact.before.status in FOLLOWED:
        return None
    after = fact.after
    real = {accepted.action_id for accepted in world.network.accepted.get(after.nonce, ())}
    if after.remote_id not in real:
        return f"{fact.by} calls {after.key} submitted as {after.remote_id}, which is not its action"
    return None


def record_only_grows(world: World, fact: Fact) -> Found:
    """6. Records never go back to absent; each put goes one version on from the one read, and takes nothing out."""
    if isinstance(fact, Gone):
        return f"the record of {fact.before.key} is gone"
    if not isinstance(fact, Stored):
        return None
    before, after = fact.before, fact.after
    if after.version != (before.version if before else 0) + 1:
        return f"{fact.by} puts version {after.version} of {after.key} over {before.version if before else 0}"
    if before is not None and after.history[: len(before.history)] != before.history:
        return f"{fact.by} takes something out of the history of {after.key}"
    if before is not None and after.evidence[: len(before.evidence)] != before.evidence:
        return f"{fact.by} takes evidence out of {after.key}"
    if len(after.history) != (len(before.history) if before else 0) + 1:
        return f"{fact.by} changes {after.key} without saying so in its history"
    last, link = after.history[-1], before.history[-1].digest if before else after.history[-1].previous
    if last.digest is None or last.previous is None or last.previous != link:
        return f"{fact.by} writes an entry of {after.key} that is not chained to the one before it"
    if before is not None and before.alarm and not after.alarm:
        return f"{fact.by} takes back the alarm of {after.key}"
    return None


def record_follows_the_arrows(world: World, fact: Fact) -> Found:
    """The steps between states that the protocol draws, and no others."""
    if not isinstance(fact, Stored):
        return None
    before = fact.before.status if fact.before else None
    if fact.after.status is not before and fact.after.status not in ARROWS[before]:
        return f"{fact.by} takes {fact.after.key} from {before or 'absent'} to {fact.after.status}"
    return None


def exit_zero_means_submitted(world: World, fact: Fact) -> Found:
    """7. Exit code 0 implies that every wanted run is submitted or later."""
    if not isinstance(fact, Ended) or fact.result is None or error_of(fact.result) is not None:
        return None
    if world.store.losses:
        return None
    for row in fact.result.results:
        record = world.store.records.get(row.key)
        if record is None or record.status not in FOLLOWED:
            return f"{fact.by} exits 0, and {row.key} is {record.status if record else 'absent'}"
    return None


def runs_at_most_once(world: World, fact: Fact) -> Found:
    """What it is all for: one action per run key, but for a proxy that repeats a request."""
    if not isinstance(fact, Accepted) or fact.is_repeat:
        return None
    nonces = world.oracle.executed.get(fact.key, set())
    return f"{fact.key} runs a second time, as {fact.action_id}" if nonces - {fact.nonce} else None


def nothing_is_forgotten(world: World, fact: Fact) -> Found:
    """An executed attempt is never lost from sight: its record is open or followed, and holds its nonce."""
    if isinstance(fact, Accepted):
        return None if world.store.losses else _forgotten(world.store.records.get(fact.key), fact.nonce)
    if not isinstance(fact, Stored):
        return None
    for nonce in world.oracle.executed.get(fact.after.key, ()):
        found = _forgotten(fact.after, nonce)
        if found and not _is_told(world, fact.after, nonce):
            return found
    return None


def _forgotten(record: Record | None, nonce: str) -> Found:
    if record is None:
        return f"an attempt {nonce[:4]} ran, and no record knows of it"
    if record.nonce != nonce or record.status not in HOLDS_EXECUTED:
        return f"{record.key} ran with {nonce[:4]}, its record says {record.status} with {record.nonce[:4]}"
    return None


def _is_told(world: World, record: Record, nonce: str) -> bool:
    """Whether the alarm of a record out of an old copy names the action of an attempt that the copy did not know."""
    alarm = record.alarm or ""
    return world.store.is_old and any(fact.action_id in alarm for fact in world.network.accepted.get(nonce, ()))


def send_window_is_kept(world: World, fact: Fact) -> Found:
    """A process that saw that it was held up after its intent does not send any more."""
    if not isinstance(fact, Sent) or fact.nonce not in fact.by.intents:
        return None
    held_s = fact.by.last_clock - fact.by.intents[fact.nonce]
    return f"{fact.by} sends {fact.key} {held_s:.0f} s after its intent" if held_s > SEND_WINDOW_S else None


def interrupted_sends_nothing(world: World, fact: Fact) -> Found:
    """A process that knows it was interrupted sends nothing more."""
    if isinstance(fact, Sent) and fact.by.knows_it:
        return f"{fact.by} was interrupted, and sends {fact.key}"
    return None


def nothing_begins_beside_a_doubt(world: World, fact: Fact) -> Found:
    """While a process cannot tell what became of a run, it begins no other one, unless it was asked to go on."""
    if not isinstance(fact, Intends) or fact.by.line is None or not fact.by.line.holds:
        return None
    doubtful = [one for one in fact.by.strands if one.is_unclear and one is not fact.by]
    return f"{fact.by} begins {fact.key} beside a run of which nothing clear is known" if doubtful else None


def drift_is_refused(world: World, fact: Fact) -> Found:
    """What matches is counted again before a run is sent; other leads than were approved start nothing."""
    if not isinstance(fact, Sent) or fact.key not in fact.by.checked:
        return None
    approved, found = fact.by.checked[fact.key]
    return None if approved == found else f"{fact.by} sends {fact.key}, approved for {approved} leads, on {found}"


def no_traceback(world: World, fact: Fact) -> Found:
    """The engine raises nothing but what its callers expect."""
    if isinstance(fact, Failed):
        return f"{fact.by}: {type(fact.error).__name__}: {fact.error}"
    return None


INVARIANTS: tuple[Callable[[World, Fact], Found], ...] = (
    request_follows_a_durable_intent,
    nonce_is_sent_once_by_its_maker,
    new_nonce_only_where_nothing_runs,
    refused_is_the_senders_word,
    submitted_is_true,
    record_only_grows,
    record_follows_the_arrows,
    exit_zero_means_submitted,
    runs_at_most_once,
    nothing_is_forgotten,
    send_window_is_kept,
    interrupted_sends_nothing,
    nothing_begins_beside_a_doubt,
    drift_is_refused,
    no_traceback,
)


class Oracle:
    """Judges every fact by all invariants, or one alone; remembers what later facts are judged by."""

    def __init__(self, only: str | None = None) -> None:
        self.invariants = [one for one in INVARIANTS if only in (None, one.__name__)]
        self.durable: dict[str, Record] = {}
        """By nonce, the first record that was stored with it."""
        self.refused: set[str] = set()
        self.executed: dict[object, set[str]] = {}
        self.makers: dict[str, object] = {}

    def judge(self, world: World, fact: Fact) -> None:
        """Raises `ViolationError`."""
        if isinstance(fact, Accepted) and not fact.is_elsewhere:
            self.executed.setdefault(fact.key, set()).add(fact.nonce)
        for invariant in self.invariants:
            found = invariant(world, fact)
            if found:
                raise ViolationError(invariant.__name__, found)
        if isinstance(fact, Stored):
            self.durable.setdefault(fact.after.nonce, fact.after)
            if fact.after.nonce in fact.by.drawn:
                self.makers.setdefault(fact.after.nonce, fact.by)
            if fact.after.status is RecordStatus.REFUSED:
                self.refused.add(fact.after.nonce)


def judge_the_end(world: World) -> None:
    """After healing: every run is settled, nothing executed is lost, and `unknown` has a cause."""
    for record in world.store.records.values():
        _judge_end_of(world, record)
        _judge_chain(record)
    for key, nonces in world.oracle.executed.items():
        record = world.store.records.get(key)
        is_found = record is not None and record.status in FOLLOWED
        is_found = is_found or (record is not None and any(_is_told(world, record, each) for each in nonces))
        if not is_found and world.plan.can_find:
            raise ViolationError("executed_is_found", f"{key} ran; its record: {record and record.status}")
    for key, seers in world.network.twins_listed.items():
        if all(seer.crashed for seer in seers):
            continue  # killed before they could tell: a later audit finds what they saw
        is_told = any(actor.counts.get(f"{OutcomeKind.ALARM} {key}") for actor in world.actors)
        record = world.store.records.get(key)
        if not is_told and not (record and record.alarm):
            raise ViolationError("twins_raise_the_alarm", f"{key} ran twice, somebody saw it, and nobody was told")
    for facts in world.network.accepted.values():
        _judge_repeats(world, facts)
    for taken in world.close.taken:
        _judge_size(world, taken)


def _judge_chain(record: Record) -> None:
    for found in breaks(record.model_dump(mode="json", by_alias=True, exclude_none=True)):
        raise ViolationError("history_is_whole", f"{record.key}, entry {found.entry}: {found.what}")


def _judge_end_of(world: World, record: Record) -> None:
    if record.status in FOLLOWED:
        return
    if world.store.is_old and record.alarm and record.status is RecordStatus.SENDING:
        return  # an attempt of the copy, beside another one that ran since: a person decides
    if record.status in (RecordStatus.REFUSED, RecordStatus.RELEASED) and world.n_matching(record.key) == 0:
        return  # nobody matches any more: there is nothing to start
    if record.status is not RecordStatus.UNKNOWN:
        raise ViolationError("ends_settled", f"{record.key} ends {record.status}")
    if not _has_cause(world, record):
        raise ViolationError("unknown_has_a_cause", f"{record.key} ends unknown, nonce {record.nonce[:4]}")


def _has_cause(world: World, record: Record) -> bool:
    """Whether something happened to this very attempt that nobody could find out about."""
    nonce = record.nonce
    accepted = world.network.accepted.get(nonce, [])
    if accepted:
        is_hidden = all(fact.is_elsewhere for fact in accepted)
        return is_hidden or not record.marked or world.plan.echo == "stripped"
    if nonce in world.network.sent and nonce not in world.network.refused_clearly:
        return True
    maker = world.oracle.makers.get(nonce)
    if world.store.is_old or maker is None or maker.crashed or nonce in world.store.landed_late:
        return True
    return world.store.was_away or bool(maker.counts.get(f"{OutcomeKind.STATE_BEHIND} {record.key}"))


def _judge_size(world: World, taken: Taken) -> None:
    """An action on other leads than were approved is told, and paused where that helps; no other one is paused."""
    approved = taken.body["results_limit"]
    is_odd = taken.n_leads != approved
    if taken.id in world.paused_by and not is_odd:
        raise ViolationError("only_odd_sizes_are_paused", f"{taken.id} runs on the {approved} leads that were approved")
    record = next((record for record in world.store.records.values() if record.remote_id == taken.id), None)
    if not is_odd or record is None or record.counts.n_leads is None:
        return
    if not record.alarm:
        raise ViolationError("odd_sizes_raise_the_alarm", f"{record.key} runs on {taken.n_leads} leads, not {approved}")


_HIDES_REPEATS = frozenset(
    {Kind.LISTING_LAG, Kind.LOG_LAG, Kind.LOOK_FAILS, Kind.LOOK_MISSES, Kind.STATE_LOST, Kind.FETCH_FAILS}
)
"""Where one of these struck, nobody may have looked after the repeat was listed."""


def _judge_repeats(world: World, facts: list[Accepted]) -> None:
    """What a proxy repeated raises the alarm, where the listings showed both in time."""
    here = [fact for fact in facts if not fact.is_elsewhere]
    if len(here) < 2 or not world.plan.can_find:
        return
    maker = world.oracle.makers.get(here[0].nonce)
    if maker is None or maker.crashed or maker.knows_it or _HIDES_REPEATS & {fault.kind for fault in world.struck}:
        return
    record = world.store.records.get(here[0].key)
    is_told = any(actor.counts.get(f"{OutcomeKind.ALARM} {here[0].key}") for actor in world.actors)
    # A sender whose store is away says as what its request ran, on the screen and in a file, and cannot know of more.
    is_told = is_told or bool(maker.counts.get(f"{OutcomeKind.STATE_BEHIND} {here[0].key}"))
    if record is None or not (record.alarm or is_told):
        raise ViolationError(
            "repeats_raise_the_alarm", f"{here[0].key} ran twice: {', '.join(f.action_id for f in here)}"
        )
