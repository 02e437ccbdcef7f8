import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.visible import visible, visible_json, without_addresses


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Churned", "Churned"),
        ("Zürich 東京 ❤️ 👍", "Zürich 東京 ❤️ 👍"),
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("two\nlines\r\tx", r"two\nlines\r\tx"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("user\u202egpj.exe", r"user\u202egpj.exe"),
        ("pay\u200bpal\ufeff", r"pay\u200bpal\ufeff"),
        ("\u2028\u2029\u2066\u061c", r"\u2028\u2029\u2066\u061c"),
        ("hi\U000e0041", r"hi\U000e0041"),
        ("\ud83d", r"\ud83d"),
        ("::error::x", "::error::x"),
    ],
)
def test_what_would_not_show_is_written_out(text, shown):
    assert visible(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_the_result_is_one_printable_line(text):
    shown = visible(text)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(character) == "Cc" for character in shown)
    assert not any(unicodedata.bidirectional(character) in {"RLO", "LRO", "RLE", "LRE", "PDF"} for character in shown)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=()))))
def test_json_shows_every_character_and_says_the_same(value):
    text = visible_json(json.dumps({"names": value}, ensure_ascii=False, indent=2))
    assert json.loads(text) == {"names": value}
    assert [visible(line) for line in text.split("\n")] == text.split("\n")


@given(st.text(alphabet=st.characters(exclude_categories=())), st.integers(1, 50))
def test_a_limit_is_kept_and_said(text, limit):
    shown = visible(text, max_chars=limit)
    assert len(shown) <= limit
    assert shown == visible(text) or shown.endswith("…")


def test_a_very_long_name_is_cut_to_its_limit():
    assert visible("\x1b" * 1_000_000, max_chars=20) == r"\x1b\x1b\x1b\x1b\x1b"[:19] + "…"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a@b.co is not valid", "***@*** is not valid"),
        ('<dana.o\'reyes+x@example.com>, "mailto:k@e.de"', '<***@***>, "mailto:***@***"'),
        ('{"email": ["ä@bücher.example"]}', '{"email": ["***@***"]}'),
        ("winback@ 2, @team and a lonely @", "winback@ 2, @team and a lonely @"),
    ],
)
def test_addresses_in_what_others_say_are_not_shown(said, shown):
    assert without_addresses(said) == shown


@given(st.text("ab@.,<> \n\"'", max_size=60))
def test_where_addresses_were_taken_out_none_is_left(text):
    assert without_addresses(without_addresses(text)) == without_addresses(text)
    assert not re.search(r"[ab.]@[ab.]", without_addresses(text))
