"""A request that would start a bulk action: its kind and the exact body, without the marker."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bulkplan.model.base import JsonObject, Value
from bulkplan.model.spec import ActionType

BulkKind = Literal["edit", "delete", "email", "sequence_subscription"]
Family = Literal["email", "sequence", "edit", "delete"]
"""The families of actions that share guards."""

FAMILY_BY_KIND: dict[BulkKind, Family] = {
    "edit": "edit",
    "delete": "delete",
    "email": "email",
    "sequence_subscription": "sequence",
}

KIND_BY_ACTION: dict[ActionType, BulkKind] = {
    "email": "email",
    "set_lead_status": "edit",
    "set_custom_field": "edit",
    "clear_custom_field": "edit",
    "delete": "delete",
    "sequence_subscribe": "sequence_subscription",
    "sequence_pause": "sequence_subscription",
    "sequence_resume": "sequence_subscription",
    "sequence_resume_finished": "sequence_subscription",
}
"""The bulk action of Close that carries each action of a spec."""


class Dependency(Value):
    """Something in Close that a request relies on beyond its IDs (template, sequence, sender, view), by digest."""

    kind: str
    id: str
    name: str
    digest: str


class Request(Value):
    """
    What would be sent: `POST /bulk_action/<kind>/` with `body`.

    `body["s_query"]` is the reviewed query with suppression, without the marker. `unsuppressed` is the same query
    without suppression (`None` where none applies); `names` maps the IDs in the body to the names people know.
    """

    kind: BulkKind
    body: JsonObject
    unsuppressed: JsonObject | None = None
    dependencies: tuple[Dependency, ...] = ()
    names: dict[str, str] = Field(default_factory=dict)

    @property
    def path(self) -> str:
        """Path below the base URL. Source: Close API, Bulk Actions."""
        return f"/bulk_action/{self.kind}/"
