"""Reading the state: where every run stands, every whole record, or the one that a person named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bulkplan.core.codec import RUN_PREFIX, load_record, run_key_of
from bulkplan.core.near import near
from bulkplan.errors import UnreadableRecordError, UsageError, WrongOrganizationError
from bulkplan.model.record import Record, Recorded, Standing
from bulkplan.model.run import RunKey
from bulkplan.model.store import Slot
from bulkplan.ports import Store


@dataclass(frozen=True)
class Shelf:
    """
    Where every run stands whose record can be read, by name and version, and what is wrong with the others.

    Each record was looked at as a whole: its checksum, and every value in it. `record` is the whole of one, from the
    text that was listed.
    """

    standings: tuple[Standing, ...]
    unreadable: tuple[UnreadableRecordError, ...] = ()
    slots: Mapping[RunKey, Slot] = field(default_factory=dict, repr=False, compare=False)

    def record(self, key: RunKey) -> Record:
        """The whole record of one of `standings`."""
        return load_record(self.slots[key])


def read_shelf(store: Store) -> Shelf:
    """One listing of the store. Raises `StoreError` when it is away."""
    return shelf_from(store.list(RUN_PREFIX))


def shelf_from(listed: Iterable[Slot]) -> Shelf:
    """What a listing of the store says of its runs."""
    standings: list[Standing] = []
    unreadable: list[UnreadableRecordError] = []
    slots: dict[RunKey, Slot] = {}
    for slot in listed:
        if not slot.key.startswith(RUN_PREFIX):
            continue
        try:
            standing = Standing.of(load_record(slot))  # the whole one goes at once: ten thousand are slow to keep
        except UnreadableRecordError as error:
            unreadable.append(error)
        else:
            standings.append(standing)
            slots[standing.key] = slot
    standings.sort(key=_place)
    return Shelf(tuple(standings), tuple(unreadable), slots)


def whole_records(listed: Iterable[Slot]) -> tuple[Record, ...]:
    """Every record of a listing that can be read, whole, by name and version."""
    shelf = shelf_from(listed)
    return tuple(shelf.record(standing.key) for standing in shelf.standings)


def find_record(store: Store, name_or_key: str) -> Record:
    """
    The record of a run key (`win-back@2`), or the newest one of a name (`win-back`).

    A key is looked up; for a name, or a key that is not there, the state is listed. Raises `UsageError` with near
    matches when there is none, `UnreadableRecordError` when it cannot be trusted, `StoreError`.
    """
    slot = store.get(f"{RUN_PREFIX}{name_or_key}") if run_key_of(f"{RUN_PREFIX}{name_or_key}") else None
    if slot is not None:
        return load_record(slot)
    shelf = read_shelf(store)
    found = [each for each in shelf.standings if name_or_key in (str(each.key), each.key.full_name)]
    if found:
        return shelf.record(max(found, key=lambda standing: standing.sent_after).key)
    for error in shelf.unreadable:
        key = run_key_of(error.key)
        if key is not None and name_or_key in (str(key), key.full_name):
            raise error
    known = [str(standing.key) for standing in shelf.standings]
    close = near(name_or_key, known)
    hint = f"did you mean {' or '.join(close)}?" if close else "bulkplan state list shows every run"
    raise UsageError(f"the state has no run {name_or_key!r}", hint=hint)


def check_organization(records: Iterable[Recorded], *, target: str, store: str, organization_id: str) -> None:
    """Whether every record is of the organization of the key. Raises `WrongOrganizationError`."""
    foreign = next((record for record in records if record.organization_id != organization_id), None)
    if foreign is not None:
        raise WrongOrganizationError(
            f"the state of target {target} ({store}) holds runs of {foreign.organization_id}, "
            f"such as {foreign.key}; the key belongs to {organization_id}",
            hint="give each organization a target of its own",
        )


def _place(standing: Standing) -> tuple[str, int, str]:
    return standing.key.full_name, standing.key.version, standing.key.period or ""
