"""What a row waits for when that is not in its plan: the newest version in the state, in all of its variants."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace

import pytest
from support.sample_records import sample_record

from bulkplan.adapters.stores.local import LocalStore
from bulkplan.app.dependencies import Dependencies
from bulkplan.app.ledger import Ledger
from bulkplan.core.codec import dump_record, run_slot_key
from bulkplan.model.record import RecordStatus
from bulkplan.model.run import RunKey

STATE = {
    RunKey("warm", 1): RecordStatus.DONE,
    RunKey("warm-up", 1): RecordStatus.FAILED,
    RunKey("warm-up", 2): RecordStatus.DONE,
    RunKey("warm-up-all", 1): RecordStatus.REFUSED,
    RunKey("regions", 3, "EMEA"): RecordStatus.DONE,
    RunKey("regions", 3, "APAC"): RecordStatus.SUBMITTED,
}


@pytest.fixture
def store(tmp_path):
    with closing(LocalStore.open(tmp_path / "state.db")) as store:
        for key, status in STATE.items():
            record = sample_record(status=status, key=key, version=1)
            store.put(run_slot_key(key), dump_record(record), expected_version=0)
        yield store


@pytest.mark.parametrize(
    ("name", "is_met"),
    [("warm", True), ("warm-up", True), ("warm-up-all", False), ("regions", False), ("war", False), ("never", False)],
)
def test_a_dependency_outside_the_plan_is_met_by_its_newest_version_alone(store, name, is_met):
    dependencies = Dependencies(SimpleNamespace(changes=()), store, Ledger())
    unmet = dependencies.unmet(SimpleNamespace(depends_on=(name,)))
    assert unmet == (None if is_met else f"it depends on {name}, which has not run")
