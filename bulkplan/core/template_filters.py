"""The filters that an expression may use: pure, small, and bounded in what they return."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from jinja2 import Undefined

from bulkplan.core.template_values import MAX_RESULT, ExpressionError, format_scalar, is_number


def default(value: object, fallback: object = "", also_when_empty: object = None) -> object:
    """The value, or `fallback` where it is not defined (with `true`: or empty)."""
    if isinstance(value, Undefined):
        return fallback
    return fallback if also_when_empty and not value else value


def length(value: object) -> int:
    """How many characters, items or keys."""
    if isinstance(value, str | list | dict):
        return len(value)
    raise ExpressionError("length takes text or a list")


def replace(value: object, old: object, new: object) -> str:
    """Every `old` replaced by `new`."""
    text, before, after = _text("replace", value), _text("replace", old), _text("replace", new)
    if not before:
        raise ExpressionError("replace needs a text to look for")
    if len(text) + text.count(before) * len(after) > MAX_RESULT * 2:
        raise ExpressionError(f"the result is longer than {MAX_RESULT} characters")
    return text.replace(before, after)


def join(value: object, separator: object = "") -> str:
    """The items of a list in one text."""
    if not isinstance(value, list):
        raise ExpressionError("join takes a list")
    glue = _text("join", separator)
    parts = [format_scalar(item) for item in value]
    if sum(map(len, parts)) + len(glue) * len(parts) > MAX_RESULT * 2:
        raise ExpressionError(f"the result is longer than {MAX_RESULT} characters")
    return glue.join(parts)


def round_number(value: object, digits: object = 0) -> int | float:
    """Rounded, half to even; to a whole number unless digits are asked for."""
    number = _number("round", value)
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= 10:
        raise ExpressionError("round takes 0 to 10 digits")
    return round(number, digits) if digits else round(number)


def to_int(value: object) -> int:
    """A whole number, from a number (the fraction is cut off) or from its digits."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 19 or not text.lstrip("+-").isascii() or not text.lstrip("+-").isdigit():
            raise ExpressionError("int takes a number, or text made of digits")
        return int(text)
    return int(_number("int", value))


def to_float(value: object) -> float:
    """A number with a fraction, from a number or from text."""
    if isinstance(value, str):
        try:
            number = float(value[:40])
        except ValueError as error:
            raise ExpressionError("float takes a number, or text that is one") from error
        if not math.isfinite(number):
            raise ExpressionError("float takes a finite number")
        return number
    return float(_number("float", value))


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise ExpressionError(f"{name} takes text")


def _number(name: str, value: object) -> int | float:
    if is_number(value):
        return value
    raise ExpressionError(f"{name} takes a number")


def _of_text(name: str, change: Callable[[str], str]) -> Callable[[object], str]:
    return lambda value: change(_text(name, value))


FILTERS: Mapping[str, object] = {
    "abs": lambda value: abs(_number("abs", value)),
    "default": default,
    "float": to_float,
    "int": to_int,
    "join": join,
    "length": length,
    "lower": _of_text("lower", str.lower),
    "replace": replace,
    "round": round_number,
    "title": _of_text("title", str.title),
    "trim": _of_text("trim", str.strip),
    "upper": _of_text("upper", str.upper),
}
"""Name to function. A wrong number of arguments is a `TypeError` of the call."""
