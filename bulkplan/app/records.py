"""Reading the state: every record, or the one that a person named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bulkplan.core.codec import RUN_PREFIX, load_record, run_key_of
from bulkplan.core.near import near
from bulkplan.errors import UnreadableRecordError, UsageError, WrongOrganizationError
from bulkplan.model.record import Record
from bulkplan.ports import Store


@dataclass(frozen=True)
class Shelf:
    """Every record that can be read, by name and version, and what is wrong with the others."""

    records: tuple[Record, ...]
    unreadable: tuple[UnreadableRecordError, ...] = ()


def read_shelf(store: Store) -> Shelf:
    """One listing of the store. Raises `StoreError` when it is away."""
    records: list[Record] = []
    unreadable: list[UnreadableRecordError] = []
    for slot in store.list(RUN_PREFIX):
        try:
            records.append(load_record(slot))
        except UnreadableRecordError as error:
            unreadable.append(error)
    records.sort(key=lambda record: (record.key.full_name, record.key.version, record.key.period or ""))
    return Shelf(tuple(records), tuple(unreadable))


def find_record(store: Store, name_or_key: str) -> Record:
    """
    The record of a run key (`win-back@2`), or the newest one of a name (`win-back`).

    Raises `UsageError` with near matches when there is none, `UnreadableRecordError` when it cannot be trusted.
    """
    shelf = read_shelf(store)
    found = [record for record in shelf.records if name_or_key in (str(record.key), record.key.full_name)]
    if found:
        return max(found, key=lambda record: record.sent_after)
    for error in shelf.unreadable:
        key = run_key_of(error.key)
        if key is not None and name_or_key in (str(key), key.full_name):
            raise error
    known = [str(record.key) for record in shelf.records]
    close = near(name_or_key, known)
    hint = f"did you mean {' or '.join(close)}?" if close else "bulkplan state list shows every run"
    raise UsageError(f"the state has no run {name_or_key!r}", hint=hint)


def check_organization(records: Iterable[Record], *, target: str, store: str, organization_id: str) -> None:
    """Whether every record is of the organization of the key. Raises `WrongOrganizationError`."""
    foreign = next((record for record in records if record.organization_id != organization_id), None)
    if foreign is not None:
        raise WrongOrganizationError(
            f"the state of target {target} ({store}) holds runs of {foreign.organization_id}, "
            f"such as {foreign.key}; the key belongs to {organization_id}",
            hint="give each organization a target of its own",
        )
