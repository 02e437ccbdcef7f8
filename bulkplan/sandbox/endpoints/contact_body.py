"""What a client may write of a contact, by itself or inside a new lead: checked, then stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.call import Call
from bulkplan.sandbox.endpoints.changes import insert_row, new_stamps, update_row
from bulkplan.sandbox.endpoints.lead_body import FieldWrite, read_field_writes, read_texts
from bulkplan.sandbox.errors import FieldsError

JsonObject = dict[str, JsonValue]

CHILDREN = {"emails": ("contact_email", "email"), "phones": ("contact_phone", "phone"), "urls": ("contact_url", "url")}
"""Table and column of each list of a contact."""
DEFAULT_TYPES = {"emails": "office", "phones": "office", "urls": "url"}


@dataclass(frozen=True)
class ContactBody:
    """A checked body: columns to set, custom fields, and the lists that are named as (value, type) pairs."""

    columns: Mapping[str, str | None]
    field_writes: tuple[FieldWrite, ...]
    children: Mapping[str, tuple[tuple[str, str], ...]]

    def write(self, call: Call, contact_id: str) -> None:
        """Store what is named of a contact that exists; a list replaces the one before."""
        update_row(call, "contact", contact_id, self.columns)
        for key, items in self.children.items():
            table, column = CHILDREN[key]
            call.connection.execute(f"DELETE FROM {table} WHERE contact_id = ?", (contact_id,))  # noqa: S608 - own names
            call.connection.executemany(
                f"INSERT INTO {table} (contact_id, position, {column}, type) VALUES (?, ?, ?, ?)",  # noqa: S608 - own names
                [(contact_id, number, value, kind) for number, (value, kind) in enumerate(items)],
            )
        for write in self.field_writes:
            write.write(call, [contact_id])


def read_contact_body(call: Call, given: JsonObject, *, prefix: str = "") -> ContactBody:
    """
    Check the body of a contact.

    Args:
        call: the request.
        given: the JSON object.
        prefix: stands before the names of keys in errors, such as `contacts.0.`.

    Raises:
        FieldsError: every key that is wrong.

    Source: Close API, "Contacts".
    """
    wrong: dict[str, str] = {}
    columns = read_texts(given, ("name", "title"), wrong)
    writes = read_field_writes(call, given, "contact", wrong)
    children = {key: _children(given, key, wrong) for key in CHILDREN if given.get(key) is not None}
    if wrong:
        raise FieldsError({prefix + key: message for key, message in wrong.items()})
    return ContactBody(columns, writes, children)


def add_contact(call: Call, given: JsonValue, *, lead_id: str, position: int, prefix: str = "") -> str:
    """Store a contact at a place in its lead; returns its id. Raises FieldsError."""
    if not isinstance(given, dict):
        raise FieldsError({"contacts": "Must be a list of objects."})
    body = read_contact_body(call, given, prefix=prefix)
    contact_id = call.world.new_id("cont_")
    insert_row(call, "contact", {"id": contact_id, "lead_id": lead_id, "position": position, **new_stamps(call)})
    body.write(call, contact_id)
    return contact_id


def _children(given: JsonObject, key: str, wrong: dict[str, str]) -> tuple[tuple[str, str], ...]:
    _, column = CHILDREN[key]
    items = given[key]
    found: list[tuple[str, str]] = []
    for item in items if isinstance(items, list) else [None]:
        value = item.get(column) if isinstance(item, dict) else None
        kind = item.get("type", DEFAULT_TYPES[key]) if isinstance(item, dict) else None
        if isinstance(value, str) and value and isinstance(kind, str):
            found.append((value.lower() if column == "email" else value, kind))
        else:
            wrong[key] = f"Must be a list of objects with {column} and type."
    return tuple(found)
