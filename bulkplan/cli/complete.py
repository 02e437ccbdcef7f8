"""`bulkplan __complete`: what a shell asks when somebody presses the tab key."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bulkplan.adapters.quick_names import find_root, recorded_keys, spec_names, target_names
from bulkplan.cli.completing import Candidate, Names, Offer, offer
from bulkplan.core.visible import visible

_SPECIAL = frozenset(" \t\n!\"#$&'()*;<>?[\\]^`{|}~")
"""What bash reads as something else, outside of quotes."""
_KEPT_BREAKS = frozenset("@")
"""Breaks a word for bash, and yet belongs to the part that it replaces. Source: readline, rl_special_prefixes."""


def run(words: Sequence[str]) -> int:
    """
    Print what may stand there, for `bash LINE BREAKS`, or `SHELL WORD…` with the word being written as the last.

    Nobody can be told of an error while a line is being written: there is then nothing to offer.
    """
    try:
        lines = _lines(words)
    except (OSError, ValueError, LookupError):
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _lines(words: Sequence[str]) -> list[str]:
    shell, *rest = words
    if shell == "bash":
        return _bash_lines(rest[0], breaks=rest[1])
    if shell == "powershell":
        rest[-1] = rest[-1].removeprefix("=")
    found = offer(rest, names_of(rest))
    return _written(found, _WRITERS[shell])


def names_of(words: Sequence[str]) -> Names:
    """The names of the project in which the command would work: here, or where `-C` says."""
    folder = next((word for option, word in pairwise(words) if option == "-C"), ".")
    root = find_root(Path(os.path.expanduser(folder)))  # noqa: PTH111 - a name without a home stays as it is
    if root is None:
        return Names(dict, list, list)
    return Names(lambda: spec_names(root), lambda: target_names(root), lambda: recorded_keys(root))


def _written(found: Offer, write: Callable[[Candidate], str]) -> list[str]:
    if found.files is not None:
        return [f"@{found.files}"]
    return [write(candidate) for candidate in found.candidates]


def _with_tab(candidate: Candidate) -> str:
    return f"{candidate.word}\t{visible(candidate.about)}" if candidate.about else candidate.word


def _with_colon(candidate: Candidate) -> str:
    word = candidate.word.replace("\\", "\\\\").replace(":", "\\:")
    return f"{word}:{visible(candidate.about)}" if candidate.about else word


_WRITERS: dict[str, Callable[[Candidate], str]] = {
    "zsh": _with_colon,
    "fish": _with_tab,
    "powershell": _with_tab,
}


@dataclass(frozen=True)
class _Typed:
    """A line as far as it is written: its words, and the sign of a quotation that is still open."""

    words: tuple[str, ...]
    quote: str = ""


def _bash_lines(line: str, *, breaks: str) -> list[str]:
    """Each word as bash must insert it: only what follows the last break, quoted as the line needs it."""
    typed = _read(line)
    words = typed.words[1:]
    found = offer(words, names_of(words))
    if found.files is not None:
        return [f"@{found.files}"]
    start = 0 if typed.quote else _start(words[-1], breaks)
    escape = _inside if typed.quote else _outside
    return [escape(candidate.word[start:], typed.quote) for candidate in found.candidates]


def _start(word: str, breaks: str) -> int:
    """Where in a word that part begins which bash replaces."""
    last = max((index for index, sign in enumerate(word) if sign in breaks), default=-1)
    return last if last >= 0 and word[last] in _KEPT_BREAKS else last + 1


def _outside(word: str, _quote: str) -> str:
    return "".join(f"\\{sign}" if sign in _SPECIAL else sign for sign in word)


def _inside(word: str, quote: str) -> str:
    return word if quote == "'" else "".join(f"\\{sign}" if sign in '"$`\\' else sign for sign in word)


def _read(line: str) -> _Typed:
    """The words of a line of bash; the last is the one before the cursor, empty after a blank."""
    words, quote, is_escaped = [""], "", False
    for sign in line:
        if is_escaped:
            words[-1] += sign
            is_escaped = False
        elif sign == "\\" and quote != "'":
            is_escaped = True
        elif quote:
            words[-1], quote = (words[-1], "") if sign == quote else (words[-1] + sign, quote)
        elif sign in "'\"":
            quote = sign
        elif sign.isspace():
            words += [""] if words[-1] else []
        else:
            words[-1] += sign
    return _Typed(tuple(words), quote)
