"""Packs: listings of S3 without a request per record, which read what the objects hold, whatever a pack says."""

from __future__ import annotations

import hashlib
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from adapters.stores import faults
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkplan.adapters.stores.framing import path_of
from bulkplan.adapters.stores.s3 import S3Store
from bulkplan.adapters.stores.s3_access import Found, Listed, Wrote
from bulkplan.adapters.stores.s3_packs import MANY, dump_pack, load_pack
from bulkplan.errors import StoreError
from bulkplan.model.store import PutResult

N = MANY + 20
KEYS = [f"run/r{number:03d}@1" for number in range(N)]
MIB = 1024 * 1024


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class MemoryBucket:
    """A bucket that counts what is read of it. `tag` names each object; `refuses` what it denies."""

    def __init__(self):
        self.objects = {}
        self.tag = lambda path, content: f'"{md5(content)}"'
        self.refuses = lambda verb, path: False
        self.reads = []
        self.trouble = ""
        self._clock = datetime(2026, 11, 22, tzinfo=UTC)

    def write(self, path, content):
        self._clock += timedelta(seconds=1)
        self.objects[path] = content, self._clock

    def packs(self):
        return sorted(
            (path for path in self.objects if path.startswith("packs/")), key=lambda path: self.objects[path][1]
        )

    def read(self, path):
        self._allow("read", path)
        self.reads.append(path)
        content, _ = self.objects.get(path, (None, None))
        return None if content is None else Found(content, self.tag(path, content))

    def read_all(self, paths):
        found = {path: self.read(path) for path in paths}
        return {path: each for path, each in found.items() if each is not None}

    def list_objects(self, folder):
        self._allow("list", folder)
        return [
            Listed(path, self.tag(path, content), len(content), modified)
            for path, (content, modified) in self.objects.items()
            if path.startswith(f"{folder}/")
        ]

    def create(self, path, content):
        if self.refuses("create", path):
            return Wrote.DENIED
        if path in self.objects:
            return Wrote.REFUSED
        self.write(path, content)
        return Wrote.STORED

    def swap(self, path, content, *, e_tag):
        if path not in self.objects or self.tag(path, self.objects[path][0]) != e_tag:
            return Wrote.REFUSED
        self.write(path, content)
        return Wrote.STORED

    def delete(self, path):
        if not self.refuses("delete", path):
            self.objects.pop(path, None)

    def _allow(self, verb, path):
        if self.refuses(verb, path):
            raise StoreError("the server answered 403", hint="")


class Bench:
    """A store in such a bucket, and what it should hold."""

    def __init__(self):
        self.bucket = MemoryBucket()
        self.store = S3Store(self.bucket, name="memory")
        self.truth = {}

    def write(self, *numbers):
        for number in numbers:
            key, (version, _) = KEYS[number], self.truth.get(KEYS[number], (0, ""))
            text = f"{number} at version {version + 1}"
            assert self.store.put(key, text, expected_version=version) is PutResult.STORED
            self.truth[key] = version + 1, text

    def lists_the_truth(self, **how):
        """Whether a listing is right; how many records were read themselves."""
        self.bucket.reads.clear()
        listed = {slot.key: (slot.version, slot.text) for slot in self.store.list("run/", **how)}
        assert listed == self.truth
        return sum(path.startswith("slots/") for path in self.bucket.reads)


@pytest.fixture
def bench():
    made = Bench()
    made.write(*range(N))
    return made


def altered(packed):
    """Every record of a pack with another text of the same length."""
    return dump_pack(each.replace(b" at version ", b" of another ") for each in load_pack(packed, max_bytes=MIB))


def of_another_format(packed):
    parts = (b"%d\n%b" % (len(each), each) for each in load_pack(packed, max_bytes=MIB))
    return zlib.compress(b"bulkplan/pack/v2\n" + b"".join(parts))


DAMAGES = {
    "torn": lambda packed: packed[: len(packed) // 2],
    "empty": lambda packed: b"",
    "noise": lambda packed: bytes(range(256)) * 8,
    "altered": altered,
    "foreign": lambda packed: dump_pack([b"somebody", b"else's"]),
    "of another format": of_another_format,
    "odd lengths": lambda packed: zlib.compress(b"bulkplan/pack/v1\n99999999999\n0\n\n-1\n\n5\nx"),
    "not lengths": lambda packed: zlib.compress(b"bulkplan/pack/v1\n\xc2\xb2\nxx"),
    "a bomb": lambda packed: zlib.compress(b"bulkplan/pack/v1\n" + bytes(4 * MIB)),
    "too large": lambda packed: bytes(4 * MIB),
}


def test_the_second_listing_reads_one_pack(bench):
    assert bench.lists_the_truth() == N
    assert bench.lists_the_truth() == 0
    assert bench.bucket.reads == bench.bucket.packs()


def test_records_that_were_written_since_are_read_themselves_and_a_new_pack_is_made_when_they_are_many(bench):
    bench.lists_the_truth()
    (first,) = bench.bucket.packs()
    bench.write(*range(5))
    assert [bench.lists_the_truth() for _ in range(2)] == [5, 5]
    assert bench.bucket.packs() == [first]
    bench.write(*range(N))
    assert [bench.lists_the_truth() for _ in range(2)] == [N, 0]


def test_a_few_records_need_no_pack_and_nobody_looks_for_one():
    bench = Bench()
    bench.write(*range(MANY))
    bench.bucket.refuses = lambda verb, path: path.startswith("packs")
    assert [bench.lists_the_truth() for _ in range(2)] == [MANY, MANY]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_pack_that_is_damaged_costs_requests_and_tells_nothing(bench, damage):
    bench.lists_the_truth()
    (path,) = bench.bucket.packs()
    bench.bucket.write(path, damage(bench.bucket.objects[path][0]))
    assert bench.lists_the_truth() >= N // 2 - 20
    bench.write(*range(N))
    assert [bench.lists_the_truth() for _ in range(2)] == [N, 0]


def test_a_pack_that_grows_beyond_its_bound_is_not_opened():
    packed = dump_pack([b"x" * 5_000])
    assert load_pack(packed, max_bytes=10_000) == [b"x" * 5_000]
    assert load_pack(packed, max_bytes=1_000) == []


def test_a_pack_of_an_older_state_says_nothing_of_what_was_written_since(bench):
    bench.lists_the_truth()
    (path,) = bench.bucket.packs()
    old = bench.bucket.objects[path][0]
    bench.write(*range(N))
    bench.lists_the_truth()
    bench.bucket.write("packs/" + "f" * 64, old)
    assert bench.lists_the_truth() == N


TAGS = {
    "of many parts": lambda path, content: f'"{md5(content)}-2"',
    "weak": lambda path, content: f'W/"{md5(content)}"',
    "another digest": lambda path, content: f'"{md5(path.encode() + content)}"',
    "none": lambda path, content: "",
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
def test_under_tags_that_are_not_of_the_content_every_record_is_read_itself_and_no_pack_is_made(bench, tag):
    bench.lists_the_truth()
    packs = bench.bucket.packs()
    bench.bucket.tag = tag
    assert [bench.lists_the_truth() for _ in range(2)] == [N, N]
    assert bench.bucket.packs() == packs


def test_one_tag_for_all_shows_no_record_as_another(bench):
    contents = {content for path, (content, _) in bench.bucket.objects.items() if path.startswith("slots/")}
    same = max(contents)
    bench.lists_the_truth()
    bench.bucket.tag = lambda path, content: f'"{md5(same)}"'
    for slot in bench.store.list("run/"):
        assert (slot.version, slot.text) == bench.truth[slot.key] or slot.version == 0  # its frame names another key


@pytest.mark.parametrize("verb", ["list", "read", "create", "delete"])
def test_who_may_not_do_all_with_packs_lists_all_the_same(bench, verb):
    bench.bucket.refuses = lambda asked, path: asked == verb and path.startswith("packs")
    for _ in range(4):
        bench.lists_the_truth()
        bench.write(*range(N))
        assert bench.store.trouble is None


def test_a_pack_that_cannot_be_read_is_not_sent_again(bench):
    bench.lists_the_truth()
    bench.bucket.refuses = lambda verb, path: path.startswith("packs/") and verb in ("read", "create")
    before = dict(bench.bucket.objects)
    assert bench.lists_the_truth() == N
    assert bench.bucket.objects == before


def test_a_pack_that_goes_between_two_requests_costs_requests(bench):
    bench.lists_the_truth()
    listed = bench.bucket.list_objects("packs")
    bench.bucket.delete(listed[0].path)
    whole = bench.bucket.list_objects
    bench.bucket.list_objects = lambda folder: listed if folder == "packs" else whole(folder)
    assert bench.lists_the_truth() == N


def test_old_packs_go_and_the_last_before_and_what_is_no_pack_stay(bench):
    bench.bucket.write("packs/readme.txt", b"not ours")
    made = []
    for _ in range(4):
        bench.lists_the_truth()
        made = [*made, *(path for path in bench.bucket.packs() if path not in made)]
        bench.write(*range(N))
    assert bench.bucket.packs() == ["packs/readme.txt", *made[-2:]]


def test_an_audit_reads_each_record_itself(bench):
    bench.lists_the_truth()
    assert bench.lists_the_truth(first_hand=True) == N
    assert not any(path.startswith("packs/") for path in bench.bucket.reads)


def test_a_writer_compares_with_the_record_itself(bench):
    bench.lists_the_truth()
    bench.bucket.reads.clear()
    bench.write(0)
    assert f"slots/{path_of(KEYS[0])}" in bench.bucket.reads
    assert not any(path.startswith("packs/") for path in bench.bucket.reads)


STEPS = st.one_of(
    st.tuples(st.just("write"), st.sets(st.integers(0, N - 1), max_size=3)),
    st.tuples(st.just("write"), st.just(set(range(N)))),
    st.tuples(st.just("damage"), st.sampled_from(sorted(DAMAGES))),
    st.tuples(st.just("tag"), st.sampled_from(sorted(TAGS))),
    st.tuples(st.just("list"), st.booleans()),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(STEPS, max_size=8))
def test_whatever_happens_a_listing_is_what_the_objects_hold(steps):
    bench = Bench()
    bench.write(*range(N))
    for verb, what in [*steps, ("list", False)]:
        if verb == "write":
            bench.write(*what)
        elif verb == "tag":
            bench.bucket.tag = TAGS[what]
        elif verb == "damage":
            for path in bench.bucket.packs()[-1:]:
                bench.bucket.write(path, DAMAGES[what](bench.bucket.objects[path][0]))
        bench.lists_the_truth(first_hand=verb == "list" and what)


@given(st.lists(st.binary(max_size=60), max_size=8), st.randoms(use_true_random=False))
def test_a_pack_holds_its_contents_in_any_order_of_making(contents, chance):
    mixed = chance.sample(contents, len(contents))
    packed = dump_pack(mixed)
    assert packed == dump_pack(contents)
    assert load_pack(packed, max_bytes=MIB) == sorted(contents)
    assert load_pack(packed[: len(packed) // 2], max_bytes=MIB) == [] or contents


@pytest.fixture
def filled(s3_lab):
    s3_lab.fill(N)
    return s3_lab


def requests(lab, verb, part):
    return [path for method, path in lab.front.requests if method == verb and part in path]


def test_a_server_of_s3_gives_the_tags_that_packs_need(filled):
    listed = filled.open().list("run/")
    filled.forget_requests()
    assert filled.open().list("run/") == listed
    assert [method for method, _ in filled.front.requests] == ["GET"] * 3
    assert len(requests(filled, "GET", "list-type=2")) == 2


def test_of_a_server_of_s3_old_packs_are_deleted(filled):
    for word in ("one", "two", "three"):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(filled.write_raw, KEYS, [f"{word} of {key}".encode() for key in KEYS]))
        assert {slot.text.split()[0] for slot in filled.open().list("run/r")} >= {word}
    assert sum(re.search(r"/packs/[0-9a-f]{64}$", path) is not None for path in filled.snapshot()) == 2
    assert len(requests(filled, "POST", "?delete")) == 1


def test_two_that_list_at_once_both_make_a_pack_and_disturb_nobody(filled):
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: filled.open().list("run/"), range(2))
    assert one == other
    filled.forget_requests()
    assert filled.open().list("run/") == one
    assert not requests(filled, "GET", "/slots/")


LIMITS = (faults.may_only_read, faults.may_not_read_packs, faults.may_not_list_packs, faults.may_not_delete)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.__name__)
def test_of_a_server_that_allows_less_all_is_read_the_same(filled, limit):
    listed = filled.open().list("run/", first_hand=True)
    filled.front.liar = limit
    store = filled.open()
    assert [store.list("run/") for _ in range(2)] == [listed] * 2
    assert store.trouble is None
