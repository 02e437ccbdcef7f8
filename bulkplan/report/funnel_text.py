"""A funnel on one line, from the leads that match to the people that are written to."""

from __future__ import annotations

from collections.abc import Sequence

from bulkplan.model.plan import FunnelStep

ARROW = " → "


def funnel_words(steps: Sequence[FunnelStep]) -> str:
    """
    Like `32 matched → 30 with an e-mail address → 41 contacts (contact_preference: contact)`.

    Once a limit takes only some of the leads, the later steps are the most that there may be.
    """
    words: list[str] = []
    most = ""
    for step in steps:
        words.append(f"{most}{step_count(step):,} {step.words}")
        most = "at most " if step.name == "limited" or most else ""
    return ARROW.join(words)


def step_count(step: FunnelStep) -> int:
    """What a step counts: people where it is about people, else leads."""
    return step.leads if step.contacts is None else step.contacts
