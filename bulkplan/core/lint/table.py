"""Every rule there is, by ID."""

from __future__ import annotations

from bulkplan.core.lint import actions, bounds, close, filters, limits, order, project, state
from bulkplan.core.lint.rule import Rule

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *limits.RULES,
            *filters.RULES,
            *bounds.RULES,
            *actions.RULES,
            *order.RULES,
            *project.RULES,
            *state.RULES,
            *close.RULES,
        ),
        key=lambda rule: rule.id,
    )
)
BY_SLUG = {rule.slug: rule for rule in RULES}
