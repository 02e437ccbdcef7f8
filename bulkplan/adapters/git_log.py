"""Since when each spec file is as it is, by the history of the project's git repository; offline."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bulkplan.adapters.stores.git_program import Git
from bulkplan.model.audit import FileChange

_TIMEOUT_S = 30.0
_HEAD = "\x1e"
_FIELDS = "\x1f"
_FORMAT = f"--format={_HEAD}%H{_FIELDS}%cI{_FIELDS}%an{_FIELDS}%P"
_NAMES = ("-z", "--relative", "--name-only", "--no-renames", "--no-ext-diff")


@dataclass(frozen=True)
class GitSpecHistory:
    """`SpecHistory` by the `git` program. Where there is none, or no repository, nothing is known."""

    root: Path
    environ: Mapping[str, str]

    def last_changes(self, files: Sequence[str]) -> Mapping[str, FileChange]:
        """
        The last commit of each file (POSIX form, below the root), on the line of first parents: when it was merged.

        A file that differs from what is committed, or was never committed, has neither commit nor time.
        """
        program = shutil.which("git", path=self.environ.get("PATH"))
        if program is None or not files:
            return {}
        git = Git(program, self.root, self.environ, timeout_s=_TIMEOUT_S)
        told = git.ask("--literal-pathspecs", "log", "--first-parent", "-m", _FORMAT, *_NAMES, "--", *files)
        if told.code != 0:
            return {}
        edited = frozenset(_words(git.ask("--literal-pathspecs", "diff", *_NAMES, "HEAD", "--", *files).out))
        is_shallow = git.ask("rev-parse", "--is-shallow-repository").out.strip() == b"true"
        known = _last_commits(_words(told.out), set(files), is_shallow=is_shallow)
        return {name: FileChange() if name in edited else known.get(name, FileChange()) for name in files}


def _last_commits(words: Iterable[str], wanted: Collection[str], *, is_shallow: bool) -> dict[str, FileChange]:
    """The newest commit that names each file; `words` are headers and names, newest first."""
    found: dict[str, FileChange] = {}
    current = FileChange()
    for word in words:
        if word.startswith(_HEAD):
            current = _change(word.removeprefix(_HEAD), is_shallow=is_shallow)
        elif word in wanted and word not in found:
            found[word] = current
    return found


def _change(header: str, *, is_shallow: bool) -> FileChange:
    commit, at, author, parents = header.split(_FIELDS)
    return FileChange(
        at=datetime.fromisoformat(at), commit=commit, author=author, is_exact=bool(parents) or not is_shallow
    )


def _words(out: bytes) -> Iterable[str]:
    words = (word.strip("\n") for word in out.decode("utf-8", errors="replace").split("\0"))
    return (word for word in words if word)
