"""Which queries match one lead that somebody made up: a world of that lead alone, in memory, for each question."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pydantic import JsonValue

from bulkplan.errors import BadRequestError, Location
from bulkplan.model.catalog import Catalog, CustomField
from bulkplan.sandbox import search
from bulkplan.sandbox.clock import SteppedClock, format_moment
from bulkplan.sandbox.export_fields import FoundField
from bulkplan.sandbox.export_models import ExportedLead
from bulkplan.sandbox.export_reader import LeadSource
from bulkplan.sandbox.import_catalog import FoundCatalog, FoundStatus, children
from bulkplan.sandbox.import_leads import Columns, LeadImporter, Rows, import_leads
from bulkplan.sandbox.import_organization import derive_last_communication, organization_rows, write_rows
from bulkplan.sandbox.query_values import QueryContext, QueryError
from bulkplan.sandbox.world import World

JsonObject = Mapping[str, JsonValue]

_PIPELINE = "pipe_1"


class FixtureMatcher:
    """Answers queries about made-up leads (`ports.Matcher`), each lead in a world of its own."""

    def find_ids(
        self, queries: Sequence[JsonObject], *, lead: JsonObject, catalog: Catalog, now: datetime, zone: tzinfo
    ) -> Sequence[frozenset[str]]:
        """The IDs that each query selects. Raises `BadRequestError` where one cannot be answered."""
        content = _Content(dict(lead), catalog, format_moment(now))
        world = World.filled(content.write, clock=SteppedClock(now))
        offset = now.astimezone(zone).utcoffset()
        hours = offset.total_seconds() / 3600 if offset is not None else 0.0
        context = QueryContext(now=now, tz_offset=hours, user_id=catalog.users[0].id)
        try:
            return [frozenset(search.ids(world, dict(query), context)) for query in queries]
        except QueryError as error:
            raise BadRequestError(str(error)) from error
        finally:
            world.close()


@dataclass(frozen=True)
class _Content:
    """What a world of one lead is filled with."""

    lead: dict[str, JsonValue]
    catalog: Catalog
    moment: str

    def write(self, connection: sqlite3.Connection) -> None:
        source = LeadSource(ExportedLead.model_validate(self.lead), self.lead, Location("", 1, 1))
        found = self._found()
        field_ids = {item.key: item.key for item in found.fields}
        write_rows(connection, organization_rows(found, field_ids, [source], self.moment))
        write_rows(connection, self._sequences())
        write_rows(connection, import_leads([source], LeadImporter(found, field_ids, moment=self.moment)))
        write_rows(connection, self._subscriptions())
        derive_last_communication(connection)
        changed = _moment(self.lead, "last_lead_status_change_date")
        connection.execute("UPDATE lead SET last_lead_status_change_date = ?", (changed,))

    def _found(self) -> FoundCatalog:
        statuses = {status.id: FoundStatus(status.id, status.label) for status in self.catalog.lead_statuses}
        own = str(self.lead["status_id"])
        return FoundCatalog(
            users={user.id: user.full_name or user.email for user in self.catalog.users},
            lead_statuses={own: FoundStatus(own, own), **statuses},
            opportunity_statuses=self._opportunity_statuses(),
            pipelines={_PIPELINE: "Sales"},
            fields=tuple(self._fields()),
        )

    def _opportunity_statuses(self) -> dict[str, FoundStatus]:
        """Those of the organization, each of the type that the lead's opportunities give it."""
        labels = {status.id: status.label for status in self.catalog.opportunity_statuses}
        types = {str(one["status_id"]): str(one["status_type"]) for one in children(self.lead, "opportunities")}
        ids = dict.fromkeys((*labels, *types))
        return {one: FoundStatus(one, labels.get(one, one), types.get(one, "active"), _PIPELINE) for one in ids}

    def _fields(self) -> Sequence[FoundField]:
        by_kind: dict[str, tuple[CustomField, ...]] = {
            "lead": self.catalog.lead_fields,
            "contact": self.catalog.contact_fields,
            "opportunity": self.catalog.opportunity_fields,
        }
        return [
            FoundField(
                key=item.id,
                id=item.id,
                name=item.name,
                type=item.type,
                choices=item.choices or (),
                is_list=item.accepts_multiple_values,
                object_types=(kind,),
            )
            for kind, fields in by_kind.items()
            for item in fields
        ]

    def _sequences(self) -> Rows:
        rows = Rows()
        names = {sequence.id: sequence.name for sequence in self.catalog.sequences}
        used = [str(item["sequence_id"]) for _, item in self._subscribed()]
        for position, sequence_id in enumerate(dict.fromkeys((*names, *used))):
            own: Columns = {"id": sequence_id, "position": position, "name": names.get(sequence_id, sequence_id)}
            rows.add("sequence", {**own, "status": "active", "steps": "[]", **self._stamps()})
        return rows

    def _subscriptions(self) -> Rows:
        rows = Rows()
        for contact_id, item in self._subscribed():
            columns: Columns = {key: str(item[key]) for key in ("id", "sequence_id", "status")}
            own: Columns = {"contact_id": contact_id, "lead_id": str(self.lead["id"])}
            rows.add("sequence_subscription", {**columns, **own, **self._stamps()})
        return rows

    def _subscribed(self) -> Sequence[tuple[str, JsonObject]]:
        return [
            (str(contact["id"]), item)
            for contact in children(self.lead, "contacts")
            for item in children(contact, "sequence_subscriptions")
        ]

    def _stamps(self) -> Columns:
        return {"date_created": self.moment, "date_updated": self.moment}


def _moment(item: JsonObject, key: str) -> str | None:
    value = item.get(key)
    return format_moment(datetime.fromisoformat(value)) if isinstance(value, str) else None
