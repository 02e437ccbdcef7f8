"""Writing the text files of a project: whole or not at all, and never over something that nobody named."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from bulkplan.adapters.whole_file import whole_file
from bulkplan.errors import BulkplanError

MAX_READ_BYTES = 256 * 2**20
"""Of a plan for a million leads, with their members, there are some 12 MB."""


def read_named(path: Path) -> str:
    """
    The text of a file that somebody named. Pipes and devices are not read: they may have no end.

    Raises:
        FileNotFoundError, IsADirectoryError: There is no such file.
        UnicodeDecodeError: It is no UTF-8.
        BulkplanError: It is no ordinary file, too large, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BulkplanError(f"{path} is no ordinary file", hint="save it as a file, and name that")
            if found.st_size > MAX_READ_BYTES:
                raise BulkplanError(f"{path} has {found.st_size:,} bytes; at most {MAX_READ_BYTES:,} are read")
            return file.read(found.st_size).decode("utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise
    except OSError as error:
        raise BulkplanError(f"{path} cannot be read: {error.strerror or error}") from error


def replace_text(path: Path, text: str) -> None:
    """
    Put another text into a file that is there; its mode stays. A reader sees the old text or the new one.

    Raises:
        BulkplanError: It cannot be written.
    """
    with whole_file(path) as file:
        os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
        file.write(text.encode())


def create_text(path: Path, text: str) -> bool:
    """
    Make a file with its folders; `False`, and nothing is touched, when something of that name is there.

    A text that names its interpreter in its first line (`#!`) is made executable for whoever may read it.

    Raises:
        BulkplanError: It cannot be written.
    """
    if os.path.lexists(path):
        return False
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    _make_folder(path.parent)
    try:
        _write(draft, text)
        if text.startswith("#!"):
            mode = stat.S_IMODE(draft.stat().st_mode)
            draft.chmod(mode | (mode & 0o444) >> 2)
        _put(draft, path, text)
    except FileExistsError:
        return False
    except OSError as error:
        raise BulkplanError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        _remove(draft)
    return True


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # also a file that stands where the folder should be
        raise BulkplanError(f"{folder} cannot be made, so nothing is written there: {error.strerror}") from error


def _put(draft: Path, path: Path, text: str) -> None:
    """Give the draft its name; unlike a rename, this takes no other's place. Raises `OSError`."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        mode = draft.stat().st_mode
        _write(path, text)
        path.chmod(stat.S_IMODE(mode))


def add_line(path: Path, line: str) -> bool:
    """
    See to it that a text file has a line; `False` when it has it already. The file is made where there is none.

    Raises:
        BulkplanError: It cannot be read or written.
    """
    if create_text(path, f"{line}\n"):
        return True
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BulkplanError(f"{path} cannot be read: {error}", hint=f"write this line into it: {line}") from error
    if line in (each.strip() for each in text.splitlines()):
        return False
    replace_text(path, f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{line}\n")
    return True


def _remove(draft: Path) -> None:
    """Take a draft away, if it was made; why it was not is told by whoever tried."""
    with suppress(OSError):
        draft.unlink()


def _write(draft: Path, text: str) -> None:
    with draft.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
