"""How text from outside is shown, so that what a person reads is what is there."""

from __future__ import annotations

import json
import re

_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_UNSEEN_PAST_ASCII = (
    "\x7f-\x9f"  # DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"  # soft hyphen, joiners, fillers, Arabic letter mark
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, line and paragraph ends, bidi controls
    "\u3164\ufeff\uffa0\ufff9-\ufffb"  # fillers, byte order mark, annotations
    "\ud800-\udfff"  # unpaired surrogates: no terminal and no UTF-8 file takes them
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # musical controls; tags and supplementary variation selectors
)
# Both are compiled when they are first needed: most of what is shown is printable ASCII, and they are large.
_UNSEEN = f"[\x00-\x1f{_UNSEEN_PAST_ASCII}]"  # with C0, and so ESC
_ESCAPED_IN_JSON = rf"[{_UNSEEN_PAST_ASCII}]|(?<=#)#(?=\[)"
_COMMAND = re.compile(r"^\s*:(?=:)|##(?=\[)")
"""Where GitHub's runner looks for a command: `::` after blanks, `##[`. Source: actions/runner, ActionCommand."""

_ADDRESS = re.compile(r"""[^\s@"'<>(),;:\[\]{}][^\s@"<>(),;:\[\]{}]*@[^\s@"'<>(),;:\[\]{}]+""")


def visible(text: str, *, max_chars: int | None = None) -> str:
    """
    Write out every character that would not show, or would change how its neighbours show.

    Control characters, terminal escapes, bidi controls, zero-width characters, tags and unpaired surrogates become
    `\\n`, `\\x1b`, `\\u202e` and the like; all other text stays as it is. Linear in the length of `text`.

    Args:
        text: Text from outside: a name, an error message, a file.
        max_chars: Longest result, in characters; longer text ends in `…`.

    Returns:
        One line of text that can be printed anywhere.
    """
    if max_chars is None:
        return _escaped(text)
    shown = _escaped(text[: max_chars + 1])
    return shown if len(shown) <= max_chars else shown[: max(max_chars - 1, 0)] + "…"


def visible_json(text: str) -> str:
    """
    JSON text that says the same, with an escape for every character that would not show; its line ends stay.

    Nor is a line of it a command to GitHub's runner.
    """
    return re.sub(_ESCAPED_IN_JSON, _json_escape, text)


def without_commands(line: str) -> str:
    """One line of output, already visible, that GitHub's runner takes for no command, whatever names stand in it."""
    return _COMMAND.sub(lambda match: f"{match.group()[:-1]}\\x{ord(match.group()[-1]):02x}", line)


def without_addresses(text: str) -> str:
    """The text with `***@***` for each e-mail address: what others say may name people, and it is kept and shown."""
    return _ADDRESS.sub("***@***", text)


def _escaped(text: str) -> str:
    return text if text.isascii() and text.isprintable() else re.sub(_UNSEEN, _escape, text)


def _json_escape(match: re.Match[str]) -> str:
    character = match.group()
    return "\\u0023" if character == "#" else json.dumps(character)[1:-1]


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
