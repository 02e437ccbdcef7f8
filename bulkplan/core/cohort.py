"""Who is in a cohort: a digest over the lead IDs, and how much of the members a plan holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who only lists leads must not wait for all that plans are made of
    from bulkplan.model.plan import Cohort

MAX_MEMBERS = 200_000
"""Those of larger cohorts lie beside a saved plan: they would take more than 2 MB of it."""
MAX_LISTED_IN_ORDER = 10_000
"""So many leads Close lists in one order. Source: Close API, Advanced Filtering (cursors)."""


class CohortDigest:
    """The digest of a cohort: SHA-256 over its lead IDs, sorted, each followed by a line end."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.n_leads = 0

    def add(self, lead_id: str) -> None:
        """Take the next ID; they come sorted, each once."""
        self._hash.update(f"{lead_id}\n".encode())
        self.n_leads += 1

    @property
    def text(self) -> str:
        """`sha256:` and 64 lower-case hex digits."""
        return f"sha256:{self._hash.hexdigest()}"


def listing_limit(asked_limit: int | None) -> int | None:
    """
    How many leads of a run stand for its members: the first so many in its order; `None`: all that match.

    Args:
        asked_limit: The `results_limit` of its spec; beyond what Close lists in one order it cannot be followed.
    """
    return asked_limit if asked_limit is not None and asked_limit <= MAX_LISTED_IN_ORDER else None


def is_sound(cohort: Cohort) -> bool:
    """Whether the members of a cohort that was read from a file are sorted digests, as many as it has leads."""
    from bulkplan.core.members import EncodedMembers

    if cohort.members is None:
        return True
    try:
        members = EncodedMembers(cohort.members)
    except ValueError:
        return False
    return len(members) == cohort.n_leads and members.is_sorted()
