"""A new YAML file out of plain data, with comments, in the canonical layout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from bulkplan.adapters.formatting import kind_of, schema_place
from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_format import SCHEMA_WORD
from bulkplan.adapters.yaml_key_order import KeyOrder
from bulkplan.adapters.yaml_outline import Entry, Group, Node, Scalar
from bulkplan.adapters.yaml_text import decode
from bulkplan.adapters.yaml_writer import document_lines
from bulkplan.core.digest import digest_json
from bulkplan.errors import BulkplanError, Problem
from bulkplan.errors import Path as DataPath
from bulkplan.model.document import Reading
from bulkplan.report.schemas import SCHEMAS

_NOWHERE = (0, 0)
_OPEN = frozenset({"filter", "action", "all", "any", "targets", "query", "queries", "tests"})
"""Keys whose value has lines of its own, however short it is."""
_GROUPS = frozenset({"all", "any", "not"})


@dataclass(frozen=True)
class Comments:
    """Comments without their `#`: on top, `above` a value and `beside` it, by its path; `""` is a blank line."""

    top: Sequence[str] = ()
    above: Mapping[DataPath, Sequence[str]] = field(default_factory=dict)
    beside: Mapping[DataPath, str] = field(default_factory=dict)


def compose(data: Mapping[str, JsonValue], comments: Comments, *, name: str, root: Path) -> str:
    """
    The text of a file of the project.

    Args:
        data: What it says.
        comments: What it says to people.
        name: Its path below `root`, which decides on the order of its keys and on the schema that it names.

    Raises:
        BulkplanError: It could not be read back as it is meant, for a character that nobody can see.
    """
    kind = kind_of(name)
    schema = schema_place(root / name, root, kind)
    lines = [f"# {SCHEMA_WORD} $schema={schema}"] if schema else []
    document = Entry(None, _node(dict(data), (), comments), _NOWHERE, leading=_comments(comments.top))
    text = "\n".join([*lines, *document_lines(document, KeyOrder.of_schema(SCHEMAS[kind]()))]) + "\n"
    _require_read_back(text, data, name)
    return text


def _require_read_back(text: str, data: Mapping[str, JsonValue], name: str) -> None:
    content = decode(name, text.encode("utf-8", "surrogateescape"))
    reading = Reading(problems=(content,)) if isinstance(content, Problem) else parse_documents(content)
    if reading.problems:
        problem = reading.problems[0]
        raise BulkplanError(
            f"{name} cannot be written: {problem.message}", hint="it stands in a name or value of Close"
        )
    if [document.digest for document in reading.documents] != [digest_json(data)]:
        raise BulkplanError(f"{name} cannot be written: it would be read otherwise", hint="write it by hand")


def _comments(lines: Sequence[str]) -> list[str]:
    return [f"# {line}" if line else "" for line in lines]


def _node(value: JsonValue, path: DataPath, comments: Comments) -> Node:
    if isinstance(value, dict):
        entries = [_entry(_scalar(key), item, (*path, key), comments) for key, item in value.items()]
        return Group(is_mapping=True, is_flow=_is_short(value, path), start=_NOWHERE, end=_NOWHERE, entries=entries)
    if isinstance(value, list):
        entries = [_entry(None, item, (*path, index), comments) for index, item in enumerate(value)]
        return Group(is_mapping=False, is_flow=_is_short(value, path), start=_NOWHERE, end=_NOWHERE, entries=entries)
    return _scalar(value)


def _entry(key: Scalar | None, value: JsonValue, path: DataPath, comments: Comments) -> Entry:
    beside = comments.beside.get(path)
    return Entry(
        key,
        _node(value, path, comments),
        _NOWHERE,
        leading=_comments(comments.above.get(path, ())),
        trailing=[f"# {beside}"] if beside else [],
    )


def _is_short(value: JsonValue, path: DataPath) -> bool:
    """Whether a value may stand in one line: not the whole, nor the parts that people look for and add to."""
    is_group = isinstance(value, dict) and len(value) == 1 and not _GROUPS.isdisjoint(value)
    return bool(path) and path[-1] not in _OPEN and not is_group


def _scalar(value: JsonValue) -> Scalar:
    if isinstance(value, str):
        return Scalar(value, "quoted", _NOWHERE, _NOWHERE)
    return Scalar(json.dumps(value), "plain", _NOWHERE, _NOWHERE)
