"""How things are timed: medians of several rounds, in turn with what they are compared to."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure

ROOT = Path(__file__).parents[2]
BULKPLAN = (sys.executable, "-m", "bulkplan")
MIB = 1024


@dataclass(frozen=True)
class Timing:
    """The median of some rounds: wall and CPU seconds; `peak_mib` is the largest of them."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Job:
    """A command that is timed, and the folder it runs in. `prepare` runs before each round, untimed."""

    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    environ: Mapping[str, str] | None = None
    prepare: Callable[[], object] | None = None
    codes: Sequence[int] = (0,)


def say(line: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


def load_words() -> str:
    """What else the machine was doing."""
    one, five, _ = os.getloadavg()
    return f"{os.cpu_count()} cores, load {one:.1f} (1 min) {five:.1f} (5 min)"


def machine_words() -> str:
    """What the figures were measured on."""
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{platform.system()} {platform.machine()}, {versions}; {load_words()}."


def timed_in_turn(works: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """The median of the seconds each takes in this process; one round of all of them after the other."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            found[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def run_in_turn(jobs: Sequence[Job], *, rounds: int) -> dict[str, Timing]:
    """
    Time each job `rounds` times, one after the other in every round, so that a busy moment hits all of them.

    The first round writes the bytecode; it is among those of which the median is taken, and too few to move it.
    """
    found: dict[str, list[Timing]] = {job.name: [] for job in jobs}
    for _ in range(rounds):
        for job in jobs:
            found[job.name].append(_once(job))
    return {
        name: Timing(
            statistics.median(one.wall_s for one in timings),
            statistics.median(one.cpu_s for one in timings),
            max(one.peak_mib for one in timings),
        )
        for name, timings in found.items()
    }


def _environ() -> dict[str, str]:
    """With bytecode beside the sources, as every installed program has it, ours and theirs."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def _once(job: Job) -> Timing:
    if job.prepare is not None:
        job.prepare()
    environ = {**_environ(), **(job.environ or {})}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen(
        list(job.command), cwd=job.cwd, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        errors = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - start
    if process.returncode not in job.codes:
        raise SystemExit(f"{job.name}: exit code {process.returncode}\n{errors.decode(errors='replace')[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return Timing(wall_s, cpu_s or usage.ru_utime + usage.ru_stime, usage.ru_maxrss / MIB)


def beside(name: str, ours: Timing, against: str, theirs: Timing | None, *, note: str = "") -> Figure:
    """The wall seconds of a process beside those of another."""
    return Figure(name, ours.wall_s, "s", against, theirs.wall_s if theirs else None, note)
