"""
Who is in a cohort: a digest over the lead IDs, and the members as short digests by which two plans are compared.

A cohort may have a million leads, so nothing here holds their IDs: a member is the first 8 bytes of the SHA-256 of its
ID, a number below 2**64. Numbers are kept and compared in 256 ranges, by their first byte.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bulkplan.model.plan import Cohort

MAX_MEMBERS = 200_000
"""Of larger cohorts a saved plan keeps the digest only: their members would take more than 2 MB of it."""
MAX_LISTED_IN_ORDER = 10_000
"""So many leads Close lists in one order. Source: Close API, Advanced Filtering (cursors)."""

_MEMBER_BYTES = 8
N_RANGES = 256
"""Members are compared range by range, so that sets of one 256th of them are held at a time."""
_RANGE_BITS = 56


@dataclass(frozen=True)
class MemberDrift:
    """Who came and went between two looks at a cohort: of `planned` leads `left` are gone, and `entered` are new."""

    planned: int
    entered: int
    left: int

    @property
    def moved(self) -> int:
        """All of them together."""
        return self.entered + self.left


class MemberCollector:
    """Takes lead IDs in any order, and any number of times; keeps 8 bytes of each until the members are asked for."""

    def __init__(self) -> None:
        self._ranges: tuple[array[int], ...] = tuple(array("Q") for _ in range(N_RANGES))

    def add(self, lead_ids: Iterable[str]) -> None:
        """Take these too."""
        for lead_id in lead_ids:
            digest = hashlib.sha256(lead_id.encode()).digest()
            self._ranges[digest[0]].append(int.from_bytes(digest[:_MEMBER_BYTES], "big"))

    def encoded(self) -> str:
        """The members as `Cohort.members` holds them."""
        raw = bytearray()
        for numbers in self._ranges:
            raw += _big_endian(array("Q", sorted(set(numbers)))).tobytes()
        return b64encode(raw).decode()


class CohortDigest:
    """The digest of a cohort: SHA-256 over its lead IDs, sorted, each followed by a line end."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.n_leads = 0

    def add(self, lead_id: str) -> None:
        """Take the next ID; they come sorted, each once."""
        self._hash.update(f"{lead_id}\n".encode())
        self.n_leads += 1

    @property
    def text(self) -> str:
        """`sha256:` and 64 lower-case hex digits."""
        return f"sha256:{self._hash.hexdigest()}"


def listing_limit(asked_limit: int | None) -> int | None:
    """
    How many leads of a run stand for its members: the first so many in its order; `None`: all that match.

    Args:
        asked_limit: The `results_limit` of its spec; beyond what Close lists in one order it cannot be followed.
    """
    return asked_limit if asked_limit is not None and asked_limit <= MAX_LISTED_IN_ORDER else None


def compare_members(planned: str, now: str) -> MemberDrift:
    """
    Who entered and who left between two cohorts.

    Args:
        planned: `Cohort.members` of the earlier one.
        now: The same of the later one.

    Raises:
        ValueError: One of them is not what a `MemberCollector` gives.
    """
    before, after = member_numbers(planned), member_numbers(now)
    entered = left = 0
    for number in range(N_RANGES):
        then, here = numbers_in(before, number), numbers_in(after, number)
        stayed = len(then & here)
        entered += len(here) - stayed
        left += len(then) - stayed
    return MemberDrift(planned=len(before), entered=entered, left=left)


def is_sound(cohort: Cohort) -> bool:
    """Whether the members of a cohort that was read from a file are sorted digests, as many as it has leads."""
    if cohort.members is None:
        return True
    try:
        numbers = member_numbers(cohort.members)
    except ValueError:
        return False
    return len(numbers) == cohort.n_leads and all(one < other for one, other in pairwise(numbers))


def member_numbers(members: str) -> array[int]:
    """The members that `Cohort.members` holds, sorted. Raises `ValueError` for what is none."""
    numbers = array("Q")
    numbers.frombytes(b64decode(members, validate=True))
    return _big_endian(numbers)


def _big_endian(numbers: array[int]) -> array[int]:
    """The same array, turned between this machine's order of bytes and that of digests."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def numbers_in(numbers: array[int], number: int) -> set[int]:
    """Those of one of the `N_RANGES` ranges."""
    start = bisect_left(numbers, number << _RANGE_BITS)
    end = bisect_left(numbers, (number + 1) << _RANGE_BITS) if number + 1 < N_RANGES else len(numbers)
    return set(numbers[start:end])
