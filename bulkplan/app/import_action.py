"""The story of `import`: a bulk action that ran without a spec, as a spec and a record that says it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bulkplan.app.new_spec import Surroundings
from bulkplan.app.performer import Edges, Performer
from bulkplan.app.records import read_shelf, whole_records
from bulkplan.core.action_from_remote import RanAction, action_that_ran
from bulkplan.core.answers import ID_PREFIXES
from bulkplan.core.audit import Ledger, Sighting, make_ledger, sight
from bulkplan.core.codec import RUN_PREFIX
from bulkplan.core.commit import put_surely
from bulkplan.core.imported import Imported, imported_record, reviewed_query
from bulkplan.core.records import ApplyContext, Stamp
from bulkplan.core.render import RenderContext, render_request
from bulkplan.core.spec_draft import ActionWords, DraftFacts, SpecDraft, draft_spec, rounded_up
from bulkplan.core.written_filter import write_filter
from bulkplan.errors import NotFoundError, Path, RefusedError, StoreError, UsageError
from bulkplan.model.document import Workspace
from bulkplan.model.record import Record, Recorded
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.ports import CloseReader, Store


@dataclass(frozen=True)
class ImportWish:
    """What is to be imported, and as which run; `words` say what Close does not."""

    kind: BulkKind
    action_id: str
    name: str
    version: int = 1
    words: ActionWords = field(default_factory=ActionWords)
    description: str | None = None
    owner: str | None = None


def kind_and_id(text: str) -> tuple[BulkKind, str]:
    """The kind of a bulk action by its ID; `edit/bulkedit_…` is understood too. Raises `UsageError`."""
    action_id = text.strip().rstrip("/").rpartition("/")[2]
    for kind, prefix in ID_PREFIXES.items():
        if action_id.startswith(prefix) and action_id != prefix:
            return kind, action_id
    prefixes = ", ".join(f"{prefix}…" for prefix in ID_PREFIXES.values())
    raise UsageError(f'"{text}" is no ID of a bulk action', hint=f"it begins so: {prefixes}; bulkplan import --list")


def known_runs(workspace: Workspace, store: Store, around: Surroundings, organization_id: str) -> Ledger:
    """Every run that the state and the specs know, to tell whose an action is. Raises `StoreError`."""
    return make_ledger(
        whole_records(store.list(RUN_PREFIX)),
        workspace.runs,
        project_id=workspace.project.project_id,
        organization_id=organization_id,
        now=around.now,
    )


async def fetch_ran_action(wish: ImportWish, reader: CloseReader) -> BulkAction:
    """The action as Close shows it. Raises `RefusedError` when there is none, `CloseError`."""
    try:
        return await reader.fetch_action(wish.kind, wish.action_id)
    except NotFoundError as error:
        hint = "bulkplan import --list shows those that can be imported"
        raise RefusedError(f"Close knows no action {wish.action_id}", hint=hint) from error


async def actions_outside(reader: CloseReader, ledger: Ledger) -> tuple[Sighting, ...]:
    """The actions of every kind that no run is known for, the newest first. Raises `CloseError`."""
    found: list[Sighting] = []
    for kind in ID_PREFIXES:
        async for action in reader.list_actions(kind):
            sighting = sight(kind, action, ledger)
            if sighting.key is None and not sighting.is_foreign:
                found.append(sighting)
    return tuple(sorted(found, key=lambda one: (str(one.action.created_at), one.action.id), reverse=True))


def draft_import(action: BulkAction, wish: ImportWish, around: Surroundings) -> SpecDraft:
    """
    The spec that does what an action did, to the leads that it took.

    Raises:
        UsageError: No spec can do that, or Close does not say all of it.
        RefusedError: Close does not show which leads it took.
    """
    wrapped = {"query": reviewed_query(action), "sort": action.sort, "results_limit": action.results_limit}
    filter_ = write_filter({key: value for key, value in wrapped.items() if value is not None}, around.where)
    if filter_.problems:
        raise UsageError(f"the filter of {action.id} cannot be taken: {filter_.problems[0].message}")
    ran = action_that_ran(wish.kind, action, around.catalog, wish.words)
    if action.send_done_email:
        filter_ = replace(filter_, options={**filter_.options, "send_done_email": True})
    origin = f"the bulk action {action.id}"
    facts = DraftFacts(wish.name, origin, around.now, description=wish.description, owner=wish.owner)
    draft = draft_spec(filter_, ran.data, facts, around.catalog)
    return _with_history(draft, action, ran, version=wish.version)


def _with_history(draft: SpecDraft, action: BulkAction, ran: RanAction, *, version: int) -> SpecDraft:
    """The draft with what is known of the run itself: when, on how many leads, what a spec cannot say."""
    when = f" on {action.date_created:%Y-%m-%d}" if action.date_created else ""
    top = [f"The bulk action {action.id}, as it ran in Close{when}."]
    top += [f"No spec can say that {words}." for words in ran.unsaid]
    data = {**draft.data, "version": version}
    beside: dict[Path, str] = dict(draft.beside)
    if action.n_leads:
        data["guards"] = {"max_matches": rounded_up(action.n_leads)}
        beside[("guards", "max_matches")] = f"it took {action.n_leads:,} lead{'' if action.n_leads == 1 else 's'}"
    return replace(draft, data=data, top=top, beside=beside)


def require_key_free(key: RunKey, records: Mapping[RunKey, Recorded]) -> None:
    """Whether a run key is still to be had. Raises `RefusedError`."""
    if key not in records:
        return
    versions = [each.version for each in records if each.full_name == key.full_name]
    raise RefusedError(
        f"the state has {key} already: {records[key].status}",
        hint=f"take another name, or a version of its own: --version {max(versions) + 1}",
    )


def _require_action_free(action_id: str, store: Store) -> None:
    """Whether an action is still nobody's run: somebody may have imported it under another name meanwhile."""
    taken = next((record for record in read_shelf(store).standings if record.remote_id == action_id), None)
    if taken is not None:
        raise RefusedError(f"{action_id} is in the state already, as {taken.key}", hint="bulkplan state list")


async def keep_imported(
    action: BulkAction, run: WantedRun, wish: ImportWish, around: Surroundings, edges: Edges, context: ApplyContext
) -> Record:
    """
    Put the record of an imported run, only where none is.

    Raises:
        RefusedError: Somebody was first, or the action is not far enough.
        StoreError: It could not be stored.
    """
    ran_at = action.date_created or around.now
    rendering = RenderContext(ran_at, around.timezone, None, around.user_id)
    request = render_request(run.spec, catalog=around.catalog, context=rendering).request
    found = Imported(wish.kind, action, run, request)
    record = imported_record(found, context, Stamp(edges.clock.now(), edges.draw_word()))
    _require_action_free(action.id, edges.store)
    if await Performer(edges).run(put_surely(record)):
        return record
    require_key_free(run.key, {each.key: each for each in read_shelf(edges.store).standings})
    why = f": {edges.store.trouble}" if edges.store.trouble else ""
    raise StoreError(f"the record of {run.key} could not be stored{why}", hint="run the same command again")
