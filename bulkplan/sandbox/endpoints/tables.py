"""How the plain lists are answered: rows of one table, paged, as JSON objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.call import Call
from bulkplan.sandbox.errors import NotFoundError
from bulkplan.sandbox.paging import cut, list_body, pick
from bulkplan.sandbox.rows import Row, SqlValue, compact, fetch_all, fetch_int, fetch_one, text

JsonObject = dict[str, JsonValue]
Shape = Callable[[Call, Row], JsonObject]
"""Turns a row into the object that is answered."""


@dataclass(frozen=True)
class Table:
    """Where a resource comes from: `select` without WHERE, `order` of the list, `key` column of the id."""

    select: str
    order: str
    shape: Shape
    key: str = "id"

    def list(
        self,
        call: Call,
        *,
        conditions: Sequence[str] = (),
        params: Sequence[SqlValue] = (),
        max_limit: int | None = None,
    ) -> dict[str, JsonValue]:
        """Answer a page; `conditions` are SQL of ours with a `?` for each of `params`."""
        page = call.page(max_limit=max_limit)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"{self.select}{where} ORDER BY {self.order} LIMIT ? OFFSET ?"
        rows, has_more = cut(fetch_all(call.connection, sql, (*params, page.limit + 1, page.skip)), page)
        return list_body((pick(self.shape(call, row), call.fields) for row in rows), has_more=has_more)

    def get(self, call: Call) -> dict[str, JsonValue]:
        """Answer the object of the path; raises NotFoundError."""
        return pick(self.shape(call, self.row(call, call.id)), call.fields)

    def row(self, call: Call, object_id: str) -> Row:
        """Read one row; raises NotFoundError."""
        row = fetch_one(call.connection, f"{self.select} WHERE {self.key} = ?", (object_id,))
        if row is None:
            raise NotFoundError
        return row


class Conditions:
    """Collects SQL conditions with their parameters."""

    def __init__(self) -> None:
        self.sql: list[str] = []
        self.params: list[SqlValue] = []

    def add(self, condition: str, *params: SqlValue) -> None:
        """Add a condition with a `?` for each parameter."""
        self.sql.append(condition)
        self.params.extend(params)

    def add_given(self, call: Call, *names: str) -> None:
        """Add `column = value` for each of the columns that the request names as a parameter."""
        for name in names:
            if name in call.query:
                self.add(f"{name} = ?", call.query[name])

    def add_listed(self, call: Call, *names: str) -> None:
        """Add `column IN (...)` for each of the columns that the request names, as values with commas between them."""
        for name in names:
            if name in call.query:
                values = compact([value.strip() for value in call.query[name].split(",")])
                self.add(f"{name} IN (SELECT value FROM json_each(?))", values)  # noqa: S608 - own names

    @property
    def where(self) -> str:
        """Return ` WHERE ...`, or nothing where there are no conditions."""
        return f" WHERE {' AND '.join(self.sql)}" if self.sql else ""


def listed_ids(
    call: Call, table: str, conditions: Conditions, *, max_limit: int, order: str = "date_created DESC"
) -> tuple[list[str], bool, int]:
    """List a page of ids in `order` (SQL of ours): the ids, whether more follow, and how many there are in all."""
    page = call.page(max_limit=max_limit)
    rows = fetch_all(
        call.connection,
        f"SELECT id FROM {table}{conditions.where} ORDER BY {order}, id LIMIT ? OFFSET ?",  # noqa: S608 - own names
        (*conditions.params, page.limit + 1, page.skip),
    )
    found, has_more = cut([text(row, "id") for row in rows], page)
    total = fetch_int(call.connection, f"SELECT count(*) FROM {table}{conditions.where}", conditions.params)  # noqa: S608 - own names
    return found, has_more, total
