"""Every path the sandbox answers, in one table; what is not in it is a 404."""

from __future__ import annotations

from bulkplan.sandbox.call import Route
from bulkplan.sandbox.endpoints import (
    activities,
    bulk_actions,
    catalog,
    data_search,
    events,
    leads,
    organization,
    smart_views,
)

ROUTES: tuple[Route, ...] = (
    *organization.ROUTES,
    *catalog.ROUTES,
    *smart_views.ROUTES,
    *leads.ROUTES,
    *activities.ROUTES,
    *data_search.ROUTES,
    *bulk_actions.ROUTES,
    *events.ROUTES,
)
