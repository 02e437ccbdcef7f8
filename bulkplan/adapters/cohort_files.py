"""Leads of any number, sorted on disk: what a cohort is held in while it is digested, frozen or written out."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from types import TracebackType

from bulkplan.adapters.unnamed_file import UnnamedFile
from bulkplan.model.lead import FoundLead

RUN_LEADS = 20_000
"""Leads that are held in memory; as many more begin a new run on disk."""
_MAX_BLOCK_BYTES, _MIN_BLOCK_BYTES = 32 * 1024, 4 * 1024
_BLOCKS_BYTES = 512 * 1024
"""What the blocks of all runs together take while they are read, in bytes of the file."""


class DiskSpool:
    """
    Takes leads in any order, and gives each ID once, sorted.

    They lie in sorted runs in one file without a name. Memory: some 3 MB while they come in; while they are read, 2 MB
    for up to 128 runs, and for each further one (20,000 leads) some 15 kB.
    """

    def __init__(self) -> None:
        """Raises `BulkplanError` where there is no room for a file."""
        self._lines: list[bytes] = []
        self._runs: list[tuple[int, int]] = []
        self._file = UnnamedFile()

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
        start = self._file.append(b"\n".join([*self._lines, b""]))
        self._runs.append((start, self._file.size))
        self._lines.clear()

    def _read_run(self, start: int, end: int) -> Iterator[bytes]:
        rest, size = b"", max(_MIN_BLOCK_BYTES, min(_MAX_BLOCK_BYTES, _BLOCKS_BYTES // len(self._runs)))
        while start < end:
            block = self._file.read(start, min(size, end - start))
            start += len(block)
            *lines, rest = (rest + block).split(b"\n")
            yield from lines


def _line(lead: FoundLead) -> bytes:
    """IDs hold letters, digits and underscores only, and JSON writes tabs and line ends out."""
    return f"{lead.id}\t{json.dumps(lead.name)}".encode() if lead.name is not None else lead.id.encode()
