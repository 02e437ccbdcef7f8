"""In which order runs go: dependencies first, else as the files say."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from bulkplan.model.run import WantedRun


def ordered(runs: Sequence[WantedRun]) -> tuple[WantedRun, ...]:
    """
    Order runs so that each stands behind all runs of the specs it depends on; otherwise they keep their order.

    A dependency on a spec that is not among `runs` is left out of account. Runs in a cycle, which the loader
    refuses, come last in their own order.
    """
    by_name: dict[str, list[int]] = {}
    for index, run in enumerate(runs):
        by_name.setdefault(run.spec.name, []).append(index)
    before = [{other for name in run.spec.depends_on for other in by_name.get(name, ())} for run in runs]
    after: list[list[int]] = [[] for _ in runs]
    for index, others in enumerate(before):
        for other in others:
            after[other].append(index)
    order = _walk(before, after)
    rest = sorted(set(range(len(runs))) - set(order))
    return tuple(runs[index] for index in (*order, *rest))


def _walk(before: Sequence[set[int]], after: Sequence[Sequence[int]]) -> list[int]:
    """Kahn's algorithm with a heap, so that of all that may come next the first in the files does."""
    missing = [len(others) for others in before]
    ready = [index for index, count in enumerate(missing) if count == 0]
    order: list[int] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(index)
        for follower in after[index]:
            missing[follower] -= 1
            if missing[follower] == 0:
                heapq.heappush(ready, follower)
    return order
