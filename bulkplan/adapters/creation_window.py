"""Stretches of time in which leads were created: what a set of leads too large for one listing is divided by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bulkplan.core.moments import fixed_utc
from bulkplan.model.base import JsonObject, SQuery

CREATED: JsonObject = {"type": "regular_field", "object_type": "lead", "field_name": "date_created"}
"""No edit moves it. Source: Close API, Advanced Filtering."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class CreationWindow:
    """Milliseconds of creation, `until` exclusive. The oldest window has no lower bound, the newest no upper one."""

    since: int
    until: int
    is_oldest: bool = True
    is_newest: bool = True

    def halves(self) -> tuple[CreationWindow, CreationWindow] | None:
        """Both halves; `None` for a single millisecond."""
        middle = (self.since + self.until) // 2
        if middle <= self.since:
            return None
        return (
            CreationWindow(self.since, middle, self.is_oldest, is_newest=False),
            CreationWindow(middle, self.until, is_oldest=False, is_newest=self.is_newest),
        )

    def clause(self) -> SQuery:
        """The condition on a lead's creation."""
        return {
            "type": "field_condition",
            "field": CREATED,
            "condition": {
                "type": "moment_range",
                "on_or_after": None if self.is_oldest else fixed_utc(instant(self.since)),
                "before": None if self.is_newest else fixed_utc(instant(self.until)),
            },
        }


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds from the epoch to an aware moment; its finer part is cut off."""
    return (moment - _EPOCH) // _MILLISECOND


def instant(since_epoch: int) -> datetime:
    """The moment so many milliseconds after the epoch, in UTC."""
    return _EPOCH + since_epoch * _MILLISECOND
