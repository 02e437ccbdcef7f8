"""Whether a folder is on a drive of another machine, where the locks that SQLite relies on may not hold."""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""Where Linux lists what is mounted; elsewhere there is no such file, and nothing is known."""

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "fuse.sshfs", "fuse.glusterfs"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


def network_drive(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The kind of the network drive that a folder is on (`nfs4`); `None` for a local disk, or where nobody can tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    real = folder.resolve()
    found: tuple[int, str] = (-1, "")
    for line in lines:
        place, kind = _mount(line)
        if place is not None and real.is_relative_to(place) and len(place.parts) >= found[0]:
            found = (len(place.parts), kind)  # of two on one place the later one hides the other
    return found[1] if found[1] in _NETWORK else None


def _mount(line: str) -> tuple[Path | None, str]:
    """Where something is mounted, and its kind. Source: proc_pid_mountinfo(5)."""
    before, dash, after = line.partition(" - ")
    fields = before.split(" ")
    if not dash or len(fields) < 5:
        return None, ""
    return Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4])), after.split(" ")[0]
