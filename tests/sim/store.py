"""The simulated store: compare-and-swap per key, with replies that get lost, come late or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkplan.errors import StoreError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import RunKey
from bulkplan.model.store import PutResult
from sim.facts import Gone, Intends, Stored
from sim.plan import Fault, Kind

if TYPE_CHECKING:
    from sim.actors import Actor
    from sim.world import World


class SimStore:
    """One record per key. Acknowledged writes last, unless the whole state is lost between applies."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.records: dict[RunKey, Record] = {}
        self.n_late = 0
        self.losses = 0
        self.copies: list[dict[RunKey, Record]] = []
        self.is_old = False
        self.was_away = False
        self.landed_late: set[str] = set()
        """Nonces of records that were stored after their writer had given up waiting for the answer."""
        self.away = [fault for fault in world.plan.faults if fault.kind is Kind.STORE_AWAY]

    def get(self, actor: Actor, key: RunKey) -> Record | None:
        """Raises `StoreError`."""
        if self._is_away() or self.world.strike(Kind.GET_FAILS, self.world.count("get")):
            raise StoreError("the store is away, or its answer is stale")
        return self.records.get(key)

    def put(self, actor: Actor, record: Record) -> tuple[PutResult, float]:
        """The answer, and after how many seconds it comes."""
        world = self.world
        if record.status is RecordStatus.SENDING:
            if record.nonce not in actor.intents:
                world.tell(Intends(actor, record.key))
            actor.busy_with = record.nonce
            actor.intents.setdefault(record.nonce, actor.last_clock)
        if record.status is RecordStatus.RELEASED and world.would_be_careless(actor, record.nonce):
            world.kill(actor, "a person sees that it can still run, and leaves it alone")
            return PutResult.UNSURE, 0.0
        number = world.count("put")
        if self._is_away():
            return PutResult.UNSURE if number % 2 else PutResult.UNAVAILABLE, 0.5
        if world.strike(Kind.PUT_UNAVAILABLE, number):
            return PutResult.BUSY if number % 2 else PutResult.UNAVAILABLE, 0.0
        if world.strike(Kind.PUT_CONFLICT, number):
            return PutResult.CONFLICT, 0.0
        if world.strike(Kind.PUT_UNSURE_LOST, number):
            return PutResult.UNSURE, 5.0
        if fault := world.strike(Kind.PUT_UNSURE_LATE, number):
            self.n_late += 1
            world.at(fault.seconds, lambda: self._land_late(actor, record))
            return PutResult.UNSURE, 5.0
        result = self.swap(actor, record)
        if world.strike(Kind.PUT_UNSURE_STORED, number):
            return PutResult.UNSURE, 5.0
        slow = world.strike(Kind.PUT_SLOW, number)
        return result, slow.seconds if slow else 0.0

    def swap(self, actor: Actor, record: Record) -> PutResult:
        """The compare-and-swap itself."""
        before = self.records.get(record.key)
        if (before.version if before else 0) != record.version - 1:
            return PutResult.CONFLICT
        self.write(actor, record)
        return PutResult.STORED

    def write(self, actor: Actor, record: Record) -> None:
        """Put the record there, whatever was there before."""
        before = self.records.get(record.key)
        self.records[record.key] = record
        self.world.tell(Stored(actor, before, record))

    def drop(self, key: RunKey) -> None:
        """Take a record out, which nothing in the protocol ever does."""
        before = self.records.pop(key, None)
        if before is not None:
            self.world.tell(Gone(before))

    def lose_all(self) -> None:
        """The state is lost between applies."""
        self.world.trace("the state is lost")
        self.world.struck.append(Fault(Kind.STATE_LOST))
        self.records.clear()
        self.losses += 1

    def keep_copy(self) -> None:
        """Make a backup."""
        self.copies.append(dict(self.records))

    def restore_copy(self) -> bool:
        """Bring back the oldest backup that says something else; false where there is none."""
        copy = next((copy for copy in self.copies if copy != self.records), None)
        if copy is None:
            return False
        self.world.trace("an old copy of the state is restored")
        self.world.struck.append(Fault(Kind.STATE_OLD))
        self.records = dict(copy)
        self.losses += 1
        self.is_old = True
        return True

    def _land_late(self, actor: Actor, record: Record) -> None:
        self.n_late -= 1
        result = self.swap(actor, record)
        if result is PutResult.STORED:
            self.landed_late.add(record.nonce)
        if self.world.say is not None:
            self.world.trace(f"a late put of {actor} arrives: {record.key} v{record.version} {record.status}: {result}")

    def _is_away(self) -> bool:
        if not self.away or self.world.is_healing:
            return False
        is_away = any(fault.seconds <= self.world.t < fault.seconds + fault.more for fault in self.away)
        self.was_away = self.was_away or is_away
        return is_away
