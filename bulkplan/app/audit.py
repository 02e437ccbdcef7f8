"""The story of `audit`: every bulk action of the organization held against what the state and the specs know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bulkplan import __version__
from bulkplan.app.chain import verify_chain
from bulkplan.app.records import check_organization, whole_records
from bulkplan.app.workspace import Findings
from bulkplan.core.audit import Ledger, Sighting, make_ledger, sight
from bulkplan.core.audit_findings import findings, is_notable
from bulkplan.core.audit_runs import audited_run
from bulkplan.core.audit_specs import files_of, unapplied, with_changes
from bulkplan.errors import BadRequestError, NotAuthorizedError, NotFoundError
from bulkplan.model.audit import AuditedAction, AuditReport, UnappliedRun
from bulkplan.model.catalog import Catalog, CatalogKind
from bulkplan.model.project import Target
from bulkplan.model.record import Record
from bulkplan.model.remote import BulkAction, Identity
from bulkplan.model.request import FAMILY_BY_KIND, BulkKind
from bulkplan.ports import CloseReader, SpecHistory, Store

EVENTS_KEPT = timedelta(days=30)
"""So long Close keeps its event log. Source: Close API, Event Log."""
_CATALOG_KIND: Mapping[BulkKind, CatalogKind | None] = {
    "edit": CatalogKind.LEAD_STATUSES,
    "delete": None,
    "email": CatalogKind.TEMPLATES,
    "sequence_subscription": CatalogKind.SEQUENCES,
}
_STEP = 100
"""Progress is told after so many actions."""


class Progress(Protocol):
    """Is told how far the listings are read; nobody knows their length before."""

    def step(self, label: str, done: int, total: int | None) -> None:
        """`done` actions of `label` are read; `total` is known at the end."""
        ...


@dataclass(frozen=True)
class AuditScope:
    """What is audited: which target, whose key, since when (`None`: everything that Close lists)."""

    target_name: str
    target: Target
    identity: Identity
    now: datetime
    since: datetime | None


@dataclass
class _Gathered:
    """What came out of the listings: the sightings that are told of, and how many older ones there were."""

    sightings: dict[str, Sighting] = field(default_factory=dict)
    keys_by_action: dict[str, str] = field(default_factory=dict)
    n_earlier: int = 0
    limits: list[str] = field(default_factory=list)


async def make_audit(
    files: Findings,
    *,
    reader: CloseReader,
    store: Store,
    history: SpecHistory,
    scope: AuditScope,
    progress: Progress,
) -> AuditReport:
    """
    Audit an organization. Only reads: from Close, the state, the specs and their git history.

    Raises:
        WrongOrganizationError: The state is of another organization than the key.
        CloseError: A listing of bulk actions could not be read to its end.
        StoreError: The state could not be read.
    """
    listed = store.list(first_hand=True)
    chain = verify_chain(store, listed, target=scope.target_name, now=scope.now)
    records = whole_records(listed)
    gathered = await _gather(reader, _ledger(files, records, store, scope), scope, progress)
    sightings = tuple(gathered.sightings.values())
    recent = tuple(record for record in records if _is_told(record, scope.since))
    catalog = await _fetch_names(reader, sightings, gathered.limits)
    return AuditReport(
        tool_version=__version__,
        made_at=scope.now,
        since=scope.since,
        target=scope.target_name,
        organization_id=scope.identity.organization_id,
        organization_name=scope.identity.organization_name,
        project_id=files.workspace.project.project_id,
        store=store.name,
        head=chain.head,
        n_earlier=gathered.n_earlier,
        findings=findings(sightings, records, recent=recent, chain=chain.breaks),
        actions=_told(gathered, catalog, since=scope.since),
        runs=tuple(map(audited_run, recent)),
        unapplied=_unapplied(files, records, history, scope),
        limits=(*gathered.limits, *_limits(files, scope)),
    )


def _ledger(files: Findings, records: Sequence[Record], store: Store, scope: AuditScope) -> Ledger:
    """What state and specs know, once the state was found to be of this organization."""
    organization_id = scope.identity.organization_id
    check_organization(records, target=scope.target_name, store=store.name, organization_id=organization_id)
    workspace = files.workspace
    return make_ledger(
        records,
        workspace.runs,
        project_id=workspace.project.project_id,
        organization_id=organization_id,
        now=scope.now,
    )


async def _gather(reader: CloseReader, ledger: Ledger, scope: AuditScope, progress: Progress) -> _Gathered:
    """Both listings of every kind, to their end: no order of theirs is relied on. No action is kept as it was read."""
    gathered = _Gathered()
    for kind in FAMILY_BY_KIND:
        label = f"bulk actions: {kind.replace('_', ' ')}"
        listed: set[str] = set()
        async for action in reader.list_actions(kind):
            listed.add(action.id)
            _keep(gathered, sight(kind, action, ledger), since=scope.since)
            if len(listed) % _STEP == 0:
                progress.step(label, len(listed), None)
        async for action in _created(reader, kind, scope, gathered):
            if action.api_key_id:
                gathered.keys_by_action[action.id] = action.api_key_id
            if action.id not in listed:
                listed.add(action.id)
                whole = action if action.s_query is not None else await _whole(reader, kind, action)
                _keep(gathered, sight(kind, whole, ledger), since=scope.since)
        progress.step(label, len(listed), len(listed))
    return gathered


async def _created(
    reader: CloseReader, kind: BulkKind, scope: AuditScope, gathered: _Gathered
) -> AsyncIterator[BulkAction]:
    """The second listing, by the event log; a key that may not read it leaves the audit with the first one."""
    oldest = scope.now - EVENTS_KEPT
    since = oldest if scope.since is None else max(oldest, scope.since)
    try:
        async for action in reader.list_created_actions(kind, since=since):
            yield action
    except (NotAuthorizedError, BadRequestError, NotFoundError) as error:
        gathered.limits.append(f"the event log of bulk {kind} actions could not be read: {error.message}")


async def _whole(reader: CloseReader, kind: BulkKind, action: BulkAction) -> BulkAction:
    """The action of an event whose content Close hides; as far as the event tells where Close does not know it."""
    try:
        found = await reader.fetch_action(kind, action.id)
    except NotFoundError:
        return action
    return found.model_copy(update={"api_key_id": action.api_key_id})


def _keep(gathered: _Gathered, sighting: Sighting, *, since: datetime | None) -> None:
    is_earlier = _is_before(sighting.action.created_at, since)
    gathered.n_earlier += is_earlier
    if not is_earlier or is_notable(sighting):
        gathered.sightings[sighting.action.id] = sighting


def _is_before(moment: datetime | None, since: datetime | None) -> bool:
    return moment is not None and since is not None and moment < since


def _is_told(record: Record, since: datetime | None) -> bool:
    """Whether a run belongs to the time that is audited: something was written of it since."""
    last = record.history[-1].at if record.history else record.sent_after
    return not _is_before(last, since)


def _told(gathered: _Gathered, catalog: Catalog, *, since: datetime | None) -> tuple[AuditedAction, ...]:
    """The actions of the time that is audited, named, newest first."""
    users = {user.id: user.full_name or user.id for user in catalog.users}
    names = {each.id: each.label for each in catalog.lead_statuses}
    names |= {each.id: each.name for each in catalog.templates} | {each.id: each.name for each in catalog.sequences}
    keys = gathered.keys_by_action
    told = [
        each.action.model_copy(
            update={
                "user_name": users.get(each.action.user_id or ""),
                "api_key_id": each.action.api_key_id or keys.get(each.action.id),
                "subject": names.get(each.action.subject_id or "", each.action.subject_id),
            }
        )
        for each in gathered.sightings.values()
        if not _is_before(each.action.created_at, since)
    ]
    return tuple(sorted(told, key=_newest_first))


def _newest_first(action: AuditedAction) -> tuple[bool, float, str]:
    at = action.created_at
    return (at is None, -at.timestamp() if at else 0.0, action.id)


async def _fetch_names(reader: CloseReader, sightings: Sequence[Sighting], limits: list[str]) -> Catalog:
    """The names that the actions need; where the key may not read them, IDs have to do."""
    wanted = {_CATALOG_KIND[each.action.kind] for each in sightings if each.action.subject_id} - {None}
    if any(each.action.user_id for each in sightings):
        wanted.add(CatalogKind.USERS)
    try:
        return await reader.fetch_catalog(frozenset(kind for kind in wanted if kind)) if wanted else Catalog()
    except (NotAuthorizedError, BadRequestError, NotFoundError) as error:
        limits.append(f"the names of users, templates and the like could not be read: {error.message}")
        return Catalog()


def _unapplied(
    files: Findings, records: Sequence[Record], history: SpecHistory, scope: AuditScope
) -> tuple[UnappliedRun, ...]:
    timezone = ZoneInfo(scope.target.timezone)
    rows = unapplied(files.workspace.runs, records, now=scope.now, timezone=timezone)
    return with_changes(rows, history.last_changes(files_of(rows)))


def _limits(files: Findings, scope: AuditScope) -> tuple[str, ...]:
    """What no audit of this kind can see."""
    found = []
    if files.problems:
        found.append("the files have problems, and what they spoil is left out of the specs: bulkplan validate")
    if files.workspace.project.project_id is None:
        found.append("the project has no project_id: markers of other projects without one look like its own")
    if scope.since is None or scope.now - scope.since > EVENTS_KEPT:
        found.append("Close keeps its event log for 30 days: older actions are known by its listing alone")
    found += [
        "how long Close lists a bulk action, and whether it lists those of every user, is not documented",
        "listings and the event log may be minutes behind: what was started just now may be missing",
        "an action whose marker names a run key that neither the state nor the specs know counts as other-project",
        "which leads an action took is not looked at, and changes of single leads are no bulk actions",
    ]
    return tuple(found)
