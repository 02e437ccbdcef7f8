"""The placeholders of an e-mail template, and which leads have nothing behind one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bulkplan.core.field_table import FIELDS
from bulkplan.model.catalog import Catalog, CustomField, Template
from bulkplan.model.where import FieldCondition, Has, Where

_TAG = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_PART = re.compile(r"\w+|\[\s*[\"']?([^\]\"']+)[\"']?\s*\]")
_LEAD_FIELDS = {"display_name": "name", "name": "name", "description": "description", "url": "url"}
_CONTACT_FIELDS = {
    "name": "name",
    "first_name": "name",
    "title": "title",
    "email": "email",
    "phone": "phone",
}
_ADDRESS_FIELDS = frozenset(name for name, row in FIELDS["lead"].items() if row.owner == "address")


@dataclass(frozen=True)
class Tag:
    """One placeholder without a default. `empty` is true of leads for which it stays empty, where that can be asked."""

    text: str
    empty: Where | None = None
    is_unknown: bool = False
    is_some_contact: bool = False


def tags_of(template: Template, catalog: Catalog) -> tuple[Tag, ...]:
    """
    The placeholders of subject and body that have no default, each once, in the order of the text.

    Those of users and of the organization are left out: they are the same for every lead.

    Source: Close, "Template tags".
    """
    text = f"{template.subject or ''}\n{template.body or ''}"
    found: dict[str, Tag] = {}
    for match in _TAG.finditer(text):
        path, _, filters = match[1].partition("|")
        steps = [part[1] or part[0] for part in _PART.finditer(path)]
        if steps and "default" not in filters:
            shown = f"{{{{ {path.strip()} }}}}"
            found.setdefault(shown, _tag(shown, steps, catalog))
    return tuple(found.values())


def _tag(shown: str, steps: list[str], catalog: Catalog) -> Tag:
    root, rest = steps[0], steps[1:]
    if root == "lead":
        return _lead_tag(shown, rest, catalog)
    if root == "contact":
        return _contact_tag(shown, rest, catalog)
    return Tag(shown)


def _lead_tag(shown: str, rest: list[str], catalog: Catalog) -> Tag:
    if rest[:1] == ["custom"] and len(rest) == 2:
        name = _custom_name(rest[1], catalog.lead_fields)
        return Tag(shown, _empty(f"custom.{name}")) if name else Tag(shown, is_unknown=True)
    if rest[:1] == ["address"] and len(rest) == 2 and rest[1] in _ADDRESS_FIELDS:
        return Tag(shown, _empty(rest[1]))
    field = _LEAD_FIELDS.get(rest[0]) if len(rest) == 1 else None
    return Tag(shown, _empty(field) if field else None)


def _contact_tag(shown: str, rest: list[str], catalog: Catalog) -> Tag:
    if rest[:1] == ["custom"] and len(rest) == 2:
        name = _custom_name(rest[1], catalog.contact_fields)
        if name is None:
            return Tag(shown, is_unknown=True)
        return _some_contact(shown, f"custom.{name}")
    field = _CONTACT_FIELDS.get(rest[0]) if len(rest) == 1 else None
    return _some_contact(shown, field) if field else Tag(shown)


def _some_contact(shown: str, field: str) -> Tag:
    return Tag(shown, Has(has="contact", where=_empty(field)), is_some_contact=True)


def _empty(field: str) -> FieldCondition:
    return FieldCondition(field=field, exists=False)


def _custom_name(word: str, fields: tuple[CustomField, ...]) -> str | None:
    """The ID of the one custom field of this name or ID."""
    found = list(_named(word, fields))
    return found[0] if len(found) == 1 else None


def _named(word: str, fields: tuple[CustomField, ...]) -> Iterator[str]:
    return (field.id for field in fields if word in (field.id, field.name))
