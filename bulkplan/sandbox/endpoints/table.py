"""Every path the sandbox answers, in one table; what is not in it is a 404."""

from __future__ import annotations

from bulkplan.sandbox.call import Route
from bulkplan.sandbox.endpoints import (
    activities,
    activity_writes,
    bulk_actions,
    catalog,
    contacts,
    custom_field_writes,
    data_search,
    events,
    exports,
    leads,
    opportunities,
    organization,
    sequences,
    smart_views,
    statuses,
    tasks,
    templates,
    unsubscribed,
    webhooks,
)

ROUTES: tuple[Route, ...] = (
    *organization.ROUTES,
    *statuses.ROUTES,
    *catalog.ROUTES,
    *custom_field_writes.ROUTES,
    *templates.ROUTES,
    *sequences.ROUTES,
    *unsubscribed.ROUTES,
    *smart_views.ROUTES,
    *leads.ROUTES,
    *contacts.ROUTES,
    *opportunities.ROUTES,
    *activities.ROUTES,
    *activity_writes.ROUTES,
    *tasks.ROUTES,
    *data_search.ROUTES,
    *bulk_actions.ROUTES,
    *events.ROUTES,
    *exports.ROUTES,
    *webhooks.ROUTES,
)
