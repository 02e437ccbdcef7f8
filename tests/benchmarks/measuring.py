"""How a whole process is timed: medians of several rounds, in turn with what it is compared to, printed as ratios."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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


def run_in_turn(jobs: Sequence[Job], *, rounds: int) -> dict[str, Timing]:
    """Time each job `rounds` times, one after the other in every round, so that a busy moment hits all of them."""
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


def _once(job: Job) -> Timing:
    if job.prepare is not None:
        job.prepare()
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **(job.environ or {})}
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


def show_against(timings: Mapping[str, Timing], *, ours: str) -> None:
    """Print each timing, and how many times of it ours takes (below 1: ours is faster)."""
    base = timings[ours].wall_s
    for name, timing in timings.items():
        ratio = "" if name == ours else f"   ours / this: {base / timing.wall_s:5.2f}"
        say(f"  {name:<34}{timing.wall_s:9.3f} s {timing.cpu_s:9.3f} s cpu {timing.peak_mib:7.0f} MiB{ratio}")
