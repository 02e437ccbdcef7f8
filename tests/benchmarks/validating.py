"""How long `validate` takes for many specs, beside others that read as many files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import peers
from benchmarks.figures import Figure, Goal, Options, at_most, ratio_at_most
from benchmarks.inputs import write_custodian, write_octodns, write_project, write_puppet, write_terraform
from benchmarks.measuring import BULKPLAN, ROOT, Job, Timing, beside, run_in_turn

ABOUT = "specs of 40 lines and 1.3 kB, a file each; whole processes beside their peers"
SIZES = (1, 100, 1000, 10_000)
QUICK_SIZES = (1, 50)
SCHEMA = ROOT / "schemas" / "bulk-action.v1.schema.json"
SLOW_FROM = 5000
"""Files from which the slow peers are only run when asked for."""


def _named(n_specs: int) -> str:
    return f"validate {n_specs:,} spec{'s' * (n_specs > 1)}"


GOALS: Mapping[str, Goal] = {
    **{_named(n_specs): ratio_at_most(1) for n_specs in SIZES},  # ahead of every peer
    **{f"{_named(n_specs)}, 1 % broken": ratio_at_most(1.5) for n_specs in SIZES},
    f"{_named(SIZES[-1])}, peak memory": at_most(200),
}


def figures(options: Options) -> Iterator[Figure]:
    """One size after the other."""
    for n_specs in QUICK_SIZES if options.quick else SIZES:
        with tempfile.TemporaryDirectory() as folder:
            yield from _of_size(Path(folder), n_specs, options)


def _of_size(folder: Path, n_specs: int, options: Options) -> Iterator[Figure]:
    """Time a project of so many specs, the same with one in a hundred broken, and the peers."""
    name = _named(n_specs)
    clean = Job(name, [*BULKPLAN, "validate"], cwd=write_project(folder / "clean", n_specs))
    folder_of_broken = write_project(folder / "broken", n_specs, broken_every=100)
    broken = Job(f"{name}, 1 % broken", [*BULKPLAN, "validate"], cwd=folder_of_broken, codes=(65,))
    others, missing = _peers(folder, n_specs, options)
    timings = run_in_turn([clean, broken, *others], rounds=3 if n_specs >= SLOW_FROM or options.quick else 5)
    for job in others:
        yield beside(name, timings[name], job.name, timings[job.name])
    yield beside(broken.name, timings[broken.name], "none broken", timings[name])
    yield from _of_each(name, timings[name], n_specs)
    yield from (Figure(name, timings[name].wall_s, "s", note=words) for words in missing)


def _of_each(name: str, timing: Timing, n_specs: int) -> Iterator[Figure]:
    yield Figure(f"{name}, for each", 1e6 * timing.wall_s / n_specs, "µs")
    yield Figure(f"{name}, peak memory", timing.peak_mib, "MiB")


def _peers(folder: Path, n_specs: int, options: Options) -> tuple[list[Job], list[str]]:
    makers = [
        lambda: peers.terraform("validate", write_terraform(folder / "terraform", n_specs), "validate(check=True)"),
        lambda: peers.octodns_validate(write_octodns(folder / "octodns", n_specs)),
    ]
    if options.slow or n_specs < SLOW_FROM:
        makers += [lambda: peers.yamllint(folder / "clean"), lambda: peers.check_jsonschema(folder / "clean", SCHEMA)]
    if options.slow:
        makers += [
            lambda: peers.custodian(write_custodian(folder / "custodian", n_specs)),
            lambda: peers.puppet(write_puppet(folder / "puppet", n_specs)),
        ]
    return peers.present(*makers)
