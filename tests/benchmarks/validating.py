"""
How long `validate` takes for many specs, beside others: run by hand, prints ratios, asserts nothing.

    python tests/benchmarks/validating.py [SPECS ...] [--slow]

With `--slow` also the peers that take minutes for 10,000 files.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import peers
from benchmarks.inputs import write_octodns, write_project, write_terraform
from benchmarks.measuring import BULKPLAN, ROOT, Job, load_words, run_in_turn, say, show_against

SIZES = (1, 100, 1000, 10_000)
OURS = "bulkplan validate"
SCHEMA = ROOT / "schemas" / "bulk-action.v1.schema.json"
SLOW_FROM = 5000
"""Files from which the slow peers are only run when asked for."""


def main(words: list[str]) -> None:
    """Time one size after the other."""
    sizes = [int(word) for word in words if word.isdigit()] or SIZES
    for n_specs in sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), n_specs, with_slow="--slow" in words or n_specs < SLOW_FROM)


def measure(folder: Path, n_specs: int, *, with_slow: bool) -> None:
    """Time a project of so many specs, the same with one in a hundred broken, and the peers."""
    rounds = 3 if n_specs >= SLOW_FROM else 5
    clean = write_project(folder / "clean", n_specs)
    broken = write_project(folder / "broken", n_specs, broken_every=100)
    terraform = write_terraform(folder / "terraform", n_specs)
    jobs = [
        Job(OURS, [*BULKPLAN, "validate"], cwd=clean),
        Job("bulkplan, 1 % broken", [*BULKPLAN, "validate"], cwd=broken, codes=(65,)),
        peers.terraform("terraform validate", terraform, "validate(check=True)"),
        peers.octodns_validate(write_octodns(folder / "octodns", n_specs)),
    ]
    if with_slow:
        jobs += [peers.yamllint(clean), peers.check_jsonschema(clean, SCHEMA)]
    say(f"\nvalidate, {n_specs:,} specs, medians of {rounds} rounds in turn; {load_words()}")
    timings = run_in_turn(jobs, rounds=rounds)
    show_against(timings, ours=OURS)
    ratio = timings["bulkplan, 1 % broken"].wall_s / timings[OURS].wall_s
    say(f"  one file in a hundred broken: {ratio:.2f}x the clean run")
    say(f"  {1e6 * timings[OURS].wall_s / n_specs:.0f} µs a spec")


if __name__ == "__main__":
    main(sys.argv[1:])
