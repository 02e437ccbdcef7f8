"""Cells: whatever is put in, no spreadsheet takes it for a formula, and it is read back as it is shown."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.spreadsheet import csv_line, safe_cell

STARTS = "=+-@＝＋－＠"


@pytest.mark.parametrize("start", [*STARTS, "\t=", "\r=", "\n=", "\x00=", " \x00\t =", "\x7f="])
def test_what_could_be_a_formula_begins_with_an_apostrophe(start):
    assert safe_cell(f"{start}1+1").startswith("'")


def test_other_text_stays_as_it_is():
    assert safe_cell("Dana Reyes, sales") == "Dana Reyes, sales"
    assert csv_line(["a", 'say "hi"', "b,c"]) == 'a,"say ""hi""","b,c"\r\n'


@given(st.lists(st.text(), min_size=2, max_size=5))
def test_any_text_is_one_safe_cell_on_one_line(cells):
    line = csv_line(cells)
    assert line.endswith("\r\n")
    (row,) = csv.reader(io.StringIO(line, newline=""))
    assert row == [safe_cell(cell) for cell in cells]
    assert not any(cell.startswith((*STARTS, "\t", "\r", "\x00")) for cell in row)
