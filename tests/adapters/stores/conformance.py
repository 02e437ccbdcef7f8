"""
The laws that every state store keeps, as tests of a `lab`: a store, and the means to harm it.

A lab offers `open(target="main")`, `arm(fault)` and `release()` for the next write; one of a real service also
`stop()` and `start()`, `damage(key, text)`, `snapshot()` and `restore(snapshot)`, and a `recipe` for other processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from adapters.stores.faults import Fault

from bulkplan.core.codec import dump_record, load_record
from bulkplan.errors import StoreError, UnreadableRecordError
from bulkplan.model.store import PutResult, Slot

STORED, CONFLICT, UNSURE, UNAVAILABLE = PutResult.STORED, PutResult.CONFLICT, PutResult.UNSURE, PutResult.UNAVAILABLE
KEY = "run/win-back@1"
N_PROCESSES = 8

ODD_KEYS = (
    "run/win-back[EMEA]@2",
    "run/win-back[emea]@2",
    "run/weekly@1~2026-W03",
    "run/größe@1",
    "run/a b@1",
    "run/../../x",
    "run/.hidden/.git/config",
    "run/a%2Fb",
    "run/a/b",
    "run//double",
    "run/*?[x]",
    "run/quote'\"@1",
    "run",
    "-n",
)
ODD_TEXTS = ("", "\n", "no newline at the end", "a\r\nb\n\n", "größe 🦜  ", " lead and trail ", "{" * 50, "x" * 300_000)


@pytest.fixture
def store(lab):
    store = lab.open()
    yield store
    store.close()


def settle(store, key, text, *, expected_version):
    """Write as the apply engine does: an unsure answer is read back, and the same text put again if it is not there."""
    for _ in range(4):
        result = store.put(key, text, expected_version=expected_version)
        if result is not UNSURE:
            break
        slot = store.get(key)
        if slot is not None and slot.text == text:
            return STORED
    slot = store.get(key)
    return STORED if slot is not None and slot.text == text else result


class Laws:
    """What holds for every store."""

    def test_what_is_stored_comes_back_with_its_version(self, store):
        assert store.put(KEY, "one", expected_version=0) is STORED
        assert store.put(KEY, "two", expected_version=1) is STORED
        assert store.get(KEY) == Slot(KEY, 2, "two")

    def test_absent_is_none(self, store):
        assert store.get(KEY) is None
        assert list(store.list()) == []

    @pytest.mark.parametrize("expected", [0, 2, 7])
    def test_a_swap_against_another_version_is_a_conflict(self, store, expected):
        store.put(KEY, "one", expected_version=0)
        assert store.put(KEY, "other", expected_version=expected) is CONFLICT
        assert store.get(KEY) == Slot(KEY, 1, "one")

    def test_a_swap_of_an_absent_key_is_a_conflict(self, store):
        assert store.put(KEY, "text", expected_version=3) is CONFLICT
        assert store.get(KEY) is None

    def test_of_two_who_read_the_same_version_one_wins(self, lab, store):
        other = lab.open()
        assert store.put(KEY, "one", expected_version=0) is STORED
        assert other.put(KEY, "other", expected_version=0) is CONFLICT
        assert other.put(KEY, "two", expected_version=1) is STORED
        assert store.put(KEY, "too late", expected_version=1) is CONFLICT
        assert store.get(KEY) == other.get(KEY) == Slot(KEY, 2, "two")
        other.close()

    def test_writers_of_different_keys_do_not_disturb_each_other(self, lab, store):
        other = lab.open()
        store.put("run/a@1", "text", expected_version=0)
        assert other.put("run/b@1", "text", expected_version=0) is STORED
        assert store.put("run/a@1", "text", expected_version=1) is STORED
        assert [slot.version for slot in other.list()] == [2, 1]
        other.close()

    def test_a_write_of_the_same_text_is_a_new_version(self, lab, store):
        store.put(KEY, "same", expected_version=0)
        assert store.put(KEY, "same", expected_version=1) is STORED
        assert store.put(KEY, "same", expected_version=1) is CONFLICT
        assert store.get(KEY).version == 2

    def test_a_list_is_by_key_and_by_prefix(self, store):
        for key in ("run/b@1", "run/a@1", "plan/x", "running"):
            store.put(key, key, expected_version=0)
        assert [slot.key for slot in store.list("run/")] == ["run/a@1", "run/b@1"]
        assert [slot.key for slot in store.list()] == ["plan/x", "run/a@1", "run/b@1", "running"]
        assert list(store.list("run/zzz")) == []

    def test_any_key_has_a_place_of_its_own(self, store):
        for key in ODD_KEYS:
            assert store.put(key, f"at {key}", expected_version=0) is STORED, key
        assert [(slot.key, slot.text) for slot in store.list()] == [(key, f"at {key}") for key in sorted(ODD_KEYS)]
        assert [store.get(key).text for key in ODD_KEYS] == [f"at {key}" for key in ODD_KEYS]

    def test_a_text_comes_back_as_it_was(self, store):
        for version, text in enumerate(ODD_TEXTS):
            assert store.put(KEY, text, expected_version=version) is STORED
            assert store.get(KEY) == Slot(KEY, version + 1, text)

    def test_a_record_survives(self, store, record):
        store.put(f"run/{record.key}", dump_record(record), expected_version=0)
        assert load_record(store.get(f"run/{record.key}")) == record

    def test_the_name_is_one_line_for_people(self, store):
        assert store.name.isprintable()

    def test_a_reply_that_is_lost_after_storing_is_found_by_reading_back(self, lab, store):
        store.put("run/first@1", "text", expected_version=0)
        for version in (0, 1):
            lab.arm(Fault.LOSE_REPLY)
            assert settle(store, KEY, f"text {version}", expected_version=version) is STORED
            assert store.get(KEY) == Slot(KEY, version + 1, f"text {version}")

    def test_a_lost_request_is_never_said_to_be_stored(self, lab, store):
        store.put("run/first@1", "text", expected_version=0)
        for version in (0, 1):
            lab.arm(Fault.LOSE_REQUEST)
            assert store.put(KEY, f"text {version}", expected_version=version) in (UNSURE, UNAVAILABLE)
            assert (store.get(KEY).version if version else store.get(KEY)) == (1 if version else None)
            assert settle(store, KEY, f"text {version}", expected_version=version) is STORED

    def test_a_write_that_arrives_late_is_found(self, lab, store):
        store.put("run/first@1", "text", expected_version=0)
        lab.arm(Fault.DELAY)
        assert store.put(KEY, "late", expected_version=0) is UNSURE
        assert store.get(KEY) is None
        lab.release()
        assert store.get(KEY) == Slot(KEY, 1, "late")
        assert store.put(KEY, "again", expected_version=0) is CONFLICT

    def test_a_write_that_arrives_late_never_replaces_a_newer_one(self, lab, store):
        store.put(KEY, "one", expected_version=0)
        lab.arm(Fault.DELAY)
        assert store.put(KEY, "late", expected_version=1) is UNSURE
        if lab.holds_its_row_meanwhile:
            lab.release()
            assert store.put(KEY, "two", expected_version=1) is CONFLICT
            assert store.get(KEY).text == "late"
        else:
            assert store.put(KEY, "two", expected_version=1) is STORED
            lab.release()
            assert store.get(KEY) == Slot(KEY, 2, "two")

    def test_thousands_of_records_are_listed_at_once(self, lab, store):
        lab.fill(lab.n_records)
        lab.forget_requests()
        reader = lab.open()
        slots = reader.list("run/")
        assert [slot.key for slot in slots] == sorted(f"run/r{n}@1" for n in range(lab.n_records))
        assert {slot.text for slot in slots} == {"a text"}
        assert lab.n_listings() == 1
        lab.forget_requests()
        assert reader.list("run/") == slots
        assert lab.n_requests() <= lab.most_requests
        reader.close()


class ServiceLaws(Laws):
    """What holds for every store that outlives a process, and can be away, damaged or replaced."""

    def test_the_lineage_is_that_of_the_store_and_stays(self, lab, store):
        lineage = store.lineage()
        store.put(KEY, "one", expected_version=0)
        again, elsewhere = lab.open(), lab.open(target="staging")
        assert again.lineage() == store.lineage() == lineage
        assert elsewhere.lineage() not in ("", lineage)
        again.close()
        elsewhere.close()

    def test_the_first_write_gives_the_lineage(self, lab, store):
        store.put(KEY, "one", expected_version=0)
        assert store.lineage() == store.lineage() != ""

    def test_targets_are_apart(self, lab, store):
        other = lab.open(target="../staging .x")
        store.put(KEY, "main", expected_version=0)
        assert other.get(KEY) is None
        assert other.put(KEY, "staging", expected_version=0) is STORED
        assert [slot.text for slot in store.list()] == ["main"]
        other.close()

    @pytest.mark.parametrize("cut", [0, 1, 40, 200, -1])
    def test_a_torn_record_is_unreadable_and_others_are_not(self, lab, store, record, cut):
        text, key = dump_record(record), f"run/{record.key}"
        store.put(key, text, expected_version=0)
        store.put("run/other@1", "other", expected_version=0)
        lab.damage(key, text[:cut])
        assert store.get(key).text == text[:cut]
        with pytest.raises(UnreadableRecordError):
            load_record(store.get(key))
        assert [slot.text for slot in store.list()] == ["other", text[:cut]]
        assert store.put(key, "over it", expected_version=0) is CONFLICT

    def test_an_older_copy_is_noticed_or_refuses_newer_writes(self, lab, store):
        store.put(KEY, "one", expected_version=0)
        before = lab.snapshot()
        store.put(KEY, "two", expected_version=1)
        store.put("run/b@1", "text", expected_version=0)
        lab.restore(before)
        if lab.remembers:
            with pytest.raises(StoreError, match="rewritten"):
                store.get(KEY)
            with pytest.raises(StoreError, match="rewritten"):
                lab.open().list()
            assert store.put(KEY, "three", expected_version=1) is not STORED
        else:
            assert store.put(KEY, "three", expected_version=2) is CONFLICT
            assert store.get(KEY) == Slot(KEY, 1, "one")
            assert store.get("run/b@1") is None

    def test_a_store_that_is_away_is_an_error_and_never_empty(self, lab, store):
        store.put(KEY, "one", expected_version=0)
        lineage = store.lineage()
        lab.stop()
        for read in (lambda: store.get(KEY), lambda: store.get("run/x@1"), store.list, lambda: lab.open().lineage()):
            with pytest.raises(StoreError) as caught:
                read()
            assert caught.value.hint
        with suppress(StoreError):  # it never changes, so a store that has read it may know it
            assert store.lineage() == lineage
        assert store.put(KEY, "two", expected_version=1) in (UNAVAILABLE, UNSURE)
        assert store.put("run/x@1", "new", expected_version=0) in (UNAVAILABLE, UNSURE)
        lab.start()
        assert store.get(KEY) == Slot(KEY, 1, "one")
        assert store.get("run/x@1") is None
        assert store.put(KEY, "two", expected_version=1) is STORED

    def test_of_many_processes_one_wins_each_round_and_no_write_is_lost(self, lab):
        lab.open().close()
        rounds, wins = lab.rounds
        told = run_racers({**lab.recipe, "rounds": rounds, "wins": wins})
        for of_one_round in zip(*(each["created"] for each in told), strict=True):
            assert Counter(of_one_round) == {STORED: 1, CONFLICT: N_PROCESSES - 1}
        store = lab.open()
        assert store.get("run/counter@1") == Slot("run/counter@1", N_PROCESSES * wins, str(N_PROCESSES * wins))
        assert len(store.list()) == rounds + 1
        store.close()


def run_racers(recipe):
    """What each process told, after all of them began together."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(Path.cwd()), *sys.path]))}
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("racer.py")), json.dumps(recipe)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
        for _ in range(N_PROCESSES)
    ]
    try:
        assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * N_PROCESSES
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        return [json.loads(racer.communicate(timeout=60)[0]) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
