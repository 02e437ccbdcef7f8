"""What it costs to know how many leads each two of many cohorts share."""

from __future__ import annotations

import hashlib
import itertools
import random
import time
import tracemalloc
from base64 import b64encode
from collections.abc import Iterator

from benchmarks.figures import Figure, Options, at_most

from bulkplan.core.common_members import common_members
from bulkplan.core.members import EncodedMembers

ABOUT = "the leads that every two cohorts share, from the members that a plan holds"
GOALS = {"overlap of 100 cohorts of 100,000": at_most(10)}
MIB = 1024 * 1024


def figures(options: Options) -> Iterator[Figure]:
    """Cohorts drawn from ten times as many leads: each two share a tenth. The floor: sets of numbers, pair by pair."""
    n_cohorts, n_members = (10, 1000) if options.quick else (100, 100_000)
    pool = [hashlib.sha256(f"lead_{number}".encode()).digest()[:8] for number in range(10 * n_members)]
    chance = random.Random(7)
    cohorts = {
        n: EncodedMembers(b64encode(b"".join(sorted(chance.sample(pool, n_members)))).decode())
        for n in range(n_cohorts)
    }
    start = time.perf_counter()
    shared = common_members(cohorts)
    seconds = time.perf_counter() - start
    assert len(shared) == n_cohorts * (n_cohorts - 1) // 2
    name = f"overlap of {n_cohorts:,} cohorts of {n_members:,}"
    yield Figure(name, seconds, "s", "set & set, each pair", _by_sets(pool, chance, n_cohorts, n_members))
    tracemalloc.start()
    common_members(dict(itertools.islice(cohorts.items(), 20)))
    yield Figure(f"{name}: peak for 20 of them", tracemalloc.get_traced_memory()[1] / MIB, "MiB")
    tracemalloc.stop()


def _by_sets(pool: list[bytes], chance: random.Random, n_cohorts: int, n_members: int) -> float:
    """The seconds for all pairs, from those of ten sets (45 pairs)."""
    sets = [set(chance.sample(pool, n_members)) for _ in range(10)]
    start = time.perf_counter()
    for one, other in itertools.combinations(sets, 2):
        len(one & other)
    return (time.perf_counter() - start) * n_cohorts * (n_cohorts - 1) / 90
