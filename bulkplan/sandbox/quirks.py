"""Which faults of the service itself (not of the wire) are in force while one request is answered."""

from __future__ import annotations

from dataclasses import dataclass

from bulkplan.sandbox.settings import Echo


@dataclass(frozen=True)
class Quirks:
    """
    How the engine misbehaves for one request.

    `accept_after_s`: a bulk action is listed and begun only that much later. `fail_after`, `stick_after`: leads after
    which a new bulk action ends in `error` or stops moving. `listing_lag_s`: how far lists of actions and events are
    behind.
    """

    accept_after_s: float = 0.0
    fail_after: int | None = None
    stick_after: int | None = None
    listing_lag_s: float = 0.0
    echo: Echo = Echo.AS_SENT


NO_QUIRKS = Quirks()
"""The service as it should be."""
