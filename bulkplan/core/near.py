"""Which known words are nearest to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable

MAX_CANDIDATES = 2000
"""Beyond so many candidates only equal beginnings are looked at: an error message must not take seconds."""
MAX_WORD = 200
CUTOFF = 0.6


def near(word: str, candidates: Iterable[str], n: int = 3) -> tuple[str, ...]:
    """
    The candidates most like `word`, best first; case, and `-`, `_` or blanks between words, do not count.

    Equal likeness keeps the order of the candidates; each comes once. Empty when nothing is near.
    """
    wanted = _fold(word)
    if not wanted:
        return ()
    distinct = list(dict.fromkeys(candidates))
    if len(distinct) > MAX_CANDIDATES:
        distinct = [candidate for candidate in distinct if _fold(candidate)[:2] == wanted[:2]][:MAX_CANDIDATES]
    scored = ((_likeness(wanted, _fold(candidate)), candidate) for candidate in distinct)
    good = [(score, candidate) for score, candidate in scored if score >= CUTOFF]
    good.sort(key=lambda pair: -pair[0])
    return tuple(candidate for _, candidate in good[:n])


def did_you_mean(word: str, candidates: Iterable[str], n: int = 3) -> str | None:
    """`did you mean "Churned"?`, or with up to `n` words to choose from; `None` when nothing is near."""
    found = near(word, candidates, n)
    if not found:
        return None
    quoted = [f'"{candidate}"' for candidate in found]
    return f"did you mean {join_words(quoted, last='or')}?"


def join_words(words: Iterable[str], *, last: str = "and") -> str:
    """`a, b and c`."""
    listed = list(words)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}"


def _fold(word: str) -> str:
    return " ".join(word[:MAX_WORD].casefold().replace("-", " ").replace("_", " ").split())


def _likeness(wanted: str, candidate: str) -> float:
    if wanted == candidate:
        return 1.0
    if len(wanted) >= 3 and (candidate.startswith(wanted) or wanted.startswith(candidate)) and len(candidate) >= 3:
        return 0.9
    from difflib import SequenceMatcher  # slow to load, and nothing is misspelt in most runs

    matcher = SequenceMatcher(None, wanted, candidate)
    if matcher.real_quick_ratio() < CUTOFF or matcher.quick_ratio() < CUTOFF:
        return 0.0
    return matcher.ratio()
