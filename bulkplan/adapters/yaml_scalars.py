"""
What an unquoted word in YAML stands for: null, true, false, a number, or text.

The rules are those of the YAML 1.2 core schema: `yes`, `no`, `on`, `off` and dates are text.
Source: YAML 1.2.2, chapter 10.3, "Core Schema".
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from pydantic import JsonValue

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LEADING_ZEROS = re.compile(r"[-+]?0[0-9]+")
_MAX_DIGITS = 32
_MAX_INTEGER = 2**63 - 1


class BadScalar(NamedTuple):
    """Why a word cannot be taken as a value."""

    message: str
    hint: str


def resolve_plain(word: str) -> JsonValue | BadScalar:
    """The value of an unquoted word."""
    if word in _NULLS:
        return None
    if word in _BOOLEANS:
        return _BOOLEANS[word]
    if word[0] not in "+-.0123456789":
        return word
    if _LEADING_ZEROS.fullmatch(word):
        return BadScalar(
            f"{_short(word)} begins with a zero: a number, or text such as a postcode?",
            f'quote it to keep it as text: "{_short(word)}"; a number has no leading zero',
        )
    if _INTEGER.fullmatch(word):
        return _integer(word)
    if _FLOAT.fullmatch(word):
        return _float(word)
    if _NOT_FINITE.fullmatch(word):
        return BadScalar(f"{word} is not a number that can be sent to Close", "write a finite number")
    return word


def _integer(word: str) -> int | BadScalar:
    number = None
    if len(word) <= _MAX_DIGITS:
        number = int(word, 0) if word[:2] in ("0x", "0o") else int(word)
    if number is None or not -_MAX_INTEGER - 1 <= number <= _MAX_INTEGER:
        return BadScalar(f"the number {_short(word)} is too large", "quote it if it is a name, such as a phone number")
    return number


def _float(word: str) -> float | BadScalar:
    number = float(word)
    if not math.isfinite(number):
        return BadScalar(f"the number {_short(word)} is too large", "write a smaller number, or quote it as text")
    return number


def _short(word: str) -> str:
    return word if len(word) <= _MAX_DIGITS else word[:_MAX_DIGITS] + "…"
