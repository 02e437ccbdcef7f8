"""When does a text match a searched value, in each of the four text modes?

A text may hold several parts, separated by `PART_SEPARATOR` (the whole of a lead, when a `text` node searches it).
Words are runs of letters and digits; case does not matter.
"""

import re
import sqlite3
from collections.abc import Callable
from functools import lru_cache

TEXT_MODES = ("full_words", "phrase", "beginning_of_words", "exact_value")
PART_SEPARATOR = "\x1f"
SQL_FUNCTION = "bp_text"
FOLD_FUNCTION = "bp_fold"

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> tuple[str, ...]:
    """Split a text into its words, folded for comparing without case, in order."""
    return tuple(_WORD.findall(text.casefold()))


def _full_words(wanted: tuple[str, ...], text: str) -> bool:
    return set(wanted) <= set(words(text))


def _phrase(wanted: tuple[str, ...], text: str) -> bool:
    needle = f" {' '.join(wanted)} "
    return any(needle in f" {' '.join(words(part))} " for part in text.split(PART_SEPARATOR))


def _beginning_of_words(wanted: tuple[str, ...], text: str) -> bool:
    present = words(text)
    return all(any(word.startswith(start) for word in present) for start in wanted)


_BY_WORDS: dict[str, Callable[[tuple[str, ...], str], bool]] = {
    "full_words": _full_words,
    "phrase": _phrase,
    "beginning_of_words": _beginning_of_words,
}


@lru_cache(maxsize=256)
def _wanted(value: str) -> tuple[str, ...]:
    return words(value)


def matches(mode: str, value: str, text: str | None) -> bool:
    """
    Say whether `text` matches `value`.

    Args:
        mode: one of `TEXT_MODES`. `full_words`: every word of the value occurs, in any order. `phrase`: its words
            stand side by side in one part. `beginning_of_words`: each begins some word. `exact_value`: one part is
            the value, but for case.
        value: what is searched; in all modes but `exact_value` it must hold a word to match anything.
        text: None never matches.
    """
    if text is None:
        return False
    if mode == "exact_value":
        return value.casefold() in text.casefold().split(PART_SEPARATOR)
    wanted = _wanted(value)
    return bool(wanted) and _BY_WORDS[mode](wanted, text)


def register(connection: sqlite3.Connection) -> None:
    """Give a connection `bp_text(mode, value, text)`: 1 or 0; and `bp_fold(text)`: the text as case does not matter."""
    connection.create_function(SQL_FUNCTION, 3, matches, deterministic=True)
    connection.create_function(FOLD_FUNCTION, 1, _fold, deterministic=True)


def _fold(text: str | None) -> str | None:
    return None if text is None else text.casefold()
