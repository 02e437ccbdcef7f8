"""Names for the IDs in a structured query, and which kinds of names it takes to know them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from bulkplan.model.catalog import Catalog, CatalogKind

_KINDS_BY_PREFIX: Mapping[str, tuple[CatalogKind, ...]] = {
    "stat_": (CatalogKind.LEAD_STATUSES, CatalogKind.OPPORTUNITY_STATUSES),
    "cf_": (CatalogKind.LEAD_FIELDS, CatalogKind.CONTACT_FIELDS, CatalogKind.OPPORTUNITY_FIELDS),
    "user_": (CatalogKind.USERS,),
    "seq_": (CatalogKind.SEQUENCES,),
}
"""Source: Close API, the IDs in its examples."""


def kinds_of_ids(query: JsonValue) -> frozenset[CatalogKind]:
    """The kinds that may hold names for the IDs in a query."""
    texts = tuple(_texts(query))
    found = (kinds for prefix, kinds in _KINDS_BY_PREFIX.items() if any(text.startswith(prefix) for text in texts))
    return frozenset(kind for kinds in found for kind in kinds)


def names_of_ids(query: JsonValue, catalog: Catalog) -> dict[str, str]:
    """Names for those IDs in a query that the catalog knows."""
    known = {
        **{status.id: status.label for status in (*catalog.lead_statuses, *catalog.opportunity_statuses)},
        **{field.id: field.name for field in (*catalog.lead_fields, *catalog.contact_fields)},
        **{field.id: field.name for field in catalog.opportunity_fields},
        **{user.id: user.full_name for user in catalog.users},
        **{sequence.id: sequence.name for sequence in catalog.sequences},
    }
    return {text: known[text] for text in _texts(query) if text in known}


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
