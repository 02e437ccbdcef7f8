"""A small world for planning: specs from plain data, a Close that counts by rule, a state in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

from bulkplan.app.plan import PlanResult, PlanScope, make_plan
from bulkplan.core.codec import dump_record, run_slot_key
from bulkplan.core.digest import canonical_json, digest_json, fingerprint, request_digest
from bulkplan.errors import BadRequestError, Location, NotFoundError, Path
from bulkplan.model.base import SQuery
from bulkplan.model.catalog import Catalog, CatalogKind
from bulkplan.model.document import Document, Workspace
from bulkplan.model.plan import Change
from bulkplan.model.project import Project, Target
from bulkplan.model.record import Counts, HistoryEntry, Record, RecordStatus
from bulkplan.model.remote import BulkAction, Identity, MatchCount
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.model.shard import Shard
from bulkplan.model.spec import Spec
from bulkplan.model.store import PutResult, Slot

from .small_catalog import CATALOG, NOW

ORGANIZATION = "orga_small"
IDENTITY = Identity(user_id="user_dana", organization_id=ORGANIZATION, organization_name="Small & Co")
PLAN_ID = "00112233445566778899"
CHURNED = {"where": {"field": "status", "is": "Churned"}}


def spec_data(name: str = "tag-churned", *, version: int = 1, **more: JsonValue) -> dict[str, JsonValue]:
    """A spec as it comes out of YAML: it sets a status on churned leads unless told otherwise."""
    return {
        "schema": "bulkplan/v1",
        "name": name,
        "version": version,
        "filter": CHURNED,
        "action": {"type": "set_lead_status", "status": "Potential"},
        **more,
    }


def email_data(name: str = "winback", *, version: int = 1, **more: JsonValue) -> dict[str, JsonValue]:
    action = {"type": "email", "template": "Win-back 2026", "sender": "Dana Reyes <dana@example.com>"}
    return spec_data(name, version=version, **{"action": action, **more})


def wanted_run(data: Mapping[str, JsonValue], *, variant: str | None = None, period: str | None = None) -> WantedRun:
    spec = Spec.model_validate(dict(data), strict=False)
    document = _document(f"specs/{spec.name}.yaml", dict(data))
    return WantedRun(
        key=RunKey(spec.name, spec.version, variant, period),
        spec=spec,
        source=document.source,
        fingerprint=fingerprint(spec),
    )


def make_workspace(runs: Sequence[WantedRun], *, project: Mapping[str, JsonValue] | None = None) -> Workspace:
    documents = {
        (run.source.file, run.source.document): _document(
            run.source.file, run.spec.model_dump(mode="json", by_alias=True, exclude_none=True)
        )
        for run in runs
    }
    content = {"schema": "bulkplan/project/v1", "project_id": "ab" * 8, **(project or {})}
    return Workspace(
        project=Project.model_validate(content, strict=False),
        runs=tuple(runs),
        project_document=_document("bulkplan.yaml", content),
        documents=documents,
    )


def _document(file: str, data: JsonValue) -> Document:
    """A document whose every value stands on a line of its own."""
    paths = list(_paths(data, ()))
    places = {path: Location(file, number, 1) for number, path in enumerate(paths, start=1)}
    return Document(file=file, index=0, line=1, data=data, places=places, keys=places, digest=digest_json(data))


def _paths(data: JsonValue, path: Path) -> Iterator[Path]:
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list | tuple) else ()
    for step, value in items:
        yield from _paths(value, (*path, step))


def make_record(
    wanted: WantedRun, status: RecordStatus = RecordStatus.DONE, *, days_ago: int = 10, note: str = "a note", **more
) -> Record:
    """A record as an apply would have left it; `body` stays empty unless it is given."""
    at = NOW - timedelta(days=days_ago)
    is_final = status in (RecordStatus.DONE, RecordStatus.FAILED)
    body = more.get("body", {})
    entry = HistoryEntry(at=at, status=status, attempt=1, nonce="n" * 16, actor="ci", note=note)
    facts = {
        "key": wanted.key,
        "status": status,
        "attempt": 1,
        "nonce": "n" * 16,
        "version": 3,
        "write_id": "w" * 16,
        "organization_id": ORGANIZATION,
        "target": "production",
        "kind": "edit",
        "action_type": wanted.spec.action.type,
        "fingerprint": wanted.fingerprint,
        "request_digest": request_digest(body),
        "body": body,
        "counts": Counts(approved=10),
        "planned_at": at,
        "actor": "ci",
        "host": "runner",
        "pid": 7,
        "sent_after": at,
        "remote_id": None if status is RecordStatus.SENDING else "bulkedit_1",
        "finished_at": at + timedelta(minutes=5) if is_final else None,
        "history": (entry,),
    }
    return Record(**{**facts, **more})


@dataclass
class FakeReader:
    """
    Counts by rule: the first text of `totals` that stands in a query gives its count, else `leads`.

    `suppressed` leads fewer where the suppression on "Do Not Contact" stands in the query. `marker_takes` leads fewer
    with a marker, as often as it says. Keeps every call.
    """

    leads: int = 1000
    totals: Mapping[str, int] = field(default_factory=dict)
    suppressed: int = 0
    marker_takes: list[int] = field(default_factory=list)
    refuses_marker: bool = False
    catalog: Catalog = CATALOG
    unsubscribed: Sequence[str] = ()
    fetched_unsubscribed: int = 0
    counted: list[str] = field(default_factory=list)
    fetched: list[frozenset[CatalogKind]] = field(default_factory=list)

    async def count(self, s_query: SQuery, *, results_limit: int | None = None) -> MatchCount:
        text = canonical_json(s_query)
        self.counted.append(text)
        await asyncio.sleep(0)
        is_marked = '"value":"bp1' in text
        if is_marked and self.refuses_marker:
            raise BadRequestError("a phrase of 35 characters is too long")
        total = next((total for words, total in self.totals.items() if words in text), self.leads)
        if "cf_dnc" in text:
            total -= self.suppressed
        if is_marked and self.marker_takes:
            total -= self.marker_takes.pop(0)
        return MatchCount(total=total, limited=total if results_limit is None else min(total, results_limit))

    async def fetch_catalog(self, kinds: frozenset[CatalogKind]) -> Catalog:
        self.fetched.append(kinds)
        return self.catalog

    async def fetch_unsubscribed(self, *, max_addresses: int) -> frozenset[str] | None:
        self.fetched_unsubscribed += 1
        return None if len(self.unsubscribed) > max_addresses else frozenset(self.unsubscribed)

    async def fetch_identity(self) -> Identity:
        return IDENTITY

    async def fetch_action(self, kind: str, action_id: str) -> BulkAction:
        raise NotFoundError(f"no {kind} is named {action_id}")

    async def list_actions(self, kind: str) -> AsyncIterator[BulkAction]:
        for action in ():
            yield action

    async def list_created_actions(self, kind: str, *, since: datetime | None = None) -> AsyncIterator[BulkAction]:
        for action in ():
            yield action


@dataclass
class FakeStore:
    """Texts in memory."""

    slots: dict[str, Slot] = field(default_factory=dict)
    name: str = "memory"
    trouble: str | None = None

    @classmethod
    def of(cls, *records: Record) -> FakeStore:
        keys = [run_slot_key(record.key) for record in records]
        return cls(
            {
                key: Slot(key, record.version, dump_record(record))
                for key, record in sorted(zip(keys, records, strict=True), key=lambda pair: pair[0])
            }
        )

    def lineage(self) -> str:
        return "lineage-1"

    def get(self, key: str) -> Slot | None:
        return self.slots.get(key)

    def put(self, key: str, text: str, *, expected_version: int) -> PutResult:
        raise AssertionError("a plan never writes")

    def list(self, prefix: str = "", *, first_hand: bool = False) -> list[Slot]:
        return [slot for key, slot in self.slots.items() if key.startswith(prefix)]

    def close(self) -> None:
        """Nothing to let go of."""


async def plan_of(
    *runs: WantedRun,
    reader: FakeReader | None = None,
    records: Sequence[Record] = (),
    project: Mapping[str, JsonValue] | None = None,
    select: tuple[str, ...] = (),
    now: datetime = NOW,
    shard: Shard | None = None,
    seen: Callable[[Change], None] | None = None,
) -> PlanResult:
    """A plan of these runs for the small organization."""
    scope = PlanScope(
        target_name="production",
        target=Target(api_key_env="CLOSE_API_KEY", timezone="Europe/Berlin"),
        identity=IDENTITY,
        now=now,
        select=select,
        commit="c0ffee",
        plan_id=PLAN_ID,
        shard=shard,
    )
    return await make_plan(
        make_workspace(runs, project=project),
        reader=reader or FakeReader(),
        store=FakeStore.of(*records),
        scope=scope,
        seen=seen,
    )
