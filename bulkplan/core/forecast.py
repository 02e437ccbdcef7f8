"""How many messages a run is expected to send, and how many days that takes its sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bulkplan.core.funnel import Reached, sends_messages
from bulkplan.model.plan import Forecast
from bulkplan.model.project import DEFAULT_SENDER, SenderLimit
from bulkplan.model.request import Request


@dataclass(frozen=True)
class DailyLimit:
    """What a sender may send a day, and the place where that stands, as `file:line`."""

    messages: int
    set_at: str | None = None


def sender_key(address: str | None, senders: Mapping[str, SenderLimit]) -> str | None:
    """The key of `senders` that holds for an address; `None` where none does."""
    own = next((key for key in senders if address is not None and key.casefold() == address.casefold()), None)
    return own or (DEFAULT_SENDER if DEFAULT_SENDER in senders else None)


@dataclass(frozen=True)
class Others:
    """The other rows of the plan that send from the same address: how many, and how many messages at most."""

    n_rows: int = 0
    messages: int = 0


def forecast(reached: Reached, request: Request, limit: DailyLimit | None, others: Others | None = None) -> Forecast:
    """
    The forecast of a row.

    Args:
        reached: What its funnel ends in.
        request: What it would send.
        limit: What its sender may send a day, where that is declared.
        others: What else the plan sends from there; `days` is of this row alone, `words` say both.
    """
    days = None if limit is None else days_for(reached.messages, limit.messages)
    words = _expected(reached, request)
    if limit is not None and days:
        at = f" ({limit.set_at})" if limit.set_at else ""
        words += f", {_first(request)}about {days:,} day{'s' if days != 1 else ''} at {limit.messages:,} a day{at}"
        if others is not None and others.n_rows:
            words += _together(reached.messages + others.messages, others.n_rows, limit)
    if reached.doubt:
        words += f": {reached.doubt}"
    return Forecast(
        messages=reached.messages,
        at_least=reached.at_least,
        daily_limit=None if limit is None else limit.messages,
        days=days,
        words=words,
    )


def days_for(messages: int, daily_limit: int) -> int:
    """Days that so many messages take; a day that is begun counts whole."""
    return -(-messages // daily_limit)


def _expected(reached: Reached, request: Request) -> str:
    most, least = reached.messages, reached.at_least
    number = f"{most:,}" if least == most else f"{least:,} to {most:,}" if least else f"at most {most:,}"
    plural = "" if most == 1 else "s"
    if request.kind == "email":
        return f"{number} message{plural} expected"
    if sends_messages(request):
        return f"{number} subscription{plural} expected"
    return f"subscriptions of {number} contact{plural}"


def _together(messages: int, n_others: int, limit: DailyLimit) -> str:
    days, runs = days_for(messages, limit.messages), "run" if n_others == 1 else f"{n_others:,} runs"
    return f", {days:,} with the other {runs} of this sender"


def _first(request: Request) -> str:
    """A sequence goes on to write: its limit is told for the first messages only."""
    return "" if request.kind == "email" else "the first messages in "
