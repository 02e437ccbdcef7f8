"""What a lead of an export may hold, as far as a sandbox can use it; everything else is passed over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from bulkplan.sandbox.clock import format_moment

JsonObject = dict[str, JsonValue]


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("must be a timestamp, ISO 8601") from error
    return format_moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _day(value: str) -> str:
    try:
        return (date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value).date()).isoformat()
    except ValueError as error:
        raise ValueError("must be a date, YYYY-MM-DD") from error


Moment = Annotated[str, AfterValidator(_moment)]
Day = Annotated[str, AfterValidator(_day)]


class Exported(BaseModel):
    """The base: unknown keys are passed over, nothing is coerced."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class ExportedAddress(Exported):
    """A postal address."""

    label: str | None = None
    address_1: str | None = None
    address_2: str | None = None
    city: str | None = None
    state: str | None = None
    zipcode: str | None = None
    country: str | None = None


class ExportedEmail(Exported):
    """An e-mail address of a contact."""

    email: str
    type: str | None = None
    is_unsubscribed: bool = False


class ExportedPhone(Exported):
    """A phone number of a contact."""

    phone: str
    type: str | None = None


class ExportedUrl(Exported):
    """A link of a contact."""

    url: str
    type: str | None = None


class ExportedObject(Exported):
    """What leads, contacts, opportunities, tasks and activities share."""

    id: str | None = None
    created_by: str | None = None
    created_by_name: str | None = None
    updated_by: str | None = None
    updated_by_name: str | None = None
    date_created: Moment | None = None
    date_updated: Moment | None = None


class ExportedContact(ExportedObject):
    """A contact."""

    name: str | None = None
    title: str | None = None
    emails: tuple[ExportedEmail, ...] = Field(default=(), strict=False)
    phones: tuple[ExportedPhone, ...] = Field(default=(), strict=False)
    urls: tuple[ExportedUrl, ...] = Field(default=(), strict=False)


class ExportedOpportunity(ExportedObject):
    """An opportunity; `value` in cents."""

    contact_id: str | None = None
    user_id: str | None = None
    user_name: str | None = None
    status_id: str | None = None
    status_label: str | None = None
    status_type: Literal["active", "won", "lost"] = "active"
    pipeline_id: str | None = None
    pipeline_name: str | None = None
    note: str | None = None
    value: int | None = None
    value_currency: str | None = None
    value_period: str = "one_time"
    confidence: int = 0
    expected_date: Day | None = None
    date_won: Day | None = None
    date_lost: Day | None = None


class ExportedTask(ExportedObject):
    """A task."""

    text: str | None = None
    date: Day | None = None
    is_complete: bool = False
    assigned_to: str | None = None
    assigned_to_name: str | None = None
    contact_id: str | None = None


class ExportedActivity(ExportedObject):
    """An activity of any kind; `type` is its `_type`."""

    type: str = Field(alias="_type")
    contact_id: str | None = None
    user_id: str | None = None
    user_name: str | None = None
    activity_at: Moment | None = None
    direction: str | None = None
    status: str | None = None
    note: str | None = None
    note_html: str | None = None
    text: str | None = None
    duration: int | None = None
    phone: str | None = None
    subject: str | None = None
    sender: str | None = None
    to: tuple[str, ...] = Field(default=(), strict=False)
    body_text: str | None = None
    body_html: str | None = None
    date_sent: Moment | None = None
    has_reply: bool = False
    template_id: str | None = None
    bulk_email_action_id: str | None = None
    sequence_subscription_id: str | None = None
    opportunity_id: str | None = None
    old_status_id: str | None = None
    new_status_id: str | None = None
    custom_activity_type_id: str | None = None


class ExportedLead(ExportedObject):
    """A lead, with its children; custom fields are read from the JSON beside it."""

    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    url: str | None = None
    status_id: str | None = None
    status_label: str | None = None
    last_communication_date: Moment | None = None
    addresses: tuple[ExportedAddress, ...] = Field(default=(), strict=False)
    contacts: tuple[ExportedContact, ...] = Field(default=(), strict=False)
    opportunities: tuple[ExportedOpportunity, ...] = Field(default=(), strict=False)
    tasks: tuple[ExportedTask, ...] = Field(default=(), strict=False)
    activities: tuple[ExportedActivity, ...] = Field(default=(), strict=False)
