"""A run that Close did before bulkplan knew of it: whether it may be taken in, and the record that says it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from bulkplan.core.audit import Sighting
from bulkplan.core.digest import canonical_json, request_digest
from bulkplan.core.likeness import has_same_deed
from bulkplan.core.marker import markers_of, without_marker
from bulkplan.core.query_meaning import plain_meaning
from bulkplan.core.records import ApplyContext, Stamp, with_first_entry
from bulkplan.errors import RefusedError, WrongOrganizationError
from bulkplan.model.base import JsonObject
from bulkplan.model.record import Counts, Record, RecordStatus
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind, Request
from bulkplan.model.run import WantedRun

NOTE = "imported: it ran in Close before it was a spec"
_STATUS = {"done": RecordStatus.DONE, "error": RecordStatus.FAILED}


def require_free(sighting: Sighting, action: BulkAction, organization_id: str) -> None:
    """
    Whether an action may be taken in as a run: it is of this organization, and nobody's yet.

    Raises:
        WrongOrganizationError: It is of another organization.
        RefusedError: It is a run that the state, a spec or another project knows; or it may be one.
    """
    if sighting.is_foreign:
        raise WrongOrganizationError(f"{action.id} is of {action.organization_id}, the key of {organization_id}")
    if sighting.is_recorded:
        raise RefusedError(f"{action.id} is in the state already, as {sighting.key}", hint="bulkplan state list")
    if sighting.key is not None:
        raise RefusedError(
            f"{action.id} carries the marker of {sighting.key}: it was sent from here",
            hint="bulkplan apply finds it by its marker and takes it as that run",
        )
    if sighting.candidate_of:
        key = sighting.candidate_of[0]
        raise RefusedError(
            f"{action.id} does what {key} asks for, and nobody can tell yet whether that ran",
            hint=f"if this is that run, say so: bulkplan state settle '{key}' --ran {action.id}",
        )


def reviewed_query(action: BulkAction) -> JsonObject:
    """
    The query of an action, without the marker of another project.

    Raises:
        RefusedError: Close does not show the query, or a marker cannot be told from it.
    """
    query = without_marker(action.s_query)
    if not isinstance(query, dict):
        raise RefusedError(
            f"Close does not show which leads {action.id} took", hint="ask with the key of an administrator"
        )
    if markers_of(query):
        raise RefusedError(f"{action.id} carries a marker of another project", hint="import it there")
    return query


@dataclass(frozen=True)
class Imported:
    """What a record of an imported run is made from; `request` is what its spec renders to, where it can be."""

    kind: BulkKind
    action: BulkAction
    run: WantedRun
    request: Request | None


def imported_record(found: Imported, context: ApplyContext, stamp: Stamp) -> Record:
    """
    The first record of a run that Close has already, under the ID that Close gave it. No nonce: nothing was sent.

    Raises:
        RefusedError: Close has not matched its leads yet, so nobody can say what was run on.
    """
    action, who = found.action, context.provenance
    if action.n_leads is None and not action.is_final:
        raise RefusedError(f"Close is still matching the leads of {action.id}", hint="import it in a minute")
    body, asked = _body(found), found.run.spec.options.results_limit
    ran_at = (action.date_created or stamp.now).astimezone(UTC)
    record = Record(
        key=found.run.key,
        status=_STATUS.get(action.status or "", RecordStatus.SUBMITTED),
        attempt=1,
        nonce="",
        version=1,
        write_id=stamp.write_id,
        organization_id=context.organization_id,
        target=context.target,
        kind=found.kind,
        action_type=found.run.spec.action.type,
        fingerprint=found.run.fingerprint,
        request_digest=request_digest(body),
        body=body,
        counts=_counts(action),
        asked_limit=asked,
        planned_at=ran_at,
        commit=who.commit,
        actor=who.actor,
        host=who.host,
        pid=who.pid,
        ci_run_url=who.ci_run_url,
        ci=who.ci,
        sent_after=ran_at,
        marked=False,
        remote_id=action.id,
        remote_status=action.status,
        paused_at=_when(action, stamp) if action.status == "paused" else None,
        finished_at=_when(action, stamp) if action.is_final else None,
        evidence=({"imported": action.id, "created_by": action.created_by, "sort": action.sort},),
    )
    return with_first_entry(record, stamp, who, NOTE)


def _when(action: BulkAction, stamp: Stamp) -> datetime:
    return (action.date_updated or stamp.now).astimezone(UTC)


def _counts(action: BulkAction) -> Counts:
    return Counts(
        approved=action.n_leads if action.n_leads is not None else action.n_leads_processed or 0,
        n_leads=action.n_leads,
        n_leads_processed=action.n_leads_processed,
        n_objects=action.n_objects,
        n_objects_processed=action.n_objects_processed,
    )


def _body(found: Imported) -> JsonObject:
    """The request as bulkplan would have sent it, when that is what was run; else as far as Close says it."""
    action = found.action
    query = without_marker(action.s_query)
    if found.request is not None and has_same_deed(action, found.request.body):
        wanted, said = (canonical_json([plain_meaning(one)]) for one in (query, found.request.body["s_query"]))
        if wanted == said:
            return found.request.body
    told = action.model_dump(mode="json", exclude_none=True, include=set(_SENT))
    return {**told, "s_query": query, "results_limit": action.results_limit, "sort": action.sort}


_SENT = (
    "type",
    "lead_status_id",
    "custom_field_name",
    "custom_field_value",
    "template_id",
    "contact_preference",
    "email_account_id",
    "sender",
    "action_type",
    "sequence_id",
    "sender_account_id",
    "sender_name",
    "sender_email",
    "send_done_email",
)
"""The keys of a request that Close says again. Source: Close API, Bulk Actions."""
