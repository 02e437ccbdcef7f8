"""The story of `audit verify`: every record of a store looked at, and held against an earlier look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from bulkplan import __version__
from bulkplan.core.chain import breaks
from bulkplan.core.codec import RUN_PREFIX, load_plan_use, load_record, read_content
from bulkplan.core.heads import losses, slot_head, store_head
from bulkplan.errors import UnreadableRecordError, UsageError
from bulkplan.model.chain_report import ChainBreak, ChainReport
from bulkplan.model.store import Slot
from bulkplan.ports import Store


@dataclass(frozen=True)
class Earlier:
    """What the store is held against: a `head` that was noted, or a whole `report` that was kept."""

    head: str | None = None
    report: ChainReport | None = None
    name: str | None = None
    """Of the report, for people."""


def load_chain_report(text: str, *, name: str) -> ChainReport:
    """The report that `audit verify --out` wrote. Raises `UsageError`."""
    try:
        return ChainReport.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(
            f"{name} is no report of audit verify", hint="write one: bulkplan audit verify --out heads.json"
        ) from error


def verify_chain(
    store: Store, listed: Iterable[Slot], *, target: str, now: datetime, earlier: Earlier | None = None
) -> ChainReport:
    """
    Look at every record: its checksum, its chain, and what an earlier look knew. Only reads.

    Args:
        store: The state.
        listed: Everything in it.
        target: Whose state it is.
        now: The time of the look.
        earlier: What it is held against.

    Raises `StoreError` when the store is away.
    """
    earlier = earlier or Earlier()
    slots = {slot.key: slot for slot in listed}
    heads = tuple(slot_head(slots[key]) for key in sorted(slots))
    head = store_head(heads)
    found = [each for key in sorted(slots) for each in _slot_breaks(slots[key])]
    if earlier.report is not None:
        found += [*_other_store(earlier.report, store), *losses(earlier.report.slots, slots)]
    if earlier.head is not None and earlier.head != head:
        found.append(ChainBreak(key="", problem=f"the head is {head}, and not {earlier.head}, which was expected"))
    runs = [each for each in heads if each.key.startswith(RUN_PREFIX)]
    return ChainReport(
        tool_version=__version__,
        checked_at=now,
        target=target,
        store=store.name,
        lineage=store.lineage(),
        head=head,
        is_ok=not found,
        n_records=len(runs),
        n_entries=sum(each.entries for each in runs),
        n_before_chain=sum(each.before_chain for each in runs),
        compared=_compared(earlier),
        breaks=tuple(found),
        slots=heads,
    )


def _slot_breaks(slot: Slot) -> Iterable[ChainBreak]:
    try:
        if not slot.key.startswith(RUN_PREFIX):
            load_plan_use(slot)
            return ()
        load_record(slot)
        return tuple(
            ChainBreak(key=slot.key, entry=each.entry, problem=each.what) for each in breaks(read_content(slot))
        )
    except UnreadableRecordError as error:
        return (ChainBreak(key=slot.key, problem=error.message),)


def _other_store(report: ChainReport, store: Store) -> Iterable[ChainBreak]:
    if report.lineage == store.lineage():
        return ()
    words = f"the state store was made anew, or is another one: its lineage was {report.lineage}"
    return (ChainBreak(key="", problem=f"{words}, and is {store.lineage()}"),)


def _compared(earlier: Earlier) -> str | None:
    if earlier.report is not None:
        return f"{earlier.name} of {earlier.report.checked_at:%Y-%m-%d %H:%M} UTC"
    return earlier.head
