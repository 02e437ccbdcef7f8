"""The members of a cohort of any number, on disk: what leads that are listed are compared by."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from bulkplan.adapters.unnamed_file import UnnamedFile
from bulkplan.core.members import MEMBER_BYTES, N_RANGES, RANGE_BITS, member_of, numbers_in

RUN_MEMBERS = 20_000
"""Members that are held in memory; as many more begin a new run on disk."""
_BOUNDS = tuple(number << RANGE_BITS for number in range(N_RANGES))


class MemberSpool:
    """
    Takes lead IDs in any order, and gives the members of one range at a time.

    They lie in sorted runs in a file without a name, which is made with the first of those. Memory: 160 kB, 1 kB for
    each run, and the range that is asked for.
    """

    def __init__(self) -> None:
        self._numbers, self._is_sorted = array("Q"), True
        self._runs: list[tuple[int, array[int]]] = []
        self._file: UnnamedFile | None = None

    def add(self, lead_ids: Iterable[str]) -> None:
        """Take these too. Raises `BulkplanError` when the disk does not."""
        self._numbers.extend(map(member_of, lead_ids))
        self._is_sorted = False
        if len(self._numbers) >= RUN_MEMBERS:
            self._write_run()

    def in_range(self, number: int) -> AbstractSet[int]:
        """The members of one range. Raises `BulkplanError` when they cannot be read back."""
        self._sort()
        found = set(numbers_in(self._numbers, number))
        for start, bounds in self._runs:
            found.update(self._read(start, bounds, number))
        return found

    def close(self) -> None:
        """Let go of the file; it has no name, so nothing is left of it."""
        if self._file is not None:
            self._file.close()

    def _sort(self) -> None:
        if not self._is_sorted:
            self._numbers, self._is_sorted = array("Q", sorted(self._numbers)), True

    def _write_run(self) -> None:
        self._sort()
        if self._file is None:
            self._file = UnnamedFile()
        self._runs.append((self._file.append(self._numbers.tobytes()), _bounds(self._numbers)))
        self._numbers = array("Q")

    def _read(self, start: int, bounds: Sequence[int], number: int) -> array[int]:
        first, end = bounds[number], bounds[number + 1]
        numbers = array("Q")
        if self._file is not None and end > first:
            numbers.frombytes(self._file.read(start + first * MEMBER_BYTES, (end - first) * MEMBER_BYTES))
        return numbers


def _bounds(numbers: Sequence[int]) -> array[int]:
    """Where in sorted numbers each range begins, and the last one ends."""
    return array("I", [*(bisect_left(numbers, bound) for bound in _BOUNDS), len(numbers)])
