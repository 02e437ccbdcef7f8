"""Where the folder of the project lies in its repository: GitHub names files from there."""

from __future__ import annotations

from pathlib import Path


def folder_in_repository(root: Path) -> str:
    """The project's folder below the nearest one that git keeps, in POSIX form; empty when they are one, or none is."""
    folder = root.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return "" if candidate == folder else folder.relative_to(candidate).as_posix()
    return ""
