"""In which order found objects come, and how many of them: `sort` and `results_limit` read into SQL.

Source: Close API, Advanced Filtering, "Sorting".
"""

from typing import TYPE_CHECKING

from pydantic import JsonValue

from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.fields import Kind, ObjectType, object_type
from bulkplan.sandbox.query_lookup import custom_field
from bulkplan.sandbox.query_shape import JsonObject, read_key, read_object, read_text, spell
from bulkplan.sandbox.query_values import Fragment, QueryContext, QueryError

if TYPE_CHECKING:
    from bulkplan.sandbox.world import World

MAX_SORTS = 3
_DIRECTIONS = {"asc": "ASC", "desc": "DESC"}
_UNSORTABLE = (Kind.REFERENCE, Kind.BOOLEAN)
_LARGEST_LIMIT = 2**63 - 1  # of SQLite


def read_results_limit(value: JsonValue) -> int | None:
    """Answer a `results_limit`: None for no bound; raises QueryError for anything but a whole number of at least 0."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise QueryError(f'"results_limit" must be a whole number or null, not {spell(value)}')
    if value < 0:
        raise QueryError(f'"results_limit" must not be negative: {value}')
    return min(value, _LARGEST_LIMIT)


def compile_sort(
    sort: JsonValue, *, object_type_name: str, alias: str, context: QueryContext, world: "World"
) -> Fragment:
    """
    Answer what follows ORDER BY: the wanted order, then newest first, then by id, so that the order is total.

    Args:
        sort: null or at most three of `{"direction": "asc", "field": <field>}`. Objects without a value come last;
            texts are sorted without case.
        object_type_name: what is searched for; only its own fields sort.
        alias: of its row.
        context: for fields that depend on the present.
        world: whose custom fields may be named.

    Raises:
        QueryError: malformed, an unknown field, a reference, a field of another object, or more than three.
    """
    if sort is not None and not isinstance(sort, list):
        raise QueryError(f'"sort" must be a list, not {spell(sort)}')
    items = [read_object(item, 'an item of "sort"') for item in sort or []]
    if len(items) > MAX_SORTS:
        raise QueryError(f'"sort" must not have more than {MAX_SORTS} items')
    sorted_type = object_type(object_type_name)
    orders = [_order(item, sorted_type, alias, context, world) for item in items]
    sql = ", ".join([*(order.sql for order in orders), f"{alias}.date_created DESC", f"{alias}.id"])
    return Fragment(sql, tuple(param for order in orders for param in order.params))


def _order(item: JsonObject, of: ObjectType, alias: str, context: QueryContext, world: "World") -> Fragment:
    direction = read_text(item, "direction", 'an item of "sort"')
    if direction not in _DIRECTIONS:
        raise QueryError(f"Unknown sort direction: {direction}")
    field = read_object(read_key(item, "field", 'an item of "sort"'), '"field" of an item of "sort"')
    kind = read_text(field, "type", "a field")
    if kind not in ("regular_field", "custom_field"):
        raise QueryError(f"Unknown field type: {kind}")
    value = _regular(field, of, alias, context) if kind == "regular_field" else _custom(field, of, alias, world)
    return Fragment(f"{value.sql} {_DIRECTIONS[direction]} NULLS LAST", value.params)


def _regular(field: JsonObject, of: ObjectType, alias: str, context: QueryContext) -> Fragment:
    owner, name = read_text(field, "object_type", "a regular_field"), read_text(field, "field_name", "a regular_field")
    if object_type(owner) is not of:
        raise QueryError(f"{of.name} objects cannot be sorted by a field of {owner}: {name}")
    if name not in of.fields:
        raise QueryError(f"Unknown field of {owner}: {name}")
    known = of.fields[name]
    _check_sortable(known.kind, f"{owner}.{name}")
    now = (format_moment(context.now),) if known.uses_now else ()
    return Fragment(f"{known.sql.replace('{t}', alias)}{_collation(known.kind)}", now)


def _custom(field: JsonObject, of: ObjectType, alias: str, world: "World") -> Fragment:
    field_id = read_text(field, "custom_field_id", "a custom_field")
    with world.reading() as connection:
        known = custom_field(connection, field_id, of.name)
    _check_sortable(known.kind, f'the custom field "{known.name}"')
    first = (
        f"(SELECT s.{known.column} FROM custom_value AS s "  # noqa: S608 - own names
        f"WHERE s.object_id = {alias}.id AND s.custom_field_id = ? ORDER BY s.position LIMIT 1)"
    )
    return Fragment(f"{first}{_collation(known.kind)}", (field_id,))


def _check_sortable(kind: Kind, name: str) -> None:
    if kind in _UNSORTABLE:
        raise QueryError(f"{name} cannot be sorted by: only numbers, dates and texts can")


def _collation(kind: Kind) -> str:
    return " COLLATE NOCASE" if kind in (Kind.TEXT, Kind.WORD, Kind.TERM) else ""
