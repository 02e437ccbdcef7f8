"""The S3 store: one conditional request per write, on servers that heed conditions and on no other."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from adapters.stores import faults
from adapters.stores.conformance import KEY, ServiceLaws, settle
from adapters.stores.faults import Fault

from bulkplan.errors import StoreError
from bulkplan.model.store import PutResult, Slot


class TestS3KeepsTheLaws(ServiceLaws):
    @pytest.fixture
    def lab(self, s3_lab):
        return s3_lab


@pytest.fixture
def lab(s3_lab):
    return s3_lab


@pytest.fixture
def store(lab):
    return lab.open()


LIARS = (
    faults.ignores_conditions,
    faults.ignores_if_match,
    faults.ignores_if_none_match,
    faults.says_200_to_all,
    faults.knows_no_conditions,
)


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.__name__)
def test_a_server_that_does_not_heed_conditions_is_refused_before_the_first_write(lab, store, liar):
    lab.front.liar = liar
    assert store.put(KEY, "one", expected_version=0) is PutResult.UNAVAILABLE
    assert "does not heed" in store.trouble
    lab.front.liar = None
    assert store.list() == []


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.__name__)
def test_a_server_that_no_longer_heeds_conditions_is_refused_by_the_next_process(lab, store, liar):
    store.put(KEY, "one", expected_version=0)
    lab.front.liar = liar
    assert lab.open().put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    lab.front.liar = None
    assert store.get(KEY) == Slot(KEY, 1, "one")


def test_the_self_test_is_made_once_and_leaves_one_object(lab, store):
    for version in range(3):
        store.put(KEY, "text", expected_version=version)
    tests = [path for method, path in lab.front.requests if method == "PUT" and path.endswith("/self-test")]
    assert len(tests) == 4
    assert sum("self-test" in path for path in lab.snapshot()) == 1


@pytest.mark.parametrize("version", [0, 1])
def test_ones_own_write_is_known_when_its_repetition_is_refused(lab, store, version):
    store.put("run/first@1", "text", expected_version=0)
    for before in range(version):
        store.put(KEY, "text", expected_version=before)
    lab.arm(Fault.STORE_THEN_REFUSE)
    assert store.put(KEY, "mine", expected_version=version) is PutResult.STORED


@pytest.mark.parametrize("version", [0, 1])
def test_a_conflicting_operation_is_tried_again_after_reading(lab, store, version):
    store.put("run/first@1", "text", expected_version=0)
    for before in range(version):
        store.put(KEY, "text", expected_version=before)
    lab.arm((409, "ConditionalRequestConflict"))
    assert store.put(KEY, "mine", expected_version=version) is PutResult.STORED


def test_a_server_that_asks_to_slow_down_stores_nothing_and_the_next_try_works(lab, store):
    store.put("run/first@1", "text", expected_version=0)
    lab.arm((503, "SlowDown"))
    assert store.put(KEY, "mine", expected_version=0) is PutResult.UNSURE
    assert store.get(KEY) is None
    assert settle(store, KEY, "mine", expected_version=0) is PutResult.STORED


@pytest.mark.parametrize("answer", [(507, "InsufficientStorage"), (403, "QuotaExceeded")])
def test_a_server_without_room_stores_nothing_and_the_next_try_works(lab, store, answer):
    store.put("run/first@1", "text", expected_version=0)
    lab.arm(answer)
    assert store.put(KEY, "mine", expected_version=0) in (PutResult.UNSURE, PutResult.UNAVAILABLE)
    assert str(answer[0]) in store.trouble
    assert store.get(KEY) is None
    assert settle(store, KEY, "mine", expected_version=0) is PutResult.STORED


def test_who_may_only_read_reads(lab, store):
    store.put(KEY, "one", expected_version=0)
    lab.front.liar = faults.may_only_read
    reader = lab.open()
    assert reader.get(KEY) == Slot(KEY, 1, "one")
    assert reader.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    assert "403" in reader.trouble


def test_who_may_only_read_finds_a_new_store_empty_and_without_lineage(lab, store):
    lab.front.liar = faults.may_only_read
    assert store.lineage() == ""
    assert store.list() == []


def test_an_object_that_was_cut_short_is_unreadable_and_stays(lab, store):
    store.put(KEY, "one", expected_version=0)
    lab.write_raw(KEY, b'{"format": "bulkpl')
    assert store.get(KEY) == Slot(KEY, 0, '{"format": "bulkpl')
    assert [store.put(KEY, "over it", expected_version=version) for version in (0, 1)] == [PutResult.CONFLICT] * 2


def test_a_bucket_that_is_not_there_is_an_error_and_not_an_empty_store(lab):
    lab.url = "s3://no-such-bucket/x"
    store = lab.open()
    for read in (lambda: store.get(KEY), store.list, store.lineage):
        with pytest.raises(StoreError, match=r"bucket|404"):
            read()
    assert store.put(KEY, "one", expected_version=0) is PutResult.UNAVAILABLE


def test_a_server_that_is_not_there_is_an_error(lab, unused_port):
    lab.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{unused_port}"
    store = lab.open()
    with pytest.raises(StoreError, match="cannot be read"):
        store.get(KEY)
    assert store.put(KEY, "one", expected_version=0) is PutResult.UNAVAILABLE


def test_keys_go_over_https_to_other_machines(lab):
    lab.environ["AWS_ENDPOINT_URL"] = "http://s3.example.test"
    with pytest.raises(StoreError) as caught:
        lab.open().get(KEY)
    assert "canary" not in caught.value.message


def test_the_key_is_shown_nowhere(lab, store):
    lab.front.liar = faults.may_only_read
    store.put(KEY, "one", expected_version=0)
    lab.stop()
    with pytest.raises(StoreError) as caught:
        store.get(KEY)
    assert "canary" not in f"{store.name} {store.trouble} {caught.value.message} {caught.value.hint}".lower()
    assert store.name == f"{lab.url}/main"


def test_without_the_extra_it_says_what_to_install():
    program = (
        "import sys; sys.modules['obstore'] = None\n"
        "from bulkplan.errors import MissingExtraError\n"
        "try: import bulkplan.adapters.stores.s3\n"
        "except MissingExtraError as error: sys.exit(error.message)"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}  # noqa: PTH109 - a text
    told = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, env=environ)
    assert told.stderr == 'This store needs: pip install "bulkplan[s3]"\n'
