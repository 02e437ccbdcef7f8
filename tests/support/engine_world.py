"""A small world for the apply engine: it performs effects one by one, and fails where a test says so."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bulkplan.core import effects as fx
from bulkplan.core.codec import dump_record, load_record, run_slot_key
from bulkplan.core.engine import apply_run
from bulkplan.core.marker import encode_word, is_marked
from bulkplan.core.outcome import Outcome
from bulkplan.core.records import ApplyContext, PlannedRun
from bulkplan.errors import BulkplanError, CloseError, StoreError
from bulkplan.model.record import Record
from bulkplan.model.remote import Answer, BulkAction, Identity
from bulkplan.model.run import RunKey
from bulkplan.model.store import Provenance, PutResult, Slot

ORGANIZATION = "orga_test"
KEY = RunKey("win-back", 1)
QUERY = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}
RUN = PlannedRun(
    key=KEY,
    kind="edit",
    action_type="set_lead_status",
    body={"type": "set_lead_status", "s_query": QUERY, "results_limit": 3, "sort": []},
    fingerprint="v1:0",
    request_digest="sha256:0",
    approved=3,
    planned_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def context(pid: int = 1, **changes: object) -> ApplyContext:
    who = Provenance(actor="tester", host="here", pid=pid)
    values = {"organization_id": ORGANIZATION, "target": "test", "project_id": "ab" * 8, "provenance": who, **changes}
    return ApplyContext(**values)


class CrashError(Exception):
    """The process is killed."""


@dataclass
class World:
    """Close, the store and the clock; `answer` decides what becomes of each POST."""

    slots: dict[str, Slot] = field(default_factory=dict)
    actions: list[BulkAction] = field(default_factory=list)
    posts: list[dict[str, object]] = field(default_factory=list)
    sleeps: list[float] = field(default_factory=list)
    now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)
    seconds: float = 0.0
    answer: Callable[[World, BulkAction], Answer] | None = None
    on_put: Callable[[World, Record], PutResult | None] | None = None
    listing_fails: bool = False
    store_is_away: bool = False
    lists_from: float = 0.0
    interrupted: bool = False
    organization: str = ORGANIZATION
    gone: bool = True
    random: random.Random = field(default_factory=lambda: random.Random(1))
    ids: itertools.count[int] = field(default_factory=itertools.count)

    def run(self, steps: fx.Steps[Outcome], *, crash_at: int | None = None) -> Outcome:
        """Drive the engine to its end, or kill it before its `crash_at`-th effect."""
        stepper = self.step(steps)
        for number in itertools.count():
            if number == crash_at:
                steps.close()
                raise CrashError
            try:
                next(stepper)
            except StopIteration as stop:
                return stop.value
        raise AssertionError

    def step(self, steps: fx.Steps[Outcome]):
        """One effect per `next()`."""
        try:
            effect = next(steps)
            while True:
                yield effect
                try:
                    result = self.perform(effect)
                except BulkplanError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as stop:
            return stop.value

    def apply(self, run: PlannedRun = RUN, *, crash_at: int | None = None, **changes: object) -> Outcome:
        return self.run(apply_run(run, context(**changes)), crash_at=crash_at)

    @property
    def record(self) -> Record | None:
        slot = self.slots.get(run_slot_key(KEY))
        return load_record(slot) if slot else None

    def perform(self, effect: fx.Effect[object]) -> object:  # noqa: C901 - one arm per effect
        match effect:
            case fx.ReadClock():
                return fx.Instant(self.now, self.seconds, self.interrupted)
            case fx.Sleep(seconds):
                self.sleeps.append(seconds)
                self.advance(seconds)
            case fx.DrawWord():
                return encode_word(self.random.randbytes(10))
            case fx.GetRecord(key):
                if self.store_is_away:
                    raise StoreError("the store is away")
                slot = self.slots.get(run_slot_key(key))
                return load_record(slot) if slot else None
            case fx.PutRecord(record):
                return self.put(record)
            case fx.FindActions(word=word):
                return self.find(word)
            case fx.FindCandidates():
                return tuple(self.actions)
            case fx.Connect():
                return Identity(user_id="user_1", organization_id=self.organization)
            case fx.Send(body=body):
                return self.post(body)
            case fx.IsHolderGone():
                return self.gone
            case fx.FetchAction(action_id=action_id):
                return next((action for action in self.actions if action.id == action_id), None)
            case fx.PauseAction(action_id=action_id):
                return self.set_status(action_id, "paused")
        return None

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)

    def put(self, record: Record) -> PutResult:
        if self.store_is_away:
            return PutResult.UNSURE
        forced = self.on_put(self, record) if self.on_put else None
        return forced or self.store(record)

    def store(self, record: Record) -> PutResult:
        key = run_slot_key(record.key)
        before = self.slots[key].version if key in self.slots else 0
        if before != record.version - 1:
            return PutResult.CONFLICT
        self.slots[key] = Slot(key, record.version, dump_record(record))
        return PutResult.STORED

    def find(self, word: str) -> tuple[BulkAction, ...]:
        if self.listing_fails:
            raise CloseError("the list cannot be read")
        if self.seconds < self.lists_from:
            return ()
        return tuple(action for action in self.actions if is_marked(action.s_query, word))

    def post(self, body: dict[str, object]) -> Answer:
        self.posts.append(body)
        action = BulkAction(
            id=f"bulkedit_{next(self.ids)}", organization_id=ORGANIZATION, status="created", s_query=body["s_query"]
        )
        if self.answer is not None:
            return self.answer(self, action)
        return self.accept(action)

    def accept(self, action: BulkAction) -> Answer:
        self.actions.append(action)
        return Answer(handed_over=True, status=200, body=action.model_dump(mode="json"))

    def set_status(self, action_id: str, status: str, **changes: object) -> BulkAction:
        place = next(number for number, action in enumerate(self.actions) if action.id == action_id)
        self.actions[place] = self.actions[place].model_copy(update={"status": status, **changes})
        return self.actions[place]
