"""Records as texts: what comes back is what went in, and what was altered is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engine_world import World

from bulkplan.core.codec import dump_record, load_record, read_content
from bulkplan.core.digest import digest_json
from bulkplan.errors import UnreadableRecordError
from bulkplan.model.store import Slot

FORMATS = Path(__file__).parents[1] / "golden" / "formats"


@pytest.fixture
def slot():
    world = World()
    world.apply()
    (slot,) = world.slots.values()
    return slot


def test_a_record_comes_back_as_it_went_in(slot):
    assert load_record(slot).key.name == "win-back"


def test_an_altered_record_is_an_error_and_never_absent(slot):
    for place in range(0, len(slot.text), 7):
        flipped = slot.text[:place] + chr(ord(slot.text[place]) ^ 1) + slot.text[place + 1 :]
        with pytest.raises(UnreadableRecordError):
            load_record(dataclasses.replace(slot, text=flipped))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", "[" * 100_000, '{"a": "\\ud800", "checksum": ""}', '{"a": NaN}', "\x00"]
)
def test_a_torn_record_is_an_error(slot, text):
    with pytest.raises(UnreadableRecordError, match=r"run/win-back@1 cannot be trusted"):
        load_record(dataclasses.replace(slot, text=text))


def test_a_record_of_a_newer_form_says_so_and_an_unknown_form_does_not(slot):
    def of_form(form):
        content = {**read_content(slot), "schema": form, "a_new_key": 1}
        return dataclasses.replace(slot, text=json.dumps({**content, "checksum": digest_json(content)}))

    with pytest.raises(UnreadableRecordError, match=r"newer bulkplan \(bulkplan/record/v9\)") as caught:
        load_record(of_form("bulkplan/record/v9"))
    assert "use that version" in caught.value.hint
    for form in ("bulkplan/record/v2", "something/else/v9"):
        with pytest.raises(UnreadableRecordError, match="cannot be trusted"):
            load_record(of_form(form))


def test_a_record_under_another_version_is_an_error(slot):
    with pytest.raises(UnreadableRecordError, match="version"):
        load_record(dataclasses.replace(slot, version=slot.version + 1))


def test_a_record_under_another_key_is_an_error(slot):
    with pytest.raises(UnreadableRecordError):
        load_record(dataclasses.replace(slot, key="run/other@1"))


@given(st.data())
def test_no_one_character_that_is_changed_added_or_gone_makes_another_record(data):
    slot = Slot("run/win-back@1", 5, (FORMATS / "record_v2_canonical.json").read_text(encoding="utf-8"))
    place = data.draw(st.integers(0, len(slot.text) - 1))
    put_in = data.draw(st.characters(exclude_categories=["Cs"]) | st.just(""))
    altered = slot.text[:place] + put_in + slot.text[place + data.draw(st.integers(0, 1)) :]
    try:
        found = load_record(dataclasses.replace(slot, text=altered))
    except UnreadableRecordError:
        return
    assert found == load_record(slot)  # a blank more, say


def test_the_layout_of_older_versions_is_read_and_its_checksum_is_the_same():
    canonical, indented = (
        Slot("run/win-back@1", 5, (FORMATS / name).read_text(encoding="utf-8"))
        for name in ("record_v2_canonical.json", "record_v2.json")
    )
    assert load_record(canonical) == load_record(indented)
    assert read_content(canonical) == read_content(indented)
    assert json.loads(canonical.text)["checksum"] == json.loads(indented.text)["checksum"]
    assert dump_record(load_record(indented)) == canonical.text
