"""The chain over a record's history: whatever is changed, taken out, put in or moved is found, and where."""

from __future__ import annotations

import copy
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engine_world import ORGANIZATION, RUN, context

from bulkplan.core.chain import CHAINED, breaks, content_digest, entry_digest, history_of, n_before_chain
from bulkplan.core.codec import dump_record, load_record, read_content
from bulkplan.core.records import Move, Stamp, first_intent, moved, next_intent
from bulkplan.model.record import RecordStatus
from bulkplan.model.store import Provenance, Slot

FORMATS = Path(__file__).parents[1] / "golden" / "formats"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
WHO = Provenance(actor="dana", host="laptop", pid=7, commit="c" * 40)


def stamp(number: int) -> Stamp:
    return Stamp(START + timedelta(minutes=number), f"write-{number}")


def a_record(*, refusals: int = 1):
    """Refused some times, then submitted and done."""
    record = first_intent(RUN, context(), stamp(0), nonce="a" * 16)
    for number in range(refusals):
        record = moved(record, Move(RecordStatus.REFUSED, "Close said no"), stamp(10 * number + 1), WHO)
        record = next_intent(record, RUN, context(), stamp(10 * number + 2), nonce=f"{number:016}")
    record = moved(record, Move(RecordStatus.SUBMITTED, "started", remote_id="bulkedit_1"), stamp(91), WHO)
    return moved(record, Move(RecordStatus.DONE, "Close says done"), stamp(92), WHO)


def stored(record) -> Slot:
    return Slot(f"run/{record.key}", record.version, dump_record(record))


def old_slot() -> Slot:
    return Slot("run/win-back@1", 2, (FORMATS / "record_v1.json").read_text())


def content(record=None):
    return read_content(stored(record or a_record()))


def where(found) -> set[int | None]:
    return {each.entry for each in found}


def test_what_the_engine_writes_is_whole():
    assert breaks(content()) == ()
    assert content()["schema"] == CHAINED


def test_a_record_comes_back_with_its_chain():
    record = a_record()
    assert load_record(stored(record)) == record
    assert dump_record(load_record(stored(record))) == dump_record(record)


PLACES = [
    (number, key) for number, entry in enumerate(history_of(content(a_record(refusals=2)))) for key in sorted(entry)
]


@given(st.sampled_from(PLACES), st.one_of(st.none(), st.integers(), st.text(max_size=5), st.just({})))
def test_any_change_of_an_entry_is_found(place, value):
    number, key = place
    altered = copy.deepcopy(content(a_record(refusals=2)))
    if altered["history"][number][key] == value:
        return
    altered["history"][number][key] = value
    assert breaks(altered)


@given(st.sampled_from(sorted(set(content()) - {"history"})), st.one_of(st.integers(), st.text(max_size=5)))
def test_any_change_of_the_record_itself_is_found(key, value):
    altered = content()
    if altered[key] == value:
        return
    altered[key] = value
    assert breaks(altered)


@given(st.data(), st.integers(0, 3))
@settings(max_examples=60)
def test_entries_taken_out_put_in_or_moved_are_found(data, refusals):
    altered = copy.deepcopy(content(a_record(refusals=refusals)))
    history = altered["history"]
    before = copy.deepcopy(history)
    at = data.draw(st.integers(0, len(history) - 1))
    match data.draw(st.sampled_from(["remove", "repeat", "swap", "cut"])):
        case "remove":
            del history[at]
        case "repeat":
            history.insert(data.draw(st.integers(0, len(history))), copy.deepcopy(history[at]))
        case "swap":
            other = data.draw(st.integers(0, len(history) - 1))
            history[at], history[other] = history[other], history[at]
        case "cut":
            del history[at:]
    if history != before:
        assert breaks(altered)


def test_an_entry_whose_digest_was_made_anew_breaks_the_next_one():
    altered = copy.deepcopy(content())
    entry = altered["history"][1]
    entry["note"] = "nothing to see here"
    entry["digest"] = entry_digest(entry)
    assert where(breaks(altered)) == {3}


def test_the_history_of_another_record_does_not_fit():
    other = first_intent(
        dataclasses.replace(RUN, key=RUN.key._replace(name="other")), context(), stamp(0), nonce="a" * 16
    )
    mine = content(first_intent(RUN, context(), stamp(0), nonce="a" * 16))
    assert breaks({**content(other), "history": mine["history"]})
    elsewhere = first_intent(RUN, context(organization_id="orga_other"), stamp(0), nonce="a" * 16)
    assert ORGANIZATION != "orga_other"
    assert breaks({**content(elsewhere), "history": mine["history"]})


def test_a_chain_that_was_stripped_is_found_by_the_form():
    stripped = copy.deepcopy(content())
    for entry in stripped["history"]:
        for key in ("digest", "previous", "content"):
            del entry[key]
    assert [each.entry for each in breaks(stripped)] == [None]


class TestBeforeTheChain:
    def test_an_old_record_can_be_read_and_is_no_break(self):
        record = load_record(old_slot())
        assert record.schema_ == "bulkplan/record/v1"
        assert json.loads(dump_record(record)) == json.loads(old_slot().text)
        assert breaks(read_content(old_slot())) == ()
        assert n_before_chain(read_content(old_slot())) == 2

    def test_its_next_entry_binds_those_before(self):
        record = moved(load_record(old_slot()), Move(RecordStatus.DONE, "Close says done"), stamp(5), WHO)
        whole = content(record)
        assert breaks(whole) == ()
        assert n_before_chain(whole) == 2
        assert whole["schema"] == CHAINED
        for number in range(2):
            for key, value in whole["history"][number].items():
                altered = copy.deepcopy(whole)
                altered["history"][number][key] = f"{value}!"
                assert where(breaks(altered)) == {3}

    def test_an_entry_less_is_found_by_the_number_of_writes(self):
        cut = read_content(old_slot())
        cut["history"] = cut["history"][:1]
        assert "2 times" in breaks(cut)[0].what


@pytest.mark.parametrize("name", ["record_v2.json", "record_v2_canonical.json"])
def test_a_record_of_today_reads_the_same_for_ever(name):
    text = (FORMATS / name).read_text()
    slot = Slot("run/win-back@1", 5, text)
    assert breaks(read_content(slot)) == ()
    assert json.loads(dump_record(load_record(slot))) == json.loads(text)
    later = moved(load_record(slot), Move(RecordStatus.FORGOTTEN, "given up"), stamp(99), WHO)
    assert breaks(content(later)) == ()


@pytest.mark.parametrize("history", [None, "", [], [None], ["x"], [{"digest": 1}], [{"digest": {}}]])
def test_a_history_that_is_none_is_said_and_not_raised(history):
    assert breaks({**content(), "history": history})


def test_the_checksum_is_no_part_of_the_content():
    assert content_digest(json.loads(dump_record(a_record()))) == content_digest(content())
