"""Lines broken at blanks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.report.lines import Span, plain_text
from bulkplan.report.wrap import cells, wrapped

HEAD = (Span("why  "),)


def text(body: str, width: int) -> str:
    return plain_text(wrapped(HEAD, (Span(body),), width=width))


def test_later_lines_begin_below_the_body():
    assert text("one two three four five six", 25) == "why  one two three four\n     five six\n"


def test_a_long_word_is_never_cut():
    long = "x" * 60
    assert text(f"see {long} there", 30) == f"why  see\n     {long}\n     there\n"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (
            "3 left since the plan: 15 of the 400 planned = 3.8 %, the limit is 2 %",
            ["3.8 %,", "2 %", "3 left", "15 of"],
        ),
        ("as of 2026-11-26 14:44 UTC (in 1,000\n leads)", ["14:44 UTC", "1,000 leads)"]),
    ],
)
@pytest.mark.parametrize("width", range(20, 60))
def test_a_number_stays_with_its_unit(body, kept, width):
    rows = text(body, width)
    assert all(any(words in row for row in rows.splitlines()) for words in kept)
    assert rows.split() == ["why", *body.split()]


def test_wide_characters_take_two_cells():
    assert cells("日本e\u0301") == 5


def test_styles_stay_with_their_words():
    lines = wrapped((), (Span("a b", "ok"), Span(" c", "error"), Span("d", "error")), width=80)
    assert lines == ((Span("a b", "ok"), Span(" cd", "error")),)


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)), st.integers(1, 60))
def test_no_word_is_lost_and_none_is_added(words, width):
    assert text(" ".join(words), width).split() == ["why", *words]
