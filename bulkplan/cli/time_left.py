"""How long work still takes: by its pace so far, never faster than the limit in force allows, and without jumps."""

from __future__ import annotations

import math
from collections.abc import Callable

CALM_S = 3.0
"""What is shown follows what is known within so many seconds, as far as two thirds of the way."""

SOON_S, SURELY_S = 1.0, 5.0
"""Nothing is said before the first; between the two only of work of which a tenth is done."""

FEWEST_STEPS = 3


def no_limit() -> float:
    """Seconds a step where no limit is known."""
    return 0.0


class TimeLeft:
    """
    Listens to the steps of one piece of work, and tells how many seconds are left.

    What is left takes as long a step as what was done, from the first call of `step` on; but no less than `slowest`
    says, which is asked anew each time: seconds a step that the limit in force allows. While no step comes, it is
    counted down for as long as the longest wait so far, and then held.
    """

    def __init__(self, *, monotonic: Callable[[], float], slowest: Callable[[], float] = no_limit) -> None:
        self._monotonic, self._slowest = monotonic, slowest
        self._began: tuple[float, int] | None = None
        self._last: tuple[float, int] = (0.0, 0)
        self._longest_wait_s = 0.0
        self._total: int | None = None
        self._looked: tuple[float, float, float] | None = None

    def step(self, done: int, total: int | None) -> None:
        """`done` of `total` (`None`: not known yet) are over. Work that falls back begins anew."""
        now = self._monotonic()
        if self._began is None or done < self._last[1]:
            self._began, self._looked, self._last, self._longest_wait_s = (now, done), None, (now, done), 0.0
        self._longest_wait_s = max(self._longest_wait_s, now - self._last[0])
        self._last, self._total = (now, done), total

    def seconds(self) -> float | None:
        """Seconds left, as they are to be shown now; `None` as long as it cannot be told."""
        now = self._monotonic()
        known = self._known(now)
        if known is None:
            self._looked = None
            return None
        gap = 0.0
        if self._looked is not None:
            at, before, gap = self._looked
            ran_down = min(max(known - before, at - now), 0.0)  # as a clock does; all else comes little by little
            gap = (gap + before + ran_down - known) * math.exp((at - now) / CALM_S)
        self._looked = (now, known, gap)
        return max(known + gap, 0.0)

    def _known(self, now: float) -> float | None:
        """What pace and limit say, as it is."""
        if self._began is None or self._total is None:
            return None
        (began_at, began_with), (last_at, done) = self._began, self._last
        passed_s, n_steps, n_left = last_at - began_at, done - began_with, self._total - done
        is_early = passed_s < SOON_S or (passed_s < SURELY_S and done * 10 < self._total)
        if n_left <= 0 or n_steps < FEWEST_STEPS or is_early:
            return None
        whole_s = n_left * max(passed_s / n_steps, self._slowest())
        return max(whole_s - min(now - last_at, self._longest_wait_s), 0.0)


def left_words(seconds: float | None) -> str:
    """`0:45 left`, `1:02:03 left`; nothing where it cannot be told."""
    if seconds is None:
        return ""
    minutes, rest_s = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest_s:02} left" if hours else f"{minutes}:{rest_s:02} left"
