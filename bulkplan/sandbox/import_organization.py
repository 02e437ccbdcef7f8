"""How a world is made from the file of a lead export: the organization its leads speak of, then the leads.

Templates, sequences and a sending account are in no lead: those are the seeded ones.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from random import Random

from pydantic import JsonValue

from bulkplan.sandbox import seed_catalog
from bulkplan.sandbox.export_reader import LeadSource
from bulkplan.sandbox.ids import random_id
from bulkplan.sandbox.import_catalog import FoundCatalog, find_catalog
from bulkplan.sandbox.import_leads import Columns, LeadImporter, Rows, import_leads
from bulkplan.sandbox.rows import compact
from bulkplan.sandbox.seed_batch import Batch, Days
from bulkplan.sandbox.seed_organization import add_outgoing

LEADS_PER_BATCH = 500
ORGANIZATION_NAME = "Imported organization (sandbox)"


def add_export(
    connection: sqlite3.Connection,
    sources: Sequence[LeadSource],
    *,
    day: date,
    progress: Callable[[int, int], None],
) -> None:
    """Write the organization and its leads into empty tables; part of the caller's transaction."""
    days = Days(day)
    moment = days.stamp(0)
    catalog = find_catalog(sources)
    field_ids = {item.key: item.id or random_id("cf_") for item in catalog.fields}
    write_rows(connection, organization_rows(catalog, field_ids, sources, moment))
    _add_outgoing(connection, catalog, days)
    importer = LeadImporter(catalog, field_ids, moment=moment)
    progress(0, len(sources))
    for start in range(0, len(sources), LEADS_PER_BATCH):
        end = min(start + LEADS_PER_BATCH, len(sources))
        write_rows(connection, import_leads(sources[start:end], importer))
        progress(end, len(sources))
    derive_last_communication(connection)


def derive_last_communication(connection: sqlite3.Connection) -> None:
    """Set the last communication of leads to the later of what they came with and their newest activity."""
    connection.execute(
        """
        UPDATE lead SET last_communication_date = max(
            coalesce(last_communication_date, ''),
            coalesce((SELECT max(communicated_at) FROM activity WHERE activity.lead_id = lead.id), ''))
        """
    )
    connection.execute("UPDATE lead SET last_communication_date = NULL WHERE last_communication_date = ''")


def organization_rows(
    catalog: FoundCatalog, field_ids: Mapping[str, str], sources: Sequence[LeadSource], moment: str
) -> Rows:
    """Gather the rows of the organization behind some leads; `field_ids` are those of custom fields by their keys."""
    rows = Rows()
    owner = next(iter(catalog.users))
    stamps: Columns = {"date_created": moment, "date_updated": moment}
    for key, value in _meta(owner, len(sources), _organization_id(sources), moment).items():
        rows.add("meta", {"key": key, "value": value})
    for position, (user_id, name) in enumerate(catalog.users.items()):
        _add_user(rows, user_id, name, position, moment)
    for position, status in enumerate(catalog.lead_statuses.values()):
        rows.add("lead_status", {"id": status.id, "position": position, "label": status.label})
    for position, (pipeline_id, name) in enumerate(catalog.pipelines.items()):
        rows.add("pipeline", {"id": pipeline_id, "position": position, "name": name, **stamps})
    for position, status in enumerate(catalog.opportunity_statuses.values()):
        own: Columns = {"id": status.id, "pipeline_id": status.pipeline_id, "position": position}
        rows.add("opportunity_status", {**own, "label": status.label, "type": status.type})
    for position, item in enumerate(catalog.fields):
        columns: Columns = {
            "id": field_ids[item.key],
            "position": position,
            "name": item.name,
            "type": item.type,
            "choices": compact([*item.choices]) if item.type == "choices" else None,
            "accepts_multiple_values": int(item.is_list),
            "is_shared": int(len(item.object_types) > 1),
            "created_by": owner,
            "updated_by": owner,
        }
        rows.add("custom_field", {**columns, **stamps})
        for object_type in item.object_types:
            rows.add("custom_field_object", {"custom_field_id": field_ids[item.key], "object_type": object_type})
    return rows


def _organization_id(sources: Sequence[LeadSource]) -> str:
    """Keep the id of the organization that was exported, where the leads name it."""
    named = next((source.raw.get("organization_id") for source in sources), None)
    return named if isinstance(named, str) and named else random_id("orga_")


def _meta(owner: str, n_leads: int, organization_id: str, moment: str) -> dict[str, str]:
    return {
        "organization_id": organization_id,
        "organization_name": ORGANIZATION_NAME,
        "owner_user_id": owner,
        "seed": "0",
        "n_leads": str(n_leads),
        "date_created": moment,
        "clock_offset_seconds": "0.0",
    }


def _add_user(rows: Rows, user_id: str, name: str, position: int, moment: str) -> None:
    first, _, last = name.partition(" ")
    columns: Columns = {
        "id": user_id,
        "position": position,
        "email": f"user-{position + 1}@example.com",
        "first_name": first,
        "last_name": last,
        "date_created": moment,
        "date_updated": moment,
    }
    rows.add("user", columns)
    granted: list[JsonValue] = [*seed_catalog.PERMISSIONS]
    membership: Columns = {
        "id": random_id("memb_"),
        "user_id": user_id,
        "role_id": "admin" if position == 0 else "user",
    }
    rows.add("membership", {**membership, "permissions_granted": json.dumps(granted if position == 0 else [])})


def _add_outgoing(connection: sqlite3.Connection, catalog: FoundCatalog, days: Days) -> None:
    batch = Batch()
    owner_id, name = next(iter(catalog.users.items()))
    chance = Random(f"outgoing:{owner_id}")  # noqa: S311 - made-up rows, no secrets
    add_outgoing(batch, chance, days, owner=(owner_id, name, "user-1@example.com"))
    batch.write(connection)


def write_rows(connection: sqlite3.Connection, rows: Rows) -> None:
    """Write gathered rows."""
    for table, found in rows.tables.items():
        names = [*found[0]]
        marks = ", ".join(f":{name}" for name in names)
        # An address that is unsubscribed may stand at several contacts.
        connection.executemany(
            f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - own names
            found,
        )
