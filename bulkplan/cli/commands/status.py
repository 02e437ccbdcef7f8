"""`status`: where every recorded run stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bulkplan.app.interrupting import Interrupt
from bulkplan.app.records import Shelf
from bulkplan.app.status import Status, has_news, refreshed_status
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.recorded import raise_for_unreadable, shelf_of
from bulkplan.cli.shard_option import given_shard
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import Place, find_place, open_edges
from bulkplan.core.lookup import is_selected
from bulkplan.errors import UnknownRunError, UsageError
from bulkplan.model.record import RecordStatus, Standing
from bulkplan.model.run import RunKey
from bulkplan.model.shard import Shard
from bulkplan.report.record_text import mismatches
from bulkplan.report.status_json import status_document
from bulkplan.report.status_text import status_lines


def run(args: Args, console: Console) -> int:
    """Read, refresh what runs, print; 5 when a run needs a person."""
    place = find_place(args)
    shard = given_shard(args)
    is_ours = _everyone if shard is None else _those_of(shard, place)
    shelf, store_name = shelf_of(place)
    shelf = _part(shelf, is_ours)
    problems: tuple[str, ...] = ()
    new: frozenset[RunKey] = frozenset()
    if not args.no_refresh and any(has_news(record, now=place.clock.now()) for record in shelf.standings):
        found = run_until_signal(_refreshed(shelf, place, console))
        new = _newly_wrong(shelf.standings, found.shelf.standings)
        shelf, problems = found.shelf, found.problems
    records = _selected(shelf.standings, args.select)
    words = (*problems, *(error.message for error in shelf.unreadable))
    if args.format == "json":
        console.document(status_document(records, target=place.target_name, problems=words, shard=shard))
    else:
        console.result(status_lines(records, target=place.target_name, store=store_name, problems=words, shard=shard))
    _raise_for_person(records, new=new)
    raise_for_unreadable(shelf)
    return OK


def _selected(records: Sequence[Standing], patterns: Sequence[str]) -> list[Standing]:
    for pattern in patterns:
        if not any(is_selected(record.key, (pattern,)) for record in records):
            raise UsageError(f'no recorded run is named "{pattern}"', hint="bulkplan state list shows every run")
    return [record for record in records if is_selected(record.key, patterns)]


def _everyone(_: RunKey) -> bool:
    return True


def _those_of(shard: Shard, place: Place) -> Callable[[RunKey], bool]:
    """Whether a run is of this shard, as plan and apply share them out. Raises `InvalidFilesError`."""
    from bulkplan.cli.planning import workspace_of
    from bulkplan.core.shards import Shares

    workspace = workspace_of(place, now=place.clock.now())
    shares = Shares(workspace.runs, workspace.project.overlaps, of=shard.of)
    return lambda key: shares.holds(shard, key)


def _part(shelf: Shelf, is_ours: Callable[[RunKey], bool]) -> Shelf:
    """What is recorded of these runs; what cannot be read is told by every shard."""
    return replace(shelf, standings=tuple(record for record in shelf.standings if is_ours(record.key)))


async def _refreshed(shelf: Shelf, place: Place, console: Console) -> Status:
    async with open_edges(place, console, interrupt=Interrupt(), reads_only=True) as (edges, context):
        return await refreshed_status(shelf, edges, context)


def _newly_wrong(before: Sequence[Standing], after: Sequence[Standing]) -> frozenset[RunKey]:
    """Runs of which it just now came out that what they did does not add up; later on that is only shown."""
    known = {record.key for record in before if mismatches(record)}
    return frozenset(record.key for record in after if mismatches(record) and record.key not in known)


def _raise_for_person(records: Sequence[Standing], *, new: frozenset[RunKey]) -> None:
    keys = [str(record.key) for record in records if _needs_person(record) or record.key in new]
    if keys:
        raise UnknownRunError(
            f"{'a run needs' if len(keys) == 1 else 'runs need'} a person: {', '.join(keys)}",
            hint="the hints above say how to go on",
        )


def _needs_person(record: Standing) -> bool:
    if record.status is RecordStatus.FORGOTTEN:
        return False
    return record.alarm is not None or record.status is RecordStatus.UNKNOWN
