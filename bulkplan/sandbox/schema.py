"""Which tables a sandbox world is made of, and what their columns mean.

House rules for every writer:

* Timestamps are UTC text `YYYY-MM-DDTHH:MM:SS.ffffff+00:00` (always six digits and `+00:00`), so text order is time
  order; `clock.format_moment` makes them. Dates are `YYYY-MM-DD`. Booleans are 0 or 1. JSON is compact text.
* Ids are `world.new_id("lead_")` and so on; columns named `*_id` hold such ids.
* A writer that changes a lead, contact or opportunity sets its `date_updated` (and `updated_by`) in the same UPDATE.
* Nothing else has to be kept in step: what can be derived is a generated column, a trigger or counted when asked for.
    - `lead.last_communication_date` follows `activity` (trigger), whichever way rows come, change or go.
    - `lead.last_lead_status_change_date` becomes the new `date_updated` when `lead.status_id` changes (trigger).
    - `opportunity_status_period` follows `opportunity.status_id` with the new `date_updated` (trigger).
    - `lead.display_name` and `activity.communicated_at` are generated columns: read them, never write them.
    - Counters (`num_opportunities`, `num_tasks`, `emails_count` ...) are counted by the query compiler.
* Deleting a lead deletes contacts, addresses, opportunities, activities, tasks, subscriptions, custom objects and all
  their custom values (foreign keys and triggers; every connection of `World` has `foreign_keys` on). Read what an
  event needs before deleting. Events, bulk actions and bulk targets stay.
* An unset custom field has no row; an empty list does not exist.

The columns are described where the tables are: `schema_catalog`, `schema_leads`, `schema_actions`, `schema_outside`.
"""

from bulkplan.sandbox import schema_derived
from bulkplan.sandbox.schema_actions import ACTION_TABLES
from bulkplan.sandbox.schema_catalog import CATALOG_TABLES
from bulkplan.sandbox.schema_leads import LEAD_TABLES
from bulkplan.sandbox.schema_outside import OUTSIDE_INDEXES, OUTSIDE_TABLES, OUTSIDE_TRIGGERS

__all__ = ["INDEXES", "META_KEYS", "SCHEMA_VERSION", "TABLES", "TRIGGERS"]

SCHEMA_VERSION = 2
"""Stored as `user_version`; a world file of another version is refused."""

META_KEYS = (
    "organization_id",  # orga_...
    "organization_name",
    "owner_user_id",  # user_... : whom an API key acts as (Dana Reyes)
    "seed",  # decimal text
    "n_leads",  # decimal text: how many leads were seeded, not how many there are
    "date_created",  # timestamp
    "clock_offset_seconds",  # decimal text: the world's clock runs this far ahead of its process's clock
)

TABLES = CATALOG_TABLES + LEAD_TABLES + ACTION_TABLES + OUTSIDE_TABLES
INDEXES = schema_derived.INDEXES + OUTSIDE_INDEXES
TRIGGERS = schema_derived.TRIGGERS + OUTSIDE_TRIGGERS
