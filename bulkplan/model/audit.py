"""What an audit found: every bulk action of an organization, where it came from, and what does not add up."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bulkplan.model.base import Value
from bulkplan.model.plan import ChangeKind
from bulkplan.model.record import RecordStatus
from bulkplan.model.request import BulkKind
from bulkplan.model.store import CiRun

Origin = Literal["ours", "adopted", "ours-unrecorded", "other-project", "outside", "unclear"]
"""
Where an action came from: `ours` (recorded here under a run key), `adopted` (recorded once it was found in Close, or a
person vouched for it), `ours-unrecorded` (carries a marker of this project, and no record tells of it), `other-project`
(a marker that is not of this project), `outside` (no marker: the UI, a script, another tool), `unclear` (Close shows
that it was made, and not what it is).
"""

OUTSIDE_OF_GIT: tuple[Origin, ...] = ("outside", "unclear")
"""What no reviewed file asked for, as far as anybody can tell."""

Severity = Literal["alarm", "warning"]
Rule = Literal[
    "ran-more-than-once",
    "marker-without-record",
    "ran-after-all",
    "unsettled",
    "unknown",
    "recorded-alarm",
    "marker-of-another-run",
    "one-action-for-two-runs",
    "other-organization",
    "broken-history",
    "no-outcome",
    "not-listed",
]
"""What finds something; `docs/audit.md` says what each means. The last two only warn."""


class AuditedAction(Value):
    """
    One bulk action as Close lists it.

    `action_type` is said as specs say it; `subject` names the template, status, field or sequence where there is one.
    `api_key_id` names a key without revealing it, where the event log tells. Which leads it took is not in here.
    """

    kind: BulkKind
    id: str
    created_at: datetime | None = None
    user_id: str | None = None
    user_name: str | None = None
    api_key_id: str | None = None
    action_type: str
    subject_id: str | None = None
    subject: str | None = None
    status: str | None = None
    n_leads: int | None = None
    n_leads_processed: int | None = None
    origin: Origin
    run_key: str | None = None
    note: str | None = None


class AuditFinding(Value):
    """Something a person should look at. An alarm breaks a promise of bulkplan; a warning does not."""

    severity: Severity
    rule: Rule
    message: str
    hint: str | None = None
    run_key: str | None = None
    action_ids: tuple[str, ...] = ()


class RunDecision(Value):
    """Who let a run happen, or said what became of it: from the history of its record."""

    at: datetime
    what: str
    actor: str
    host: str | None = None
    commit: str | None = None
    ci_run_url: str | None = None
    plan_digest: str | None = None


class AuditedRun(Value):
    """A recorded run. `deviations` say in words what ended otherwise than planned; `ci` is of its last attempt."""

    key: str
    action_type: str
    state: RecordStatus
    remote_id: str | None = None
    remote_status: str | None = None
    approved: int
    n_leads: int | None = None
    n_leads_processed: int | None = None
    started_at: datetime
    finished_at: datetime | None = None
    attempt: int
    ci: CiRun | None = None
    decisions: tuple[RunDecision, ...] = ()
    deviations: tuple[str, ...] = ()


class FileChange(Value):
    """
    The last commit that brought a file to where it is; `is_exact` is false where history is cut off (a shallow clone).

    A file with changes that are not committed has neither commit nor time.
    """

    at: datetime | None = None
    commit: str | None = None
    author: str | None = None
    is_exact: bool = True


class UnappliedRun(Value):
    """A run that the specs ask for and nobody applied, or that cannot be applied; or a record without a spec."""

    key: str
    change: ChangeKind
    reason: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    owner: str | None = None
    last_change: FileChange | None = None


class AuditReport(Value):
    """
    The whole audit. `actions` newest first, alarms before warnings, `runs` and `unapplied` by key.

    `since` is null where every action was asked for. `limits` say what this audit could not see.
    """

    format_version: Literal["1.0"] = "1.0"
    tool_version: str
    made_at: datetime
    since: datetime | None = None
    target: str
    organization_id: str
    organization_name: str | None = None
    project_id: str | None = None
    store: str
    head: str
    n_earlier: int = 0
    findings: tuple[AuditFinding, ...] = ()
    actions: tuple[AuditedAction, ...] = ()
    runs: tuple[AuditedRun, ...] = ()
    unapplied: tuple[UnappliedRun, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def alarms(self) -> tuple[AuditFinding, ...]:
        """The findings that need a person."""
        return tuple(finding for finding in self.findings if finding.severity == "alarm")

    @property
    def outside(self) -> tuple[AuditedAction, ...]:
        """The actions that ran outside of git."""
        return tuple(action for action in self.actions if action.origin in OUTSIDE_OF_GIT)
