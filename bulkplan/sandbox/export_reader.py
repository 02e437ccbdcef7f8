"""How the file of a lead export is read: JSON, plain or gzipped; every fault with its place."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from pydantic import JsonValue, ValidationError

from bulkplan.errors import InvalidFilesError, Location, Problem
from bulkplan.sandbox.export_models import ExportedLead

JsonObject = dict[str, JsonValue]

GZIP_MAGIC = b"\x1f\x8b"
MOST_PROBLEMS = 50
HINT = "--from takes a JSON export of type leads, or the answer of GET /lead/"

_DATA_LIST = re.compile(r'\s*\{.*?"data"\s*:\s*(?=\[)', re.DOTALL)
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True)
class LeadSource:
    """A lead of the file: checked, and as it stands there; `place` is where it begins."""

    lead: ExportedLead
    raw: JsonObject
    place: Location


def read_export_file(path: Path) -> tuple[LeadSource, ...]:
    """
    Read a file: a JSON list of leads, `{"data": [...]}`, or either of them gzipped.

    Raises:
        InvalidFilesError: it cannot be read, is not JSON, holds no leads, or leads that are wrong; each with its place.
    """
    text = _text(path)
    source = _Source(str(path), text)
    found: list[LeadSource] = []
    problems: list[Problem] = []
    first_ids: dict[str, Location] = {}
    for at, value in _items(source):
        place = source.location(at)
        if not isinstance(value, dict):
            problems.append(Problem("a lead must be an object", hint=HINT, at=place))
        elif lead := _checked(value, place, problems):
            _check_id(lead, place, first_ids, problems)
            found.append(LeadSource(lead, value, place))
        if len(problems) >= MOST_PROBLEMS:
            break
    if not found and not problems:
        problems.append(Problem("the file holds no leads", hint=HINT, at=source.location(0)))
    if problems:
        raise InvalidFilesError(tuple(problems))
    return tuple(found)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if content.startswith(GZIP_MAGIC):
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidFilesError(
            (Problem(f"the file cannot be read: {reason}", hint=HINT, at=Location(str(path), 1, 1)),)
        ) from error


class _Source:
    """Finds lines and columns in a text; both count from 1."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self._starts = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]

    def location(self, at: int) -> Location:
        line = max(0, bisect_right(self._starts, at) - 1)
        return Location(self.file, line + 1, at - self._starts[line] + 1)


def _items(source: _Source) -> Iterator[tuple[int, JsonValue]]:
    """Yield the members of the list with where each begins."""
    text = source.text
    wrapped = _DATA_LIST.match(text) if text.lstrip().startswith("{") else None
    at = wrapped.end() if wrapped else len(text) - len(text.lstrip())
    if text[at : at + 1] != "[":
        _whole(source)  # a file that is no JSON at all is told so
        raise InvalidFilesError((Problem("the file holds no list of leads", hint=HINT, at=source.location(at)),))
    decoder = json.JSONDecoder()
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise _not_json(source, error) from error
        yield at, value
        at = _skip(text, end)


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _whole(source: _Source) -> None:
    try:
        json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise _not_json(source, error) from error


def _not_json(source: _Source, error: Exception) -> InvalidFilesError:
    at = source.location(error.pos) if isinstance(error, json.JSONDecodeError) else source.location(0)
    reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return InvalidFilesError((Problem(f"the file is not valid JSON: {reason}", hint=HINT, at=at),))


def _checked(value: JsonObject, place: Location, problems: list[Problem]) -> ExportedLead | None:
    try:
        lead = ExportedLead.model_validate(value)
    except ValidationError as error:
        problems += [
            Problem(f"{_named(value)}: {_path(item['loc'])} {_words(item['type'], item['msg'])}", hint=HINT, at=place)
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return None
    if lead.status_id is None and lead.status_label is None:
        problems.append(Problem(f"{_named(value)}: neither status_id nor status_label is there", hint=HINT, at=place))
        return None
    return lead


def _check_id(lead: ExportedLead, place: Location, first_ids: dict[str, Location], problems: list[Problem]) -> None:
    if lead.id is None:
        return
    if lead.id in first_ids:
        first = first_ids[lead.id]
        problems.append(Problem(f"the lead {lead.id} stands twice; first at line {first.line}", at=place))
    first_ids.setdefault(lead.id, place)


def _named(value: JsonObject) -> str:
    lead_id = value.get("id")
    return f"lead {lead_id}" if isinstance(lead_id, str) else "lead without id"


def _path(loc: tuple[int | str, ...]) -> str:
    """Write where in a lead a value stands: `contacts[0].emails[1].email`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


_WORDS = {
    "string_type": "must be text",
    "missing": "is missing",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
}
"""What is wrong, for the kinds of faults that a person can make in such a file."""


def _words(kind: str, message: str) -> str:
    return _WORDS.get(kind) or f"is not what it should be: {message.removeprefix('Value error, ')}"
