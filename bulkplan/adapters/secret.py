"""How an API key is carried about without ever being shown."""

from __future__ import annotations

import base64

_MASK = "***"
_SHORTEST_HIDDEN = 8
"""Shorter keys (those of a sandbox) are ordinary words; hiding them would spoil ordinary text."""


class Secret:
    """
    A text that `repr`, `str`, `format`, pickles and copies of its owner never show; `reveal()` does.

    Compared by identity, so that it can stand in a frozen dataclass.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the one place that sends it."""
        return self._text

    def basic_credentials(self) -> str:
        """The value of an `Authorization` header: the key as user, no password. Source: Close API, Authentication."""
        return "Basic " + _base64(f"{self._text}:")

    def hide_in(self, text: str) -> str:
        """`text` with the secret, plain or as base64, replaced by `***`."""
        if len(self._text) < _SHORTEST_HIDDEN:
            return text
        for form in (self._text, _base64(f"{self._text}:"), _base64(self._text)):
            text = text.replace(form, _MASK)
        return text

    def __repr__(self) -> str:
        return _MASK

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (_MASK,))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
