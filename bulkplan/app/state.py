"""The stories of `state`: showing records, and a person's word about a run that nobody can tell about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bulkplan.app.performer import Edges, Performer
from bulkplan.app.records import read_shelf
from bulkplan.core.answers import ID_PREFIXES
from bulkplan.core.commit import put_surely
from bulkplan.core.likeness import has_same_deed, has_same_selection
from bulkplan.core.marker import is_of_another, make_tag, nonces_of
from bulkplan.core.records import OPEN, ApplyContext, Move, Stamp, moved
from bulkplan.core.settle import Sighting, look
from bulkplan.errors import NotFoundError, RefusedError, StoreError, UsageError
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.remote import BulkAction

PATIENCE = timedelta(minutes=15)
"""A request that was sent can be late; so long nobody may say that it did not run."""
BETWEEN_LOOKS_S = 60.0


@dataclass(frozen=True)
class Evidence:
    """What was looked at before a person decides: two looks at both listings, a minute apart."""

    record: Record
    looks: int
    found: tuple[str, ...]


async def settle_as_ran(record: Record, action_id: str, edges: Edges, context: ApplyContext) -> Record:
    """
    Take an action as this run, because a person vouches for it.

    Organization, kind and selection (less any marker) must match. Raises `RefusedError`, `UsageError`, `CloseError`.
    """
    _require_open(record)
    action = await _fetch_of_kind(record, action_id, edges)
    if action.organization_id not in (None, record.organization_id):
        raise RefusedError(f"{action_id} is of {action.organization_id}, the run of {record.organization_id}")
    carried = nonces_of(action.s_query, make_tag(context.project_id, record.organization_id, record.key))
    _require_alike(record, action, is_marked_as_ours=bool(carried))
    _require_free(record, action, edges)
    move = Move(
        RecordStatus.SUBMITTED,
        "a person says that it ran",
        remote_id=action.id,
        remote_status=action.status,
        nonce=min(carried, default=None),
    )
    return await _write(record, move, edges, context)


async def gather_evidence(record: Record, edges: Edges, context: ApplyContext) -> Evidence:
    """
    Read both listings to the end twice, a minute apart, for a run that is said not to have run.

    Raises `RefusedError` when it is too early, or the nonce shows after all; `CloseError` when a listing can't be read.
    """
    if record.status is not RecordStatus.UNKNOWN:
        is_sending = record.status is RecordStatus.SENDING
        raise RefusedError(
            f"{record.key} is {record.status}; only an unknown run can be released",
            hint="run apply first: it looks in Close" if is_sending else f"bulkplan state show '{record.key}'",
        )
    age = edges.clock.now() - record.sent_after
    if age < PATIENCE:
        minutes = max(1, round((PATIENCE - age).total_seconds() / 60))
        raise RefusedError(
            f"{record.key} may still arrive in Close: its request is {round(age.total_seconds())} s old",
            hint=f"say so in {minutes} min: a late request must not run after its release",
        )
    sighting = await Performer(edges).run(look(record, context))
    _require_unseen(record, sighting)
    await edges.clock.sleep(BETWEEN_LOOKS_S)
    _require_unseen(record, await Performer(edges).run(look(record, context)))
    return Evidence(record, looks=2, found=())


async def settle_as_not_run(evidence: Evidence, reason: str, edges: Edges, context: ApplyContext) -> Record:
    """Release a run key, because a person vouches that it did not run. Raises `UsageError`, `StoreError`."""
    if not reason.strip():
        raise UsageError("a release needs a reason", hint='--did-not-run --reason "why you are sure"')
    move = Move(
        RecordStatus.RELEASED,
        f"a person says that it did not run: {reason.strip()}",
        evidence=({"looks": evidence.looks, "found": list(evidence.found), "reason": reason.strip()},),
    )
    return await _write(evidence.record, move, edges, context)


def _require_open(record: Record) -> None:
    if record.status not in OPEN:
        raise RefusedError(f"{record.key} is {record.status}: there is nothing to settle")


def _require_alike(record: Record, action: BulkAction, *, is_marked_as_ours: bool) -> None:
    """An attempt that an older copy of the state does not know carries the tag of the run, and another nonce."""
    hint = f"compare it with: bulkplan state show '{record.key}'"
    if not has_same_selection(action, record.body):
        raise RefusedError(f"{action.id} selects other leads than {record.key} does", hint=hint)
    if not has_same_deed(action, record.body):
        raise RefusedError(f"{action.id} does something else than {record.key} does", hint=hint)
    if not is_marked_as_ours and is_of_another(action.s_query, record.nonces):
        raise RefusedError(f"{action.id} carries the marker of another run than {record.key}", hint=hint)


def _require_free(record: Record, action: BulkAction, edges: Edges) -> None:
    """One action is one run."""
    taken = next((each for each in read_shelf(edges.store).standings if each.remote_id == action.id), None)
    if taken is not None and taken.key != record.key:
        raise RefusedError(f"{action.id} is the action of {taken.key} already", hint="look for another one in Close")


def _require_unseen(record: Record, sighting: Sighting) -> None:
    if sighting.ours or sighting.others:
        ids = ", ".join(action.id for action in (*sighting.ours, *sighting.others))
        raise RefusedError(
            f"{record.key} did run: Close lists {ids}", hint="run apply: it takes that action as this run"
        )


async def _fetch_of_kind(record: Record, action_id: str, edges: Edges) -> BulkAction:
    if not action_id.startswith(ID_PREFIXES[record.kind]):
        raise RefusedError(
            f"{action_id} is not an action of the kind of {record.key}",
            hint=f"the ID of a bulk {record.kind} begins with {ID_PREFIXES[record.kind]}",
        )
    try:
        return await edges.reader.fetch_action(record.kind, action_id)
    except NotFoundError as error:
        raise RefusedError(f"Close knows no action {action_id}", hint="copy its ID from Close's list") from error


async def _write(record: Record, move: Move, edges: Edges, context: ApplyContext) -> Record:
    stamp = Stamp(edges.clock.now(), edges.draw_word())
    following = moved(record, move, stamp, context.provenance)
    if not await Performer(edges).run(put_surely(following)):
        raise StoreError(
            f"the state record of {record.key} moved meanwhile", hint="look at it again: bulkplan state show"
        )
    return following
