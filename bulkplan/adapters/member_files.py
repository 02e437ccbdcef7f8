"""`--members FILE`: which leads each run would take, as CSV or JSON Lines; a private file, whole or absent."""

from __future__ import annotations

import csv
import glob
import gzip
import io
import json
import os
import shutil
import subprocess  # asks git whether a file is ignored
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from bulkplan.adapters.processes import is_process_gone
from bulkplan.core.near import join_words
from bulkplan.core.spreadsheet import safe_cell
from bulkplan.errors import BulkplanError, UsageError
from bulkplan.model.lead import FoundLead
from bulkplan.model.run import RunKey

ENDINGS = (".csv", ".jsonl", ".csv.gz", ".jsonl.gz")
_GIT_TIMEOUT_S = 5.0
_HEAD = ("run", "lead_id")


class MemberFile:
    """
    Writes leads by run, in the order in which they come, and takes its place when it is whole.

    The draft beside it and the file itself can be read by their owner only.
    """

    def __init__(self, path: Path, *, with_names: bool) -> None:
        """
        Begin a draft.

        Raises:
            UsageError: The path names no such file, or one that bulkplan did not write.
            BulkplanError: It cannot be written.
        """
        self.path, self.n_leads = _own_place(path), 0
        self._with_names = with_names
        self._draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        self._is_csv = self.path.name.removesuffix(".gz").endswith(".csv")
        _remove_left_behind(self.path)
        try:
            descriptor = os.open(self._draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        self._raw = os.fdopen(descriptor, "wb")
        # Without a name and a time of day in the packed form: equal leads make equal files.
        is_packed = self.path.suffix == ".gz"
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0) if is_packed else None
        self._text = io.TextIOWrapper(self._gzip or self._raw, encoding="utf-8", newline="")
        self._rows = csv.writer(self._text, lineterminator="\n")
        if self._is_csv:
            self._rows.writerow((*_HEAD, "name") if with_names else _HEAD)

    def __enter__(self) -> MemberFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Whatever was not kept is gone."""
        with suppress(OSError):  # told already, or of no interest any more
            self._text.close()
        with suppress(OSError):
            self._raw.close()
        self._draft.unlink(missing_ok=True)

    def write(self, key: RunKey, leads: Iterable[FoundLead]) -> None:
        """Add the leads of a run. Raises `BulkplanError`."""
        try:
            for lead in leads:
                self._write_row(str(key), lead)
                self.n_leads += 1
        except OSError as error:
            raise self._unwritable(error) from error

    def keep(self) -> None:
        """Put the draft in its place. Raises `BulkplanError`; then the place is as it was."""
        try:
            self._text.flush()
            if self._gzip is not None:
                self._gzip.close()
            self._raw.flush()
            os.fsync(self._raw.fileno())
            self._draft.replace(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def _write_row(self, run: str, lead: FoundLead) -> None:
        name = (lead.name or "",) if self._with_names else ()
        if self._is_csv:
            self._rows.writerow([safe_cell(cell) for cell in (run, lead.id, *name)])
        else:
            row = dict(zip((*_HEAD, "name"), (run, lead.id, *name), strict=False))
            self._text.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _unwritable(self, error: OSError) -> BulkplanError:
        return BulkplanError(f"{self.path} cannot be written: {error.strerror or error}")


def _remove_left_behind(path: Path) -> None:
    """Remove drafts of this file whose writers were killed: nothing else would, and they hold leads."""
    for draft in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        pid = draft.name.split(".")[-2]
        if pid.isdecimal() and is_process_gone(int(pid)):
            with suppress(OSError):
                draft.unlink()


def git_exposes(path: Path) -> bool:
    """Whether a file lies in a git repository and is not ignored there; false where nobody can tell."""
    git = shutil.which("git")
    if git is None:
        return False
    real = path.resolve()
    try:
        asked = subprocess.run(  # noqa: S603 - our own words, no shell
            [git, "check-ignore", "--quiet", "--", str(real)],
            cwd=real.parent,
            capture_output=True,
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 1  # 0: ignored; 128: no repository


def _own_place(path: Path) -> Path:
    """Where the leads go, symbolic links followed: a new file, or one that bulkplan wrote before."""
    if not path.name.endswith(ENDINGS):
        raise UsageError(
            f"--members {path}: the ending says what is written, and this one says nothing",
            hint=f"name a file that ends in {join_words(ENDINGS, last='or')}",
        )
    real = path.resolve()
    if real.exists() and not real.is_file():
        raise UsageError(f"--members {path} is no ordinary file", hint="name a file: --members members.csv")
    if not real.parent.is_dir():
        raise UsageError(f"--members {path}: there is no folder {real.parent}", hint="make it, or name another")
    if real.exists() and real.stat().st_size and not _is_ours(real):
        hint = "name another file, or remove it"
        raise UsageError(f"{path} is there already, and bulkplan did not write it", hint=hint)
    return real


def _is_ours(path: Path) -> bool:
    """Whether a file begins as everything written here does."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head = file.readline(400)
    except (OSError, EOFError):
        return False
    return head.startswith((b"run,lead_id", b'{"run": "')) or not head
