"""Watching the system calls of a command, and killing it at one of them. Needs strace, and the right to trace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from e2e.project import Outcome, Project

CALLS = (
    "openat", "pread64", "pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "fcntl", "mkdir", "close",
    "connect", "sendto", "recvfrom",
)  # fmt: skip
"""What SQLite does to a file, and asyncio to a connection."""
NETWORK = frozenset({"connect", "sendto", "recvfrom"})
_LINE = re.compile(r"(\d+) +(\w+)\((.*)")


@dataclass(frozen=True)
class Call:
    """One system call of the main thread: the `nth` of its `name`, with its arguments as strace writes them."""

    name: str
    nth: int
    words: str

    def __str__(self) -> str:
        return f"{self.name} #{self.nth} ({self.words[:90]})"

    def touches(self, folder: Path) -> bool:
        """Whether it is about a file in `folder`, or the network."""
        return self.name in NETWORK or str(folder) in self.words


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


def trace(project: Project, *words: str) -> tuple[Call, ...]:
    """Every call of `CALLS` that a command makes on its main thread; it must end well."""
    log = project.root.parent / f"{project.root.name}.trace"
    outcome = _run(project, ["-y", "-s", "48", "-e", f"trace={','.join(CALLS)}"], words, log=log)
    assert outcome.code == 0, outcome
    found: list[Call] = []
    seen: Counter[str] = Counter()
    main: str | None = None
    for line in log.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        main = main or match[1]
        if match[1] == main:
            seen[match[2]] += 1
            found.append(Call(match[2], seen[match[2]], match[3]))
    return tuple(found)


def kill_at(project: Project, call: Call, *words: str) -> bool:
    """Run a command and kill it with SIGKILL as it enters a call; false when it ended before it came there."""
    injection = f"inject={call.name}:signal=SIGKILL:when={call.nth}"
    outcome = _run(project, ["-e", f"trace={call.name}", "-e", injection], words, log=Path(os.devnull))
    return outcome.code in (-signal.SIGKILL, 128 + signal.SIGKILL)


def _run(project: Project, options: list[str], words: tuple[str, ...], *, log: Path) -> Outcome:
    command = ["strace", "-f", "-o", str(log), *options, sys.executable, "-m", "bulkplan", *words]
    done = subprocess.run(
        command, cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    project.outcomes.append(outcome)
    return outcome
