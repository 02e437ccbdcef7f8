"""Leads of any number, sorted on disk: what a cohort is held in while it is digested, frozen or written out."""

from __future__ import annotations

import heapq
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType

from bulkplan.errors import BulkplanError
from bulkplan.model.lead import FoundLead

RUN_LEADS = 20_000
"""Leads that are held in memory; as many more begin a new run on disk."""
_BLOCK_BYTES = 32 * 1024


class DiskSpool:
    """
    Takes leads in any order, and gives each ID once, sorted.

    They lie in sorted runs in one file without a name, which is gone with the process, whatever ends that. Memory:
    some 3 MB, and 32 KiB for each 20,000 leads while they are read.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._runs: list[tuple[int, int]] = []
        self._size = 0
        try:
            self._file = tempfile.TemporaryFile(prefix="bulkplan-")  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise _unwritable(error) from error

    def __enter__(self) -> DiskSpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, leads: Iterable[FoundLead]) -> None:
        """Take these too. Raises `BulkplanError` when the disk does not."""
        self._lines += map(_line, leads)
        if len(self._lines) >= RUN_LEADS:
            self._write_run()

    def leads(self) -> Iterator[FoundLead]:
        """Every lead once, sorted by ID; may be asked for again."""
        if self._lines:
            self._write_run()
        before = b""
        for line in heapq.merge(*(self._read_run(start, end) for start, end in self._runs)):
            lead_id, _, name = line.partition(b"\t")
            if lead_id != before:
                before = lead_id
                yield FoundLead(lead_id.decode(), json.loads(name) if name else None)

    def close(self) -> None:
        """Let go of the file; it has no name, so nothing is left of it."""
        self._file.close()

    def _write_run(self) -> None:
        self._lines.sort()
        raw = b"\n".join([*self._lines, b""])
        try:
            self._file.write(raw)
            self._file.flush()
        except OSError as error:
            raise _unwritable(error) from error
        self._runs.append((self._size, self._size + len(raw)))
        self._size += len(raw)
        self._lines.clear()

    def _read_run(self, start: int, end: int) -> Iterator[bytes]:
        rest = b""
        while start < end:
            block = os.pread(self._file.fileno(), min(_BLOCK_BYTES, end - start), start)
            if not block:
                raise BulkplanError("the leads spooled to disk cannot be read back")
            start += len(block)
            *lines, rest = (rest + block).split(b"\n")
            yield from lines


def _line(lead: FoundLead) -> bytes:
    """IDs hold letters, digits and underscores only, and JSON writes tabs and line ends out."""
    return f"{lead.id}\t{json.dumps(lead.name)}".encode() if lead.name is not None else lead.id.encode()


def _unwritable(error: OSError) -> BulkplanError:
    return BulkplanError(
        f"leads cannot be spooled to {tempfile.gettempdir()}: {error.strerror or error}",
        hint="make room there, or name another folder: export TMPDIR=…",
    )
