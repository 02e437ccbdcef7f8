"""A small organization, made by hand, to compile and render specs against."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from pydantic import JsonValue

from bulkplan.core.conditions import WhereContext
from bulkplan.core.render import RenderContext
from bulkplan.model.catalog import (
    Catalog,
    CatalogKind,
    CustomField,
    Identity,
    Sender,
    Sequence,
    SmartView,
    Status,
    Template,
    User,
)
from bulkplan.model.spec import Spec

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)

LEAD_CLAUSE = {"type": "object_type", "object_type": "lead"}


def _field(id_: str, name: str, type_: str, *choices: str, several: bool = False) -> CustomField:
    return CustomField(id=id_, name=name, type=type_, choices=choices or None, accepts_multiple_values=several)


VIEW_QUERY: dict[str, JsonValue] = {"type": "and", "queries": [dict(LEAD_CLAUSE), {"type": "match_all"}]}

CATALOG = Catalog(
    fetched=frozenset(CatalogKind),
    lead_statuses=(
        Status(id="stat_pot", label="Potential"),
        Status(id="stat_chu", label="Churned"),
        Status(id="stat_cus", label="Customer"),
    ),
    opportunity_statuses=(Status(id="stat_pro", label="Proposal"), Status(id="stat_won", label="Won")),
    lead_fields=(
        _field("cf_industry", "Industry", "choices", "SaaS", "Retail", "Finance"),
        _field("cf_tags", "Tags", "choices", "vip", "partner", "win-back", several=True),
        _field("cf_employees", "Employees", "number"),
        _field("cf_renewal", "Renewal Date", "date"),
        _field("cf_login", "Last Login", "datetime"),
        _field("cf_owner", "Account Owner", "user"),
        _field("cf_team", "Success Team", "user", several=True),
        _field("cf_dnc", "Do Not Contact", "choices", "Yes", "No"),
        _field("cf_source", "Source", "text"),
        _field("cf_external", "External ID", "hidden"),
        _field("cf_contact", "Main Contact", "contact"),
        _field("cf_object", "Contract", "custom_object"),
        _field("cf_odd", "Odd", "hologram"),
    ),
    contact_fields=(_field("cf_department", "Department", "choices", "Engineering", "Finance"),),
    opportunity_fields=(_field("cf_forecast", "Forecast", "choices", "Commit", "Pipeline"),),
    templates=(
        Template(id="tmpl_win", name="Win-back 2026", subject="Hello", body="Come back"),
        Template(id="tmpl_f1", name="Follow-up"),
        Template(id="tmpl_f2", name="Follow-up"),
        Template(id="tmpl_old", name="Old pricing", is_archived=True),
    ),
    sequences=(
        Sequence(id="seq_trial", name="Trial onboarding", status="active", steps=({"delay": 1},)),
        Sequence(id="seq_cold", name="Cold outreach", status="paused"),
        Sequence(id="seq_event", name="Event follow-up", status="draft"),
    ),
    users=(
        User(id="user_dana", email="dana@example.com", first_name="Dana", last_name="Reyes"),
        User(id="user_milan", email="milan@example.com", first_name="Milan", last_name="Novak"),
    ),
    smart_views=(
        SmartView(
            id="save_hot",
            name="Hot leads",
            s_query={
                "query": VIEW_QUERY,
                "results_limit": 40,
                "sort": [{"direction": "desc", "field": {"type": "custom_field", "custom_field_id": "cf_employees"}}],
            },
        ),
        SmartView(id="save_mine", name="My leads", s_query={"query": VIEW_QUERY}, is_user_dependent=True),
        SmartView(id="save_exec", name="Executives", type="contact", s_query={"query": VIEW_QUERY}),
        SmartView(id="save_old", name="Old text view", query="status:Churned"),
        SmartView(
            id="save_nest", name="Nested", s_query={"query": {"type": "saved_search", "saved_search_id": "save_hot"}}
        ),
    ),
    senders=(
        Sender(
            id="emailacct_dana",
            email="dana@example.com",
            identities=(
                Identity(name="Dana Reyes", email="dana@example.com"),
                Identity(name="Sales", email="sales@example.com"),
            ),
            user_id="user_dana",
        ),
        Sender(
            id="emailacct_milan",
            email="milan@example.com",
            identities=(Identity(email="milan@example.com"), Identity(name="Sales", email="sales@example.com")),
            user_id="user_milan",
        ),
        Sender(id="emailacct_zoom", email="dana@example.com"),
    ),
)

CONTEXT = RenderContext(now=NOW, timezone="Europe/Berlin", user_id="user_dana")


def where_context(zone: tzinfo, *, now: datetime = NOW) -> WhereContext:
    """The small organization, seen in a time zone."""
    return WhereContext(CATALOG, now, zone)


def make_spec(
    *, filter_: JsonValue = None, action: JsonValue = None, options: JsonValue = None, name: str = "a-spec"
) -> Spec:
    """A spec from plain data, as it comes out of YAML; deletes every lead unless told otherwise."""
    data: dict[str, JsonValue] = {
        "schema": "bulkplan/v1",
        "name": name,
        "version": 1,
        "filter": filter_ or {"all_leads": True},
        "action": action or {"type": "delete"},
        "options": options or {},
    }
    return Spec.model_validate(data, strict=False)
