"""
How many leads two cohorts share, for many cohorts at once: sorted digests of members in, a number per pair out.

Looking at pairs one by one would read every cohort as often as there are others. Instead each digest that more than one
cohort has gets a place, and each cohort a whole number with a bit for every place; what two cohorts share is then the
bits that both have, which the machine counts thousands at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import TypeVar

from bulkplan.core.members import N_RANGES, Members

Key = TypeVar("Key")

_BLOCK_BITS = 1 << 16
"""Places are counted in blocks of about so many: a thousand cohorts then hold 8 MB of bits."""


def common_members(cohorts: Mapping[Key, Members]) -> dict[frozenset[Key], int]:
    """
    Count the leads that each two cohorts share.

    Args:
        cohorts: Members by whatever names a cohort.

    Returns:
        The number of common members of every pair that has any.
    """
    keys = list(cohorts)
    found: Counter[tuple[int, int]] = Counter()
    for block in _blocks(list(cohorts.values())):
        owners = [(index, bits) for index, bits in enumerate(block) if bits]
        for (one, ours), (other, theirs) in combinations(owners, 2):
            if common := ours & theirs:
                found[one, other] += common.bit_count()
    return {frozenset({keys[one], keys[other]}): count for (one, other), count in found.items()}


def _blocks(cohorts: Sequence[Members]) -> Iterator[list[int]]:
    """For some of the shared digests at a time: the bits of each cohort."""
    block, n_bits = [0] * len(cohorts), 0
    for number in range(N_RANGES):
        parts = [each.in_range(number) for each in cohorts]
        shared = _shared(parts)
        places = dict(zip(shared, range(len(shared)), strict=True))
        for index, part in enumerate(parts):
            if ours := shared & part:
                block[index] |= _bits(map(places.__getitem__, ours), len(places)) << n_bits
        n_bits += len(places)
        if n_bits >= _BLOCK_BITS:
            yield block
            block, n_bits = [0] * len(cohorts), 0
    yield block


def _shared(parts: Sequence[AbstractSet[int]]) -> set[int]:
    """The digests that more than one of them has."""
    seen: set[int] = set()
    shared: set[int] = set()
    for part in parts:
        shared |= seen & part
        seen |= part
    return shared


def _bits(places: Iterator[int], size: int) -> int:
    """The number that has a bit at each of these places, of which there are `size`."""
    digits = bytearray(b"0" * size)
    for place in places:
        digits[place] = 49  # "1"
    return int(digits, 2)
