"""Where a bulk action came from, by what the state and the specs know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from bulkplan.core.likeness import could_be
from bulkplan.core.marker import make_tag, markers_of
from bulkplan.core.periods import find_timezone, period_label
from bulkplan.core.records import OPEN, STARTED
from bulkplan.model.audit import AuditedAction, Origin
from bulkplan.model.record import HistoryEntry, Record
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.model.run import RunKey, WantedRun

MAX_OLD_KEYS = 100_000
MAX_OLD_DAYS = 400
"""So many earlier run keys, and days of periods, are thought of when a marker is to be told whose it is."""

_SUBJECTS: Mapping[BulkKind, tuple[str, ...]] = {
    "edit": ("lead_status_id", "custom_field_name"),
    "delete": (),
    "email": ("template_id",),
    "sequence_subscription": ("sequence_id",),
}
"""What tells, of each kind, what an action is about."""


@dataclass(frozen=True)
class Ledger:
    """What is known of run keys: records by the ID of their action and by nonce, run keys by tag."""

    organization_id: str
    by_remote_id: Mapping[str, Record]
    by_nonce: Mapping[str, Record]
    by_key: Mapping[RunKey, Record]
    key_by_tag: Mapping[str, RunKey]
    open_records: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """
    One action, told where it came from.

    `key` is the run key that its marker or its record names; `record` the record that knows it, by its ID or by its
    nonce; `is_recorded` that it is the very action of that record; `is_foreign` that it is of another organization.
    `marked_as` is another run whose marker it carries; `candidate_of` are open runs without markers that it could be.
    """

    action: AuditedAction
    key: RunKey | None = None
    record: Record | None = None
    is_recorded: bool = False
    is_foreign: bool = False
    marked_as: RunKey | None = None
    candidate_of: tuple[RunKey, ...] = ()


def make_ledger(
    records: Sequence[Record],
    wanted: Sequence[WantedRun],
    *,
    project_id: str | None,
    organization_id: str,
    now: datetime,
) -> Ledger:
    """What the state and the specs know; the specs count with their earlier versions and periods."""
    older = islice((key for run in wanted for key in _older_keys(run, now)), MAX_OLD_KEYS)
    keys = dict.fromkeys([*(record.key for record in records), *(run.key for run in wanted), *older])
    return Ledger(
        organization_id=organization_id,
        by_remote_id={record.remote_id: record for record in records if record.remote_id},
        by_nonce={nonce: record for record in records for nonce in record.nonces},
        by_key={record.key: record for record in records},
        key_by_tag={make_tag(project_id, organization_id, key): key for key in keys},
        open_records=tuple(record for record in records if record.status in OPEN),
    )


def sight(kind: BulkKind, action: BulkAction, ledger: Ledger) -> Sighting:
    """Tell where an action came from. Its ID decides, then a nonce, then a tag, then any marker at all."""
    is_foreign = action.organization_id not in (None, ledger.organization_id)
    own, markers = ledger.by_remote_id.get(action.id), markers_of(action.s_query)
    record = next((ledger.by_nonce[nonce] for _, nonce in markers if nonce in ledger.by_nonce), None)
    if own is not None:
        other = record.key if record is not None and record.key != own.key else None
        told = _recorded(kind, action, own)
        return Sighting(told, own.key, own, is_recorded=True, is_foreign=is_foreign, marked_as=other)
    tagged = next((ledger.key_by_tag[tag] for tag, _ in markers if tag in ledger.key_by_tag), None)
    key = record.key if record else tagged
    if key is not None:
        known = record or ledger.by_key.get(key)
        note = "carries its marker, and is not the action that its record names" if known else "no record tells of it"
        return Sighting(_audited(kind, action, "ours-unrecorded", key, note), key, known, is_foreign=is_foreign)
    if markers:
        return Sighting(_audited(kind, action, "other-project"), is_foreign=is_foreign)
    if action.s_query is None and action.status is None:
        note = "Close lists that it was made, and does not show it"
        return Sighting(_audited(kind, action, "unclear", note=note), is_foreign=is_foreign)
    return _outside(kind, action, ledger, is_foreign=is_foreign)


def entry_of_action(record: Record) -> HistoryEntry | None:
    """The moment at which a record came to its action."""
    return next((entry for entry in record.history if entry.remote_id == record.remote_id), None)


def _recorded(kind: BulkKind, action: BulkAction, record: Record) -> AuditedAction:
    entry = entry_of_action(record)
    if entry is None or entry.note == STARTED:
        return _audited(kind, action, "ours", record.key)
    return _audited(kind, action, "adopted", record.key, entry.note)


def _outside(kind: BulkKind, action: BulkAction, ledger: Ledger, *, is_foreign: bool) -> Sighting:
    like = tuple(record.key for record in ledger.open_records if record.kind == kind and could_be(action, record.body))
    note = f"does what {', '.join(map(str, like))} asks for, whose outcome is not known" if like else None
    return Sighting(_audited(kind, action, "outside", note=note), is_foreign=is_foreign, candidate_of=like)


def _audited(
    kind: BulkKind, action: BulkAction, origin: Origin, key: RunKey | None = None, note: str | None = None
) -> AuditedAction:
    found = (getattr(action, name) for name in _SUBJECTS[kind])
    return AuditedAction(
        kind=kind,
        id=action.id,
        created_at=action.date_created,
        user_id=action.created_by,
        api_key_id=action.api_key_id,
        action_type=_action_type(kind, action),
        subject_id=next((str(value) for value in found if value), None),
        status=action.status,
        n_leads=action.n_leads,
        n_leads_processed=action.n_leads_processed,
        origin=origin,
        run_key=str(key) if key else None,
        note=note,
    )


def _action_type(kind: BulkKind, action: BulkAction) -> str:
    """As specs say it: `set_lead_status`, `delete`, `email`, `sequence_subscribe`."""
    if kind == "edit":
        return action.type or "edit"
    if kind == "sequence_subscription":
        return f"sequence_{action.action_type}" if action.action_type else "sequence"
    return kind


def _older_keys(run: WantedRun, now: datetime) -> Iterable[RunKey]:
    """The run keys that the same spec had before, the newest first."""
    for version in range(run.key.version, 0, -1):
        for period in _periods_of(run, now):
            yield run.key._replace(version=version, period=period)


def _periods_of(run: WantedRun, now: datetime) -> Iterable[str | None]:
    schedule = run.spec.schedule
    if schedule is None or find_timezone(schedule.timezone) is None:
        return (run.key.period,)
    days = (now - timedelta(days=day) for day in range(MAX_OLD_DAYS))
    return dict.fromkeys(period_label(schedule.every, now=day, timezone=schedule.timezone) for day in days)
