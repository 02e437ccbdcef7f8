"""Which entry of a YAML text each comment and each blank line belongs to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bulkplan.adapters.yaml_outline import Alias, Entry, Group, Node, Place, Scalar


@dataclass(frozen=True)
class Comment:
    """A comment with its `#`, or a blank line (`text` is empty). `is_alone`: nothing else stands in its line."""

    text: str
    at: Place
    is_alone: bool


def find_comments(lines: Sequence[str], documents: Sequence[Entry]) -> list[Comment]:
    """Every comment and blank line of a text, in order; what stands inside a value is neither."""
    hidden = _hidden(lines, documents)
    found: list[Comment] = []
    for number, line in enumerate(lines):
        spans = hidden.get(number, [])
        if not line.strip():
            if not spans:
                found.append(Comment("", (number, _next_indent(lines, number)), is_alone=True))
        elif (column := _comment_column(line, spans)) is not None:
            is_alone = not line[:column].strip()
            found.append(Comment(line[column:].rstrip(), (number, column), is_alone))
    return found


def place_comments(documents: Sequence[Entry], comments: Sequence[Comment]) -> None:
    """
    Hand every comment to the entry that it speaks of: the one in its line, else the one below it.

    One that is indented like the entries above it stays behind them, as what was commented out does.
    """
    starts = [document.start for document in documents]
    for comment in comments:
        index = max(0, bisect_left(starts, (comment.at[0] + 1, 0)) - 1)
        document = documents[index]
        if isinstance(document.value, Group) and comment.at > document.value.start and comment.at >= document.start:
            _place(comment, document.value)
        elif comment.at > document.end and isinstance(document.value, Group):
            _add(document.value.tail, comment)
        else:
            _add(document.leading, comment)


def _place(comment: Comment, group: Group) -> None:
    before = [entry for entry in group.entries if entry.start < comment.at]
    if not group.entries:
        _add(group.tail, comment)
    elif not before:
        _add(group.entries[0].leading, comment)
    elif comment.is_alone:
        _place_alone(comment, group, len(before) - 1)
    else:
        _place_beside(comment, before[-1])


def _place_alone(comment: Comment, group: Group, index: int) -> None:
    entry, value = group.entries[index], group.entries[index].value
    is_inside = comment.at < entry.end
    is_deeper = not group.is_flow and comment.at[1] > group.column
    if isinstance(value, Group) and value.entries and (is_inside or (is_deeper and not value.is_flow)):
        _place(comment, value)
    elif is_inside:
        _add(entry.leading, comment)
    elif index + 1 < len(group.entries):
        _add(group.entries[index + 1].leading, comment)
    else:
        _add(group.tail, comment)


def _place_beside(comment: Comment, entry: Entry) -> None:
    value = entry.value
    if not isinstance(value, Group) or not value.entries:
        _add(entry.trailing, comment)
    elif value.is_flow:
        if comment.at < value.end:
            _place(comment, value)
        else:
            _add(entry.trailing, comment)
    elif value.entries[0].start > comment.at:
        _add(entry.trailing, comment)
    else:
        _place(comment, value)


def _add(lines: list[str], comment: Comment) -> None:
    if comment.text or (lines and lines[-1]) or not lines:
        lines.append(comment.text)


def _comment_column(line: str, spans: Sequence[tuple[int, int]]) -> int | None:
    column = line.find("#")
    while column >= 0:
        end = next((end for start, end in spans if start <= column < end), None)
        if end is None:
            return column
        column = line.find("#", end)
    return None


def _next_indent(lines: Sequence[str], number: int) -> int:
    following = next((line for line in lines[number:] if line.strip()), "")
    return len(following) - len(following.lstrip())


def _hidden(lines: Sequence[str], documents: Sequence[Entry]) -> dict[int, list[tuple[int, int]]]:
    """By line, the stretches that belong to values: no comment begins there."""
    hidden: dict[int, list[tuple[int, int]]] = {}
    for node in _leaves(documents):
        first, last = node.start[0], node.end[0]
        if isinstance(node, Scalar) and node.style == "block":
            for line in range(first + 1, last):
                hidden.setdefault(line, []).append((0, len(lines[line]) + 1))
            continue
        for line in range(first, last + 1):
            start = node.start[1] if line == first else 0
            end = node.end[1] if line == last else len(lines[line]) + 1 if line < len(lines) else 0
            if end > start:
                hidden.setdefault(line, []).append((start, end))
    return hidden


def _leaves(documents: Sequence[Entry]) -> Iterator[Scalar | Alias]:
    waiting: list[Node] = [document.value for document in documents]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Group):
            for entry in node.entries:
                waiting += [entry.value] if entry.key is None else [entry.key, entry.value]
        else:
            yield node
