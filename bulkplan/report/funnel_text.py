"""A funnel on one line, from the leads that match to the people that are written to."""

from __future__ import annotations

from collections.abc import Sequence

from bulkplan.model.plan import FunnelStep

ARROW = " → "


def funnel_words(steps: Sequence[FunnelStep]) -> str:
    """Like `32 matched → 30 with an e-mail address → 41 contacts (contact_preference: contact)`."""
    return ARROW.join(f"{step_count(step):,} {step.words}" for step in steps)


def step_count(step: FunnelStep) -> int:
    """What a step counts: people where it is about people, else leads."""
    return step.leads if step.contacts is None else step.contacts
