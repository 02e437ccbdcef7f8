"""What Close answers about an organization and its bulk actions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from bulkplan.model.base import Foreign, Value

FINAL_STATUSES = frozenset({"done", "error"})
"""The statuses that never change again; any other, known or not, counts as running. Source: Close API, Bulk Actions."""

LeadEventAction = Literal["updated", "deleted"]
"""What the event log says became of a lead. Source: Close API, Events."""


class Identity(Value):
    """Whose key this is: `GET /me/`. `organization_name` is for people."""

    user_id: str
    organization_id: str
    organization_name: str | None = None


class MatchCount(Value):
    """`total`: every match; `limited`: those within `results_limit`. Source: Close API, Advanced Filtering."""

    total: int
    limited: int


class BulkAction(Foreign):
    """
    A bulk action as Close lists it. Counts are `None` until Close has matched the leads.

    `api_key_id` is known only where the event log told of the action. Source: Close API, Bulk Actions, Events.
    """

    id: str
    organization_id: str | None = None
    status: str | None = None
    n_leads: int | None = None
    n_leads_processed: int | None = None
    n_objects: int | None = None
    n_objects_processed: int | None = None
    type: str | None = None
    lead_status_id: str | None = None
    custom_field_name: str | None = None
    custom_field_value: JsonValue = None
    template_id: str | None = None
    contact_preference: str | None = None
    email_account_id: str | None = None
    sender: str | None = None
    action_type: str | None = None
    sequence_id: str | None = None
    sender_account_id: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    from_phone_number_id: str | None = None
    calls_assigned_to: tuple[str, ...] | None = None
    bulk_object_type: str | None = None
    send_done_email: bool | None = None
    s_query: JsonValue = None
    sort: JsonValue = None
    results_limit: int | None = None
    created_by: str | None = None
    api_key_id: str | None = None
    date_created: datetime | None = None
    date_updated: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Whether Close will not change it any more."""
        return self.status in FINAL_STATUSES


class Answer(Value):
    """
    What the sender of the one request saw.

    `handed_over` is false only when surely no byte left this machine. `failure` is set instead of a complete answer
    (time-out, reset, early end). `body` is the decoded JSON (`None` where it is none).
    """

    handed_over: bool
    status: int | None = None
    body: JsonValue = None
    failure: str | None = None
    retry_after_s: float | None = None
