"""What was recorded, for commands that look at it and change nothing."""

from __future__ import annotations

from bulkplan.adapters.stores.local import LocalStore
from bulkplan.app.records import Shelf, read_shelf
from bulkplan.cli.console import Console
from bulkplan.cli.wiring import Place, open_store
from bulkplan.errors import StoreError
from bulkplan.model.record import Standing


def recorded(place: Place, console: Console, *, is_online: bool) -> tuple[Standing, ...] | None:
    """
    What was recorded: of a local state always, of another only where a connection is wanted. `None`: not looked at.

    A local state that is not there yet is not made for this. What cannot be read is left out, and told.

    Raises:
        StoreError: The state cannot be read.
    """
    is_local = place.target.state == "local"
    if is_local and not place.state_file.exists():
        return ()
    if not is_local and not is_online:
        return None
    store = LocalStore.open(place.state_file) if is_local else open_store(place)
    try:
        shelf = read_shelf(store)
    finally:
        store.close()
    for error in shelf.unreadable:
        console.note(f"{error.message}: it was left out")
    return shelf.standings


def shelf_of(place: Place) -> tuple[Shelf, str]:
    """Every record of the target, and where they are. Raises `StoreError`."""
    store = open_store(place, reads_only=True)
    try:
        return read_shelf(store), store.name
    finally:
        store.close()


def raise_for_unreadable(shelf: Shelf) -> None:
    """What was shown is not all there is: that is no success. Raises `StoreError`."""
    if count := len(shelf.unreadable):
        which = "1 state record" if count == 1 else f"{count} state records"
        raise StoreError(
            f"{which} cannot be trusted; what is shown above is not all there is",
            hint=shelf.unreadable[0].hint,
        )
