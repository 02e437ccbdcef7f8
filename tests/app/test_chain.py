"""The head of a store: one more, one less or another record shows, and an earlier look must still hold."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from core.test_chain import WHO, a_record, old_slot, stamp, stored
from hypothesis import given
from hypothesis import strategies as st
from support.engine_world import RUN, context
from support.plan_world import NOW

from bulkplan.app.chain import Earlier, load_chain_report, verify_chain
from bulkplan.core.chain import content_digest, entry_digest, link_after
from bulkplan.core.codec import read_content
from bulkplan.core.digest import digest_json
from bulkplan.core.heads import losses, slot_head, store_head
from bulkplan.core.records import Move, first_intent, moved
from bulkplan.errors import UsageError
from bulkplan.model.record import RecordStatus
from bulkplan.model.store import Slot
from bulkplan.report.audit_json import dump_audit

REFUSED = moved(first_intent(RUN, context(), stamp(0), nonce="a" * 16), Move(RecordStatus.REFUSED, "no"), stamp(1), WHO)
USE = {
    "schema": "bulkplan/plan-use/v1",
    "plan_id": "p",
    "plan_digest": "sha256:0",
    "organization_id": "orga_test",
    "run_keys": ["win-back@1"],
    "used_at": "2026-01-01T00:00:00Z",
    "actor": "dana",
    "version": 1,
    "write_id": "w",
}


class Shelf:
    """A store in memory, to read only."""

    name = "memory"

    def __init__(self, *slots: Slot, lineage: str = "one") -> None:
        self._slots, self._lineage = slots, lineage

    def list(self, prefix=""):
        return [slot for slot in self._slots if slot.key.startswith(prefix)]

    def lineage(self):
        return self._lineage


def resealed(content) -> Slot:
    """What somebody who can write the whole store makes of a record: chain and checksum fit."""
    for number, entry in enumerate(content["history"]):
        entry["previous"] = link_after(content, number)
        entry["digest"] = entry_digest(entry)
    content["version"] = len(content["history"])
    last = content["history"][-1]
    last["content"] = content_digest(content)
    last["digest"] = entry_digest(last)
    return Slot("run/win-back@1", content["version"], json.dumps({**content, "checksum": digest_json(content)}))


def other(name: str) -> Slot:
    slot_key = RUN.key._replace(name=name)
    return stored(first_intent(replace(RUN, key=slot_key), context(), stamp(0), nonce="b" * 16))


def used_plan() -> Slot:
    return Slot("plan/p", 1, json.dumps({**USE, "checksum": digest_json(USE)}))


def look(*slots: Slot, earlier: Earlier | None = None, lineage: str = "one"):
    return verify_chain(Shelf(*slots, lineage=lineage), slots, target="test", now=NOW, earlier=earlier)


def test_a_whole_store_has_a_head_and_no_break():
    report = look(stored(a_record()), other("x"), used_plan(), old_slot_as("y"))
    assert (report.is_ok, report.breaks, report.n_records, report.n_before_chain) == (True, (), 3, 2)
    assert load_chain_report(dump_audit(report), name="x") == report


def old_slot_as(name: str) -> Slot:
    content = {**read_content(old_slot()), "key": f"{name}@1"}
    return Slot(f"run/{name}@1", 2, json.dumps({**content, "checksum": digest_json(content)}))


def test_the_order_of_the_store_changes_no_head():
    slots = [stored(a_record()), other("x"), used_plan()]
    assert look(*slots).head == look(*reversed(slots)).head


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_slot_that_was_taken_away_shows_in_the_head_and_by_name(gone):
    slots = [stored(a_record()), other("x"), used_plan()]
    before = look(*slots)
    lost = slots.pop(gone)
    after = look(*slots, earlier=Earlier(before.head, before, "heads.json"))
    assert after.head != before.head
    assert [each.key for each in after.breaks] == [lost.key, ""]


def test_what_was_only_added_is_no_loss():
    before = look(stored(REFUSED), old_slot_as("y"))
    grown = moved(REFUSED, Move(RecordStatus.FORGOTTEN, "given up"), stamp(9), WHO)
    after = look(stored(grown), old_slot_as("y"), other("x"), earlier=Earlier(report=before, name="heads.json"))
    assert after.breaks == ()
    assert after.compared.startswith("heads.json of ")


def test_a_history_that_was_cut_and_fitted_again_shows_against_an_earlier_look():
    before = look(stored(a_record()))
    content = read_content(stored(a_record()))
    del content["history"][-1]
    cut = resealed(content)
    assert look(cut).breaks == ()  # by itself it cannot show
    (loss,) = look(cut, earlier=Earlier(report=before, name="x")).breaks
    assert "version" in loss.problem


@given(st.integers(0, 4), st.text(min_size=1, max_size=5))
def test_a_history_that_was_made_anew_shows_against_an_earlier_look(number, note):
    before = look(stored(a_record()))
    content = read_content(stored(a_record()))
    content["history"][number]["note"] += note
    forged = resealed(content)
    assert look(forged).breaks == ()
    report = look(forged, earlier=Earlier(before.head, before, "x"))
    assert [(each.key, each.entry) for each in report.breaks] == [("run/win-back@1", 5), ("", None)]


def test_facts_that_were_changed_and_fitted_again_show_against_an_earlier_look():
    before = look(stored(a_record()))
    content = read_content(stored(a_record()))
    content["counts"]["approved"] = 1
    assert losses(before.slots, {"run/win-back@1": resealed(content)})


def test_an_old_record_that_was_changed_shows_against_an_earlier_look():
    before = look(old_slot())
    content = {**read_content(old_slot()), "actor": "nobody"}
    forged = replace(old_slot(), text=json.dumps({**content, "checksum": digest_json(content)}))
    assert look(forged).breaks == ()
    assert "says something else" in look(forged, earlier=Earlier(report=before, name="x")).breaks[0].problem


def test_a_store_that_was_made_anew_shows_by_its_lineage():
    before = look(stored(a_record()))
    report = look(stored(a_record()), earlier=Earlier(report=before, name="x"), lineage="two")
    assert "made anew" in report.breaks[0].problem


def test_what_cannot_be_read_counts_in_the_head_and_is_told():
    torn = replace(stored(a_record()), text="{")
    report = look(torn)
    assert [each.key for each in report.breaks] == [torn.key]
    assert store_head([slot_head(torn)]) != store_head([slot_head(replace(torn, text="{{"))])


def test_an_altered_entry_is_named_with_its_number():
    content = read_content(stored(a_record()))
    content["history"][1]["actor"] = "mallory"
    altered = Slot("run/win-back@1", 5, json.dumps({**content, "checksum": digest_json(content)}))
    assert [(each.key, each.entry) for each in look(altered).breaks] == [("run/win-back@1", 2)]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": "1.0"}'])
def test_a_file_that_is_no_report_is_refused(text):
    with pytest.raises(UsageError, match="is no report of audit verify"):
        load_chain_report(text, name="heads.json")
