"""Text from outside in GitHub Markdown: always text, never markup, a link, a mention or a reference."""

from __future__ import annotations

import re
from itertools import pairwise

from bulkplan.core.visible import visible, without_commands

_APART = "&#8203;"
"""A zero-width space. GitHub looks for mentions, references and addresses when entities are characters again; what it
looks for must then not stand in one piece."""

_SIGNS = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])")
_LINKED = re.compile(
    r"[@#]|:(?=//)|:(?=[\w+-]+:)|(?<=\bgh)-(?=\d)|(?<=\bwww)(?=\.)|\b[0-9a-f]{7,40}\b",
    re.IGNORECASE,
)
"""Where a mention, a reference, an address, a smiley or the name of a commit may stand."""

_OPENING, _CLOSING = "('\"“‘", ")'\"”’,.;:!?"
_UNFIT_FOR_CODE = frozenset("`|\\")


def markdown_text(text: str, *, max_chars: int | None = None) -> str:
    """
    The text as Markdown that shows it and nothing else, on one line; also in table cells.

    Words that GitHub would make a link of stand in code type, good to be copied. Must not begin a line: there a dash
    or a number would be a list.
    """
    return " ".join(_word(word) for word in _shown(text, max_chars).split(" "))


def markup_text(text: str, *, max_chars: int | None = None) -> str:
    """The same for the line of an HTML tag, where Markdown is not read."""
    return _broken(_shown(text, max_chars))


def code_span(text: str, *, max_chars: int | None = None) -> str:
    """The text in code type, good to be copied; plain where it has signs that code in a table cell cannot hold."""
    shown = _shown(text, max_chars)
    is_fit = shown and not _UNFIT_FOR_CODE & set(shown) and "##[" not in shown  # a command to GitHub's runner
    return f"`{shown}`" if is_fit else _broken(shown)


def html_code(text: str, *, max_chars: int | None = None) -> str:
    """The text in code type for the line of an HTML tag."""
    return f"<code>{_entities(_shown(text, max_chars))}</code>"


def fenced(text: str, language: str) -> str:
    """The lines as a block of code; its fence is longer than any run of backticks in them."""
    rows = [without_commands(visible(row)) for row in text.split("\n")]
    longest = max((len(run) for row in rows for run in re.findall("`+", row)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence + language, *rows, fence))


def _shown(text: str, max_chars: int | None) -> str:
    return visible(" ".join(text.split()), max_chars=max_chars)


def _word(word: str) -> str:
    """A word that would be a link in code type, without the quotes, brackets and stops around it."""
    if not _LINKED.search(word):
        return _broken(word)
    rest = word.lstrip(_OPENING)
    core = rest.rstrip(_CLOSING)
    before, after = word[: len(word) - len(rest)], rest[len(core) :]
    return _broken(before) + code_span(core) + _broken(after) if core else _broken(word)


def _broken(text: str) -> str:
    """The text with entities for signs, and with what would be a link in two pieces."""
    cuts = [cut for match in _LINKED.finditer(text) for cut in (*range(*match.span(), 6), match.end())]
    return _APART.join(_entities(text[start:end]) for start, end in pairwise((0, *cuts, len(text))))


def _entities(text: str) -> str:
    return _SIGNS.sub(lambda sign: f"&#{ord(sign.group())};", text)
