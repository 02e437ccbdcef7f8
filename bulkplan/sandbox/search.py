"""How many objects match a query, and which: counting and listing on top of the compiler."""

import sqlite3
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.query_sort import compile_sort, read_results_limit
from bulkplan.sandbox.query_sql import ROOT_ALIAS, CompiledQuery, QueryContext, QueryError, compile_query
from bulkplan.sandbox.query_values import SqlValue
from bulkplan.sandbox.world import World

__all__ = ["QueryContext", "QueryError", "Selection", "count", "ids", "read_results_limit", "select_ids"]


@dataclass(frozen=True)
class Selection:
    """A complete SELECT of one column, `id`, in a total order; it may stand in parentheses inside another."""

    object_type: str
    sql: str
    params: tuple[SqlValue, ...]


def count(world: World, query: JsonValue, context: QueryContext) -> int:
    """Count the objects that match; raises QueryError."""
    with world.reading() as connection:
        compiled = compile_query(query, context=context, world=world)
        sql = f"{_head(compiled, 'count(*)')} WHERE {compiled.where_sql}"
        ((matched,),) = _run(connection, sql, compiled.params)
    return int(matched or 0)


def ids(
    world: World,
    query: JsonValue,
    context: QueryContext,
    *,
    sort: JsonValue = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[str]:
    """
    List the ids of the objects that match.

    Args:
        world: where to search.
        query: a node; see `compile_query`.
        context: who asks, and when.
        sort: as the API takes it; newest first without it. Ties go to the newer, then to the lesser id.
        limit: at most so many; None is all.
        offset: leave out so many first.

    Raises:
        QueryError: the query, the sort or the limit is wrong.
    """
    with world.reading() as connection:
        selection = select_ids(world, query, context, sort=sort, limit=limit, offset=offset)
        return [str(found) for (found,) in _run(connection, selection.sql, selection.params)]


def select_ids(
    world: World,
    query: JsonValue,
    context: QueryContext,
    *,
    sort: JsonValue = None,
    limit: int | None = None,
    offset: int = 0,
) -> Selection:
    """Answer what `ids` runs, to be run elsewhere, as in `INSERT INTO ... SELECT ... FROM (...)`; raises QueryError."""
    compiled = compile_query(query, context=context, world=world)
    order = compile_sort(sort, object_type_name=compiled.object_type, alias=ROOT_ALIAS, context=context, world=world)
    bound = read_results_limit(limit)
    sql = (
        f"{_head(compiled, f'{ROOT_ALIAS}.id AS id')} WHERE {compiled.where_sql} ORDER BY {order.sql} LIMIT ? OFFSET ?"
    )
    return Selection(
        compiled.object_type, sql, (*compiled.params, *order.params, -1 if bound is None else bound, offset)
    )


def _head(compiled: CompiledQuery, columns: str) -> str:
    return f"{compiled.with_sql} SELECT {columns} FROM {compiled.table} AS {ROOT_ALIAS}"  # noqa: S608 - own names


def _run(connection: sqlite3.Connection, sql: str, params: tuple[SqlValue, ...]) -> list[tuple[SqlValue, ...]]:
    try:
        return connection.execute(sql, params).fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # SQLite's own limits; the statement is ours and sound
            raise QueryError(f"The query is too complex: {error}") from error
        raise
