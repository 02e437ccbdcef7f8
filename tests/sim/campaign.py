"""Many schedules one after the other, on several cores; the command line of the simulator."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from dataclasses import dataclass

from sim.simulate import PLAIN, Options, Verdict, explain, run_seed, tell

BLOCK = 500


@dataclass(frozen=True)
class Block:
    """What a block of seeds came to: statuses of the records at the end, kinds of faults that struck, what failed."""

    n_schedules: int
    ends: Counter[str]
    struck: Counter[str]
    failed: tuple[Verdict, ...]


def run_block(first: int, count: int, options: Options = PLAIN) -> Block:
    """The schedules of `count` seeds from `first` on."""
    ends: Counter[str] = Counter()
    struck: Counter[str] = Counter()
    failed = []
    for seed in range(first, first + count):
        verdict = run_seed(seed, options)
        ends.update(end.split()[-1] for end in verdict.ends)
        struck.update({str(fault.kind) for fault in verdict.struck})
        if verdict.violation is not None:
            failed.append(verdict)
    return Block(count, ends, struck, tuple(failed))


def _block(first: int) -> Block:
    return run_block(first, BLOCK)


def campaign(first: int, count: int, *, jobs: int) -> int:
    """Run blocks until `count` schedules are done; prints each failing one, shrunk. Returns how many failed."""
    started, n_done, n_failed = time.monotonic(), 0, 0
    ends: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for block in pool.imap(_block, range(first, first + count, BLOCK)):
            n_done += block.n_schedules
            ends.update(block.ends)
            n_failed += len(block.failed)
            for verdict in block.failed[:3]:
                _print(explain(verdict))
            rate = n_done / (time.monotonic() - started)
            sys.stderr.write(f"\r{n_done:,} schedules, {n_failed} failed, {rate:.0f} a second")
    sys.stderr.write("\n")
    _print(f"{n_done:,} schedules from seed {first} on: {n_failed} failed; runs end {dict(sorted(ends.items()))}")
    return n_failed


def main(arguments: list[str] | None = None) -> int:
    """`--seed N` tells one schedule; `--schedules N` runs many."""
    parser = argparse.ArgumentParser(prog="python tests/sim", description="Simulate apply under faults.")
    parser.add_argument("--seed", type=int, help="tell the schedule of this seed, step by step")
    parser.add_argument("--keep", help="with --seed: the numbers of the faults to keep, or none (default: all)")
    parser.add_argument("--schedules", type=int, default=20_000, help="how many schedules to run (default: 20000)")
    parser.add_argument("--from-seed", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    given = parser.parse_args(arguments)
    if given.seed is None:
        return 1 if campaign(given.from_seed, given.schedules, jobs=given.jobs) else 0
    text = tell(given.seed, keep=read_keep(given.keep))
    _print(text)
    return 0 if text.endswith("holds") else 1


def read_keep(text: str | None) -> tuple[int, ...] | None:
    """`0,2` or `none`; nothing given keeps all."""
    if text is None:
        return None
    return tuple(int(number) for number in text.split(",") if number.isdigit())


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
