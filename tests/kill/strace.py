"""Watching the system calls of a command, and killing it at one of them. Needs strace, and the right to trace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from e2e.project import BULKPLAN, Outcome, Project

CALLS = (
    "openat", "pread64", "pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "fcntl", "mkdir", "close",
    "connect", "sendto", "recvfrom", "writev", "write", "read", "rename", "link", "vfork", "clone3", "wait4",
)  # fmt: skip
"""What SQLite and git do to files, asyncio and the clients of stores to connections, and Python to its children."""
NETWORK = frozenset({"connect", "sendto", "recvfrom", "writev"})
CHILDREN = frozenset({"vfork", "clone3", "wait4"})
_CHANGES_FILES = frozenset({"write", "rename", "link", "unlink", "mkdir", "fsync", "fdatasync", "ftruncate"})
Program = tuple[str, ...]
"""The words after `python`."""
_LINE = re.compile(r"(\d+) +(\w+)\((.*)")


@dataclass(frozen=True)
class Call:
    """
    One system call: the `nth` of its `name` in its thread, with its arguments as strace writes them.

    `is_main` says that the main thread of the command makes it, and not another thread of its, or a program it starts.
    """

    name: str
    nth: int
    words: str
    is_main: bool = True

    def __str__(self) -> str:
        return f"{self.name} #{self.nth} ({self.words[:90]})"

    def touches(self, folder: Path) -> bool:
        """Whether it is about a file in `folder`, the network, or a program that was started."""
        if self.name in NETWORK or (self.is_main and self.name in CHILDREN):
            return True
        if "<pipe:" in self.words:
            return self.name == "write" or (self.is_main and self.name == "read")
        return str(folder) in self.words and (self.is_main or self._changes_files())

    def _changes_files(self) -> bool:
        """What programs that were started only read is theirs."""
        return self.name in _CHANGES_FILES or (self.name == "openat" and "O_CREAT" in self.words)


@cache
def _why_not() -> str | None:
    if shutil.which("strace") is None:
        return "strace is not installed (apt-get install strace)"
    tried = subprocess.run(["strace", "-f", "-o", os.devnull, "true"], check=False, capture_output=True, text=True)
    return None if tried.returncode == 0 else f"strace cannot trace here: {tried.stderr.strip()}"


def require_strace() -> None:
    """Skip where nothing can be traced; in CI that is an error, since nobody would notice."""
    why = _why_not()
    if why is None:
        return
    if os.environ.get("CI", "") not in {"", "0", "false"}:
        pytest.fail(why)
    pytest.skip(why)


def trace(project: Project, *words: str, every_thread: bool = False, program: Program = BULKPLAN) -> tuple[Call, ...]:
    """
    The calls of `CALLS` that a command makes on its main thread; it must end well.

    With `every_thread` also those of its other threads and of the programs that it starts, each `nth` of a name once.
    """
    log = project.root.parent / f"{project.root.name}.trace"
    outcome = _run(project, ["-y", "-s", "48", "-e", f"trace={','.join(CALLS)}"], (*program, *words), log=log)
    assert outcome.code == 0, outcome
    calls = list(_calls(log.read_text(errors="replace")))
    if not every_thread:
        return tuple(call for call in calls if call.is_main)
    # An injection counts for each thread apart: the n-th call of a name can be struck in one of them only.
    return tuple({(call.name, call.nth): call for call in reversed(calls)}.values())[::-1]


def _calls(text: str) -> Iterator[Call]:
    seen: Counter[tuple[str, str]] = Counter()
    main: str | None = None
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        thread, name, words = match.groups()
        main = main or thread
        seen[thread, name] += 1
        yield Call(name, seen[thread, name], words, thread == main)


def kill_at(project: Project, call: Call, *words: str, program: Program = BULKPLAN) -> bool:
    """Run a command and kill whoever enters a call first with SIGKILL; false when the command itself went on."""
    struck = strike_at(project, call, "signal=SIGKILL", *words, program=program)
    return struck.code in (-signal.SIGKILL, 128 + signal.SIGKILL)


def strike_at(project: Project, call: Call, what: str, *words: str, program: Program = BULKPLAN) -> Outcome:
    """Run a command of which one call is tampered with: `error=EIO`, or `signal=SIGKILL`."""
    options = ["-e", f"trace={call.name}", "-e", f"inject={call.name}:{what}:when={call.nth}"]
    return _run(project, options, (*program, *words), log=Path(os.devnull), only_main=call.is_main)


def _run(
    project: Project, options: list[str], words: tuple[str, ...], *, log: Path, only_main: bool = False
) -> Outcome:
    # With a filter in the kernel, only the calls that are asked for stop the process; it needs -f.
    follow = [] if only_main else ["-f", "--seccomp-bpf"]
    done = subprocess.run(
        ["strace", *follow, "-o", str(log), *options, sys.executable, *words],
        cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    project.outcomes.append(outcome)
    return outcome
