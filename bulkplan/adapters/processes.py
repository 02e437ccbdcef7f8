"""Whether another process of this host still runs."""

from __future__ import annotations

import os


def is_process_gone(pid: int) -> bool:
    """True only when there surely is no process of that number on this host."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
