"""Which of the names that Close knows a person at a terminal means; asked again while it is none of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bulkplan.cli.console import Console
from bulkplan.core.near import did_you_mean
from bulkplan.report.lines import Span

_ID = re.compile(r"[a-z]+_\w+")
_TRIES = 3


def ask_name(console: Console, question: str, names: Sequence[str], *, instead: str) -> str:
    """
    A name out of `names` (any text where there are none), an ID, or the address of a sender.

    After a few answers that fit nothing the last one is taken: whoever reads it says what is wrong.
    """
    answer = console.ask(question, instead=instead)
    for _ in range(_TRIES - 1):
        if not names or _fits(answer, names):
            break
        hint = did_you_mean(answer, names) or "take one of those above"
        console.message([(Span(f'there is no "{answer}": {hint}', "warn"),)])
        answer = console.ask(question, instead=instead)
    return answer


def _fits(answer: str, names: Sequence[str]) -> bool:
    said = answer.casefold()
    return _ID.fullmatch(answer) is not None or any(
        said == name.casefold() or f"<{said}>" in name.casefold() for name in names
    )
