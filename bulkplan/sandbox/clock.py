"""What time a sandbox world believes it is, and how it writes a time down."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time; a world adds its own offset to it."""

    def now(self) -> datetime:
        """Answer the present as an aware UTC datetime."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Answer the machine's time as an aware UTC datetime."""
        return datetime.now(UTC)


class SteppedClock:
    """A clock that stands still until it is advanced by hand."""

    def __init__(self, start: datetime) -> None:
        """Stand at `start`, which must be aware."""
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Answer the instant the clock stands at, in UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on by a number of seconds."""
        self._now += timedelta(seconds=seconds)


def format_moment(moment: datetime) -> str:
    """Write an aware datetime as `YYYY-MM-DDTHH:MM:SS.ffffff+00:00`; text order is then time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def parse_moment(text: str) -> datetime:
    """Read back what `format_moment` wrote, as an aware UTC datetime."""
    return datetime.fromisoformat(text).astimezone(UTC)
