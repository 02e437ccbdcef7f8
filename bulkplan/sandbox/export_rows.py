"""What stands in an export: leads, contacts or opportunities as JSON objects or as rows of CSV, gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from bulkplan.sandbox.activity_objects import SELECT_ACTIVITY, activity_object
from bulkplan.sandbox.lead_changes import status_labels
from bulkplan.sandbox.lead_objects import COMPUTED, load_contacts, load_leads, select_fields
from bulkplan.sandbox.opportunity_objects import load_opportunities
from bulkplan.sandbox.rows import chunks, fetch_all, grouped, id_list, text
from bulkplan.sandbox.world import World

JsonObject = dict[str, JsonValue]

USUAL_FIELDS: Mapping[str, tuple[str, ...]] = {
    "leads": (
        "id", "display_name", "name", "description", "url", "html_url", "status_id", "status_label", "addresses",
        "contacts", "opportunities", "tasks", "custom", "created_by", "updated_by", "date_created", "date_updated",
    ),
    "contacts": (
        "id", "lead_id", "lead_name", "name", "title", "emails", "phones", "urls", "custom", "created_by",
        "updated_by", "date_created", "date_updated",
    ),
    "lead_opps": (
        "id", "lead_id", "lead_name", "contact_id", "contact_name", "user_id", "user_name", "status_id",
        "status_label", "status_type", "note", "value", "value_formatted", "value_currency", "value_period",
        "confidence", "date_won", "date_lost", "custom", "created_by", "updated_by", "date_created", "date_updated",
    ),
}  # fmt: skip
"""Fields of an export that names none. Source: Close API, "Exports", in part."""

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")


@dataclass(frozen=True)
class Wanted:
    """
    What an export is to hold.

    `type` is leads, contacts or lead_opps; `format` csv or json; `date_format` original, iso8601 or excel (csv only);
    `fields` None for the usual ones.
    """

    type: str
    format: str
    date_format: str
    fields: tuple[str, ...] | None
    with_activities: bool
    with_smart_fields: bool


@dataclass(frozen=True)
class ExportFile:
    """A finished file: gzip, and how many documents it holds."""

    content: bytes
    n_documents: int


def write_export(world: World, lead_ids: Sequence[str], wanted: Wanted, *, moment: str) -> ExportFile:
    """Write the file of an export of these leads, in their order, as of `moment`."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed:
        stream = io.TextIOWrapper(packed, encoding="utf-8", newline="")
        documents = _documents(world, lead_ids, wanted, moment=moment)
        write = _write_json if wanted.format == "json" else _write_csv
        n_documents = write(stream, documents, world, wanted)
        stream.flush()
        stream.detach()
    return ExportFile(target.getvalue(), n_documents)


def _documents(world: World, lead_ids: Sequence[str], wanted: Wanted, *, moment: str) -> Iterator[JsonObject]:
    read: Mapping[str, Callable[[World, Sequence[str], Wanted, str], list[JsonObject]]] = {
        "leads": _leads,
        "contacts": _contacts,
        "lead_opps": _opportunities,
    }
    for part in chunks(lead_ids):
        yield from read[wanted.type](world, part, wanted, moment)


def _leads(world: World, ids: Sequence[str], wanted: Wanted, moment: str) -> list[JsonObject]:
    fields = ["_all"] if wanted.with_smart_fields or COMPUTED & set(wanted.fields or ()) else None
    leads = load_leads(world.connection, ids, organization_id=world.organization_id, moment=moment, fields=fields)
    if wanted.with_activities:
        activities = _activities(world, ids)
        for lead in leads:
            lead["activities"] = [*activities.get(text(lead, "id"), [])]
    kept = None if wanted.fields is None else [*wanted.fields, "activities"]
    return [select_fields(lead, kept) for lead in leads]


def _activities(world: World, lead_ids: Sequence[str]) -> dict[str, list[JsonObject]]:
    labels = status_labels(world.connection)
    rows = fetch_all(
        world.connection,
        f"{SELECT_ACTIVITY} WHERE lead_id IN (SELECT value FROM json_each(?)) ORDER BY lead_id, activity_at, id",  # noqa: S608
        (id_list(lead_ids),),
    )
    found = [activity_object(row, labels=labels, organization_id=world.organization_id) for row in rows]
    return grouped(found, "lead_id")


def _contacts(world: World, lead_ids: Sequence[str], wanted: Wanted, _moment: str) -> list[JsonObject]:
    names = _child_ids(world, "contact", lead_ids)
    found = load_contacts(world.connection, [*names], organization_id=world.organization_id)
    named = [{**contact, "lead_name": names[text(contact, "id")]} for contact in found]
    return [select_fields(contact, wanted.fields) for contact in named]


def _opportunities(world: World, lead_ids: Sequence[str], wanted: Wanted, _moment: str) -> list[JsonObject]:
    found = load_opportunities(
        world.connection, [*_child_ids(world, "opportunity", lead_ids)], organization_id=world.organization_id
    )
    return [select_fields(opportunity, wanted.fields) for opportunity in found]


def _child_ids(world: World, table: str, lead_ids: Sequence[str]) -> dict[str, JsonValue]:
    """Return the names of the leads by the ids of their children, in the order of the leads."""
    rows = fetch_all(
        world.connection,
        f"""
        SELECT c.id, lead.display_name FROM json_each(?) AS one JOIN {table} AS c ON c.lead_id = one.value
        JOIN lead ON lead.id = c.lead_id ORDER BY one.key, c.date_created, c.id
        """,  # noqa: S608 - own names
        (id_list(lead_ids),),
    )
    return {text(row, "id"): row["display_name"] for row in rows}


def _write_json(stream: io.TextIOWrapper, documents: Iterator[JsonObject], _world: World, _wanted: Wanted) -> int:
    number = 0
    stream.write("[")
    for document in documents:
        stream.write((",\n" if number else "\n") + json.dumps(document, ensure_ascii=False))
        number += 1
    stream.write("\n]\n")
    return number


def _write_csv(stream: io.TextIOWrapper, documents: Iterator[JsonObject], world: World, wanted: Wanted) -> int:
    names = _field_names(world)
    columns = _columns(names, wanted)
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([_heading(column, names) for column in columns])
    number = 0
    for document in documents:
        writer.writerow([_cell(document.get(column), wanted.date_format) for column in columns])
        number += 1
    return number


def _field_names(world: World) -> dict[str, str]:
    rows = fetch_all(
        world.connection,
        """
        SELECT f.id, f.name, group_concat(o.object_type) AS carried FROM custom_field AS f
        JOIN custom_field_object AS o ON o.custom_field_id = f.id GROUP BY f.id ORDER BY f.position, f.id
        """,
    )
    return {f"custom.{row['id']}:{kind}": text(row, "name") for row in rows for kind in str(row["carried"]).split(",")}


_CARRIERS = {"leads": "lead", "contacts": "contact", "lead_opps": "opportunity"}


def _columns(names: Mapping[str, str], wanted: Wanted) -> list[str]:
    carrier = _CARRIERS[wanted.type]
    custom = [key.partition(":")[0] for key in names if key.endswith(f":{carrier}")]
    smart = sorted(COMPUTED) if wanted.with_smart_fields and wanted.type == "leads" else []
    found: list[str] = []
    for name in (*(wanted.fields or USUAL_FIELDS[wanted.type]), *smart):
        found += custom if name == "custom" else [name]
    return [*dict.fromkeys(found)]


def _heading(column: str, names: Mapping[str, str]) -> str:
    found = next((name for key, name in names.items() if key.partition(":")[0] == column), None)
    return column if found is None else f"custom.{found}"


def _cell(value: JsonValue, date_format: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
        return ", ".join(_cell(item, date_format) for item in value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    words = str(value)
    return format_date(words, date_format) if _TIMESTAMP.fullmatch(words) else words


def format_date(moment: str, date_format: str) -> str:
    """Write a timestamp as a CSV export does. Source: Close API, "Exports"."""
    at = datetime.fromisoformat(moment).astimezone(UTC)
    if date_format == "excel":
        return at.strftime("%Y-%m-%d %I:%M:%S %p")
    if date_format == "iso8601":
        return at.isoformat(timespec="seconds")
    return at.isoformat(sep=" ", timespec="microseconds")
