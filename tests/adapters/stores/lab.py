"""What most labs share."""

from __future__ import annotations


class Lab:
    """A store, and the means to harm it."""

    remembers = False
    """Whether an older copy is noticed by the machine that saw the newer one."""
    holds_its_row_meanwhile = False
    """Whether a write that is on its way keeps others out until it has arrived."""

    n_records = 10_000
    """As many as a store must list at once."""

    most_requests = 0
    """To the service, or processes, that a further listing takes, however many records there are."""

    def forget_requests(self):
        """Begin to count."""

    def n_listings(self):
        return 1  # no network

    def n_requests(self):
        return 0

    def close(self):
        """End what the lab started."""
