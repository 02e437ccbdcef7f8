"""How a text is written as a YAML value: bare where every reader takes it for text, else in quotes."""

from __future__ import annotations

import re

from bulkplan.adapters.yaml_scalars import resolve_plain

_INDICATORS = frozenset(",[]{}#&*!|>'\"%@`")
_FLOW_SIGNS = frozenset(",[]{}")
_MISREAD = re.compile(
    r"y|n|yes|no|on|off|true|false|null|none|~|=|<<|[-+]?[\d._:,eExXoOtTzZ+ -]+|[-+]?\.(inf|nan)", re.IGNORECASE
)
"""Words that some reader of YAML takes for something else than text. Source: YAML 1.1, "Language-Independent Types"."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x85": "\\N", "\xa0": "\\_"}
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xa0\u2028\u2029\ufeff]")


def may_be_bare(text: str, *, in_flow: bool) -> bool:
    """Whether the text can stand without quotes and is read back as it is; it may be read as a number."""
    if not text or text != text.strip(" ") or _UNSEEN.search(text) or text.startswith(("---", "...")):
        return False
    second = text[1:2]
    if text[0] in _INDICATORS or (text[0] in "-?:" and (second in ("", " ") or (in_flow and second in _FLOW_SIGNS))):
        return False
    if ": " in text or " #" in text or text.endswith(":"):
        return False
    return not in_flow or not (_FLOW_SIGNS & set(text) or ":" in text or text[0] == "?")


def write_text(text: str, *, in_flow: bool) -> str:
    """A text with as few quotes as are safe; an expression keeps its own, so that it is seen."""
    is_safe = may_be_bare(text, in_flow=in_flow) and resolve_plain(text) == text
    if is_safe and not _MISREAD.fullmatch(text) and "{{" not in text and "{%" not in text:
        return text
    return in_quotes(text)


def in_quotes(text: str) -> str:
    """A text in double quotes; in single ones where that saves backslashes."""
    if ('"' in text or "\\" in text) and not _UNSEEN.search(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04x}" if _UNSEEN.match(character) else character
