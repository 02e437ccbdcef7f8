"""A project with every kind of row: its specs are read from files, its Close and its state are made by hand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.cohorts import CohortWish
from bulkplan.app.plan import PlanScope, make_plan
from bulkplan.app.workspace import load_workspace
from bulkplan.core.digest import canonical_json
from bulkplan.model.base import SQuery
from bulkplan.model.document import Workspace
from bulkplan.model.lead import FoundLead
from bulkplan.model.plan import Change, Plan
from bulkplan.model.record import Counts, Record, RecordStatus
from bulkplan.model.remote import MatchCount
from bulkplan.model.run import RunKey, WantedRun

from .plan_world import IDENTITY, PLAN_ID, FakeReader, FakeStore, make_record
from .small_catalog import NOW

PROJECT = Path(__file__).parents[1] / "golden" / "06_fifteen_specs"
LEADS = 2_400
MATCHING = {
    '"stat_chu"': 310,
    "EMEA": 180,
    "APAC": 640,
    "paused-trial": 2,
    "trial": 75,
    "bad-fit": 130,
    "stale": 44,
    "spring": 90,
    "match_all": 40,
}
"""How many leads match a query with this text; a query with two of them asks for the leads of both."""

SHARED = {
    frozenset({"EMEA", '"stat_chu"'}): 12,
    frozenset({"bad-fit", '"stat_chu"'}): 7,
    frozenset({"stale", "EMEA"}): 9,
}
"""How many leads are in two of them; of all others, none."""


@dataclass
class CountingReader(FakeReader):
    """Counts by the texts above; of all who match, some have no address, and some never want mail."""

    async def count(self, s_query: SQuery, *, results_limit: int | None = None) -> MatchCount:
        text = canonical_json(s_query)
        found = sorted((mark for mark in MATCHING if mark in text), key=text.index)
        found = [mark for mark in found if not any(mark in other and mark != other for other in found)]
        shared = SHARED.get(frozenset(found), 0)
        total = LEADS if not found else MATCHING[found[0]] if len(found) == 1 else shared
        if len(found) == 2 and '"type":"id"' in text:  # the leads of one query without those of the other
            total = MATCHING[found[0]] - shared
        total -= 14 if "cf_dnc" in text and total > 100 else 0
        total -= total * (text.count('"contact_email"') + text.count('"sequence_subscription"')) // 40
        return MatchCount(total=total, limited=total if results_limit is None else min(total, results_limit))

    async def list_lead_ids(
        self, s_query: SQuery, *, sort: Sequence[object] = (), limit: int | None = None, with_names: bool = False
    ) -> AsyncGenerator[Sequence[FoundLead], None]:
        count = (await self.count(s_query)).total
        count = count if limit is None else min(count, limit)
        yield tuple(
            FoundLead(f"lead_{number:04}", f"Company {number}" if with_names else None) for number in range(count)
        )


def project_at(folder: Path = PROJECT) -> Workspace:
    """The project as it is read from its files."""
    return load_workspace(YamlProject(folder), now=NOW)


async def plan_of_fifteen(folder: Path = PROJECT) -> Plan:
    """The plan, with a sample of leads asked for."""
    workspace = project_at(folder)
    first = await _plan(workspace, [])
    return await _plan(workspace, _records(workspace, {str(row.key): row for row in first.changes}))


async def _plan(workspace: Workspace, records: Sequence[Record]) -> Plan:
    scope = PlanScope(
        target_name="production",
        target=workspace.project.targets["production"],
        identity=IDENTITY,
        now=NOW,
        commit="c0ffee",
        plan_id=PLAN_ID,
    )
    reader, wish = CountingReader(unsubscribed=("gone@example.com",)), CohortWish(sample=2)
    store = FakeStore.of(*records)
    return (await make_plan(workspace, reader=reader, store=store, scope=scope, wish=wish)).plan


def _records(workspace: Workspace, first: Mapping[str, Change]) -> list[Record]:
    """What the state knows: runs of every fate, a run of the week before, and one that no spec asks for any more."""
    runs = {run.key.full_name: run for run in workspace.runs}
    winback, week = runs["winback"].key, runs["weekly-stale"].key
    mailed, edited = first[str(winback)].request.body, first["edited-later@3"].request.body
    other_filter = {**edited["s_query"], "queries": edited["s_query"]["queries"][:1]}
    return [
        make_record(runs["tag-churned"]),
        _record_as(
            runs["winback"],
            winback._replace(version=1),
            body={**mailed, "contact_preference": "contact", "sort": []},
            asked_limit=100,
        ),
        make_record(runs["edited-later"], body={**edited, "s_query": other_filter}, fingerprint="v1:" + "0" * 64),
        *(
            _record_as(
                runs["weekly-stale"],
                week._replace(period=f"2026-W{44 + number}"),
                body=first[str(week)].request.body,
                counts=Counts(approved=leads, n_leads=leads),
                days_ago=21 - 7 * number,
            )
            for number, leads in enumerate((20, 18, 17))
        ),
        make_record(runs["is-running"], RecordStatus.SUBMITTED, remote_status="processing", days_ago=0),
        make_record(runs["is-paused"], RecordStatus.SUBMITTED, remote_status="paused", days_ago=2),
        make_record(runs["is-failed"], RecordStatus.FAILED),
        make_record(runs["is-unknown"], RecordStatus.UNKNOWN),
        _record_as(runs["tag-churned"], RunKey("spec-is-gone", 1), alarm="two actions carry its marker"),
    ]


def _record_as(run: WantedRun, key: RunKey, **more: object) -> Record:
    return make_record(run.model_copy(update={"key": key}), **more)
