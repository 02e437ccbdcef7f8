"""How the contacts that come inside a new lead are checked and stored."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call
from bulkplan.sandbox.endpoints.lead_body import read_field_writes, read_texts
from bulkplan.sandbox.errors import FieldsError

JsonObject = dict[str, JsonValue]

CHILDREN = {"emails": ("contact_email", "email"), "phones": ("contact_phone", "phone"), "urls": ("contact_url", "url")}
"""Table and column of each list of a contact."""


def add_contact(call: Call, given: JsonValue, *, lead_id: str, position: int) -> None:
    """Store one nested contact with e-mails, phones, links and custom fields; raises FieldsError."""
    if not isinstance(given, dict):
        raise FieldsError({"contacts": "Must be a list of objects."})
    wrong: dict[str, str] = {}
    texts = read_texts(given, ("name", "title"), wrong)
    writes = read_field_writes(call, given, "contact", wrong)
    children = {key: _children(given, key, column, wrong) for key, (_, column) in CHILDREN.items()}
    if wrong:
        raise FieldsError({f"contacts.{position}.{key}": message for key, message in wrong.items()})
    contact_id = call.world.new_id("cont_")
    call.connection.execute(
        """
        INSERT INTO contact (id, lead_id, position, name, title, created_by, updated_by, date_created, date_updated)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            contact_id, lead_id, position, texts.get("name"), texts.get("title"), call.caller.user_id,
            call.caller.user_id, call.moment, call.moment,
        ),
    )  # fmt: skip
    for key, (table, column) in CHILDREN.items():
        call.connection.executemany(
            f"INSERT INTO {table} (contact_id, position, {column}, type) VALUES (?, ?, ?, ?)",  # noqa: S608 - own names
            [(contact_id, number, value, kind) for number, (value, kind) in enumerate(children[key])],
        )
    for write in writes:
        write.write(call, [contact_id])


def _children(given: JsonObject, key: str, column: str, wrong: dict[str, str]) -> list[tuple[str, str]]:
    items = given.get(key) or []
    found: list[tuple[str, str]] = []
    for item in items if isinstance(items, list) else [None]:
        value = item.get(column) if isinstance(item, dict) else None
        kind = item.get("type", "office") if isinstance(item, dict) else None
        if isinstance(value, str) and value and isinstance(kind, str):
            found.append((value.lower() if column == "email" else value, kind))
        else:
            wrong[key] = f"Must be a list of objects with {column} and type."
    return found
