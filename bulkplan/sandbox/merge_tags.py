"""What the placeholders of an e-mail template stand for, and how a template is filled in."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

_TAG = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PATH = re.compile(r"\w+|\[\s*[\"']?([^\]\"']+)[\"']?\s*\]")


def fill_in(text: str, values: JsonObject, *, is_html: bool) -> str:
    """
    Fill in `{{ lead.display_name }}` and its like.

    Args:
        text: of the template; a tag may name a default: `{{ contact.first_name | default: "there" }}`.
        values: objects by name: `{"lead": {...}, "contact": {...}, "user": {...}}`.
        is_html: values are escaped for a body of HTML.

    Returns:
        The text; what is unknown, or is neither text nor a number, is left empty.
    """

    def value_of(found: re.Match[str]) -> str:
        path, _, default = found[1].partition("|")
        word = _word(_look_up(values, path.strip())) or _default(default)
        return html.escape(word, quote=False) if is_html else word

    return _TAG.sub(value_of, text)


def _look_up(values: JsonObject, path: str) -> JsonValue:
    found: JsonValue = values
    for part in _PATH.finditer(path):
        name = part[1] or part[0]
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _word(value: JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(_word(item) for item in value)
    is_plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return str(value) if is_plain else ""


def _default(filters: str) -> str:
    found = re.search(r"default\s*:\s*[\"']([^\"']*)[\"']", filters)
    return found[1] if found else ""


def tag_values(lead: JsonObject, contact: JsonObject, user: JsonObject, organization: JsonObject) -> JsonObject:
    """Return what a template can name, from objects as the API answers them."""
    first, _, rest = str(contact.get("name") or "").partition(" ")
    emails, phones = contact.get("emails"), contact.get("phones")
    custom = lead.get("custom")
    return {
        "lead": {**lead, "address": _first(lead.get("addresses")), "custom": custom if custom is not None else {}},
        "contact": {
            **contact,
            "first_name": first,
            "last_name": rest,
            "email": _first(emails).get("email"),
            "phone": _first(phones).get("phone"),
        },
        "user": {**user, "name": f"{user.get('first_name') or ''} {user.get('last_name') or ''}".strip()},
        "organization": organization,
    }


def _first(items: JsonValue) -> JsonObject:
    first = items[0] if isinstance(items, list) and items else None
    return first if isinstance(first, dict) else {}
