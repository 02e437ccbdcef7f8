"""Where a command can be killed: traced once for each kind of state, and spread over tests of a few points each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest
from e2e.project import BULKPLAN, Project
from kill.states import KINDS, States
from kill.strace import Call, Program, trace

EVERY_THREAD = ("git", "s3")
"""Kinds of state whose work is done by other programs, or on other threads."""


@dataclass(frozen=True)
class Command:
    """A command to kill. `name` is new for each that makes other calls; `program` are the words after `python`."""

    name: str
    words: tuple[str, ...]
    program: Program = BULKPLAN


@dataclass(frozen=True)
class Points:
    """The kill points of commands, kept in a folder that all workers of one run of the tests share."""

    folder: Path

    def of(self, command: Command, states: States, make_ready: Callable[[str], Project]) -> list[Call]:
        """Every call of a whole command that touches the state or the network."""
        kept = self.folder / f"{command.name}-{states.kind}.json"
        if not kept.exists():
            calls = _traced(command, states, make_ready(f"traced-{command.name}"))
            draft = kept.with_suffix(f".{id(self)}")
            draft.write_text(json.dumps([asdict(call) for call in calls]))
            draft.replace(kept)
        return [Call(**call) for call in json.loads(kept.read_text())]


def _traced(command: Command, states: States, project: Project) -> list[Call]:
    folders = (project.root / ".bulkplan" / "state", project.root / ".git", states.git_remote(project))
    is_wide = states.kind in EVERY_THREAD
    calls = trace(project, *command.words, every_thread=is_wide, program=command.program)
    return [call for call in calls if any(call.touches(folder) for folder in folders)]


def spread(samples: Mapping[str, int], *, each: int = 2):
    """Parametrizes `states` and `share`: of so many points for each kind of state, a test kills at `each`."""
    shares = [(kind, number) for kind in KINDS for number in range(-(-samples[kind] // each))]
    ids = [f"{kind}-{number}" for kind, number in shares]
    return pytest.mark.parametrize(("states", "share"), shares, indirect=["states"], ids=ids)


def chosen(
    points: Sequence[Call], samples: Mapping[str, int], kind: str, share: int, *, kill_all: bool, each: int = 2
) -> Sequence[Call]:
    """The points of one share. With `kill_all` the first share takes them all, so that they can be judged together."""
    if not kill_all:
        return sampled(points, samples[kind])[share * each : (share + 1) * each]
    if share:
        pytest.skip("every point is killed in the first share")
    return points


def sampled(points: Sequence[Call], count: int) -> list[Call]:
    """So many points, evenly spread, the last among them."""
    step = max(1.0, len(points) / count)
    return [points[int(len(points) - 1 - number * step)] for number in range(min(count, len(points)))][::-1]


@dataclass
class Tally:
    """What became of the runs that were killed at so many points."""

    n_points: int
    n_killed: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    unknown_at: list[Call] = field(default_factory=list)

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        unknown = "; ".join(map(str, self.unknown_at)) or "none"
        return f"{self.n_killed} of {self.n_points} points killed; then {ends}; unknown at: {unknown}"

    def walk(self, points: Sequence[Call], tell: Callable[[str], None]) -> Iterator[tuple[int, Call]]:
        """The points one after the other, numbered; a long sweep tells how it stands."""
        for number, point in enumerate(points):
            if number and number % 50 == 0:
                tell(f"after {number}: {self}")
            yield number, point
