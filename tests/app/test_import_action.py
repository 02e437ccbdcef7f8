"""`import` where somebody else is at it too: one record, one run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from core.test_imported import APPLY, WANTED, listed
from support.plan_world import FakeReader, FakeStore, make_record
from support.small_catalog import CATALOG, NOW

from bulkplan.app.import_action import ImportWish, keep_imported, kind_and_id
from bulkplan.app.interrupting import Interrupt
from bulkplan.app.new_spec import Surroundings
from bulkplan.app.performer import Edges
from bulkplan.core.codec import dump_record, load_record, run_slot_key
from bulkplan.errors import RefusedError, StoreError, UsageError
from bulkplan.model.record import RecordStatus
from bulkplan.model.store import PutResult, Slot

AROUND = Surroundings(CATALOG, NOW, "Europe/Berlin", user_id="user_dana")
WISH = ImportWish("email", "bulkemail_1", "winback")


class Clock:
    def now(self):
        return NOW

    def monotonic(self):
        return 0.0

    async def sleep(self, seconds):
        """Time does not matter here."""


@dataclass
class Contested(FakeStore):
    """Somebody else's record is there first; or the store is away."""

    other: Slot | None = None
    answer: PutResult = PutResult.STORED
    wishes: list[int] = field(default_factory=list)

    def put(self, key, text, *, expected_version):
        self.wishes.append(expected_version)
        if self.other is not None:
            self.slots[key] = self.other
            return PutResult.CONFLICT
        if self.answer is PutResult.STORED:
            self.slots[key] = Slot(key, expected_version + 1, text)
        return self.answer


def edges(store):
    return Edges(
        FakeReader(), None, store, Clock(), lambda: "v" * 16, lambda pid: True, "h", "user_dana", None, Interrupt()
    )


async def test_the_record_is_put_only_where_none_is():
    store = Contested()
    record = await keep_imported(listed(), WANTED, WISH, AROUND, edges(store), APPLY)
    assert store.wishes == [0]
    (slot,) = store.slots.values()
    assert load_record(slot) == record
    assert record.status is RecordStatus.DONE


async def test_whoever_comes_second_is_refused_and_changes_nothing():
    key = run_slot_key(WANTED.key)
    other = Slot(key, 1, dump_record(make_record(WANTED, version=1)))
    store = Contested(other=other)
    with pytest.raises(RefusedError, match="the state has winback@1 already: done"):
        await keep_imported(listed(), WANTED, WISH, AROUND, edges(store), APPLY)
    assert store.slots == {key: other}


async def test_an_action_that_somebody_imported_meanwhile_under_another_name_is_refused():
    other = make_record(WANTED, key=WANTED.key._replace(name="other"), remote_id="bulkemail_1")
    store = Contested.of(other)
    with pytest.raises(RefusedError, match="in the state already, as other@1"):
        await keep_imported(listed(), WANTED, WISH, AROUND, edges(store), APPLY)
    assert store.wishes == []


async def test_a_store_that_is_away_is_said():
    store = replace(Contested(answer=PutResult.UNAVAILABLE), trouble="disk is full")
    with pytest.raises(StoreError, match="could not be stored: disk is full"):
        await keep_imported(listed(), WANTED, WISH, AROUND, edges(store), APPLY)


@pytest.mark.parametrize("text", ["bulkemail_1", "email/bulkemail_1", " bulkemail_1/ "])
def test_an_action_is_named_by_its_id(text):
    assert kind_and_id(text) == ("email", "bulkemail_1")


@pytest.mark.parametrize("text", ["", "bulkemail_", "lead_1", "email/"])
def test_what_names_no_action_is_said(text):
    with pytest.raises(UsageError, match="no ID of a bulk action"):
        kind_and_id(text)
