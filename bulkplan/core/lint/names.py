"""What the rules are called: an ID that never changes its meaning, and a slug that people can read."""

from __future__ import annotations

from collections.abc import Mapping

SLUGS: Mapping[str, str] = {
    "BP101": "no-ceiling",
    "BP102": "delete-without-max-matches",
    "BP103": "guard-without-effect",
    "BP104": "scheduled-without-min-matches",
    "BP105": "limit-without-sort",
    "BP201": "negation-alone",
    "BP202": "relative-date-in-delete",
    "BP203": "delete-live-cohort",
    "BP204": "all-leads",
    "BP205": "any-of-one",
    "BP206": "duplicate-condition",
    "BP207": "contradiction",
    "BP208": "empty-range",
    "BP209": "fixed-date-in-schedule",
    "BP210": "id-instead-of-name",
    "BP211": "no-effect",
    "BP212": "recent-contact-not-excluded",
    "BP213": "me-in-filter",
    "BP301": "all-sequences",
    "BP401": "missing-owner",
    "BP402": "missing-description",
    "BP403": "no-tests",
    "BP404": "unused-vars",
    "BP405": "not-after-is-past",
    "BP406": "same-meaning",
    "BP407": "unused-ignore",
    "BP408": "unused-fragment",
    "BP501": "missing-project-id",
    "BP502": "no-suppression",
    "BP503": "unreviewed-target",
    "BP504": "local-state",
    "BP505": "foreign-base-url",
    "BP506": "unused-project-vars",
    "BP601": "edited-after-run",
    "BP602": "removed-with-history",
    "BP603": "version-lowered",
    "BP604": "version-jump",
    "BP605": "idle-dependency",
    "BP701": "not-in-close",
    "BP702": "user-dependent-smart-view",
    "BP703": "empty-merge-tag",
    "BP704": "unknown-merge-tag",
    "BP705": "sender-without-user",
}
"""By ID: 1xx limits, 2xx filters, 3xx actions, 4xx order in the files, 5xx the project, 6xx state, 7xx Close."""

IDS: Mapping[str, str] = {slug: rule_id for rule_id, slug in SLUGS.items()}
MIN_REASON_WORDS = 3


def slug_of(name: str) -> str | None:
    """The slug of a rule that is named by slug or ID; `None` when there is none of that name."""
    if name in IDS:
        return name
    return SLUGS.get(name.upper())
