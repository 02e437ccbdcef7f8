"""What `audit verify` found: the head of a state store, and whatever does not fit in its records."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bulkplan.model.base import Value


class SlotHead(Value):
    """
    What one slot of the store stood at: `entries` of its history, the `link` behind them, the rest by `content`.

    `before_chain` of the entries are older than the chain. A mark that a saved plan was used has no history.
    """

    key: str
    version: int
    entries: int = 0
    before_chain: int = 0
    link: str | None = None
    content: str


class ChainBreak(Value):
    """Something that does not fit: the store key, the number of the entry (from 1), and what it is, in words."""

    key: str
    entry: int | None = None
    problem: str


class ChainReport(Value):
    """
    Every record of a store, looked at.

    `head` digests all `slots`; kept elsewhere, it tells later whether anything was taken away or made anew. `compared`
    names what it was held against.
    """

    format_version: Literal["1.0"] = "1.0"
    tool_version: str
    checked_at: datetime
    target: str
    store: str
    lineage: str
    head: str
    is_ok: bool
    n_records: int
    n_entries: int
    n_before_chain: int
    compared: str | None = None
    breaks: tuple[ChainBreak, ...] = ()
    slots: tuple[SlotHead, ...] = ()
