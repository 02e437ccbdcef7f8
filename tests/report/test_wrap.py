"""Lines broken at blanks."""

from __future__ import annotations

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


def test_wide_characters_take_two_cells():
    assert cells("日本e\u0301") == 5


def test_styles_stay_with_their_words():
    lines = wrapped((), (Span("a b", "ok"), Span(" c", "error"), Span("d", "error")), width=80)
    assert lines == ((Span("a b", "ok"), Span(" cd", "error")),)


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)), st.integers(1, 60))
def test_no_word_is_lost_and_none_is_added(words, width):
    assert text(" ".join(words), width).split() == ["why", *words]
