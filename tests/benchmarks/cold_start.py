"""How long it takes until anything happens, beside other programs of the kind."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import peers
from benchmarks.figures import Figure, Goal, Options
from benchmarks.inputs import write_project
from benchmarks.measuring import BULKPLAN, Job, beside, run_in_turn

ABOUT = "commands that do next to nothing, whole processes beside their peers"
GOALS: Mapping[str, Goal] = {}


def figures(options: Options) -> Iterator[Figure]:
    """Time our commands and theirs in turn; the bare interpreter is the floor of every Python program."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), 1)
        ours = [
            Job("bulkplan --version", [*BULKPLAN, "--version"]),
            Job("bulkplan --help", [*BULKPLAN, "--help"]),
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
        yield beside(job.name, timings[job.name], floor.name, timings[floor.name])
    for job in others:
        yield beside(ours[0].name, timings[ours[0].name], job.name, timings[job.name])
    yield from (Figure(ours[0].name, timings[ours[0].name].wall_s, "s", note=words) for words in missing)
