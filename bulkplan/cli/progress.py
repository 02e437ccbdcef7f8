"""How long work shows that it goes on: bars on a terminal, a plain line now and then elsewhere, nothing when quiet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bulkplan.cli.console import Console
from bulkplan.cli.time_left import TimeLeft, left_words, no_limit
from bulkplan.core.visible import visible

if TYPE_CHECKING:  # rich is loaded for bars only, and a record is only passed on
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from bulkplan.model.record import Record
    from bulkplan.model.run import RunKey

BETWEEN_LINES_S = 5.0
REQUEST_A_STEP = frozenset({"counting leads", "comparing runs", "counting people"})
"""Work of which each step is one count, so that the limit in force tells how long it takes at least."""


class View(Protocol):
    """What is told to the person who waits."""

    def step(self, label: str, done: int, total: int | None) -> None:
        """`done` of `total` (`None`: not known yet) of the work named `label`."""
        ...

    def say(self, text: str) -> None:
        """Something happened."""
        ...

    def heed(self, slowest: Callable[[], float]) -> None:
        """Counts take no fewer seconds each than `slowest` says whenever it is asked."""
        ...


class Progress:
    """Hears the steps of plans and the updates of runs, and shows both in one view."""

    def __init__(self, view: View) -> None:
        self._view = view

    def step(self, label: str, done: int, total: int | None) -> None:
        """For plans, audits, and for making a sandbox; `total` is `None` as long as nobody knows it."""
        self._view.step(label, done, total)

    def heed(self, slowest: Callable[[], float]) -> None:
        """The limit in force: seconds that a count takes at least, 0 where none is known."""
        self._view.heed(slowest)

    def update(self, key: RunKey, message: str, record: Record | None) -> None:
        """For runs under way: words of news, and counts from the record."""
        if message:
            self._view.say(f"{key}: {message}")
        if record is not None and record.counts.n_leads is not None:
            self._view.step(str(key), record.counts.n_leads_processed or 0, record.counts.n_leads)


class LineView:
    """A line on stderr for news, and for each piece of work at most one every few seconds and one at its end."""

    def __init__(self, console: Console, *, monotonic: Callable[[], float]) -> None:
        self._console = console
        self._monotonic = monotonic
        self._started = monotonic()
        self._shown: dict[str, float] = {}
        self._ended: set[str] = set()

    def step(self, label: str, done: int, total: int | None) -> None:
        """Quick work is not spoken of: the first line comes after some seconds."""
        now = self._monotonic()
        is_end = total is not None and done >= total
        is_due = now - self._shown.get(label, self._started) >= BETWEEN_LINES_S
        if label in self._ended or not (is_due or (is_end and label in self._shown)):
            return
        self._shown[label] = now
        if is_end:
            self._ended.add(label)
        self._console.note(f"{label}: {done:,}" + (f" of {total:,}" if total is not None else ""))

    def say(self, text: str) -> None:
        """At once."""
        self._console.note(text)

    def heed(self, slowest: Callable[[], float]) -> None:
        """Lines say how far it is, not how long it takes."""


class BarView:
    """A bar on stderr for each piece of work, with the time it still takes once that can be told; news above them."""

    def __init__(self, bars: RichProgress, *, monotonic: Callable[[], float]) -> None:
        self._bars = bars
        self._monotonic = monotonic
        self._tasks: dict[str, TaskID] = {}
        self._left: dict[str, TimeLeft] = {}
        self._slowest: Callable[[], float] = no_limit

    def heed(self, slowest: Callable[[], float]) -> None:
        """What is left of counts takes no less than that."""
        self._slowest = slowest

    def step(self, label: str, done: int, total: int | None) -> None:
        """Move the bar."""
        if label not in self._tasks:
            slowest = self._slowest if label in REQUEST_A_STEP else no_limit
            left = self._left[label] = TimeLeft(monotonic=self._monotonic, slowest=slowest)
            self._tasks[label] = self._bars.add_task(visible(label), total=total, left=left.seconds)
        self._left[label].step(done, total)
        self._bars.update(self._tasks[label], completed=done, total=total)

    def say(self, text: str) -> None:
        """Print above the bars."""
        self._bars.console.print(visible(text), markup=False, highlight=False, soft_wrap=True)


class SilentView:
    """Says nothing."""

    def step(self, label: str, done: int, total: int | None) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def heed(self, slowest: Callable[[], float]) -> None:
        """Nothing."""


@contextmanager
def progress(console: Console, *, monotonic: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """Show progress in the way that fits the console, and clear it away at the end."""
    if console.manners.quiet:
        yield Progress(SilentView())
    elif not console.manners.has_bars:
        yield Progress(LineView(console, monotonic=monotonic))
    else:
        bars = _bars(console)
        try:
            bars.start()
        except RuntimeError:  # a process that may start no thread has no bars that move
            yield Progress(LineView(console, monotonic=monotonic))
            return
        with bars:
            yield Progress(BarView(bars, monotonic=monotonic))


def _bars(console: Console) -> RichProgress:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    class TimeLeftColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(left_words(task.fields["left"]()), style="progress.remaining")

    has_colour = console.manners.colour_err
    return RichProgress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeLeftColumn(),
        console=RichConsole(file=console.stderr, color_system="auto" if has_colour else None, no_color=not has_colour),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
