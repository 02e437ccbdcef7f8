"""How many leads two cohorts share, for many cohorts at once: sorted digests of members in, a number per pair out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from bulkplan.core.cohort import N_RANGES, member_numbers, numbers_in

Key = TypeVar("Key")


def common_members(cohorts: Mapping[Key, str]) -> dict[frozenset[Key], int]:
    """
    Count the leads that each two cohorts share.

    Args:
        cohorts: `Cohort.members` by whatever names a cohort: base64 of 8-byte digests, sorted.

    Returns:
        The number of common members of every pair that has any.
    """
    keys = list(cohorts)
    digests = [member_numbers(text) for text in cohorts.values()]
    groups: Counter[tuple[int, ...]] = Counter()
    for number in range(N_RANGES):
        groups.update(_shared_in([numbers_in(each, number) for each in digests]))
    found: Counter[frozenset[Key]] = Counter()
    for owners, count in groups.items():
        for one, other in combinations(owners, 2):
            found[frozenset({keys[one], keys[other]})] += count
    return dict(found)


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
