"""How the JSON of a query is read: each reader answers one key, or says precisely what is wrong with it."""

from collections.abc import Mapping

from pydantic import JsonValue

from bulkplan.sandbox.query_values import MAX_TEXT, QueryError

JsonObject = Mapping[str, JsonValue]

_NAMES = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


def spell(value: JsonValue) -> str:
    """Say what kind of JSON a value is."""
    return "null" if value is None else _NAMES[type(value)]


def read_object(value: JsonValue, what: str) -> JsonObject:
    """Answer a JSON object; `what` names it in the error."""
    if not isinstance(value, dict):
        raise QueryError(f"{what} must be an object, not {spell(value)}")
    return value


def read_key(node: JsonObject, key: str, what: str) -> JsonValue:
    """Answer the value of a key that must be there."""
    if key not in node:
        raise QueryError(f'{what} lacks the key "{key}"')
    return node[key]


def read_text(node: JsonObject, key: str, what: str) -> str:
    """Answer a text that can be stored, which a lone surrogate cannot."""
    value = read_key(node, key, what)
    if not isinstance(value, str):
        raise QueryError(f'"{key}" of {what} must be a text, not {spell(value)}')
    return _storable(value, f'"{key}" of {what}')


def read_list(node: JsonObject, key: str, what: str) -> list[JsonValue]:
    """Answer a list."""
    value = read_key(node, key, what)
    if not isinstance(value, list):
        raise QueryError(f'"{key}" of {what} must be a list, not {spell(value)}')
    return value


def read_texts(node: JsonObject, key: str, what: str) -> list[str]:
    """Answer a list of at least one text."""
    values = read_list(node, key, what)
    texts = [_storable(value, f'"{key}" of {what}') for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        odd = next(value for value in values if not isinstance(value, str))
        raise QueryError(f'"{key}" of {what} must hold texts, not {spell(odd)}')
    if not texts:
        raise QueryError(f'"{key}" of {what} must not be empty')
    return texts


def read_flag(node: JsonObject, key: str, what: str) -> bool:
    """Answer true or false; false when the key is absent."""
    value = node.get(key, False)
    if not isinstance(value, bool):
        raise QueryError(f'"{key}" of {what} must be true or false, not {spell(value)}')
    return value


def exact_text_asked(node: JsonValue) -> tuple[str, str, str] | None:
    """Answer object type, field name and text of a node that asks a regular field for an exact text, else None."""
    if not isinstance(node, dict) or node.get("type") != "field_condition" or node.get("negate", False) is not False:
        return None
    field, condition = node.get("field"), node.get("condition")
    if not isinstance(field, dict) or not isinstance(condition, dict) or field.get("type") != "regular_field":
        return None
    if condition.get("type") != "text" or condition.get("mode") != "exact_value":
        return None
    found = (field.get("object_type"), field.get("field_name"), condition.get("value"))
    owner, name, value = found
    if not isinstance(owner, str) or not isinstance(name, str) or not isinstance(value, str):
        return None
    return (owner, name, value) if 0 < len(value) <= MAX_TEXT and value.isascii() else None


def _storable(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError(f"{what} is not valid Unicode") from error
    return text
