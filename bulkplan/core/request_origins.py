"""Which key of a spec each key of a request comes from."""

from __future__ import annotations

from collections.abc import Mapping

from bulkplan.errors import Path
from bulkplan.model.spec import ActionType

_SENDER: Path = ("action", "sender")
_SHARED: Mapping[str, Path] = {
    "s_query": ("filter",),
    "results_limit": ("options", "results_limit"),
    "sort": ("options", "sort"),
    "send_done_email": ("options", "send_done_email"),
}
_CHANGE: Mapping[str, Path] = {"action_type": ("action", "type"), "sequence_id": ("action", "sequence")}
_FIELD: Mapping[str, Path] = {"type": ("action", "type"), "custom_field_id": ("action", "field")}

ORIGINS: Mapping[ActionType, Mapping[str, Path]] = {
    "email": {
        "template_id": ("action", "template"),
        "contact_preference": ("action", "contact_preference"),
        "email_account_id": _SENDER,
        "sender": _SENDER,
    },
    "set_lead_status": {"type": ("action", "type"), "lead_status_id": ("action", "status")},
    "set_custom_field": {
        **_FIELD,
        "custom_field_value": ("action", "value"),
        "custom_field_values": ("action", "values"),
        "custom_field_operation": ("action", "operation"),
    },
    "clear_custom_field": _FIELD,
    "delete": {},
    "sequence_subscribe": {
        **_CHANGE,
        "sender_account_id": _SENDER,
        "sender_name": _SENDER,
        "sender_email": _SENDER,
        "contact_preference": ("action", "contact_preference"),
    },
    "sequence_pause": _CHANGE,
    "sequence_resume": _CHANGE,
    "sequence_resume_finished": _CHANGE,
}
"""By action, then by key of the body; those that all bodies have are in `origin_of`."""


def origin_of(key: str, action: ActionType) -> Path | None:
    """Where the value of a body's key is written in the spec; `None` for one that no key of a spec sets."""
    return ORIGINS[action].get(key) or _SHARED.get(key)
