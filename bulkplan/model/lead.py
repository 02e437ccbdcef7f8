"""One lead as a listing gives it."""

from __future__ import annotations

from typing import NamedTuple


class FoundLead(NamedTuple):
    """A lead that matched. `name` is personal data, and there only where it was asked for."""

    id: str
    name: str | None = None
