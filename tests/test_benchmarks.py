"""The benchmarks are run by hand; here only that each can be, and says what it is to reach."""

from __future__ import annotations

import inspect

import pytest
from benchmarks.__main__ import NAMES, load, main
from benchmarks.figures import Figure, Goal, at_least, at_most, ratio_at_most
from benchmarks.table import Row, as_markdown


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_offers_its_figures(name):
    benchmark = load(name)
    assert benchmark.ABOUT
    assert all(isinstance(goal, Goal) for goal in benchmark.GOALS.values())
    assert inspect.isgeneratorfunction(benchmark.figures)


def test_the_list_names_every_figure_with_a_goal(capsys):
    assert main(["--list"]) == 0
    told = capsys.readouterr().out
    assert all(figure in told for name in NAMES for figure in load(name).GOALS)


@pytest.mark.parametrize(
    ("goal", "measured", "met"),
    [(at_most(5), 5.0, "yes"), (at_most(5), 5.1, "NO"), (at_least(5), 4.9, "NO"), (ratio_at_most(2), 9.0, "yes")],
)
def test_a_row_says_whether_its_goal_is_met(goal, measured, met):
    row = Row("a figure", Figure("a figure", measured, "s", "a peer", 4.5), goal)
    assert row.cells[-1] == met
    assert as_markdown([row]).splitlines()[-1].endswith(f"| {met} |")


def test_a_figure_that_was_not_measured_is_shown_all_the_same():
    assert "| a figure | not measured |" in as_markdown([Row("a figure", None, at_most(1))])
