"""
How long it takes until anything happens: run by hand, prints ratios, asserts nothing.

    python tests/benchmarks/cold_start.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import peers
from benchmarks.inputs import write_project
from benchmarks.measuring import BULKPLAN, Job, load_words, run_in_turn, say, show_against

ROUNDS = 15


def main() -> None:
    """Time the commands that do next to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), 1)
        jobs = [
            Job("bulkplan --version", [*BULKPLAN, "--version"]),
            Job("bulkplan --help", [*BULKPLAN, "--help"]),
            Job("bulkplan plan --help", [*BULKPLAN, "plan", "--help"]),
            Job("bulkplan validate, one spec", [*BULKPLAN, "validate"], cwd=project),
            Job("python -c pass", [sys.executable, "-c", "pass"]),
            peers.terraform("terraform version", project, "version(json=True)"),
            Job("yamllint --version", [str(peers.install() / "yamllint"), "--version"]),
            Job("octodns-validate --help", [str(peers.install() / "octodns-validate"), "--help"]),
        ]
        say(f"Cold start, medians of {ROUNDS} rounds in turn; {load_words()}")
        timings = run_in_turn(jobs, rounds=ROUNDS)
        show_against(timings, ours="bulkplan --version")
        terraform = timings["terraform version"].wall_s
        for name in ("bulkplan --version", "bulkplan --help"):
            say(f"  {name} takes {timings[name].wall_s / terraform:.2f}x terraform version")


if __name__ == "__main__":
    main()
