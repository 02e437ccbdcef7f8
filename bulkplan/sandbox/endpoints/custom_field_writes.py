"""Custom fields: make, change, remove, own ones and shared ones; what shared ones hang on."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.call import Call, Endpoint, Route
from bulkplan.sandbox.endpoints.body_reader import BodyReader, given_columns
from bulkplan.sandbox.endpoints.catalog import OBJECT_TYPES, custom_field, get_own_field, get_shared_field
from bulkplan.sandbox.endpoints.changes import (
    Kind,
    announce_change,
    announce_created,
    announce_deleted,
    change_object,
    delete_row,
    insert_row,
    new_stamps,
    next_position,
    update_row,
)
from bulkplan.sandbox.errors import ApiError, FieldsError, NotFoundError
from bulkplan.sandbox.rows import SqlValue, compact, fetch_one

JsonObject = dict[str, JsonValue]

TYPES = ("text", "number", "date", "datetime", "choices", "user", "contact", "hidden")
"""Types that can be made here. Source: Close API, "Custom Fields"."""
LIST_TYPES = ("choices", "user", "contact")
"""Types that can hold several values. Source: Close API, "Custom Fields"."""
LONGEST_DESCRIPTION = 280


def _kind(name: str) -> Kind:
    return Kind(f"custom_fields.{name}", "custom_field", custom_field)


def create_own_field(call: Call) -> JsonValue:
    """Make a field of one object type. Source: Close API, "Lead Custom Fields"."""
    object_type = call.ids["object_type"]
    if object_type not in OBJECT_TYPES:
        raise NotFoundError
    field_id = _insert(call, is_shared=0)
    _carry(call, field_id, object_type)
    return announce_created(call, _kind(object_type), field_id)


def create_shared_field(call: Call) -> JsonValue:
    """Make a field that object types can be given afterwards. Source: Close API, "Shared Custom Fields"."""
    return announce_created(call, _kind("shared"), _insert(call, is_shared=1))


def _insert(call: Call, *, is_shared: int) -> str:
    reader = BodyReader.of(call)
    reader.require("name", "type")
    field_type = reader.choice("type", TYPES)
    columns = _read(reader, field_type)
    reader.finish()
    field_id = call.world.new_id("cf_")
    defaults: dict[str, SqlValue] = {"choices": compact([]) if field_type == "choices" else None}
    own: dict[str, SqlValue] = {
        "id": field_id,
        "type": field_type,
        "is_shared": is_shared,
        "position": next_position(call, "custom_field"),
    }
    found = {name: value for name, value in columns.items() if value is not None}
    insert_row(call, "custom_field", {**defaults, **found, **own, **new_stamps(call)})
    return field_id


def _read(reader: BodyReader, field_type: str | None) -> dict[str, SqlValue]:
    """Check the keys that make and change share."""
    columns: dict[str, SqlValue] = {
        "name": reader.text("name"),
        "description": reader.text("description"),
        "choices": reader.json_texts("choices"),
        "accepts_multiple_values": int(reader.flag("accepts_multiple_values", default=False)),
        "editable_with_roles": reader.json_texts("editable_with_roles"),
    }
    if reader.has("name"):
        reader.require("name")
    if len(str(columns["description"] or "")) > LONGEST_DESCRIPTION:
        reader.wrong["description"] = f"Must not be longer than {LONGEST_DESCRIPTION} characters."
    if columns["choices"] is not None and field_type != "choices":
        reader.wrong["choices"] = "Only a field of type choices has choices."
    if columns["accepts_multiple_values"] and field_type not in LIST_TYPES:
        reader.wrong["accepts_multiple_values"] = f"Only fields of the types {', '.join(LIST_TYPES)} hold several."
    return given_columns(reader, columns)


def _carry(call: Call, field_id: str, object_type: str) -> None:
    insert_row(call, "custom_field_object", {"custom_field_id": field_id, "object_type": object_type})


def change_own_field(call: Call) -> JsonValue:
    """Rename a field of one object type, change its choices or description; its type stays."""
    get_own_field(call)
    return _change(call, _kind(call.ids["object_type"]))


def change_shared_field(call: Call) -> JsonValue:
    """Rename a shared field, change its choices or description; its type stays."""
    get_shared_field(call)
    return _change(call, _kind("shared"))


def _change(call: Call, kind: Kind) -> JsonValue:
    before = kind.load(call, call.id)
    reader = BodyReader.of(call)
    if reader.has("type") and reader.body["type"] != before["type"]:
        reader.wrong["type"] = "The type of a field cannot be changed."
    columns = _read(reader, str(before["type"]))
    if columns.get("accepts_multiple_values") == 0 and before["accepts_multiple_values"]:
        reader.wrong["accepts_multiple_values"] = "A field that holds several values goes on doing so."
    reader.finish()
    columns = {name: value for name, value in columns.items() if value is not None or name == "description"}

    def write() -> None:
        update_row(call, "custom_field", call.id, columns)
        if "choices" in columns:
            _drop_other_values(call, columns["choices"])

    return change_object(call, kind, call.id, write)


def _drop_other_values(call: Call, choices: SqlValue) -> None:
    """Take values out that are no choices any more: the API does not answer them."""
    call.connection.execute(
        """
        DELETE FROM custom_value
        WHERE custom_field_id = ? AND text_value NOT IN (SELECT value FROM json_each(?))
        """,
        (call.id, choices),
    )


def remove_own_field(call: Call) -> JsonValue:
    """Remove a field of one object type, with its values; answers an empty object."""
    get_own_field(call)
    return _remove(call, _kind(call.ids["object_type"]))


def remove_shared_field(call: Call) -> JsonValue:
    """Remove a shared field, with its values; answers an empty object."""
    get_shared_field(call)
    return _remove(call, _kind("shared"))


def _remove(call: Call, kind: Kind) -> JsonValue:
    before = kind.load(call, call.id)
    call.connection.execute("DELETE FROM custom_value WHERE custom_field_id = ?", (call.id,))
    delete_row(call, "custom_field", call.id)
    announce_deleted(call, kind, before)
    return {}


def create_association(call: Call) -> JsonValue:
    """Give an object type a shared field; answers 201. Source: Close API, "Shared Custom Fields"."""
    before = _shared(call)
    reader = BodyReader.of(call)
    reader.require("object_type")
    object_type = reader.choice("object_type", OBJECT_TYPES)
    reader.finish()
    if object_type is None or _is_associated(call, object_type):
        raise FieldsError({"object_type": "The field is there already."})
    _carry(call, call.id, object_type)
    announce_change(call, _kind("shared"), before)
    return _association(object_type)


def get_association(call: Call) -> JsonValue:
    """Answer how an object type carries a shared field."""
    _shared(call)
    return _association(_associated(call))


def remove_association(call: Call) -> JsonValue:
    """Take a shared field from an object type, with the values there; answers 204 and no body."""
    before = _shared(call)
    object_type = _associated(call)
    call.connection.execute(
        "DELETE FROM custom_field_object WHERE custom_field_id = ? AND object_type = ?", (call.id, object_type)
    )
    call.connection.execute(
        f"DELETE FROM custom_value WHERE custom_field_id = ? AND object_id IN (SELECT id FROM {object_type})",  # noqa: S608 - own names
        (call.id,),
    )
    announce_change(call, _kind("shared"), before)
    return None


def _shared(call: Call) -> JsonObject:
    get_shared_field(call)
    return custom_field(call, call.id)


def _associated(call: Call) -> str:
    object_type = call.ids["object_type"]
    if object_type not in OBJECT_TYPES or not _is_associated(call, object_type):
        raise NotFoundError
    return object_type


def _is_associated(call: Call, object_type: str) -> bool:
    sql = "SELECT 1 FROM custom_field_object WHERE custom_field_id = ? AND object_type = ?"
    return fetch_one(call.connection, sql, (call.id, object_type)) is not None


def _association(object_type: str) -> JsonObject:
    return {"object_type": object_type, "required": False, "editable_with_roles": []}


def refuse_changed_association(call: Call) -> JsonValue:
    """Answer the association unchanged: roles and required values are not kept here."""
    if call.json_object().get("editable_with_roles"):
        raise ApiError(400, "Fields that only some roles may edit are not kept in this sandbox.")
    return get_association(call)


def _route(method: str, pattern: str, endpoint: Endpoint, status: int = 200) -> Route:
    return Route(method, pattern, endpoint, is_write=True, status=status)


_ASSOCIATION = "/custom_field/shared/{id}/association/"

ROUTES = (
    _route("POST", "/custom_field/shared/", create_shared_field),
    _route("PUT", "/custom_field/shared/{id}/", change_shared_field),
    _route("DELETE", "/custom_field/shared/{id}/", remove_shared_field),
    _route("POST", _ASSOCIATION, create_association, 201),
    Route("GET", _ASSOCIATION + "{object_type}/", get_association),
    _route("PUT", _ASSOCIATION + "{object_type}/", refuse_changed_association),
    _route("DELETE", _ASSOCIATION + "{object_type}/", remove_association, 204),
    _route("POST", "/custom_field/{object_type}/", create_own_field),
    _route("PUT", "/custom_field/{object_type}/{id}/", change_own_field),
    _route("DELETE", "/custom_field/{object_type}/{id}/", remove_own_field),
)
