"""What an apply did, as a file for other programs: a row per run, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from bulkplan.model.base import Value
from bulkplan.model.record import Counts, RecordStatus, Verification
from bulkplan.model.run import RunKey
from bulkplan.model.shard import PlanShard


class ReportRow(Value):
    """
    How one run of the plan stands when apply ends. `outcome` is a word of this format, `message` is for people.

    `was_sent`: this very apply sent its request. `state` and what follows it are the record's; null without one.
    """

    key: RunKey
    outcome: Literal[
        "done",
        "running",
        "paused",
        "failed",
        "refused",
        "later",
        "not-sent",
        "blocked",
        "conflict",
        "unknown",
        "alarm",
        "mismatch",
        "state-behind",
        "skipped",
    ]
    message: str
    hint: str | None = None
    was_sent: bool
    state: RecordStatus | None = None
    action_type: str | None = None
    remote_id: str | None = None
    remote_status: str | None = None
    counts: Counts | None = None
    verification: Verification | None = None
    attempt: int | None = None
    request_digest: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ApplyReport(Value):
    """
    The result of one apply. Rows stand in the plan's order; moments are UTC.

    `exit_code` is that of the command, `error` what it said; null when all went well.
    """

    schema_: Literal["bulkplan/apply-report/v1"] = Field("bulkplan/apply-report/v1", alias="schema")
    format_version: Literal["1.0"] = "1.0"
    tool_version: str
    plan_id: str
    plan_digest: str | None = None
    target: str
    shard: PlanShard | None = None
    organization_id: str
    project_id: str | None = None
    actor: str
    host: str
    commit: str | None = None
    ci_run_url: str | None = None
    finished_at: datetime
    exit_code: int
    error: str | None = None
    interrupted: bool
    n_sent: int
    runs: tuple[ReportRow, ...]
