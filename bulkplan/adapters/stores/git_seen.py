"""Remembers which head of a state ref was seen last, so that a history which was rewritten is noticed."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from bulkplan.errors import StoreError

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True)
class SeenHead:
    """A file with one commit ID; private, replaced whole."""

    path: Path

    def load(self) -> str | None:
        """The commit seen last; `None` on a machine that saw none. Raises `StoreError`."""
        try:
            text = self.path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise self._cannot("read", error) from error
        if not _COMMIT.fullmatch(text):
            raise StoreError(f"{self.path} is damaged: it holds no commit ID", hint=f"delete it: rm {self.path}")
        return text

    def save(self, commit: str) -> None:
        """Remember a commit. Raises `StoreError`."""
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "w", encoding="ascii") as stream:
                stream.write(f"{commit}\n")
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise self._cannot("written", error) from error

    def _cannot(self, done: str, error: Exception) -> StoreError:
        return StoreError(f"{self.path} cannot be {done}: {error}", hint="look at the disk and the file's rights")
