"""What the old text search of `GET /lead/?query=...` means, as far as it is understood here: words, a few keys, a sort.

Close gave it up in favour of structured queries in 2022, and programs still send it. What is not understood is
refused: an answer of every lead to a question for some would be worse than none.
Source: Close API, changelog of 14 February 2022; the syntax from queries seen in public programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.errors import ApiError

JsonObject = dict[str, JsonValue]

EVERY_LEAD: JsonObject = {"type": "object_type", "object_type": "lead"}

_TOKEN = re.compile(
    r'\s*(?:(?P<key>[\w.]+)\s*(?P<operator>>=|<=|[:=<>])\s*(?P<value>"[^"]*"|[^\s"]+)|(?P<word>"[^"]*"|[^\s"]+))'
)
_TEXT_KEYS = {"name": "name", "display_name": "display_name", "description": "description", "url": "url"}
_STATUS_KEYS = ("status", "lead_status", "status_label")
_DATE_KEYS = {"date_created": "date_created", "created": "date_created", "date_updated": "date_updated",
              "updated": "date_updated"}  # fmt: skip
_CONNECTIVES = frozenset({"or", "not", "in", "has", "no"})


@dataclass(frozen=True)
class TextQuery:
    """A text search as a structured query with its sort."""

    node: JsonObject
    sort: list[JsonValue]


def read_text_query(words: str) -> TextQuery:
    """Read a text search; raises ApiError 400 naming what is not understood."""
    nodes: list[JsonValue] = [EVERY_LEAD]
    sort: list[JsonValue] = []
    at = 0
    text = words.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _not_understood(text[at:])
        at = found.end()
        if found["key"] == "sort":
            sort.append(_sort(found["value"]))
        elif found["key"] is not None:
            nodes.append(_condition(found["key"], found["operator"], found["value"].strip('"')))
        elif found["word"].lower() not in ("*", "and"):
            nodes.append(_words(found["word"]))
    return TextQuery({"type": "and", "queries": nodes}, sort)


def _words(word: str) -> JsonObject:
    if word.lower() in _CONNECTIVES or re.search(r"[()]", word) or word.startswith("-"):
        raise _not_understood(word)
    mode = "phrase" if word.startswith('"') else "full_words"
    return {"type": "text", "mode": mode, "value": word.strip('"')}


def _condition(key: str, operator: str, value: str) -> JsonObject:
    if key in ("id", "lead_id") and operator in ":=":
        return {"type": "id", "value": value}
    if key in _STATUS_KEYS and operator in ":=":
        return _field("status_label", {"type": "text", "mode": "exact_value", "value": value})
    if key in _TEXT_KEYS and operator in ":=":
        return _field(_TEXT_KEYS[key], {"type": "text", "mode": "full_words", "value": value})
    if key in _DATE_KEYS and operator in ("<", "<=", ">", ">="):
        return _field(_DATE_KEYS[key], _span(operator, value))
    raise _not_understood(f"{key}{operator}{value}")


def _field(name: str, condition: JsonObject) -> JsonObject:
    field: JsonObject = {"type": "regular_field", "object_type": "lead", "field_name": name}
    return {"type": "field_condition", "field": field, "condition": condition}


def _span(operator: str, value: str) -> JsonObject:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise _not_understood(value) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if operator in (">", "<="):
        moment += timedelta(microseconds=1)  # ranges take their first instant in and leave their last one out
    end = "on_or_after" if operator.startswith(">") else "before"
    return {"type": "moment_range", end: {"type": "fixed_utc", "value": format_moment(moment)}}


def _sort(value: str) -> JsonObject:
    name = value.removeprefix("-")
    field: JsonObject = {"type": "regular_field", "object_type": "lead", "field_name": _DATE_KEYS.get(name, name)}
    return {"direction": "desc" if value.startswith("-") else "asc", "field": field}


def _not_understood(words: str) -> ApiError:
    return ApiError(400, f"This part of the query is not understood: {words}. Use s_query with POST /data/search/.")
