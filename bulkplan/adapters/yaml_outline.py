"""A YAML text for rewriting: its documents as entries with their comments, blank lines and styles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bulkplan.adapters.yaml_text import FileText

Place = tuple[int, int]
"""Line and column, both from 0."""

Style = Literal["plain", "quoted", "block"]
_BLOCK_HEADER = re.compile(r"(?:&\S+\s+)?(?P<sign>[|>])(?P<rest>[-+0-9]*)")


@dataclass
class Scalar:
    """
    A single value. `lines` are those of a block scalar without their indentation, `sign` its `|` or `>`.

    A block scalar whose indentation is written out has no `lines`: it is printed in quotes.
    """

    text: str
    style: Style
    start: Place
    end: Place
    anchor: str | None = None
    sign: str = ""
    lines: tuple[str, ...] = ()


@dataclass
class Alias:
    """`*name`."""

    name: str
    start: Place
    end: Place


@dataclass
class Group:
    """A mapping or a list. `tail` are comments (and `""` for a blank line) after its last entry."""

    is_mapping: bool
    is_flow: bool
    start: Place
    end: Place
    anchor: str | None = None
    entries: list[Entry] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)

    @property
    def column(self) -> int:
        """Where the entries of a block begin."""
        return self.entries[0].start[1] if self.entries else self.start[1]


Node = Scalar | Alias | Group


@dataclass
class Entry:
    """
    A key with its value, or an item of a list (`key` is `None`).

    `leading` are the comments above it, `trailing` those in its line; `""` is a blank line.
    """

    key: Scalar | Alias | None
    value: Node
    start: Place
    leading: list[str] = field(default_factory=list)
    trailing: list[str] = field(default_factory=list)

    @property
    def end(self) -> Place:
        """Where its value ends."""
        return end_of(self.value)


def end_of(node: Node) -> Place:
    """Where a node ends: at its bracket, or with its last entry."""
    if isinstance(node, Group) and not node.is_flow and node.entries:
        return node.entries[-1].end
    return node.end


def read_outlines(content: FileText) -> list[Entry]:
    """
    The documents of a valid text, each as an entry without a key; empty ones too, as an empty plain scalar.

    Comments are not placed yet. Source: ruamel.yaml, events of the Python parser.
    """
    reader = _Reader(content.lines)
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(content.text)
    for event in events:
        reader.take(event)
    return reader.documents


_DASH_ALONE = re.compile(r"([ -]*)-[ \t]*(?:#.*)?")


class _Reader:
    """Grows entries out of events."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.documents: list[Entry] = []
        self._lines = lines
        self._open: list[Group] = []
        self._keys: list[Scalar | Alias | None] = []
        self._begins: Place = (0, 0)

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._begins = _place(event.start_mark)
        elif isinstance(event, ScalarEvent):
            self._put(self._scalar(event))
        elif isinstance(event, AliasEvent):
            self._put(Alias(str(event.anchor), _place(event.start_mark), _place(event.end_mark)))
        elif isinstance(event, SequenceStartEvent | MappingStartEvent):
            group = _group(event)
            self._put(group)
            self._open.append(group)
            self._keys.append(None)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._open.pop().end = _place(event.end_mark)
            self._keys.pop()

    def _scalar(self, event: ScalarEvent) -> Scalar:
        start, end = _place(event.start_mark), _place(event.end_mark)
        anchor = event.anchor and str(event.anchor)
        if event.style in ("|", ">"):
            return self._block(event, start, end)
        return Scalar(str(event.value), "plain" if event.implicit[0] else "quoted", start, end, anchor)

    def _block(self, event: ScalarEvent, start: Place, end: Place) -> Scalar:
        last = end[0] if end[1] > 0 else end[0] - 1
        while last > start[0] and not self._lines[min(last, len(self._lines) - 1)].strip():
            last -= 1
        body = self._lines[start[0] + 1 : last + 1]
        header = _BLOCK_HEADER.match(self._lines[start[0]], start[1])
        is_indented = bool(header and any(sign.isdigit() for sign in header["rest"]))
        text, anchor = str(event.value), event.anchor and str(event.anchor)
        width = next((len(line) - len(line.lstrip(" ")) for line in body if line.strip()), 0)
        plain = () if is_indented or text.endswith("\n\n") or not text.strip() else tuple(line[width:] for line in body)
        return Scalar(text, "block", start, (last + 1, 0), anchor, str(event.style), plain)

    def _put(self, node: Node) -> None:
        if not self._open:
            self.documents.append(Entry(None, node, self._begins))
            return
        group = self._open[-1]
        if not group.is_mapping:
            group.entries.append(Entry(None, node, self._dash(node.start, group)))
        elif self._keys[-1] is None and not isinstance(node, Group):
            self._keys[-1] = node
        elif (key := self._keys[-1]) is not None:
            group.entries.append(Entry(key, node, key.start))
            self._keys[-1] = None

    def _dash(self, start: Place, group: Group) -> Place:
        """The dash of an item; it may stand on a line of its own above what it holds."""
        if group.is_flow:
            return start
        line, column = start
        before = self._lines[line][:column].rstrip()
        if before.endswith("-"):
            return (line, len(before) - 1)
        while line > group.start[0]:
            line -= 1
            if alone := _DASH_ALONE.fullmatch(self._lines[line]):
                return (line, len(alone[1]))
        return start


def _group(event: SequenceStartEvent | MappingStartEvent) -> Group:
    return Group(
        is_mapping=isinstance(event, MappingStartEvent),
        is_flow=bool(event.flow_style),
        start=_place(event.start_mark),
        end=_place(event.end_mark),
        anchor=event.anchor and str(event.anchor),
    )


def _place(mark: object) -> Place:
    return int(getattr(mark, "line", 0)), int(getattr(mark, "column", 0))
