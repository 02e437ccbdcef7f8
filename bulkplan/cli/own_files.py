"""How a command writes a file: whole or not at all, and never over one that bulkplan did not write."""

from __future__ import annotations

from pathlib import Path

from bulkplan.adapters.whole_file import whole_file
from bulkplan.errors import BulkplanError, UsageError

_BEGINNINGS = (
    b'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy"',
    b"kind,id,created_at,",
    b"### Audit of ",
    b"Audit of ",
)
"""Of the forms that are no JSON."""


def write_text(path: Path, text: str, *, is_private: bool = False) -> None:
    """
    Write a file whole or not at all; a private one for its owner alone.

    Raises:
        UsageError: The path names no file, or a file that is not one of ours.
        BulkplanError: It cannot be written.
    """
    with whole_file(_own_place(path), mode=0o600 if is_private else 0o666) as file:
        file.write(text.encode())


def remove_own(path: Path) -> None:
    """
    Remove what bulkplan wrote there before, if anything.

    Raises:
        UsageError: The path names no file, or a file that is not one of ours.
        BulkplanError: It cannot be removed.
    """
    try:
        _own_place(path).unlink(missing_ok=True)
    except OSError as error:
        raise BulkplanError(f"{path} cannot be removed: {error.strerror or error}") from error


def _own_place(path: Path) -> Path:
    """Where the text goes, symbolic links followed: a new file, or one that bulkplan wrote before."""
    if path == Path() or path.is_dir():
        raise UsageError(f'"{path}" is no file to write to', hint="name a file: --out plan.json")
    real = path.resolve()
    if real.exists() and not real.is_file():
        raise UsageError(f"{path} is no ordinary file", hint="name a file, or print it: --format json")
    if real.is_file() and real.stat().st_size and not _is_ours(real):
        hint = "name another file, or remove it"
        raise UsageError(f"{path} is there already, and bulkplan did not write it", hint=hint)
    return real


def _is_ours(path: Path) -> bool:
    """Whether a file begins as everything that bulkplan writes: JSON that says what it is, its pages, its tables."""
    with path.open("rb") as file:
        head = file.read(400)
    is_json = head.lstrip().startswith(b"{") and any(mark in head for mark in (b"bulkplan", b"format_version"))
    return is_json or head.startswith(_BEGINNINGS)
