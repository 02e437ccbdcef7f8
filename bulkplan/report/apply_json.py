"""What an apply did, as a document for other programs."""

from __future__ import annotations

import json
from datetime import datetime

from bulkplan.core.result import ApplyResult, RunResult
from bulkplan.core.visible import visible_json
from bulkplan.model.apply_report import ApplyReport, ReportRow
from bulkplan.model.plan import Plan, SealedPlan
from bulkplan.model.store import Provenance


def apply_report(
    result: ApplyResult,
    *,
    plan: Plan,
    sealed: SealedPlan | None,
    who: Provenance,
    finished_at: datetime,
    exit_code: int,
    error: str | None,
) -> ApplyReport:
    """The report of an apply of `plan`, which was `sealed` when it was saved before."""
    return ApplyReport(
        tool_version=plan.tool_version,
        plan_id=plan.plan_id,
        plan_digest=sealed.digest if sealed else None,
        target=plan.target,
        shard=plan.shard,
        organization_id=plan.organization_id,
        project_id=plan.project_id,
        actor=who.actor,
        host=who.host,
        commit=who.commit,
        ci_run_url=who.ci_run_url,
        finished_at=finished_at,
        exit_code=exit_code,
        error=error,
        interrupted=result.interrupted,
        n_sent=sum(row.was_sent for row in result.results),
        runs=tuple(map(_row, result.results)),
    )


def dump_report(report: ApplyReport) -> str:
    """The report as JSON text; what is not known is null."""
    return visible_json(json.dumps(report.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2)) + "\n"


def _row(row: RunResult) -> ReportRow:
    plain = ReportRow(key=row.key, outcome=row.kind.value, message=row.message, hint=row.hint, was_sent=row.was_sent)
    record = row.record
    if record is None:
        return plain
    return plain.model_copy(
        update={
            "state": record.status,
            "action_type": record.action_type,
            "remote_id": record.remote_id,
            "remote_status": record.remote_status,
            "counts": record.counts,
            "verification": record.verification,
            "attempt": record.attempt,
            "request_digest": record.request_digest,
            "started_at": record.sent_after,
            "finished_at": record.finished_at,
        }
    )
