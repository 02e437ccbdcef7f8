"""A plan put together: drafts and counts in, rows with verdicts out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from bulkplan.core.changes import Decision
from bulkplan.core.digest import digest_json, request_digest
from bulkplan.core.guards import GuardLayers, drift_allowance, facts_of, judge, zero_words
from bulkplan.core.history import earlier_counts
from bulkplan.core.render import with_ceiling
from bulkplan.core.seal import expiry
from bulkplan.core.words import describe_action, describe_filter, is_undoable, why_not_undoable
from bulkplan.model.base import SQuery
from bulkplan.model.plan import ALARM, Change, ChangeKind, FieldChange, MarkerCheck, Matches, Plan
from bulkplan.model.record import Recorded, RecordStatus
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey, WantedRun

ALL_LEADS: SQuery = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}
"""Every lead of the organization."""


@dataclass(frozen=True)
class Draft:
    """
    One row on its way into a plan.

    `request` is as rendered, without a ceiling, and `digests` name what is counted for it, in the order of
    `Rendered.digests`; `layers` are the guards of the run. A row that no spec asks for (`wanted` is `None`) speaks of
    the record of its decision.
    """

    key: RunKey
    decision: Decision
    wanted: WantedRun | None = None
    request: Request | None = None
    digests: tuple[str, ...] = ()
    layers: GuardLayers | None = None
    differences: tuple[FieldChange, ...] = ()
    notes: tuple[str, ...] = ()


_ALL_LEADS_DIGEST = digest_json(ALL_LEADS)


@dataclass(frozen=True)
class Tally:
    """What was counted so far: `totals` by the digest of the query."""

    totals: Mapping[str, int]

    @property
    def of_leads(self) -> int:
        """The leads of the organization."""
        return self.totals[_ALL_LEADS_DIGEST]


@dataclass(frozen=True)
class PlanFacts:
    """What a plan says besides its rows."""

    plan_id: str
    tool_version: str
    target: str
    organization_id: str
    organization_name: str | None
    project_id: str | None
    state_lineage: str | None
    commit: str | None
    now: datetime
    suppression: str | None
    vars: Mapping[str, JsonValue] = field(default_factory=dict)


def queries_of(drafts: Iterable[Draft]) -> dict[str, SQuery]:
    """Every query to count, once, by its digest. Empty when nothing needs a count."""
    found: dict[str, SQuery] = {}
    for draft in drafts:
        if draft.decision.needs_count and draft.request is not None:
            for digest, s_query in zip(draft.digests, _queries(draft.request), strict=True):
                found.setdefault(digest, s_query)
            found.setdefault(_ALL_LEADS_DIGEST, ALL_LEADS)
    return found


def _queries(request: Request) -> list[SQuery]:
    return [query for query in (request.body["s_query"], request.unsuppressed) if isinstance(query, dict)]


def assemble(
    changes: tuple[Change, ...], facts: PlanFacts, *, total_leads: int | None, marker: MarkerCheck | None = None
) -> Plan:
    """
    Put a plan together.

    Args:
        changes: The rows, in the order of apply.
        facts: What the plan says besides its rows.
        total_leads: The leads of the organization, where anything was counted.
        marker: What the check of the marker found.
    """
    return Plan(
        plan_id=facts.plan_id,
        tool_version=facts.tool_version,
        target=facts.target,
        organization_id=facts.organization_id,
        organization_name=facts.organization_name,
        project_id=facts.project_id,
        state_lineage=facts.state_lineage,
        commit=facts.commit,
        now=facts.now,
        expires_at=expiry(changes, facts.now),
        total_leads=total_leads,
        marker=marker,
        suppression=facts.suppression,
        vars=dict(facts.vars),
        changes=changes,
    )


def row_of(draft: Draft) -> Change:
    """All that a row says before anything is counted."""
    return _row_of_spec(draft, draft.wanted) if draft.wanted else _row_of_record(draft)


def finished(draft: Draft, row: Change, tally: Tally, of_its_name: Collection[Recorded]) -> Change:
    """
    `row_of` a draft as it stands in the plan.

    Args:
        draft: What the row is made from.
        row: What it says before anything is counted.
        tally: Holds the counts of `queries_of` this draft.
        of_its_name: The records of its spec, whatever their version.
    """
    if draft.layers is None or draft.request is None or not draft.decision.needs_count:
        return row
    row = row.model_copy(update={"earlier_counts": earlier_counts(of_its_name, row.key)})
    return counted(row, draft.request, draft.layers, _matches(draft.request, draft.digests, tally))


def _row_of_spec(draft: Draft, wanted: WantedRun) -> Change:
    spec, decision = wanted.spec, draft.decision
    names = draft.request.names if draft.request else {}
    own = decision.record if decision.record and decision.record.key == wanted.key else None
    other = decision.compare_with
    return Change(
        key=wanted.key,
        kind=decision.kind,
        reason=decision.reason,
        action_type=spec.action.type,
        summary=describe_action(spec, names),
        filter_words=describe_filter(spec, draft.request),
        description=spec.description,
        owner=spec.owner,
        source=wanted.source,
        fingerprint=wanted.fingerprint,
        is_undoable=is_undoable(spec),
        undo_words=why_not_undoable(spec),
        depends_on=spec.depends_on,
        differences=draft.differences,
        compared_with=str(other.key) if other else None,
        record_status=own.status if own else None,
        record_version=own.version if own else 0,
        remote_id=own.remote_id if own else None,
        hint=decision.hint,
        notes=draft.notes,
    )


def _row_of_record(draft: Draft) -> Change:
    record = draft.decision.record
    if record is None:
        raise ValueError(f"{draft.key}: a row without a spec needs a record")
    return Change(
        key=draft.key,
        kind=draft.decision.kind,
        reason=draft.decision.reason,
        action_type=record.action_type,
        summary=record.action_type.replace("_", " "),
        fingerprint=record.fingerprint,
        record_status=record.status,
        record_version=record.version,
        remote_id=record.remote_id,
        hint=draft.decision.hint,
        notes=draft.notes,
    )


def counted(row: Change, request: Request, layers: GuardLayers, matches: Matches) -> Change:
    """The row with its matches, its verdicts, and its request (without one) under the ceiling of the approved count."""
    asked = _asked_limit(request)
    verdicts = judge(matches, layers, facts_of(request, row.earlier_counts))
    refusing = tuple(verdict.guard for verdict in verdicts if not verdict.is_ok)
    judged = {"matches": matches, "verdicts": verdicts, "blocked_by": refusing, "asked_limit": asked}
    if row.kind is ChangeKind.RUN and matches.total == 0 and all(verdict.is_ok for verdict in verdicts):
        none = f"all {matches.excluded:,} leads are in earlier runs" if matches.excluded else "no lead matches now"
        reason = f"{none}; {zero_words(layers)}"
        return row.model_copy(update={**judged, "kind": ChangeKind.NO_OP, "reason": reason})
    # A blocked row without matches is never sent, but what it would send can be looked at: under the least ceiling.
    limited = with_ceiling(request, max(1, matches.limited))
    sent = {"request": limited, "request_digest": request_digest(limited.body)}
    return row.model_copy(update={**judged, **sent, "max_drift_leads": drift_allowance(matches.total, layers)})


def _matches(request: Request, digests: tuple[str, ...], tally: Tally) -> Matches:
    total, *unsuppressed = (tally.totals[digest] for digest in digests)
    asked, suppressed = _asked_limit(request), max(0, unsuppressed[0] - total) if unsuppressed else None
    return Matches(
        total=total,
        limited=total if asked is None else min(total, asked),
        suppressed=suppressed,
        of_leads=tally.of_leads,
    )


def _asked_limit(request: Request) -> int | None:
    asked = request.body.get("results_limit")
    return asked if isinstance(asked, int) else None


def alarm_notes(records: Iterable[Recorded]) -> tuple[str, ...]:
    """The alarms that records hold, in words; of what was given up, none."""
    return tuple(
        f"{ALARM}{record.key}: {record.alarm}"
        for record in records
        if record.alarm and record.status is not RecordStatus.FORGOTTEN
    )
