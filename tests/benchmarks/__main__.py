"""
Every figure about speed and memory in one table: run by hand, asserts nothing.

    python tests/benchmarks [NAME ...] [--quick] [--slow] [--list] [--out TABLE.md]

    python tests/benchmarks                          # everything; half an hour
    python tests/benchmarks cohorts sandbox          # two of them
    python tests/benchmarks validating --quick       # small inputs, few rounds
    python tests/benchmarks --slow --out table.md    # also the peers that take minutes; written as Markdown
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.figures import Benchmark, Options
from benchmarks.measuring import load_words, machine_words, say
from benchmarks.table import Row, as_line, as_markdown

NAMES = ("cold_start", "validating", "planning", "applying", "state", "stores", "cohorts", "overlaps", "sandbox")


def main(words: list[str] | None = None) -> int:
    """Measure what was asked for."""
    arguments = _parser().parse_args(words)
    names = arguments.names or NAMES
    if arguments.list:
        for name in names:
            _tell(name, load(name))
        return 0
    options = Options(quick=arguments.quick, slow=arguments.slow)
    say(machine_words())
    parts = [f"# Benchmarks\n\n{machine_words()}\n"]
    _write(arguments.out, parts)
    for name in names:
        # Each from a process of its own: what one inherits from a larger one that starts it counts as its own peak.
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as own:
            parts.append(own.submit(_run, name, options).result())
        _write(arguments.out, parts)
    return 0


def load(name: str) -> Benchmark:
    """The module of a benchmark; nothing is measured yet."""
    return import_module(f"benchmarks.{name}")


def _write(path: Path | None, parts: list[str]) -> None:
    """After each benchmark, so that half an hour is not lost with the last of them."""
    if path is not None:
        path.write_text("\n".join(parts), encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; default: all", type=_name)
    parser.add_argument("--quick", action="store_true", help="small inputs and few rounds: to try the benchmarks out")
    parser.add_argument("--slow", action="store_true", help="also the peers and the sizes that take minutes")
    parser.add_argument("--list", action="store_true", help="name the figures that have a goal, and measure nothing")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table as Markdown, too")
    return parser


def _name(word: str) -> str:
    if word not in NAMES:
        raise argparse.ArgumentTypeError(f"no benchmark is named {word!r}: there are {', '.join(NAMES)}")
    return word


def _tell(name: str, benchmark: Benchmark) -> None:
    say(f"{name}: {benchmark.ABOUT}")
    for figure, goal in benchmark.GOALS.items():
        say(f"  {figure:<60} {goal.words}")


def _run(name: str, options: Options) -> str:
    """Measure one benchmark, each row shown as soon as it is known; return its part of the Markdown."""
    benchmark = load(name)
    load_before, failure = load_words(), ""
    say(f"\n{name}: {benchmark.ABOUT}; {load_before}")
    rows: list[Row] = []
    try:
        for figure in benchmark.figures(options):
            rows.append(Row(figure.name, figure, benchmark.GOALS.get(figure.name)))
            say(as_line(rows[-1]))
    except (SystemExit, OSError, AssertionError, subprocess.SubprocessError) as error:
        failure = f"It ended early: {type(error).__name__}: {error}\n\n"
        say(failure)
    measured = {row.name for row in rows}
    missing = [Row(figure, None, goal) for figure, goal in benchmark.GOALS.items() if figure not in measured]
    for row in () if options.quick else missing:
        say(as_line(row))
        rows.append(row)
    return (
        f"## {name}\n\n{benchmark.ABOUT}. Before: {load_before}; after: {load_words()}.\n\n{failure}{as_markdown(rows)}"
    )


if __name__ == "__main__":
    sys.exit(main())
