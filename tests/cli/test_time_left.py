"""How long work still takes, as a bar tells it: true, calm, and silent until it can be told."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.cli.time_left import CALM_S, SOON_S, SURELY_S, TimeLeft, left_words


class Stepped:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def watched(left: TimeLeft, clock: Stepped, *, total: int, at_once: int, every_s: float, look_s: float):
    """Go a road on which `at_once` answers come `every_s`. Looks each `look_s`: (when, how many done, what is told)."""
    looks, done, answered_at = [], 0, 0.0
    left.step(0, total)
    while done < total:
        answered_at += every_s
        while clock.seconds + look_s < answered_at:
            clock.seconds += look_s
            looks.append((clock.seconds, done, left.seconds()))
        clock.seconds = answered_at
        for _ in range(min(at_once, total - done)):
            done += 1
            left.step(done, total)
    return looks, clock.seconds


@given(
    total=st.integers(40, 400),
    at_once=st.integers(1, 12),
    every_s=st.floats(0.05, 20.0),
    looks_an_answer=st.floats(0.3, 20.0),
)
def test_on_a_road_of_constant_pace_it_is_true_after_the_first_tenth(total, at_once, every_s, looks_an_answer):
    clock = Stepped()
    left = TimeLeft(monotonic=clock)
    looks, ended_at = watched(
        left, clock, total=total, at_once=at_once, every_s=every_s, look_s=max(0.1, every_s / looks_an_answer)
    )
    within = 0.1 * ended_at + every_s  # an answer more or less, which nobody can know
    for at, done, told in looks:
        if told is not None:
            assert abs(told - (ended_at - at)) <= within
        assert told is not None or done * 10 < total or at < SOON_S + 3 * every_s


@given(steps=st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(0, 20)), min_size=5, max_size=40))
def test_it_never_jumps_whatever_the_pace_does(steps):
    clock, look_s = Stepped(), 0.1
    left, heard = TimeLeft(monotonic=clock), []
    done, before = 0, None
    share = 1 - math.exp(-look_s / CALM_S)
    for wait_s, n_answers in steps:
        done += n_answers
        heard.append((clock.seconds, done))
        left.step(done, 2000)
        for _ in range(min(int(wait_s / look_s), 10)):
            clock.seconds += look_s
            told = left.seconds()
            if before is not None and told is not None:
                way = share * (known_at(clock.seconds, heard) - before)
                assert way - look_s - 1e-6 <= told - before <= way + 1e-6
            before = told


def known_at(seconds: float, heard: list[tuple[float, int]]) -> float:
    """What is told to somebody who looks for the first time."""
    clock = Stepped()
    left = TimeLeft(monotonic=clock)
    for clock.seconds, done in heard:
        left.step(done, 2000)
    clock.seconds = seconds
    told = left.seconds()
    assert told is not None
    return told


def test_nothing_is_told_until_it_can_be():
    clock = Stepped()
    left = TimeLeft(monotonic=clock)
    assert left.seconds() is None
    left.step(0, None)
    clock.seconds = 60.0
    left.step(50, None)
    assert left.seconds() is None  # nobody knows how much it is
    left.step(0, 1000)
    clock.seconds += SURELY_S - 0.5
    left.step(99, 1000)
    assert left.seconds() is None  # not a tenth, and not long enough
    clock.seconds += 0.5
    left.step(100, 1000)
    assert left.seconds() == pytest.approx(45.0)
    clock.seconds += 1.0
    left.step(1000, 1000)
    assert left.seconds() is None  # over


def test_a_limit_in_force_is_known_before_the_pace_shows_it():
    clock, pace_s = Stepped(), [0.0]
    left = TimeLeft(monotonic=clock, slowest=lambda: pace_s[0])
    left.step(0, 1000)
    clock.seconds = 2.0
    left.step(100, 1000)  # the whole allowance of a minute at once
    assert left.seconds() == pytest.approx(18.0)
    pace_s[0] = 60 / 100
    told = []
    for _ in range(200):
        clock.seconds += 0.1
        told.append(left.seconds())
    assert told[0] < 50.0  # by and by
    assert told[-1] == pytest.approx(540.0 - 2.0, rel=0.01)


def test_while_nothing_comes_it_is_held():
    clock = Stepped()
    left = TimeLeft(monotonic=clock)
    for done in range(0, 51, 5):
        clock.seconds = done / 5
        left.step(done, 100)
    told = []
    for _ in range(100):
        clock.seconds += 0.5
        told.append(left.seconds())
    assert told[:2] == pytest.approx([9.5, 9.0])
    assert told[2:] == pytest.approx([9.0] * 98)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.0, "0:00 left"), (0.2, "0:01 left"), (61.0, "1:01 left"), (3723.0, "1:02:03 left")],
)
def test_it_is_told_in_few_words(seconds, words):
    assert left_words(seconds) == words
