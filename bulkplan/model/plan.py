"""A plan: one row per run, with its reason, its match count, its guards, and the request it would send."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, JsonValue

from bulkplan.model.base import Value
from bulkplan.model.record import RecordStatus
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey, SpecSource
from bulkplan.model.shard import PlanShard

ALARM = "alarm on "
"""Begins each note of a row that tells an alarm of its record."""


class ChangeKind(StrEnum):
    """What a plan says about one run key."""

    RUN = "run"
    NO_OP = "no-op"
    CONFLICT = "conflict"
    IN_PROGRESS = "in-progress"
    PAUSED = "paused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    ORPHAN = "orphan"


class FieldChange(Value):
    """One difference between the request now and the one of the last run. `path` is dotted: `s_query.queries[1]…`."""

    path: str
    change: Literal["added", "removed", "changed"]
    before: JsonValue = None
    after: JsonValue = None


GuardName = Literal[
    "min_matches", "max_matches", "max_percent", "max_drift", "max_deviation", "require_sort_with_limit"
]


class Verdict(Value):
    """
    What one guard said.

    `layer` decided the limit (`default`, `project`, `spec`), `set_at` is the place (`file:line`) where it stands.
    `measured` is in leads, or in percent of `denominator` leads when `limit` is a percentage; `denominator_words` say
    whose those are: `all 1,000 leads`, `the median of the last 3 runs, 412`. Where nothing could be measured,
    `measured` says why.
    """

    guard: GuardName
    is_ok: bool
    limit: str
    layer: Literal["default", "project", "spec"]
    set_at: str | None = None
    measured: str
    denominator: int | None = None
    denominator_words: str | None = None
    message: str | None = None
    mend: str | None = None


class Matches(Value):
    """
    How many leads. `total` match the filter; `limited` of them would be touched (`results_limit`);
    `suppressed` were taken out, and `excluded` because an earlier run of the plan takes them (`None`: nobody looked);
    `of_leads` is the number of leads in the organization.
    """

    total: int
    limited: int
    suppressed: int | None = None
    excluded: int | None = None
    of_leads: int


class Cohort(Value):
    """
    Which leads matched when the plan was made.

    `digest` is `sha256:…` over the sorted lead IDs, one a line. `members` holds the first 8 bytes of the SHA-256 of
    each ID, sorted, as base64: enough to count who entered and who left, and no way back to an ID. Only saved plans
    have it. Those of large cohorts lie in a file beside the plan, as 8 bytes each; `members_digest` is `sha256:…` over
    them.
    """

    n_leads: int
    digest: str
    members: str | None = None
    members_digest: str | None = None


class FunnelStep(Value):
    """
    How many leads are left after one step between matching and being written to.

    `words` say it for people, like `with an e-mail address`. `contacts` is known where a step is about people. Where
    only a bound is known, both are the most that it can be.
    """

    name: Literal[
        "matched", "limited", "with-address", "with-contact", "reachable", "not-subscribed", "with-subscription"
    ]
    words: str
    leads: int
    contacts: int | None = None


class Forecast(Value):
    """
    What a run sends at most, and how long that takes.

    `messages` counts first messages (for a sequence: subscriptions); `at_least` is the same number where it is known
    exactly, a lower one where only bounds are, and `None` where nobody can tell. `daily_limit` is what the sender may
    send a day, `days` how many days that takes; both `None` where no limit is declared. `words` say all of it.
    """

    messages: int
    at_least: int | None = None
    daily_limit: int | None = None
    days: int | None = None
    words: str


class Overlap(Value):
    """
    Leads that two rows of a plan have in common, where that is more than a coincidence.

    `with_` is the other row; `rule` names what is wrong with it (`email_and_delete`, `two_emails`, …: the keys of
    `overlaps` in the project file).
    An `error` refuses the row, a `warning` is told, an `exclusion` was taken out of this row's request.
    """

    with_: RunKey = Field(alias="with")
    n_leads: int
    rule: str
    severity: Literal["error", "warning", "exclusion"]
    message: str
    mend: str | None = None


class SampledLead(Value):
    """One lead of a sample, asked for by flag. `name` is personal data."""

    id: str
    name: str | None = None


class Change(Value):
    """One row of a plan. `reason` is one line of words. `request` is there for rows that would run."""

    key: RunKey
    kind: ChangeKind
    reason: str
    action_type: str
    summary: str
    """The action in words, with names: `set lead status to "Churned"`."""
    filter_words: str | None = None
    """Who is meant, in words: `status is Churned`."""
    description: str | None = None
    owner: str | None = None
    source: SpecSource | None = None
    fingerprint: str | None = None
    is_undoable: bool = False
    undo_words: str | None = None
    """Why it cannot be undone, where it cannot."""
    depends_on: tuple[str, ...] = ()
    matches: Matches | None = None
    verdicts: tuple[Verdict, ...] = ()
    blocked_by: tuple[str, ...] = ()
    """The guards that refuse this row, by name; it does not run while there are any."""
    cohort_kind: Literal["live", "frozen"] = "live"
    """Whether Close evaluates the filter when it starts, or the leads of the plan are sent along."""
    cohort: Cohort | None = None
    sample: tuple[SampledLead, ...] = ()
    """Some of the leads, in the order of the request; only where asked for."""
    funnel: tuple[FunnelStep, ...] = ()
    """From the leads that match to those that are written to; for e-mail and sequences only."""
    forecast: Forecast | None = None
    overlaps: tuple[Overlap, ...] = ()
    differences: tuple[FieldChange, ...] = ()
    compared_with: str | None = None
    """The run key that `differences` compares with."""
    request: Request | None = None
    """With the approved count as its `results_limit`."""
    request_digest: str | None = None
    asked_limit: int | None = None
    """The spec's own `results_limit`, where it asks for one."""
    earlier_counts: tuple[int, ...] = ()
    """How many leads matched in the newest done runs of the same name, newest first; what `max_deviation` looks at."""
    max_drift_leads: int = 0
    """How far the match count may move until apply, up or down, in leads."""
    record_status: RecordStatus | None = None
    record_version: int = 0
    """Version of the record that this row was decided on; 0 where there is none."""
    remote_id: str | None = None
    hint: str | None = None
    """How to go on, for rows that need somebody."""
    notes: tuple[str, ...] = ()
    """What else a reviewer should know, alarms first."""

    @property
    def is_blocked(self) -> bool:
        """Whether a guard refuses this row."""
        return bool(self.blocked_by)

    @property
    def would_run(self) -> bool:
        """Whether apply would send this row's request."""
        return self.kind is ChangeKind.RUN and not self.is_blocked


class MarkerCheck(Value):
    """Whether the marker clause left a count unchanged. `is_neutral` false: the target runs without markers."""

    is_neutral: bool
    without_marker: int
    with_marker: int


class Plan(Value):
    """A plan. Rows stand in the order in which apply would go through them. Times are UTC."""

    format_version: Literal["1.0"] = "1.0"
    plan_id: str
    tool_version: str
    target: str
    organization_id: str
    organization_name: str | None = None
    project_id: str | None = None
    state_lineage: str | None = None
    commit: str | None = None
    now: datetime
    expires_at: datetime
    total_leads: int | None = None
    marker: MarkerCheck | None = None
    suppression: str | None = None
    vars: dict[str, JsonValue] = Field(default_factory=dict)
    """What `--var` gave; applying the plan reads the specs with the same."""
    shard: PlanShard | None = None
    """Which part of the project this is a plan of, where several jobs share its runs; `None`: all of it."""
    changes: tuple[Change, ...]


class SealedPlan(Value):
    """A plan as saved: `digest` is over its canonical JSON, `hmac` over the same with the key of the environment."""

    schema_: Literal["bulkplan/plan/v1"] = Field("bulkplan/plan/v1", alias="schema")
    plan: Plan
    digest: str
    hmac: str | None = None
