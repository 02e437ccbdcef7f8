"""`sandbox reset`: throw away the leads and the records of a sandbox target."""

from __future__ import annotations

from pathlib import Path

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.wiring import Place, find_place
from bulkplan.errors import BulkplanError, UsageError

_COMPANIONS = ("", "-journal", "-wal", "-shm")
"""What SQLite may leave beside a file. Source: SQLite, "Temporary Files Used By SQLite"."""


def run(args: Args, console: Console) -> int:
    """Ask, remove, say what was removed."""
    place = find_place(args)
    if not place.is_sandbox:
        raise UsageError(f'target "{place.target_name}" is no sandbox', hint="--target names a sandbox target")
    files = [path for path in _files(place) if path.exists()]
    if not files:
        console.note(f'The sandbox "{place.target_name}" has not been made yet; there is nothing to remove.')
        return OK
    question = f'Remove every lead and every record of the sandbox "{place.target_name}"?'
    if not args.auto_approve and not console.confirm(question, instead="give --auto-approve"):
        raise BulkplanError("not agreed to; nothing was removed")
    for path in files:
        _remove(path)
        console.raw(f"Removed {path.relative_to(place.root)}\n")
    return OK


def _files(place: Place) -> list[Path]:
    """The state first: records without their world would be believed, a world without records is harmless."""
    return [
        path.with_name(path.name + suffix) for path in (place.state_file, place.world_file) for suffix in _COMPANIONS
    ]


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BulkplanError(f"{path} cannot be removed: {error.strerror or error}") from error
