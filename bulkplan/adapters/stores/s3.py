"""State in a bucket of S3, or of a server that speaks its protocol: conditional writes, no locks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from bulkplan.adapters.stores.framing import Framed, dump_frame, key_of, load_frame, next_framed, path_of, safe_name
from bulkplan.adapters.stores.s3_access import Bucket, Wrote
from bulkplan.adapters.stores.s3_packs import Packs
from bulkplan.errors import StoreError
from bulkplan.model.store import PutResult, Slot

_TIMEOUT_S = 30.0
_TRIES = 4
_SLOTS = "slots"
_LINEAGE = "lineage"
_SELF_TEST = "self-test"
"""One object for ever: nothing of the state is ever deleted, and the right to delete is not needed."""


class S3Store:
    """
    A `Store` of one object per key under `s3://bucket/prefix/<target>/`.

    Every object begins with its counter and a fresh word: a tag is a digest of the content, so equal contents would
    have equal tags. Before its first write a self-test makes sure that the server heeds conditions. Listings read
    copies of many records where they can (see `s3_packs`); nothing else does.
    """

    def __init__(self, bucket: Bucket, *, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._is_proven = False
        self.trouble: str | None = None
        """Why the last write was not taken; for people."""

    @classmethod
    def open(cls, url: str, *, target: str, environ: Mapping[str, str], timeout_s: float = _TIMEOUT_S) -> S3Store:
        """
        The store of a target. Opens no connection yet.

        Args:
            url: `s3://bucket/prefix`.
            target: Name of the target.
            environ: The usual `AWS_*` variables: key, region, endpoint.
            timeout_s: Seconds that one request may take.

        Raises:
            MissingExtraError: obstore is not installed.
            StoreError: The variables make no sense.
        """
        parts = urlsplit(url)
        prefix = "/".join(filter(None, (parts.path.strip("/"), safe_name(target))))
        bucket = Bucket.open(parts.netloc, prefix, environ=environ, timeout_s=timeout_s)
        return cls(bucket, name=f"s3://{parts.netloc}/{prefix}")

    @property
    def name(self) -> str:
        """Bucket and prefix, for people."""
        return self._name

    def lineage(self) -> str:
        """
        A random name given when the store was made.

        A store that nobody has written to is made; where this user may only read, its lineage is empty. Raises
        `StoreError`.
        """
        for _ in range(_TRIES):
            found = self._bucket.read(_LINEAGE)
            if found is not None:
                return found.content.decode("ascii", errors="replace").strip()
            if self._bucket.create(_LINEAGE, f"{secrets.token_hex(10)}\n".encode()) is Wrote.DENIED:
                return ""
        raise StoreError(f"{self._name} could not be made: {self._bucket.trouble}", hint="try again later")

    def get(self, key: str) -> Slot | None:
        """The slot, or `None`. Raises `StoreError`."""
        found = self._read(key)
        return found[0].slot if found else None

    def list(self, prefix: str = "", *, first_hand: bool = False) -> Sequence[Slot]:
        """
        Every slot whose key begins with `prefix`, by key. Raises `StoreError`.

        One listing, then the newest pack, then the objects that it does not hold. `first_hand`: every object itself.
        """
        listed = self._bucket.list_objects(_SLOTS)
        keys = {each.path: key_of(each.path.removeprefix(f"{_SLOTS}/")) for each in listed}
        wanted = [each for each in listed if (key := keys[each.path]) is not None and key.startswith(prefix)]
        packs = Packs(self._bucket, listed)
        contents = {} if first_hand else packs.copies(wanted)
        fetched = self._bucket.read_all([each.path for each in wanted if each.path not in contents])
        if not first_hand:
            packs.keep(fetched.values())
        contents.update((path, found.content) for path, found in fetched.items())
        slots = (load_frame(key, contents[path]).slot for path, key in keys.items() if key and path in contents)
        return sorted(slots, key=lambda slot: slot.key)

    def put(self, key: str, text: str, *, expected_version: int) -> PutResult:
        """Store over `expected_version` (0: absent) with one conditional request; an unclear answer is read back."""
        self.trouble = None
        wanted = next_framed(key, text, expected_version=expected_version)
        try:
            self._prove()
            for _ in range(_TRIES):
                result = self._try(wanted)
                if result is not None:
                    return result
        except StoreError as error:  # what may be sent is settled in _try: here it surely was not
            self.trouble = error.message
        return PutResult.UNAVAILABLE

    def close(self) -> None:
        """Connections end with the process."""

    def _try(self, wanted: Framed) -> PutResult | None:
        """One request. `None`: surely not stored, and the key is still where we want it."""
        wrote = self._write(wanted)
        if wrote is None:
            return PutResult.CONFLICT
        if wrote is Wrote.STORED:
            return PutResult.STORED
        self.trouble = self._bucket.trouble
        if wrote in (Wrote.DENIED, Wrote.UNSUPPORTED):
            return PutResult.UNAVAILABLE
        return self._read_back(wanted, wrote)

    def _write(self, wanted: Framed) -> Wrote | None:
        """Write, or `None` when the key is at another version already."""
        path, content = _path(wanted.slot.key), dump_frame(wanted)
        if wanted.slot.version == 1:
            return self._bucket.create(path, content)
        found = self._read(wanted.slot.key)
        if found is None or found[0].slot.version != wanted.slot.version - 1 or found[0].slot.version == 0:
            return None
        return self._bucket.swap(path, content, e_tag=found[1])

    def _read_back(self, wanted: Framed, wrote: Wrote) -> PutResult | None:
        """What became of a write that was refused (perhaps for its own first try), or whose answer was lost."""
        try:
            found = self._read(wanted.slot.key)
        except StoreError:
            return PutResult.UNSURE
        if found is not None and found[0].write == wanted.write:
            return PutResult.STORED
        if (found[0].slot.version if found else 0) != wanted.slot.version - 1 or (found and not found[0].slot.version):
            return PutResult.CONFLICT  # what we sent names an older tag, so it can no longer be stored
        return PutResult.UNSURE if wrote is Wrote.UNSURE else None

    def _read(self, key: str) -> tuple[Framed, str] | None:
        found = self._bucket.read(_path(key))
        return (load_frame(key, found.content), found.e_tag) if found else None

    def _prove(self) -> None:
        """
        Refuse a server that does not heed conditions: it must refuse a second creation and a swap of a stale tag.

        Raises `StoreError`.
        """
        if self._is_proven:
            return
        first, second = (self._bucket.create(_SELF_TEST, _noise()) for _ in range(2))
        self._demand(first, Wrote.STORED, Wrote.REFUSED)
        self._demand(second, Wrote.REFUSED)
        found = self._bucket.read(_SELF_TEST)
        if found is None:
            raise self._heedless()
        # The first swap may be outrun by another process's self-test; either way its tag is stale for the second.
        first, second = (self._bucket.swap(_SELF_TEST, _noise(), e_tag=found.e_tag) for _ in range(2))
        self._demand(first, Wrote.STORED, Wrote.REFUSED)
        self._demand(second, Wrote.REFUSED)
        self._is_proven = True

    def _demand(self, wrote: Wrote, *wanted: Wrote) -> None:
        if wrote in wanted:
            return
        if wrote in (Wrote.DENIED, Wrote.UNSURE):
            raise StoreError(
                f"{self._name} cannot be written: {self._bucket.trouble}", hint="look at the AWS_* variables"
            )
        raise self._heedless()

    def _heedless(self) -> StoreError:
        return StoreError(
            f"{self._name} is on a server that does not heed If-None-Match and If-Match as S3 does: two appliers could "
            "both win",
            hint="use another server, or another store: state: git or postgresql://host/database",
        )


def _path(key: str) -> str:
    return f"{_SLOTS}/{path_of(key)}"


def _noise() -> bytes:
    return f"bulkplan looks whether this server heeds conditions: {secrets.token_hex(10)}\n".encode()
