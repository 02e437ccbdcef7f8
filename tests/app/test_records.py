"""Listings of the state: each record is looked at as a whole, and a command lists once."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest
from support.applying import Applying
from support.sample_records import sample_record

from bulkplan.adapters.stores.local import LocalStore
from bulkplan.app.records import find_record, read_shelf, shelf_from, whole_records
from bulkplan.app.status import has_news, refreshed_status
from bulkplan.core.codec import dump_record, run_slot_key
from bulkplan.core.digest import canonical_json, sha256_text
from bulkplan.errors import UnreadableRecordError, UsageError
from bulkplan.model.record import RecordStatus, Standing
from bulkplan.model.run import RunKey
from bulkplan.model.store import Slot
from bulkplan.sandbox import SandboxSettings


class OnceListed:
    """A store that may be listed a number of times."""

    def __init__(self, store, *, times):
        self._store, self._left = store, times

    def list(self, prefix="", **how):
        assert self._left > 0, "listed once more"
        self._left -= 1
        return self._store.list(prefix, **how)

    def __getattr__(self, name):
        return getattr(self._store, name)


def slot_of(record, **changes):
    """A record in its slot; with changes as somebody makes them who knows how checksums are made."""
    content = {**json.loads(dump_record(record)), **changes}
    del content["checksum"]
    text = canonical_json(content)
    return Slot(run_slot_key(record.key), record.version, f'{text[:-1]},"checksum":"{sha256_text(text)}"}}')


def entry(**changes):
    return [{**json.loads(dump_record(sample_record()))["history"][0], **changes}]


@pytest.mark.parametrize("status", RecordStatus)
def test_a_standing_says_what_the_record_says(status):
    record = sample_record(status=status)
    (standing,) = shelf_from([slot_of(record)]).standings
    assert standing == Standing.of(record)
    assert standing._asdict() == {name: getattr(record, name) for name in Standing._fields}


@pytest.mark.parametrize(
    "changes",
    [
        {"history": entry(attempt="1")},
        {"history": entry(status="gone")},
        {"history": entry(forged=True)},
        {"history": {}},
        {"body": []},
        {"evidence": None},
        {"pid": "7"},
        {"status": "finished"},
        {"nonce": 1},
        {"forged": 1},
    ],
    ids=str,
)
def test_what_no_version_writes_is_refused_in_a_listing_whatever_its_checksum(changes):
    good, bad = sample_record(), sample_record(key=RunKey("tampered", 2), status=RecordStatus.DONE)
    shelf = shelf_from([slot_of(good), slot_of(bad, **changes)])
    assert [standing.key for standing in shelf.standings] == [good.key]
    (error,) = shelf.unreadable
    assert error.key == "run/tampered@2"
    assert "its content is not a record of this version of bulkplan" in error.message


def test_a_listing_gives_each_record_whole_and_in_order():
    records = [sample_record(key=RunKey(name, version)) for name in ("b", "a") for version in (10, 9)]
    listed = [*map(slot_of, records), Slot("plan/x", 1, "no run")]
    shelf = shelf_from(listed)
    assert [str(each.key) for each in shelf.standings] == ["a@9", "a@10", "b@9", "b@10"]
    assert all(shelf.record(record.key) == record for record in records)
    assert whole_records(listed) == tuple(sorted(records, key=lambda record: record.key))


def test_a_run_that_is_named_by_its_key_is_looked_up_without_a_listing(tmp_path):
    with closing(LocalStore.open(tmp_path / "state.db")) as store:
        for version in (1, 2):
            record = sample_record(key=RunKey("winback", version, "EMEA"), version=1)
            store.put(run_slot_key(record.key), dump_record(record), expected_version=0)
        unlisted, listed = OnceListed(store, times=0), OnceListed(store, times=1)
        assert find_record(unlisted, "winback[EMEA]@1").key.version == 1
        assert find_record(listed, "winback[EMEA]").key.version in (1, 2)
        store.put("run/torn@1", "torn", expected_version=0)
        with pytest.raises(UnreadableRecordError):
            find_record(unlisted, "torn@1")
        with pytest.raises(UsageError) as caught:
            find_record(OnceListed(store, times=1), "winback[EMEA]@01")
        assert "winback[EMEA]@1" in caught.value.hint


def test_status_and_plan_list_the_state_once(tmp_path):
    job = Applying(tmp_path / "project", settings=SandboxSettings(leads_per_second=5.0))
    job.write("warm-up")
    job.apply(wait=False)
    job.clock.advance(3600)

    async def look(edges, context):
        edges = replace(edges, store=OnceListed(edges.store, times=1))
        shelf = read_shelf(edges.store)
        assert any(has_news(each, now=edges.clock.now()) for each in shelf.standings)
        return await refreshed_status(shelf, edges, context)

    (standing,) = job.story(look).shelf.standings
    assert standing.status is RecordStatus.DONE
    assert standing.verification.is_ok

    async def plan(edges, context):
        return await job._plan(replace(edges, store=OnceListed(edges.store, times=1)), context)

    (change,) = job.story(plan).changes
    assert change.record_status is RecordStatus.DONE
