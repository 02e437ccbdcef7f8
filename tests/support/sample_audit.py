"""An audit in which everything occurs, with names as people give them, or as an attacker would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bulkplan.model.audit import (
    AuditedAction,
    AuditedRun,
    AuditFinding,
    AuditReport,
    FileChange,
    RunDecision,
    UnappliedRun,
)
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import RecordStatus
from bulkplan.model.store import CiRun

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEAD = "sha256:" + "ab" * 32
CI_RUN = "https://github.example/acme/ops/actions/runs/77"


def action(action_id: str, *, days: int = 0, **more: object) -> AuditedAction:
    facts = {
        "kind": "edit",
        "id": action_id,
        "created_at": NOON - timedelta(days=days),
        "user_id": "user_dana",
        "user_name": "Dana Reyes",
        "action_type": "set_lead_status",
        "subject_id": "stat_1",
        "subject": "Contacted",
        "status": "done",
        "n_leads": 214,
        "n_leads_processed": 214,
        "origin": "outside",
    }
    return AuditedAction.model_validate({**facts, **more})


ACTIONS = (
    action("bulkedit_1", origin="ours", run_key="warm-up@1", api_key_id="api_1"),
    action(
        "bulkemail_2",
        days=1,
        kind="email",
        action_type="email",
        subject_id="tmpl_1",
        subject="Win-back 2026",
        origin="adopted",
        run_key="win-back@2",
        note="found in Close by its nonce",
        n_leads_processed=120,
        status="processing",
    ),
    action("bulkdelete_3", days=8, kind="delete", action_type="delete", subject_id=None, subject=None),
    action("bulkedit_4", days=9, origin="ours-unrecorded", run_key="warm-up@1", note="no record tells of it"),
    action(
        "bulkseqsub_5",
        days=16,
        kind="sequence_subscription",
        action_type="sequence_subscribe",
        subject="Onboarding",
        origin="other-project",
        n_leads=None,
        n_leads_processed=0,
    ),
    action("bulkedit_6", created_at=None, user_id=None, user_name=None, origin="unclear", status=None, subject=None),
)
FINDINGS = (
    AuditFinding(
        severity="alarm",
        rule="ran-more-than-once",
        message="warm-up@1 has 2 actions in Close: bulkedit_1, bulkedit_4",
        hint="look at these actions in Close, and pause what must not go on; bulkplan touches none of them",
        run_key="warm-up@1",
        action_ids=("bulkedit_1", "bulkedit_4"),
    ),
    AuditFinding(severity="warning", rule="not-listed", message="Close does not list bulkedit_0, the action of old@1"),
)
RUNS = (
    AuditedRun(
        key="warm-up@1",
        action_type="set_lead_status",
        state=RecordStatus.DONE,
        remote_id="bulkedit_1",
        remote_status="done",
        approved=200,
        n_leads=214,
        n_leads_processed=214,
        started_at=NOON,
        finished_at=NOON + timedelta(minutes=1),
        attempt=2,
        ci=CiRun(attempt=2, workflow="apply", ref="refs/heads/main", pull_request=12, triggering_actor="lee"),
        decisions=(
            RunDecision(at=NOON - timedelta(hours=1), what="attempt 1", actor="dana"),
            RunDecision(
                at=NOON,
                what="attempt 2",
                actor="dana",
                host="runner-7",
                commit="0123456789abcdef" * 2 + "01234567",
                ci_run_url=CI_RUN,
                plan_digest=HEAD,
            ),
        ),
        deviations=("it ran on 214 leads, 200 were approved",),
    ),
)
UNAPPLIED = (
    UnappliedRun(
        key="news@1",
        change=ChangeKind.RUN,
        reason="never ran",
        file="specs/news.yaml",
        line=3,
        owner="revops@example.com",
        last_change=FileChange(at=NOON - timedelta(days=3), commit="ab" * 20, author="Dana Reyes"),
    ),
    UnappliedRun(
        key="old@1",
        change=ChangeKind.ORPHAN,
        reason="no spec asks for it any more; it ran (done at 2026-10-01 12:00 UTC)",
        hint="its run key stays taken; restore the spec to see it here again",
    ),
    UnappliedRun(
        key="shallow@1",
        change=ChangeKind.CONFLICT,
        reason="its spec was edited after it ran",
        file="specs/shallow.yaml",
        line=1,
        last_change=FileChange(at=NOON, commit="cd" * 20, author="Lee", is_exact=False),
    ),
    UnappliedRun(
        key="wip@1",
        change=ChangeKind.EXPIRED,
        reason="never ran, and not_after (2026-11-01) has passed",
        file="specs/wip.yaml",
        line=1,
        last_change=FileChange(),
    ),
)


def sample_audit(**changes: object) -> AuditReport:
    report = AuditReport(
        tool_version="0.1.0",
        made_at=NOON + timedelta(hours=1),
        since=NOON - timedelta(days=30),
        target="production",
        organization_id="orga_1",
        organization_name="Northwind Trading",
        project_id="7f3c0c1e2b9d4a60",
        store="git refs/bulkplan/production (origin)",
        head=HEAD,
        n_earlier=3,
        findings=FINDINGS,
        actions=ACTIONS,
        runs=RUNS,
        unapplied=UNAPPLIED,
        limits=("listings and the event log may be minutes behind: what was started just now may be missing",),
    )
    return report.model_copy(update=changes)


def hostile_audit(names: tuple[str, ...]) -> AuditReport:
    """Every name from outside is one of these."""
    actions = tuple(
        action(f"bulkedit_{number}", user_name=name, subject=name, status=name, note=name, action_type=name)
        for number, name in enumerate(names)
    )
    finding = FINDINGS[0].model_copy(update={"message": names[0], "hint": names[-1]})
    run = RUNS[0].model_copy(
        update={"decisions": tuple(RunDecision(at=NOON, what=name, actor=name, host=name) for name in names)}
    )
    row = UNAPPLIED[0].model_copy(
        update={"owner": names[0], "last_change": FileChange(at=NOON, commit="c", author=names[1])}
    )
    return sample_audit(
        actions=actions, findings=(finding,), runs=(run,), unapplied=(row,), organization_name=names[2], store=names[3]
    )
