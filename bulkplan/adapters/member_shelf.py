"""
The file beside a saved plan that holds the members of its large cohorts: `plan.json.members`.

A line that names the plan, then for each row that says so (`Cohort.members_digest`), in the order of the rows, its
members: 8 bytes each, sorted. The plan's digest is over those digests, so the file is bound by whatever binds the plan.
"""

from __future__ import annotations

import hashlib
import os
import stat
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from bulkplan.adapters.unnamed_file import UnnamedFile
from bulkplan.adapters.whole_file import whole_file
from bulkplan.core.members import FILE_SUFFIX, MEMBER_BYTES, RANGE_BITS, Members, big_endian, is_rising, sorted_bytes
from bulkplan.errors import BulkplanError, PlanRefusedError, UsageError
from bulkplan.model.plan import Change, Cohort, Plan
from bulkplan.model.run import RunKey

_HEAD = b"bulkplan/members/v1 "
_BLOCK_BYTES = 8192 * MEMBER_BYTES
_AGAIN = "make a new plan with bulkplan plan --out FILE and have it reviewed"


class MemberShelf:
    """Keeps members of large cohorts on disk while a command runs: of a plan being made, or of one that is read."""

    def __init__(self) -> None:
        self._file: UnnamedFile | None = None
        self._kept: dict[RunKey, _Kept] = {}

    def __enter__(self) -> MemberShelf:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def get(self, key: RunKey) -> Members | None:
        """The members of a run that were kept."""
        return self._kept.get(key)

    def keep(self, key: RunKey, members: Members) -> str:
        """Keep the members of a run; return `Cohort.members_digest`. Raises `BulkplanError` when the disk is full."""
        return self._keep(key, sorted_bytes(members))

    def save(self, path: Path, plan: Plan) -> Path | None:
        """
        Write the file beside a plan, whole or not at all, or remove an old one of ours where the plan needs none.

        Returns:
            Where it is, if the plan needs one.

        Raises:
            UsageError: The file is there, and bulkplan did not write it.
            BulkplanError: It cannot be written.
        """
        rows = _rows_of(plan)
        if not rows:
            _remove_own(file_beside(path))
            return None
        with whole_file(_own_place(path)) as file:
            file.write(_head_of(plan))
            for change, _ in rows:
                file.writelines(self._kept[change.key].blocks())
        return file_beside(path)

    def load(self, path: Path, plan: Plan) -> bool:
        """
        Read the file beside a plan, and check that it is the plan's.

        Returns:
            Whether all members that the plan tells of are known now; false where the file is not there.

        Raises:
            PlanRefusedError: It is of another plan, or was altered.
            BulkplanError: It cannot be read.
        """
        rows, beside = _rows_of(plan), file_beside(path)
        if not rows:
            return True
        try:
            with _opened(beside) as file:
                self._read(file, beside, plan, rows)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise BulkplanError(f"{beside} cannot be read: {error.strerror or error}") from error
        return True

    def _read(self, file: BinaryIO, beside: Path, plan: Plan, rows: Sequence[tuple[Change, Cohort]]) -> None:
        head = _head_of(plan)
        if file.read(len(head)) != head:
            raise PlanRefusedError(f"{beside} does not hold the members of this plan, but of another", hint=_AGAIN)
        for change, cohort in rows:
            digest = self._keep(change.key, _read_blocks(file, cohort.n_leads))
            if digest != cohort.members_digest or not self._kept[change.key].is_sorted():
                raise PlanRefusedError(f"{beside} was altered: the members of {change.key} are others", hint=_AGAIN)
        if file.read(1):
            raise PlanRefusedError(f"{beside} was altered: something stands behind its end", hint=_AGAIN)

    def _keep(self, key: RunKey, blocks: Iterator[bytes]) -> str:
        if self._file is None:
            self._file = UnnamedFile()
        start, digest = self._file.size, hashlib.sha256()
        for block in blocks:
            digest.update(block)
            self._file.append(block)
        self._kept[key] = _Kept(self._file, start, (self._file.size - start) // MEMBER_BYTES)
        return f"sha256:{digest.hexdigest()}"


@dataclass(frozen=True)
class _Kept:
    """Sorted members, in a part of a file."""

    file: UnnamedFile
    start: int
    n_members: int

    def in_range(self, number: int) -> AbstractSet[int]:
        """Those of one range, found by halving."""
        first = self._place(number << RANGE_BITS)
        end = self._place((number + 1) << RANGE_BITS)
        return set(_numbers(self.file.read(self.start + first * MEMBER_BYTES, (end - first) * MEMBER_BYTES)))

    def blocks(self) -> Iterator[bytes]:
        """All of them, some at a time."""
        end = self.start + self.n_members * MEMBER_BYTES
        for start in range(self.start, end, _BLOCK_BYTES):
            yield self.file.read(start, min(_BLOCK_BYTES, end - start))

    def is_sorted(self) -> bool:
        """Whether they stand in order, each once."""
        before = -1
        for block in self.blocks():
            numbers = _numbers(block)
            if before >= numbers[0] or not is_rising(numbers):
                return False
            before = numbers[-1]
        return True

    def _place(self, bound: int) -> int:
        """How many of them are below that."""
        return bisect_left(range(self.n_members), bound, key=self._number)

    def _number(self, index: int) -> int:
        return int.from_bytes(self.file.read(self.start + index * MEMBER_BYTES, MEMBER_BYTES), "big")


def file_beside(path: Path) -> Path:
    """Where the members of a saved plan lie."""
    return path.with_name(path.name + FILE_SUFFIX)


def _opened(beside: Path) -> BinaryIO:
    """The file, if it is one: a pipe in its place would never end. Raises `OSError`, `BulkplanError`."""
    file = os.fdopen(os.open(beside, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise BulkplanError(f"{beside} is no ordinary file", hint="make a new plan, and leave its place to it")


def write_beside(path: Path, raw: bytes) -> None:
    """Lay what was fetched with a plan beside it, as `save` does; `MemberShelf.load` checks it."""
    with whole_file(_own_place(path)) as file:
        file.write(raw)


def _rows_of(plan: Plan) -> tuple[tuple[Change, Cohort], ...]:
    """The rows whose members are not in the plan itself."""
    return tuple((row, row.cohort) for row in plan.changes if row.cohort and row.cohort.members_digest is not None)


def _head_of(plan: Plan) -> bytes:
    return _HEAD + f"{plan.plan_id}\n".encode()


def _read_blocks(file: BinaryIO, n_members: int) -> Iterator[bytes]:
    """So many members, or as many as there are."""
    left = n_members * MEMBER_BYTES
    while left and (block := file.read(min(_BLOCK_BYTES, left))):
        left -= len(block)
        yield block


def _numbers(raw: bytes) -> array[int]:
    numbers = array("Q")
    numbers.frombytes(raw)
    return big_endian(numbers)


def _own_place(path: Path) -> Path:
    """Where the members go, symbolic links followed: a new file, or one that bulkplan wrote before."""
    beside = file_beside(path)
    real = beside.resolve()
    if real.exists() and not _is_ours(real):
        raise UsageError(
            f"{beside} is there already, and bulkplan did not write it", hint="name another plan, or remove that file"
        )
    return real


def _remove_own(beside: Path) -> None:
    """What an earlier plan of that name left, if it did. Raises `BulkplanError`."""
    try:
        if _is_ours(beside):
            beside.unlink()
    except OSError as error:
        raise BulkplanError(f"{beside} cannot be removed: {error.strerror or error}") from error


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HEAD)) == _HEAD
