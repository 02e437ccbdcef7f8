"""Whether the bytes of a file are a text that people and YAML read the same way."""

from __future__ import annotations

import re
from typing import NamedTuple

from bulkplan.errors import Location, Problem

MAX_FILE_BYTES = 1024 * 1024
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_BIDI = "\u202a-\u202e\u2066-\u2069"
_REFUSED = f"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[{_BIDI}]"
_REFUSED_IN_VALUE = f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]"


class FileText(NamedTuple):
    """A file as text: without a byte order mark; `lines` without their ends."""

    file: str
    text: str
    lines: tuple[str, ...]

    def location(self, line: int, column: int, end_column: int | None = None) -> Location:
        """A place by line and column from 0, as parsers count; the result counts from 1."""
        source = self.lines[line] if line < len(self.lines) else ""
        end = None if end_column is None else max(end_column, column + 1) + 1
        return Location(self.file, line + 1, column + 1, end, source)


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text, without their ends."""
    return tuple(text.split("\n") if "\r" not in text else _LINE_BREAK.split(text))


def decode(file: str, raw: bytes) -> FileText | Problem:
    """The text of a file, or what is wrong with its bytes."""
    if len(raw) > MAX_FILE_BYTES:
        hint = "split it into several files under specs/"
        return Problem(f"the file has {len(raw):,} bytes; at most {MAX_FILE_BYTES:,} are read", hint, at=_top(file))
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem("the file is not UTF-8 but UTF-16", "save it as UTF-8", at=_top(file))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf8(file, raw, error)
    content = FileText(file, text, split_lines(text))
    if text.isascii() and "".join(content.lines).isprintable():
        return content
    found = re.search(_REFUSED, text)
    return _refused_character(content, found.start()) if found else content


def hidden_character(value: str) -> str | None:
    """The name (`U+0007`) of a character in `value` that nobody can see, as an escape in quotes may make it."""
    if value.isascii() and value.isprintable():
        return None
    found = re.search(_REFUSED_IN_VALUE, value)
    return f"U+{ord(found.group()):04X}" if found else None


def _top(file: str) -> Location:
    return Location(file, 1, 1)


def _not_utf8(file: str, raw: bytes, error: UnicodeDecodeError) -> Problem:
    # The codec drops a byte order mark before it counts.
    offset = error.start + (3 if raw.startswith(b"\xef\xbb\xbf") else 0)
    before = _LINE_BREAK.split(raw[:offset].decode("utf-8-sig", errors="replace"))
    end = min((found for found in (raw.find(b"\n", offset), raw.find(b"\r", offset)) if found >= 0), default=len(raw))
    source = before[-1] + raw[offset:end].decode("utf-8", errors="replace")
    at = Location(file, len(before), len(before[-1]) + 1, len(before[-1]) + 2, source)
    message = f"the file is not UTF-8: byte {raw[offset]:#04x} at offset {offset}, line {len(before)}"
    return Problem(message, "save the file as UTF-8", at=at)


def _refused_character(content: FileText, offset: int) -> Problem:
    before = _LINE_BREAK.split(content.text[:offset])
    line, column = len(before) - 1, len(before[-1])
    name = f"U+{ord(content.text[offset]):04X}"
    message = f"the file holds the character {name}, which cannot be seen and may not stand here"
    return Problem(message, "delete it, or type the line again", at=content.location(line, column, column + 1))
