"""A file without a name, which is gone with the process, whatever ends that: for what is too much for memory."""

from __future__ import annotations

import os
import tempfile

from bulkplan.errors import BulkplanError


class UnnamedFile:
    """Bytes are put at its end, and read from anywhere. The folder is the one for temporary files (`TMPDIR`)."""

    def __init__(self) -> None:
        """Raises `BulkplanError` where there is no room for one."""
        self.size = 0
        try:
            self._file = tempfile.TemporaryFile(prefix="bulkplan-", buffering=0)  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise _unwritable(error) from error

    def append(self, raw: bytes) -> int:
        """Put bytes at its end; return where they begin. Raises `BulkplanError` when the disk does not take them."""
        start, rest = self.size, memoryview(raw)
        try:
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
        except OSError as error:
            raise _unwritable(error) from error
        self.size += len(raw)
        return start

    def read(self, start: int, size: int) -> bytes:
        """So many bytes from there. Raises `BulkplanError` when they are not there any more."""
        raw = os.pread(self._file.fileno(), size, start)
        while len(raw) < size:
            more = os.pread(self._file.fileno(), size - len(raw), start + len(raw))
            if not more:
                raise BulkplanError("the leads spooled to disk cannot be read back")
            raw += more
        return raw

    def close(self) -> None:
        """Let go of it; nothing is left."""
        self._file.close()


def _unwritable(error: OSError) -> BulkplanError:
    return BulkplanError(
        f"leads cannot be spooled to {tempfile.gettempdir()}: {error.strerror or error}",
        hint="make room there, or name another folder: export TMPDIR=…",
    )
