"""
Packs: copies of many objects of a bucket in one, so that listing a state is not one request per record.

A pack is a heap of contents, no more: it says neither whose they are nor how old. What a listing names is taken out of
it only by the tag that the server itself names for the object: where that is the MD5 of a content (as it is in S3 for
objects that are neither multipart nor encrypted with a key of their own) and the size fits, they are the same bytes. So
a pack that is torn, old, altered or somebody else's costs requests, and never changes what is read; under tags of
another kind nothing ever fits, and every object is read itself. What a writer compares with, and what an audit attests,
is never read from here.

Any listing that had to read many objects leaves a pack behind, where it may, and clears away those that are too old to
be wanted by anybody; where it may not, the next one is as slow, and no more.

Source of the tags: Amazon S3, API Reference, Object, "ETag". Source of listings that show each write at once: Amazon
S3, User Guide, "Amazon S3 data consistency model".
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from bulkplan.adapters.stores.s3_access import Bucket, Found, Listed, Wrote
from bulkplan.errors import StoreError

FOLDER = "packs"
MANY = 100
"""So many objects are read one by one without a pack; a pack is renewed when it lacks more, or more than one in 50."""
_SHARE = 50
_FORMAT = b"bulkplan/pack/v1\n"
_PATH = re.compile(FOLDER + "/[0-9a-f]{64}")
_MD5 = re.compile('"?([0-9a-f]{32})"?')
_MOST_BYTES = 256 * 1024 * 1024
"""Of all contents together; larger states are read object by object."""
_SLACK = 1024 * 1024


class Packs:
    """The packs of a bucket, for one listing of its objects."""

    def __init__(self, bucket: Bucket, listed: Sequence[Listed]) -> None:
        """`listed`: every object that packs are made of, as the server lists it now."""
        self._bucket = bucket
        self._tags = {md5 for each in listed if (md5 := _md5_of(each.e_tag)) is not None}
        self._max_bytes = min(_MOST_BYTES, 2 * sum(each.size for each in listed)) + _SLACK
        self._there: list[Listed] = []
        self._contents: Mapping[str, bytes] = {}

    def copies(self, wanted: Collection[Listed]) -> dict[str, bytes]:
        """What packs hold of these objects, by path. Never raises: no pack is no news."""
        if len(wanted) <= MANY:
            return {}
        try:
            found = self._bucket.list_objects(FOLDER)
            self._there = sorted(
                (each for each in found if _PATH.fullmatch(each.path)), key=lambda each: (each.modified, each.path)
            )
            self._contents = self._newest()
        except StoreError:
            return {}
        copies = ((each, self._contents.get(_md5_of(each.e_tag) or "")) for each in wanted)
        return {each.path: copy for each, copy in copies if copy is not None and len(copy) == each.size}

    def keep(self, fetched: Iterable[Found]) -> None:
        """Leave a pack behind when many objects had to be read themselves. Never raises."""
        fresh = {md5: found.content for found in fetched if (md5 := _digest(found.content)) == _md5_of(found.e_tag)}
        if len(fresh) <= max(MANY, len(self._tags) // _SHARE):
            return
        contents = {md5: content for md5, content in self._contents.items() if md5 in self._tags} | fresh
        if sum(map(len, contents.values())) > _MOST_BYTES:
            return
        packed = dump_pack(contents.values())
        path = f"{FOLDER}/{hashlib.sha256(packed).hexdigest()}"
        if any(each.path == path for each in self._there):
            return  # it is there, and cannot be read
        if self._bucket.create(path, packed) is Wrote.STORED:
            self._clear()

    def _newest(self) -> Mapping[str, bytes]:
        """What the newest pack holds, or two of the same second, which is all that a server tells."""
        newest = [pack for pack in self._there if pack.modified == self._there[-1].modified][-2:]
        contents = (content for pack in newest for content in self._load(pack))
        return {_digest(content): content for content in contents}

    def _load(self, pack: Listed) -> Sequence[bytes]:
        found = self._bucket.read(pack.path) if pack.size <= self._max_bytes else None
        return load_pack(found.content, max_bytes=self._max_bytes) if found else []

    def _clear(self) -> None:
        """Delete all but the one just made and the newest before it, which others may be about to read."""
        for old in self._there[:-1]:
            self._bucket.delete(old.path)


def dump_pack(contents: Iterable[bytes]) -> bytes:
    """A line that names the format, then each content after its length; equal contents make equal packs."""
    parts = (part for content in sorted(contents) for part in (b"%d\n" % len(content), content))
    return zlib.compress(b"".join((_FORMAT, *parts)), level=1)


def load_pack(packed: bytes, *, max_bytes: int) -> list[bytes]:
    """The contents as far as they can be read; of a pack that grows beyond `max_bytes` when it is opened, none."""
    opener = zlib.decompressobj()
    try:
        whole = opener.decompress(packed, max_bytes)
    except zlib.error:
        return []
    if opener.unconsumed_tail or not whole.startswith(_FORMAT):
        return []
    contents, at = [], len(_FORMAT)
    while (end := whole.find(b"\n", at, at + 12)) >= 0 and whole[at:end].isdigit():
        at = end + 1 + int(whole[at:end])
        contents.append(whole[end + 1 : at])
    return contents


def _md5_of(e_tag: str) -> str | None:
    """The MD5 that a tag may be; `None` for tags of other kinds, such as those of multipart objects."""
    match = _MD5.fullmatch(e_tag)
    return match[1] if match else None


def _digest(content: bytes) -> str:
    """Names a content as S3 does; nothing is kept secret or proven by it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
