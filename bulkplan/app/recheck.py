"""Guards once more, on fresh data, right before a run is sent: the same code as at plan."""

from __future__ import annotations

from bulkplan.app.layers import guard_layers
from bulkplan.core.guards import judge, judge_drift
from bulkplan.core.planner import ALL_LEADS
from bulkplan.core.records import PlannedRun
from bulkplan.errors import RefusedError
from bulkplan.model.base import SQuery
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Change, Matches, Plan, Verdict
from bulkplan.model.request import FAMILY_BY_KIND, Request
from bulkplan.ports import CloseReader


class Rechecker:
    """Counts a row again and turns it into the run to send. All leads are counted once for one apply."""

    def __init__(self, plan: Plan, *, plan_digest: str | None, workspace: Workspace, reader: CloseReader) -> None:
        self._plan, self._digest, self._workspace, self._reader = plan, plan_digest, workspace, reader
        self._wanted = {run.key: run for run in workspace.runs}
        self._total: int | None = None

    async def __call__(self, change: Change) -> PlannedRun:
        """The run as reviewed. Raises `RefusedError` when a guard refuses it now, `CloseError`."""
        refused = [verdict for verdict in await self.verdicts(change) if not verdict.is_ok]
        if refused:
            text = "; ".join(verdict.message or verdict.guard for verdict in refused)
            raise RefusedError(f"refused on fresh data: {text}", hint=refused[0].mend)
        return self.planned(change)

    async def verdicts(self, change: Change) -> tuple[Verdict, ...]:
        """What every guard of the row says now, the drift since the plan included."""
        request, planned = _request(change), _matches(change)
        found = (await self._reader.count(_s_query(request))).total
        asked = request.body.get("results_limit")
        limited = min(found, asked) if isinstance(asked, int) else found
        fresh = Matches(total=found, limited=limited, of_leads=await self._all_leads())
        layers = guard_layers(self._workspace, self._wanted[change.key], FAMILY_BY_KIND[request.kind])
        return (*judge(fresh, layers), judge_drift(planned.total, found, layers))

    def planned(self, change: Change) -> PlannedRun:
        """The run as reviewed, unjudged. Raises `RefusedError` for a row without a request."""
        request, matches = _request(change), _matches(change)
        return PlannedRun(
            key=change.key,
            kind=request.kind,
            action_type=change.action_type,
            body=request.body,
            fingerprint=change.fingerprint or "",
            request_digest=change.request_digest or "",
            approved=matches.limited,
            planned_at=self._plan.now,
            asked_limit=change.asked_limit,
            record_version=change.record_version,
            plan_digest=self._digest,
            max_drift_leads=change.max_drift_leads or 0,
        )

    async def _all_leads(self) -> int:
        if self._total is None:
            self._total = (await self._reader.count(ALL_LEADS)).total
        return self._total


def _request(change: Change) -> Request:
    if change.request is None:
        raise RefusedError(f"the plan holds no request for {change.key}", hint="make a new plan")
    return change.request


def _matches(change: Change) -> Matches:
    if change.matches is None:
        raise RefusedError(f"the plan holds no match count for {change.key}", hint="make a new plan")
    return change.matches


def _s_query(request: Request) -> SQuery:
    query = request.body["s_query"]
    if not isinstance(query, dict):
        raise RefusedError("the plan holds a request without a query", hint="make a new plan")
    return query
