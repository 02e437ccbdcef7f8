"""The names and IDs one organization knows, as far as they were fetched."""

from __future__ import annotations

from enum import StrEnum

from pydantic import JsonValue

from bulkplan.model.base import Foreign, Value


class CatalogKind(StrEnum):
    """One kind of named thing; each is fetched at most once per plan."""

    LEAD_STATUSES = "lead statuses"
    OPPORTUNITY_STATUSES = "opportunity statuses"
    LEAD_FIELDS = "custom fields of leads"
    CONTACT_FIELDS = "custom fields of contacts"
    OPPORTUNITY_FIELDS = "custom fields of opportunities"
    TEMPLATES = "e-mail templates"
    SEQUENCES = "sequences"
    USERS = "users"
    SMART_VIEWS = "smart views"
    SENDERS = "connected accounts"


class Status(Foreign):
    """A lead or opportunity status. Source: Close API, Lead Statuses / Opportunity Statuses."""

    id: str
    label: str


class CustomField(Foreign):
    """A custom field. Source: Close API, Custom Fields, "Custom Field Schemas"."""

    id: str
    name: str
    type: str
    choices: tuple[str, ...] | None = None
    accepts_multiple_values: bool = False


class Template(Foreign):
    """An e-mail template. Source: Close API, Email Templates."""

    id: str
    name: str
    subject: str | None = None
    body: str | None = None
    is_archived: bool = False


class Sequence(Foreign):
    """A sequence. Source: Close API, Sequences."""

    id: str
    name: str
    status: str | None = None
    steps: tuple[JsonValue, ...] = ()


class User(Foreign):
    """A user. Source: Close API, Users."""

    id: str
    email: str
    first_name: str | None = None
    last_name: str | None = None

    @property
    def full_name(self) -> str:
        """First and last name, joined."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


class SmartView(Foreign):
    """
    A saved search. `s_query` is wrapped: `{"query": node, "results_limit": …, "sort": […]}`.

    Source: Close API, Smart Views.
    """

    id: str
    name: str
    type: str = "lead"
    query: str | None = None
    s_query: dict[str, JsonValue] | None = None
    is_user_dependent: bool = False


class Identity(Foreign):
    """A name and address that a connected account may send as."""

    name: str | None = None
    email: str


class Sender(Foreign):
    """A connected account. Source: Close API, Connected Accounts."""

    id: str
    email: str | None = None
    identities: tuple[Identity, ...] = ()
    user_id: str | None = None


class Catalog(Value):
    """What was fetched, by kind; a kind that was not asked for is `()`, and not in `fetched`."""

    fetched: frozenset[CatalogKind] = frozenset()
    lead_statuses: tuple[Status, ...] = ()
    opportunity_statuses: tuple[Status, ...] = ()
    lead_fields: tuple[CustomField, ...] = ()
    contact_fields: tuple[CustomField, ...] = ()
    opportunity_fields: tuple[CustomField, ...] = ()
    templates: tuple[Template, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    users: tuple[User, ...] = ()
    smart_views: tuple[SmartView, ...] = ()
    senders: tuple[Sender, ...] = ()
