"""What is wrong with the key `lint` of a spec or project file: unknown rules, and reasons that are none."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from bulkplan.core.lint.names import IDS, MIN_REASON_WORDS, SLUGS, slug_of
from bulkplan.core.near import did_you_mean
from bulkplan.core.spec_words import shorten
from bulkplan.errors import Path, Problem

LINT: Path = ("lint",)


def find_lint_problems(settings: JsonValue) -> Iterator[Problem]:
    """Problems of the mapping under `lint`, with paths from the root of its document."""
    if not isinstance(settings, dict):
        return
    for group in ("ignore", "severity"):
        entries = settings.get(group)
        seen: dict[str, str] = {}
        for key, value in entries.items() if isinstance(entries, dict) else ():
            slug = slug_of(key)
            path = (*LINT, group, key)
            if slug is None:
                yield Problem(f'there is no rule "{shorten(key)}"', _which(key), path, on_key=True)
                continue
            if slug in seen:
                message = f"{key} and {seen[slug]} are the same rule"
                yield Problem(message, "delete one of the two lines", path, on_key=True)
            seen[slug] = key
            if group == "ignore" and isinstance(value, str) and len(value.split()) < MIN_REASON_WORDS:
                message = (
                    f'"{shorten(value)}" is no reason: whoever reads it must understand why the rule does not hold'
                )
                yield Problem(message, f"write a few words, at least {MIN_REASON_WORDS}", path)


def _which(key: str) -> str:
    guess = did_you_mean(key, [*IDS, *SLUGS], 1)
    return f"{guess} All of them: bulkplan lint --list-rules" if guess else "all of them: bulkplan lint --list-rules"
