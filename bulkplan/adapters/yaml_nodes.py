"""
A YAML text as trees of nodes with their places, built from the parser's events inside fixed bounds.

The C parser goes first, being ten times faster. It is stricter than YAML 1.2 inside `[ ]` and `{ }`, so what it refuses
is read again by the Python parser, whose verdict and words count. Nothing here recurses: nesting is bounded while the
events come in, before anything walks the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
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

from bulkplan.adapters.yaml_syntax import explain
from bulkplan.adapters.yaml_text import FileText
from bulkplan.errors import Problem

MAX_DEPTH = 40
MAX_NODES = 10_000
MAX_ALIASES = 100
MAX_SHOWN = 40
"""Characters of a tag or the name of an alias in a message."""
MAX_SECOND_LOOK = 256 * 1024
"""Characters of a text that the Python parser, which takes seconds for a megabyte, may look at again."""


@dataclass(frozen=True)
class Span:
    """Where a node begins and ends: lines and columns from 0, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class ScalarNode:
    """A single value; `is_plain` when it stands without quotes."""

    span: Span
    text: str
    is_plain: bool


@dataclass
class ListNode:
    """A list."""

    span: Span
    items: list[Node] = field(default_factory=list)


@dataclass
class MappingNode:
    """A mapping: `items` holds keys and values in turn."""

    span: Span
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class AliasNode:
    """`*name`, and the node that it stands for."""

    span: Span
    target: ScalarNode | ListNode | MappingNode


Node = ScalarNode | ListNode | MappingNode | AliasNode


class _StopError(Exception):
    """The text is not read any further."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass
class Trees:
    """The roots of the documents read so far, and why reading stopped early."""

    roots: list[Node] = field(default_factory=list)
    problem: Problem | None = None


def read_trees(content: FileText) -> Trees:
    """Every document of a text, in order; up to the first mistake, which is then named."""
    trees, error = _read(content, is_pure=False)
    if error is None:
        return trees
    if len(content.text) > MAX_SECOND_LOOK:
        trees.problem = explain(content, error)
        return trees
    again, verdict = _read(content, is_pure=True)
    if verdict is None:
        return again
    again.problem = explain(content, verdict if isinstance(verdict, MarkedYAMLError) else error)
    return again


# The Python parser lets errors of its own through on escapes that name no character, e.g. "\UFFFFFFFF".
_PARSER_ERRORS = (YAMLError, ValueError, OverflowError, LookupError, TypeError, AttributeError, AssertionError)


def _read(content: FileText, *, is_pure: bool) -> tuple[Trees, Exception | None]:
    trees = Trees()
    builder = _Builder(content, trees.roots)
    try:
        for event in _events(content.text, is_pure=is_pure):
            builder.take(event)
    except _StopError as stop:
        trees.problem = stop.problem
    except _PARSER_ERRORS as error:
        return trees, error
    return trees, None


def _events(text: str, *, is_pure: bool) -> Iterator[Event]:
    events: Iterator[Event] = YAML(typ="safe", pure=is_pure).parse(text)
    yield from events


class _Builder:
    """Takes the events of one file and grows the trees of its documents."""

    def __init__(self, content: FileText, roots: list[Node]) -> None:
        self._content = content
        self._roots = roots
        self._open: list[ListNode | MappingNode] = []
        self._anchors: dict[str, ScalarNode | ListNode | MappingNode] = {}
        self._n_nodes = 0
        self._n_aliases = 0

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._start_document(event)
        elif isinstance(event, ScalarEvent):
            self._refuse_tag(event)
            self._put(ScalarNode(_span(event), event.value, is_plain=bool(event.implicit[0])), event.anchor)
        elif isinstance(event, AliasEvent):
            self._put_alias(event)
        elif isinstance(event, SequenceStartEvent | MappingStartEvent):
            self._open_collection(event)
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            self._close_collection(event)

    def _start_document(self, event: DocumentStartEvent) -> None:
        if event.version or event.tags:
            line = next(number for number, text in enumerate(self._content.lines) if text.startswith("%"))
            self._stop("a directive (%YAML, %TAG) may not stand here", "delete the line", Span(line, 0, line, 5))
        self._anchors = {}

    def _refuse_tag(self, event: ScalarEvent | SequenceStartEvent | MappingStartEvent) -> None:
        if event.tag is None:
            return
        written = str(event.tag).replace("tag:yaml.org,2002:", "!!")[:MAX_SHOWN]
        span = _span(event)
        shown = Span(span.line, span.column, span.line, span.column + len(written))
        self._stop(f"the tag {written} may not stand here", "delete it: values are read by their looks", shown)

    def _open_collection(self, event: SequenceStartEvent | MappingStartEvent) -> None:
        self._refuse_tag(event)
        if len(self._open) >= MAX_DEPTH:
            self._stop(f"values are nested more than {MAX_DEPTH} deep", "flatten them", _span(event))
        node = ListNode(_span(event)) if isinstance(event, SequenceStartEvent) else MappingNode(_span(event))
        self._put(node, event.anchor)
        self._open.append(node)

    def _close_collection(self, event: SequenceEndEvent | MappingEndEvent) -> None:
        node = self._open.pop()
        begin, end = node.span, _span(event)
        if end.end_column > end.column:  # a bracket closes it; a block has no end of its own
            node.span = Span(begin.line, begin.column, end.end_line, end.end_column)
        elif node.items:
            first = node.items[0].span
            node.span = Span(first.line, min(begin.column, first.column), first.end_line, first.end_column)

    def _put_alias(self, event: AliasEvent) -> None:
        span = _span(event)
        self._n_aliases += 1
        target = self._anchors.get(str(event.anchor))
        name = str(event.anchor)[:MAX_SHOWN]
        if target is None:
            self._stop(
                f"nothing above is named &{name}",
                f'write the value itself, or quote it if the star is part of the text: "*{name}"',
                span,
            )
        elif any(target is node for node in self._open):
            self._stop(f"*{name} stands inside the value that it names", "write the value out", span)
        elif self._n_aliases > MAX_ALIASES:
            self._stop(f"there are more than {MAX_ALIASES} aliases", "write the values out", span)
        else:
            self._put(AliasNode(span, target), None)

    def _put(self, node: Node, anchor: str | None) -> None:
        self._n_nodes += 1
        if self._n_nodes > MAX_NODES:
            self._stop(f"the file holds more than {MAX_NODES:,} values", "split it into several files", node.span)
        if anchor is not None and not isinstance(node, AliasNode):
            self._anchors[anchor] = node
        (self._open[-1].items if self._open else self._roots).append(node)

    def _stop(self, message: str, hint: str, span: Span) -> None:
        end = span.end_column if span.end_line == span.line else None
        raise _StopError(Problem(message, hint, at=self._content.location(span.line, span.column, end)))


def _span(event: Event) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span(int(start.line), int(start.column), int(end.line), int(end.column))
