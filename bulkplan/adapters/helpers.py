"""Helpers that work side by side: copies of this process, one a core."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

Names = Sequence[str]
Work = Callable[[Names], bytes]


class ForkedHelpers:
    """
    Copies of this process, made for one piece of work each; the last share is done here.

    Where processes cannot be copied cheaply and safely (anywhere but on Linux), everything is done here. A helper that
    dies is replaced by this process.
    """

    least = 200

    @property
    def count(self) -> int:
        """One for each core that this process may use."""
        return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1

    def share(self, work: Work, shares: Sequence[Names]) -> Sequence[bytes]:
        """What the work made of each share, in their order."""
        begun = [_begin(work, share) for share in shares[:-1]]
        last = [work(share) for share in shares[-1:]]
        return [*(_end(work, share, *one) for share, one in zip(shares, begun, strict=False)), *last]


def _begin(work: Work, share: Names) -> tuple[int, int]:
    """Start a helper: its process, and where its answer comes out."""
    out, into = os.pipe()
    process = os.fork()
    if process == 0:
        code = 1
        try:
            os.close(out)
            answer = work(share)
            with os.fdopen(into, "wb") as stream:
                stream.write(answer)
            code = 0
        finally:
            os._exit(code)  # nothing of the copied process may be flushed or cleaned up a second time
    os.close(into)
    return process, out


def _end(work: Work, share: Names, process: int, out: int) -> bytes:
    """The answer of a helper; where there is none, the work is done again here, mistakes and all."""
    with os.fdopen(out, "rb") as stream:
        answer = stream.read()
    _, status = os.waitpid(process, 0)
    return answer if os.waitstatus_to_exitcode(status) == 0 else work(share)
