"""
The members of cohorts as short digests, and who came and went between two.

A cohort may have a million leads, so nothing here holds their IDs: a member is the first 8 bytes of the SHA-256 of its
ID, a number below 2**64. Members are gone through in 256 ranges, by their first byte, wherever they lie: of two cohorts
that are compared, a 256th each is held.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from operator import lt
from typing import Protocol

from bulkplan.model.plan import Cohort

FILE_SUFFIX = ".members"
"""Behind the whole name of a saved plan: the file beside it that holds the members of its large cohorts."""

MEMBER_BYTES = 8
N_RANGES = 256
RANGE_BITS = 56
"""Bits of a member behind the byte that says which range it is in."""


class Members(Protocol):
    """The members of one cohort, in memory or on disk."""

    def in_range(self, number: int) -> AbstractSet[int]:
        """Those of one of the `N_RANGES` ranges. Raises `BulkplanError` where they cannot be read."""
        ...


class GrowingMembers(Members, Protocol):
    """Takes lead IDs in any order, and any number of times."""

    def add(self, lead_ids: Iterable[str]) -> None:
        """Take these too."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


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
    """Holds 8 bytes of each lead ID in memory."""

    def __init__(self) -> None:
        self._ranges: tuple[array[int], ...] = tuple(array("Q") for _ in range(N_RANGES))

    def add(self, lead_ids: Iterable[str]) -> None:
        """Take these too."""
        for member in map(member_of, lead_ids):
            self._ranges[member >> RANGE_BITS].append(member)

    def in_range(self, number: int) -> AbstractSet[int]:
        """Those of one range."""
        return set(self._ranges[number])

    def close(self) -> None:
        """Nothing to let go of."""


class EncodedMembers:
    """The members that `Cohort.members` holds."""

    def __init__(self, text: str) -> None:
        """Raises `ValueError` for a text that holds none."""
        self._numbers = array("Q")
        self._numbers.frombytes(b64decode(text, validate=True))
        big_endian(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def is_sorted(self) -> bool:
        """Whether they stand in order, each once."""
        return is_rising(self._numbers)

    def in_range(self, number: int) -> AbstractSet[int]:
        """Those of one range."""
        return set(numbers_in(self._numbers, number))


def member_of(lead_id: str) -> int:
    """The member that a lead is."""
    return int.from_bytes(hashlib.sha256(lead_id.encode()).digest()[:MEMBER_BYTES], "big")


def numbers_in(numbers: array[int], number: int) -> array[int]:
    """The slice of sorted members that is in one range."""
    start = bisect_left(numbers, number << RANGE_BITS)
    end = bisect_left(numbers, (number + 1) << RANGE_BITS) if number + 1 < N_RANGES else len(numbers)
    return numbers[start:end]


def members_of(cohort: Cohort | None, kept: Members | None = None) -> Members | None:
    """
    The members of a cohort, where they are known.

    Args:
        cohort: From a plan, which holds the members of small ones.
        kept: Those of a large one, which lie beside the plan, where they were found.

    Raises:
        ValueError: What the plan holds is none.
    """
    if cohort is None or cohort.members is None:
        return kept
    return EncodedMembers(cohort.members)


def compare_members(planned: Members, now: Members) -> MemberDrift:
    """Who entered and who left between two cohorts."""
    n_planned = entered = left = 0
    for number in range(N_RANGES):
        then, here = planned.in_range(number), now.in_range(number)
        stayed = len(then & here)
        n_planned += len(then)
        entered += len(here) - stayed
        left += len(then) - stayed
    return MemberDrift(planned=n_planned, entered=entered, left=left)


def encoded(members: Members) -> str:
    """Members as `Cohort.members` holds them."""
    return b64encode(b"".join(sorted_bytes(members))).decode()


def sorted_bytes(members: Members) -> Iterator[bytes]:
    """Members range by range, sorted, each as 8 bytes."""
    for number in range(N_RANGES):
        yield big_endian(array("Q", sorted(members.in_range(number)))).tobytes()


def is_rising(numbers: Sequence[int]) -> bool:
    """Whether numbers stand in order, each once."""
    return all(map(lt, numbers, islice(numbers, 1, None)))


def big_endian(numbers: array[int]) -> array[int]:
    """The same array, turned between this machine's order of bytes and that of digests."""
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
