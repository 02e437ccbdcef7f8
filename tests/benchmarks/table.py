"""How figures are shown: one row each, for a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure, Goal

HEADINGS = ("figure", "measured", "floor or peer", "takes", "ratio", "goal", "met")


@dataclass(frozen=True)
class Row:
    """A figure beside its goal; one of the two may be missing."""

    name: str
    figure: Figure | None
    goal: Goal | None

    @property
    def cells(self) -> tuple[str, ...]:
        """One text for each heading."""
        goal = self.goal.words if self.goal else ""
        if self.figure is None:
            return (self.name, "not measured", "", "", "", goal, "?" if goal else "")
        return (self.name, *_measured(self.figure), goal, _met(self.figure, self.goal))


def amount(value: float, unit: str) -> str:
    """Three digits that count, and the unit; what has none is a number of things."""
    digits = 0 if abs(value) >= 100 or not unit else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f} {unit}".rstrip()


def as_line(row: Row) -> str:
    """For a terminal, as soon as it is known."""
    name, measured, against, floor, ratio, goal, met = row.cells
    beside = f"{against} {floor}".strip()
    return f"  {name:<50.50} {measured:>14}  {ratio:>8}  {beside:<52.52} {goal:>8} {met}".rstrip()


def as_markdown(rows: Sequence[Row]) -> str:
    """A table with a line a row."""
    lines = [HEADINGS, ("---", "---:", "---", "---:", "---:", "---:", "---"), *(row.cells for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _measured(figure: Figure) -> tuple[str, str, str, str]:
    floor = "" if figure.floor is None else amount(figure.floor, figure.unit)
    ratio = "" if figure.ratio is None else f"{figure.ratio:,.2f}x"
    against = f"{figure.against} ({figure.note})" if figure.against and figure.note else figure.against or figure.note
    return amount(figure.measured, figure.unit), against, floor, ratio


def _met(figure: Figure, goal: Goal | None) -> str:
    if goal is None:
        return ""
    return "yes" if goal.is_met(figure) else "NO"
