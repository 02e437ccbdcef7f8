"""Durations as people write them."""

from __future__ import annotations

import argparse
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.cli.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("2m", 120), ("500ms", 0.5), ("1h", 3600), ("1h30m", 5400), ("0s", 0), ("1.5m", 90), ("1d", 86400)],
)
def test_a_number_with_its_unit_is_seconds(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "30", "s", "-5s", "5 s", "5x", "5s5", "1e3s", "five", "٣s"])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(argparse.ArgumentTypeError, match="30s, 2m or 1h"):
        parse_duration(text)


def test_a_bare_number_gets_its_likely_meaning():
    with pytest.raises(argparse.ArgumentTypeError, match="did you mean 30s"):
        parse_duration("30")


@given(st.text(max_size=12))
def test_no_text_breaks_it(text):
    with contextlib.suppress(argparse.ArgumentTypeError):
        assert parse_duration(text) >= 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.85, "850ms"), (12.2, "12s"), (125, "2m 05s"), (3780, "1h 03m"), (59.9, "1m 00s")]
)
def test_durations_are_written_for_people(seconds, text):
    assert format_duration(seconds) == text
