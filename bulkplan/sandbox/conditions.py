"""What each condition of a query means in SQL, for a field of a given kind.

Source: Close API, Advanced Filtering (boolean, current_user, exists, text, term, reference, number_range); filters
copied from the app (moment_range).
"""

import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.fields import Kind
from bulkplan.sandbox.moments import first_day_from, read_moment
from bulkplan.sandbox.query_lookup import check_references
from bulkplan.sandbox.query_shape import JsonObject, read_flag, read_key, read_object, read_text, read_texts, spell
from bulkplan.sandbox.query_values import MAX_TEXT, Fragment, QueryContext, QueryError, SqlValue, joined
from bulkplan.sandbox.text_match import FOLD_FUNCTION, SQL_FUNCTION, TEXT_MODES, words

_LONGEST_PARAMETER_LIST = 200
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BOUNDS = {"on_or_after": ">=", "before": "<"}


@dataclass(frozen=True)
class Operand:
    """
    A field's value as a condition sees it.

    Attributes:
        name: for messages, such as `lead.status_id`.
        sql: expression, evaluated for one row; `params` are its own parameters.
        reference_type: of a REFERENCE.
        lookup: as in `fields.Field`, its first entry qualified by the alias.
    """

    name: str
    kind: Kind
    sql: str
    params: tuple[SqlValue, ...] = ()
    reference_type: str | None = None
    lookup: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Asker:
    """Who asks (`context`) and of which world."""

    connection: sqlite3.Connection
    context: QueryContext


Compile = Callable[[Operand, JsonObject, Asker], Fragment]


def compile_condition(operand: Operand, condition: JsonValue, asker: Asker) -> Fragment:
    """
    Answer the SQL of a condition on an operand; it may be NULL, which counts as false.

    Raises:
        QueryError: the condition is malformed, unknown, or not one for a field of this kind.
    """
    node = read_object(condition, f"the condition on {operand.name}")
    name = read_text(node, "type", f"the condition on {operand.name}")
    if name not in _COMPILERS:
        raise QueryError(f"Unknown condition type: {name}")
    kinds, compiler = _COMPILERS[name]
    is_other_reference = name == "current_user" and operand.reference_type != "user"
    if operand.kind not in kinds or is_other_reference:
        raise QueryError(f"The condition {name} cannot be used on {operand.name}, {_describe(operand)}")
    return compiler(operand, node, asker)


def _describe(operand: Operand) -> str:
    if operand.kind is Kind.REFERENCE:
        return f"a reference to {operand.reference_type}"
    article = "a field of" if operand.kind is not Kind.TERM else "an enumerated field, asked for by"
    return f"{article} {operand.kind.value}"


def text_condition(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    """Answer the SQL of `{"mode": ..., "value": ...}`, of a condition or of a `text` node."""
    del asker
    what = f"the text searched in {operand.name}"
    mode, value = read_text(node, "mode", what), read_text(node, "value", what)
    if mode not in TEXT_MODES:
        raise QueryError(f"Unknown text mode: {mode}")
    if len(value) > MAX_TEXT:
        raise QueryError(f"{what} is longer than {MAX_TEXT} characters")
    if not (value if mode == "exact_value" else words(value)):
        raise QueryError(f"{what} holds no word: {value!r}")
    sql = f"{SQL_FUNCTION}(?, ?, {operand.sql})"
    plain_words = [word for word in words(value) if word.isascii()]
    if not plain_words or "(" in operand.sql:
        return Fragment(sql, (mode, value, *operand.params))
    # LIKE is far quicker than the function and folds the case of ASCII; other signs may fold to ASCII, so texts that
    # hold any go on to the function.
    quick = f"({operand.sql} LIKE ? OR length(CAST({operand.sql} AS BLOB)) > length({operand.sql}))"
    return Fragment(f"({quick} AND {sql})", (f"%{max(plain_words, key=len)}%", mode, value), depth=2)


def exact_text(sql: str, values: list[str]) -> Fragment:
    """Answer that a plain column of text is one of the values, but for case: one look at a row for all of them."""
    listed = json.dumps(sorted({value.casefold() for value in values}))
    return Fragment(f"{FOLD_FUNCTION}({sql}) IN (SELECT value FROM json_each(?))", (listed,), depth=2)  # noqa: S608


def _boolean(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    del asker
    read_key(node, "value", f"the condition on {operand.name}")
    return Fragment(f"{operand.sql} = ?", (*operand.params, int(read_flag(node, "value", "the boolean condition"))))


def _current_user(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    del node
    return Fragment(f"{operand.sql} = ?", (*operand.params, asker.context.user_id))


def _exists(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    del node, asker
    is_text = operand.kind in (Kind.TEXT, Kind.WORD)
    return Fragment(f"{operand.sql} <> ''" if is_text else f"{operand.sql} IS NOT NULL", operand.params)


def _term(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    del asker
    values = read_texts(node, "values", f"the term condition on {operand.name}")
    if operand.lookup is None:
        return is_one_of(operand.sql, values, operand.params)
    column, table, other_column = operand.lookup
    inner = is_one_of(other_column, values)
    sql = f"{column} IN (SELECT id FROM {table} WHERE {inner.sql})"  # noqa: S608 - names from `fields`
    return Fragment(sql, inner.params, depth=3)


def _reference(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    what = f"the reference condition on {operand.name}"
    reference_type = read_text(node, "reference_type", what)
    if reference_type != operand.reference_type:
        raise QueryError(f"{operand.name} is a reference to {operand.reference_type}, not to {reference_type}")
    object_ids = read_texts(node, "object_ids", what)
    check_references(asker.connection, reference_type, object_ids)
    return is_one_of(operand.sql, object_ids, operand.params)


def _number_range(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    del asker
    what = f"the number_range on {operand.name}"
    _check_bounds(node, _COMPARISONS, what)
    bounds = [
        Fragment(f"{operand.sql} {sign} ?", (*operand.params, _number(node[key], f'"{key}" of {what}')))
        for key, sign in _COMPARISONS.items()
        if node.get(key) is not None
    ]
    return joined("AND", bounds or [Fragment(f"{operand.sql} IS NOT NULL", operand.params)])


def _moment_range(operand: Operand, node: JsonObject, asker: Asker) -> Fragment:
    _check_bounds(node, _BOUNDS, f"the moment_range on {operand.name}")
    bounds = [
        Fragment(f"{operand.sql} {sign} ?", (*operand.params, _instant(operand.kind, node[key], asker.context)))
        for key, sign in _BOUNDS.items()
        if node.get(key) is not None
    ]
    return joined("AND", bounds or [Fragment(f"{operand.sql} IS NOT NULL", operand.params)])


def _check_bounds(node: JsonObject, keys: Mapping[str, str], what: str) -> None:
    for key in node:
        if key not in keys and key != "type":
            raise QueryError(f"Unknown bound of {what}: {key}")
    if len(node) == 1:
        raise QueryError(f"{what} lacks a bound: one of {', '.join(keys)}")


def _instant(kind: Kind, value: JsonValue, context: QueryContext) -> str:
    """Write a bound as the column it is compared with does; a date stands for the first instant of its local day."""
    moment = read_moment(value, context)
    return first_day_from(moment, context).isoformat() if kind is Kind.DATE else format_moment(moment)


def _number(value: JsonValue, what: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QueryError(f"{what} must be a number, not {spell(value)}")
    try:
        number = float(value)
    except OverflowError as error:
        raise QueryError(f"{what} is out of range") from error
    if not math.isfinite(number):
        raise QueryError(f"{what} is out of range")
    return number


def is_one_of(sql: str, values: list[str], params: tuple[SqlValue, ...] = ()) -> Fragment:
    """Answer `sql IN (values)`; a long list travels as one JSON parameter. `params` are those of `sql` itself."""
    if len(values) > _LONGEST_PARAMETER_LIST:
        listed = f"{sql} IN (SELECT value FROM json_each(?))"  # noqa: S608 - own names
        return Fragment(listed, (*params, json.dumps(values)), depth=2)
    marks = ", ".join("?" * len(values))
    return Fragment(f"{sql} IN ({marks})", (*params, *values))


_COMPILERS: Mapping[str, tuple[frozenset[Kind], Compile]] = {
    "boolean": (frozenset({Kind.BOOLEAN}), _boolean),
    "current_user": (frozenset({Kind.REFERENCE}), _current_user),
    "exists": (frozenset(Kind), _exists),
    "text": (frozenset({Kind.TEXT, Kind.WORD}), text_condition),
    "term": (frozenset({Kind.TERM, Kind.WORD}), _term),
    "reference": (frozenset({Kind.REFERENCE}), _reference),
    "number_range": (frozenset({Kind.NUMBER}), _number_range),
    "moment_range": (frozenset({Kind.MOMENT, Kind.DATE}), _moment_range),
}
