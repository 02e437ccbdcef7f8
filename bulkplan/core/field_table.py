"""Which regular fields each kind of object has, and what type of value each holds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class FieldType(StrEnum):
    """What a field holds; decides which operators and values fit."""

    TEXT = "text"
    NUMBER = "a number"
    MOMENT = "a date with a time"
    DATE = "a date"
    BOOLEAN = "true or false"
    CHOICE = "one of a list of choices"
    USER = "a user"
    LEAD_STATUS = "a lead status"
    OPPORTUNITY_STATUS = "an opportunity status"
    SEQUENCE = "a sequence"
    CONTACT = "a contact"
    CUSTOM_OBJECT = "a custom object"
    OTHER = "a value of a type that bulkplan does not know"


class Row(NamedTuple):
    """
    One field as a spec may name it.

    `field_name` is Close's name; `owner` the type of object that holds the field where that is not the object in scope
    (an address of a lead, an e-mail address of a contact), reached by one relation.
    """

    field_name: str
    type: FieldType
    choices: tuple[str, ...] = ()
    owner: str | None = None


def _rows(type_: FieldType, *names: str) -> dict[str, Row]:
    return {name: Row(name, type_) for name in names}


_AUTHORS = _rows(FieldType.USER, "created_by", "updated_by")
_TIMES = _rows(FieldType.MOMENT, "date_created", "date_updated")
_LEAD_STATUS = Row("status_id", FieldType.LEAD_STATUS)
_OPPORTUNITY_STATUS = Row("status_id", FieldType.OPPORTUNITY_STATUS)
_USER = Row("user_id", FieldType.USER)
_SEQUENCE = Row("sequence_id", FieldType.SEQUENCE)
_INCOMING = ("incoming", "outgoing")
_EMAIL_STATUSES = ("inbox", "draft", "scheduled", "outbox", "sent", "error")
_MEETING_STATUSES = ("upcoming", "in-progress", "completed", "canceled", "declined-by-org", "declined-by-lead")
_SUBSCRIPTION_STATUSES = ("active", "paused", "finished", "goal", "error")
_ADDRESS_NAMES = ("address_1", "address_2", "city", "state", "zipcode", "country")

_LEAD: dict[str, Row] = {
    "name": Row("name", FieldType.TEXT),
    "status": _LEAD_STATUS,
    **_rows(
        FieldType.MOMENT, "last_communication_date", "date_created", "date_updated", "last_lead_status_change_date"
    ),
    **_rows(FieldType.TEXT, "display_name", "description", "url"),
    **_AUTHORS,
    **_rows(FieldType.NUMBER, "num_opportunities", "num_upcoming_meetings", "num_tasks", "num_notes", "num_emails"),
    **_rows(FieldType.NUMBER, "times_communicated", "addresses_count", "all_urls_count"),
    **{name: Row(name, FieldType.TEXT, owner="address") for name in _ADDRESS_NAMES},
    "status_id": _LEAD_STATUS,
    "status_label": _LEAD_STATUS,
}
_CONTACT: dict[str, Row] = {
    **_rows(FieldType.TEXT, "name", "title"),
    "email": Row("email", FieldType.TEXT, owner="contact_email"),
    "phone": Row("phone", FieldType.TEXT, owner="contact_phone"),
    "url": Row("url", FieldType.TEXT, owner="contact_url"),
    **_rows(FieldType.NUMBER, "emails_count", "phones_count", "urls_count"),
    **_AUTHORS,
    **_TIMES,
}
_OPPORTUNITY: dict[str, Row] = {
    "status": _OPPORTUNITY_STATUS,
    "status_type": Row("status_type", FieldType.CHOICE, ("active", "won", "lost")),
    **_rows(FieldType.NUMBER, "value", "confidence"),
    "user": _USER,
    "user_id": _USER,
    **_rows(FieldType.DATE, "date_won", "date_lost"),
    **_TIMES,
    "status_id": _OPPORTUNITY_STATUS,
    "status_label": _OPPORTUNITY_STATUS,
}
_ACTIVITY = _rows(FieldType.MOMENT, "date_created")
_EMAIL: dict[str, Row] = {
    **_rows(FieldType.MOMENT, "date", "date_sent"),
    "direction": Row("direction", FieldType.CHOICE, _INCOMING),
    "status": Row("status", FieldType.CHOICE, _EMAIL_STATUSES),
    "has_reply": Row("has_reply", FieldType.BOOLEAN),
    **_ACTIVITY,
}
_DIRECTION = Row("direction", FieldType.CHOICE, (*_INCOMING, "inbound", "outbound"))
_SUBSCRIPTION: dict[str, Row] = {
    "sequence": _SEQUENCE,
    "status": Row("status", FieldType.CHOICE, _SUBSCRIPTION_STATUSES),
    "sequence_id": _SEQUENCE,
}

FIELDS: Mapping[str, Mapping[str, Row]] = {
    "lead": _LEAD,
    "contact": _CONTACT,
    "opportunity": _OPPORTUNITY,
    "activity.email": _EMAIL,
    "activity.call": {"direction": _DIRECTION, **_ACTIVITY},
    "activity.note": _ACTIVITY,
    "activity.meeting": {"status": Row("status", FieldType.CHOICE, _MEETING_STATUSES), **_ACTIVITY},
    "activity.sms": {"direction": _DIRECTION, **_ACTIVITY},
    "sequence_subscription": _SUBSCRIPTION,
}
"""
By kind of object, then by the name a spec may use; the names that are listed first are shown first in hints.

Opportunity values are in the smallest unit of the currency (cents). Source: Close API, Advanced Filtering Fields.
"""

PATHS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("lead", "contact"): ("contact",),
    ("lead", "opportunity"): ("opportunity",),
    ("lead", "activity.email"): ("activity.email",),
    ("lead", "activity.call"): ("activity.call",),
    ("lead", "activity.note"): ("activity.note",),
    ("lead", "activity.meeting"): ("activity.meeting",),
    ("lead", "activity.sms"): ("activity.sms",),
    ("lead", "sequence_subscription"): ("contact", "sequence_subscription"),
    ("contact", "sequence_subscription"): ("sequence_subscription",),
}
"""The relations from the object in scope to a related kind. A lead's subscriptions hang on its contacts."""

CUSTOM_TYPES: Mapping[str, FieldType] = {
    "text": FieldType.TEXT,
    "textarea": FieldType.TEXT,
    "hidden": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "date": FieldType.DATE,
    "datetime": FieldType.MOMENT,
    "choices": FieldType.CHOICE,
    "user": FieldType.USER,
    "contact": FieldType.CONTACT,
    "custom_object": FieldType.CUSTOM_OBJECT,
}
"""Close's types of custom fields. Source: Close API, Custom Fields."""
