"""Which field a name in a spec means, seen from the kind of object in scope."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, get_args

from bulkplan.core.field_table import CUSTOM_TYPES, FIELDS, FieldType, Row
from bulkplan.core.near import did_you_mean
from bulkplan.core.resolve import CUSTOM_FIELD, Known, find, is_id, known_fields, list_some
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog, CustomField
from bulkplan.model.where import RelatedKind

LEAD = "lead"
_CUSTOM_SCOPES = ("lead", "contact", "opportunity")
RELATED_KINDS: tuple[str, ...] = get_args(RelatedKind)
_PLURALS = {
    "lead": "leads",
    "contact": "contacts",
    "opportunity": "opportunities",
    "sequence_subscription": "sequence subscriptions",
}


class FoundField(NamedTuple):
    """
    A field and how to ask Close for it.

    `node` is `{"type": "regular_field", …}` or `{"type": "custom_field", …}`. `owner` is the kind of object that holds
    it where that is not the one in scope. `names` maps the ID of a custom field to its name.
    """

    label: str
    type: FieldType
    node: JsonObject
    choices: tuple[str, ...] = ()
    owner: str | None = None
    is_multiple: bool = False
    names: Mapping[str, str] = MappingProxyType({})


def find_field(name: str, *, scope: str, catalog: Catalog, path: Path) -> FoundField | Problem:
    """
    Find a field by the name a spec gives it.

    Args:
        name: `status`, `custom.Industry`, `custom.cf_…`, or the same with the kind in scope in front
            (`opportunity.status_type`).
        scope: The kind of object the conditions speak of: `lead`, or the kind of the innermost `has`.
        catalog: Where custom fields are looked up.
        path: Of the name, for the problem.
    """
    bare = name.removeprefix(f"{scope}.").strip()
    if scope == LEAD:
        bare = bare.removeprefix("address.")
    if bare.startswith("custom."):
        return _find_custom(bare.removeprefix("custom."), name=name, scope=scope, catalog=catalog, path=path)
    row = FIELDS[scope].get(bare.lower())
    if row is not None:
        return _regular(bare.lower(), row, scope=scope)
    return _unknown(name, bare, scope=scope, catalog=catalog, path=path)


def plural(kind: str) -> str:
    """`leads`, `opportunities`, `e-mails` (for `activity.email`) …"""
    return _PLURALS.get(kind) or f"{kind.removeprefix('activity.')} activities"


def custom_fields(scope: str, catalog: Catalog) -> tuple[CustomField, ...] | None:
    """The custom fields of a kind of object; `None` for kinds that have none."""
    by_scope = {
        "lead": catalog.lead_fields,
        "contact": catalog.contact_fields,
        "opportunity": catalog.opportunity_fields,
    }
    return by_scope.get(scope)


def custom_field(item: CustomField) -> FoundField:
    """A custom field as found. Source: Close API, Advanced Filtering (`custom_field`)."""
    return FoundField(
        label=f"custom.{item.name}",
        type=CUSTOM_TYPES.get(item.type, FieldType.OTHER),
        node={"type": "custom_field", "custom_field_id": item.id},
        choices=item.choices or (),
        is_multiple=item.accepts_multiple_values,
        names={item.id: item.name},
    )


def _regular(label: str, row: Row, *, scope: str) -> FoundField:
    owner = row.owner or scope
    return FoundField(
        label=label,
        type=row.type,
        node={"type": "regular_field", "object_type": owner, "field_name": row.field_name},
        choices=row.choices,
        owner=row.owner,
    )


def _find_custom(word: str, *, name: str, scope: str, catalog: Catalog, path: Path) -> FoundField | Problem:
    fields = custom_fields(scope, catalog)
    if fields is None:
        return Problem(f"{plural(scope)} have no custom fields here", hint=_listing(scope, catalog), path=path)
    known = known_fields(fields)
    found = find(word, known, noun=CUSTOM_FIELD, path=path)
    if isinstance(found, Known):
        return custom_field(found.item)
    elsewhere = _scope_with_custom(word, scope, catalog)
    if elsewhere is None:
        return found
    return Problem(
        f'"{name}" is no field of {plural(scope)}', hint=_hint_elsewhere(elsewhere, f"custom.{word}"), path=path
    )


def _scope_with_custom(word: str, scope: str, catalog: Catalog) -> str | None:
    for other in _CUSTOM_SCOPES:
        fields = custom_fields(other, catalog) or ()
        if other != scope and any(word == one.id or word.casefold() == one.name.casefold() for one in fields):
            return other
    return None


def _unknown(name: str, bare: str, *, scope: str, catalog: Catalog, path: Path) -> Problem:
    message = f'"{name}" is no field of {plural(scope)}'
    kinds = [kind for kind in (LEAD, "address", *RELATED_KINDS) if kind != scope and name.startswith(f"{kind}.")]
    if kinds:
        return Problem(message, hint=_hint_elsewhere(kinds[0], name.removeprefix(f"{kinds[0]}.")), path=path)
    if is_id(bare, CUSTOM_FIELD.prefixes):
        return Problem(message, hint=f'a custom field is written "custom.{bare}"', path=path)
    labels = [*FIELDS[scope], *_custom_labels(scope, catalog)]
    own = [f"custom.{one.name}" for one in custom_fields(scope, catalog) or () if one.name.lower() == bare.lower()]
    guess = f'did you mean "{own[0]}"?' if own else did_you_mean(bare, labels)
    listing = _listing(scope, catalog)
    if not guess and not catalog.fetched and scope in _CUSTOM_SCOPES:
        listing = f'{listing}; a custom field is written "custom.{bare}"'
    return Problem(message, hint=f"{guess} {listing}" if guess else listing, path=path)


def _hint_elsewhere(kind: str, rest: str) -> str:
    if kind in (LEAD, "address"):
        return f'it is a field of the lead: put "field: {rest}" beside the `has`, not inside it'
    return f"write it as {{has: {kind}, where: {{field: {rest}, …}}}}"


def _custom_labels(scope: str, catalog: Catalog) -> list[str]:
    return [f"custom.{one.name}" for one in custom_fields(scope, catalog) or ()]


def _listing(scope: str, catalog: Catalog) -> str:
    custom = _custom_labels(scope, catalog)
    own = f"fields of {plural(scope)}: {list_some(list(FIELDS[scope]), limit=10)}"
    return f"{own}; custom fields: {list_some(custom, limit=10)}" if custom and catalog.fetched else own
