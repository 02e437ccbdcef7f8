"""How many leads two cohorts share, for many cohorts at once: sorted digests of members in, a number per pair out."""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

Key = TypeVar("Key")

_N_RANGES = 256
"""Digests are compared range by range, so that sets of one 256th of them are held at a time."""
_RANGE_BITS = 56


def common_members(cohorts: Mapping[Key, str]) -> dict[frozenset[Key], int]:
    """
    Count the leads that each two cohorts share.

    Args:
        cohorts: `Cohort.members` by whatever names a cohort: base64 of 8-byte digests, sorted.

    Returns:
        The number of common members of every pair that has any.
    """
    keys = list(cohorts)
    digests = [_digests(text) for text in cohorts.values()]
    groups: Counter[tuple[int, ...]] = Counter()
    for number in range(_N_RANGES):
        groups.update(_shared_in([_part(each, number) for each in digests]))
    found: Counter[frozenset[Key]] = Counter()
    for owners, count in groups.items():
        for one, other in combinations(owners, 2):
            found[frozenset({keys[one], keys[other]})] += count
    return dict(found)


def _digests(text: str) -> array[int]:
    numbers = array("Q")
    numbers.frombytes(b64decode(text))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _part(digests: array[int], number: int) -> set[int]:
    """Those in one range."""
    start = bisect_left(digests, number << _RANGE_BITS)
    end = bisect_left(digests, (number + 1) << _RANGE_BITS) if number + 1 < _N_RANGES else len(digests)
    return set(digests[start:end])


def _shared_in(parts: Sequence[set[int]]) -> Counter[tuple[int, ...]]:
    """How many digests belong to exactly these cohorts, for every group of two or more."""
    seen: set[int] = set()
    shared: set[int] = set()
    for part in parts:
        shared |= seen & part
        seen |= part
    owners: dict[int, list[int]] = {}
    for index, part in enumerate(parts):
        for digest in shared & part:
            owners.setdefault(digest, []).append(index)
    return Counter(map(tuple, owners.values()))
