"""The values of expressions: how large one may be, how it stands inside a text, what is wrong with it."""

from __future__ import annotations

import json
from typing import TypeGuard

from pydantic import JsonValue

MAX_RESULT = 4096
"""Characters of one result."""


class ExpressionError(Exception):
    """An expression is not allowed, or cannot be evaluated; `hint` says how to mend it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_size(value: JsonValue) -> JsonValue:
    """The value, unless its JSON text is longer than a result may be."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > MAX_RESULT:
        raise ExpressionError(f"the result is longer than {MAX_RESULT} characters")
    return value


def format_scalar(value: object) -> str:
    """A value as it stands inside a text: true and false as YAML writes them; no null, no list, no mapping."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    kind = "nothing (null)" if value is None else "a list" if isinstance(value, list) else "a mapping"
    raise ExpressionError(f"{kind} cannot stand inside a text", hint='a list can be joined: | join(", ")')
