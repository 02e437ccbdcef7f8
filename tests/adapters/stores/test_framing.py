"""Paths and frames: every key its own safe path, and no damaged frame taken for a whole one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from bulkplan.adapters.stores.framing import Framed, dump_frame, key_of, load_frame, next_framed, path_of, safe_name
from bulkplan.model.store import Slot

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
@example("run//x/")
@example("")
@example("%")
def test_a_path_leads_back_to_its_key(key):
    assert key_of(path_of(key)) == key


@given(TEXTS)
def test_a_path_has_no_empty_hidden_or_climbing_segment_and_only_plain_signs(key):
    path = path_of(key)
    assert all(segment and not segment.startswith(".") for segment in path.split("/"))
    assert path.isascii()
    assert all(sign.isalnum() or sign in "-_@%/" for sign in path.removesuffix(".json"))


@given(TEXTS, TEXTS)
def test_no_path_is_the_folder_of_another(one, other):
    assert not path_of(other).startswith(f"{path_of(one)}/")


def test_a_usual_key_reads_as_itself():
    assert path_of("run/win-back@2") == "run/win-back@2.json"
    assert safe_name("production") == "production"


def test_what_is_no_path_of_ours_has_no_key():
    assert [key_of(path) for path in ("README", "run/a.b.json", "run/%zz.json", "a~b.json")] == [None] * 4


@given(TEXTS, TEXTS, st.integers(1, 10**9))
def test_a_frame_gives_back_what_was_framed(key, text, version):
    framed = Framed(Slot(key, version, text), "word")
    assert load_frame(key, dump_frame(framed)) == framed


@given(TEXTS, st.integers(0, 400))
def test_a_torn_frame_is_shorter_or_has_version_0(text, cut):
    content = dump_frame(Framed(Slot("run/a@1", 3, text), "word"))
    torn = load_frame("run/a@1", content[:cut]).slot
    assert torn.version == 0 or (torn.version == 3 and len(torn.text) <= len(text))


def test_a_frame_of_another_key_is_not_taken():
    content = dump_frame(Framed(Slot("run/a@1", 3, "text"), "word"))
    assert load_frame("run/b@1", content).slot.version == 0


def test_equal_writes_are_told_apart():
    one, other = (next_framed("run/a@1", "text", expected_version=0) for _ in range(2))
    assert one.slot == other.slot
    assert one.write != other.write
