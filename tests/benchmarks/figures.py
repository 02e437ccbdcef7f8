"""
What every benchmark module offers, so that one command can run and show them all.

A module of this folder is a benchmark when it is named in `__main__.py`, and has:

    ABOUT = "many specs, whole processes beside their peers"       # one line
    GOALS = {"validate 10,000 specs": at_most(5.0), ...}                     # the figures that have a goal
    def figures(options: Options) -> Iterator[Figure]: ...                   # measures, yields as soon as one is known

Rules: a name in `GOALS` is the `name` of a `Figure`; where it never comes (too quick, a peer is missing) the table says
so. `options.quick` asks for small inputs and few rounds (give figures of other sizes other names, then no goal is held
against them); `options.slow` also runs what takes minutes. `measured` and `floor` are medians in one `unit`, taken in
turn in one run; `against` names the floor or the peer. Assert nothing about time, and leave no process behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Options:
    """How much to measure."""

    quick: bool = False
    slow: bool = False


@dataclass(frozen=True)
class Figure:
    """One row of the table. `floor` is what `against` takes, in the same unit; None: there is none, `note` says why."""

    name: str
    measured: float
    unit: str
    against: str = ""
    floor: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the floor it is."""
        return self.measured / self.floor if self.floor else None


@dataclass(frozen=True)
class Goal:
    """What a figure is to reach: `words` for people, `is_met` for the table."""

    words: str
    is_met: Callable[[Figure], bool]


class Benchmark(Protocol):
    """A module that measures."""

    ABOUT: str
    GOALS: Mapping[str, Goal]

    def figures(self, options: Options) -> Iterator[Figure]:
        """Measure one figure after the other."""
        ...


def at_most(limit: float) -> Goal:
    """The figure itself, in its unit."""
    return Goal(f"≤ {limit:g}", lambda figure: figure.measured <= limit)


def at_least(limit: float) -> Goal:
    """The figure itself, in its unit."""
    return Goal(f"≥ {limit:g}", lambda figure: figure.measured >= limit)


def ratio_at_most(limit: float) -> Goal:
    """So many times its floor or peer."""
    return Goal(f"≤ {limit:g}x", lambda figure: figure.ratio is not None and figure.ratio <= limit)
