"""
The canonical layout of a YAML text: outlines in, lines out.

What was written in one line stays so while it fits; a short condition, and `guards`, `options`, `schedule`, are brought
into one line. Everything else has a line of its own. Printing what was printed gives the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from bulkplan.adapters.yaml_key_order import KeyOrder
from bulkplan.adapters.yaml_outline import Alias, Entry, Group, Node, Scalar
from bulkplan.adapters.yaml_quoting import in_quotes, may_be_bare, write_text

MAX_WIDTH = 120
INDENT = 2
_ONE_LINE = frozenset({"guards", "options", "schedule"})
"""Keys whose mapping is brought into one line where it fits."""
_MAX_CONDITION = 3
"""A condition has a field and at most two operators."""


def document_lines(document: Entry, order: KeyOrder) -> list[str]:
    """The lines of one document, without `---`. The outline is rearranged in doing so."""
    root = document.value
    leading = _edge([*document.leading, *document.trailing])
    if not isinstance(root, Group):
        return _without_last_blanks([*leading, *(line for line in _value_lines(root, "", 0, ()) if line)])
    if not root.entries:
        return _without_last_blanks([*leading, *root.tail, "{}" if root.is_mapping else "[]"])
    _settle(root, order, key="", keeps_order=_holds_anchor(root))
    return _without_last_blanks([*leading, *_block(root, 0)])


def _settle(group: Group, order: KeyOrder, *, key: str, keeps_order: bool) -> None:
    """Bring keys into order, and comments to where they can stand, at any depth."""
    order = order.narrowed(_keys(group), _constants(group)) if group.is_mapping else order.items()
    if group.is_mapping and not keeps_order:
        group.entries.sort(key=lambda entry: order.rank(_key_of(entry)))
    for entry in group.entries:
        if isinstance(entry.value, Group):
            below = order.child(_key_of(entry)) if group.is_mapping else order
            _settle(entry.value, below, key=_key_of(entry), keeps_order=keeps_order)
    for index, entry in enumerate(group.entries):
        _settle_comments(entry, is_first=index == 0, is_item=not group.is_mapping)
    if not group.is_flow and _closes(group, key):
        group.is_flow = True


def _settle_comments(entry: Entry, *, is_first: bool, is_item: bool) -> None:
    value = entry.value
    opens = isinstance(value, Group) and not _may_flow(value)
    if is_item and opens and isinstance(value, Group) and value.entries and not value.anchor:
        first = value.entries[0]
        entry.leading += [*entry.trailing, *first.leading]
        entry.trailing, first.leading = [], []
    entry.leading += entry.trailing[1:]
    entry.trailing = entry.trailing[:1]
    if is_first:
        entry.leading = _edge(entry.leading)


def _closes(group: Group, key: str) -> bool:
    """Whether a block is brought into one line: a condition, or one of a few short mappings."""
    if not group.is_mapping or group.anchor or not all(_is_simple(entry.value) for entry in group.entries):
        return False
    is_condition = key != "action" and len(group.entries) <= _MAX_CONDITION and "field" in _keys(group)
    return key in _ONE_LINE or is_condition


def _is_simple(node: Node) -> bool:
    if isinstance(node, Group):
        return node.is_flow and not node.is_mapping and all(not isinstance(e.value, Group) for e in node.entries)
    return True


def _may_flow(group: Group) -> bool:
    """Whether the group is to stand in one line, as far as what it holds allows; its length is judged later."""
    if not group.entries:
        return not group.tail
    return group.is_flow and not any(group.tail) and all(_entry_may_flow(entry) for entry in group.entries)


def _entry_may_flow(entry: Entry) -> bool:
    if any(entry.leading) or entry.trailing:
        return False
    value = entry.value
    if isinstance(value, Group):
        return _may_flow(value)
    return isinstance(value, Alias) or (value.style != "block" and "\n" not in value.text)


def _block(group: Group, indent: int) -> list[str]:
    pad = " " * indent
    lines: list[str] = []
    for entry in group.entries:
        lines += [pad + comment if comment else "" for comment in entry.leading]
        if entry.key is None:
            lines += _item_lines(entry, indent)
        else:
            head = f"{pad}{_key_text(entry.key, in_flow=False)}:"
            lines += _value_lines(entry.value, head, indent, entry.trailing)
    return [*lines, *(pad + comment if comment else "" for comment in group.tail)]


def _item_lines(entry: Entry, indent: int) -> list[str]:
    value, pad = entry.value, " " * indent
    if not isinstance(value, Group) or value.anchor or _one_line(value, f"{pad}-") is not None:
        return _value_lines(value, f"{pad}-", indent, entry.trailing)
    above = [f"{pad}{comment}" for comment in entry.trailing if comment]
    lines = _block(value, indent + INDENT)
    while lines[0].lstrip().startswith("#"):  # of an item within the item
        above.append(pad + lines.pop(0).lstrip())
    return [*above, f"{pad}- {lines[0].lstrip(' ')}", *lines[1:]]


def _value_lines(value: Node, head: str, indent: int, trailing: Sequence[str]) -> list[str]:
    """A value behind its key or dash, with the comment of that line."""
    comment = f"  {trailing[0]}" if trailing and trailing[0] else ""
    if isinstance(value, Alias):
        return [f"{head} *{value.name}{comment}"]
    if isinstance(value, Group):
        line = _one_line(value, head)
        if line is not None:
            return [line + comment]
        anchor = f" &{value.anchor}" if value.anchor else ""
        return [f"{head}{anchor}{comment}", *_block(value, indent + INDENT)]
    return _scalar_lines(value, head, indent, comment)


def _scalar_lines(scalar: Scalar, head: str, indent: int, comment: str) -> list[str]:
    anchor = f" &{scalar.anchor}" if scalar.anchor else ""
    if scalar.style == "block" and scalar.lines:
        sign = scalar.sign + ("" if scalar.text.endswith("\n") else "-")
        pad = " " * (indent + INDENT)
        first = f"{head}{anchor} {sign}{comment}" if head else f"{anchor}{sign}{comment}"
        return [first, *(pad + line if line else "" for line in scalar.lines)]
    text = _scalar_text(scalar, in_flow=False)
    line = f"{head}{anchor} {text}" if text else f"{head}{anchor}"
    if text == scalar.text and len(line) > MAX_WIDTH and "  " not in text:
        lines = _wrapped(line, " " * (indent + INDENT), n_head=len(head) + 1)
        return [*lines[:-1], lines[-1] + comment]
    return [(line if head else line.lstrip(" ")) + comment]


def _wrapped(line: str, pad: str, *, n_head: int) -> list[str]:
    """A long line of words as several; the first word stays beside its key."""
    lines: list[str] = []
    rest = line
    while len(rest) > MAX_WIDTH:
        begin = n_head if not lines else len(pad)
        at = rest.rfind(" ", begin + 1, MAX_WIDTH + 1)
        at = at if at > begin else rest.find(" ", max(begin + 1, MAX_WIDTH))
        if at < 0:
            break
        lines.append(rest[:at])
        rest = pad + rest[at + 1 :]
    return [*lines, rest]


def _one_line(group: Group, head: str) -> str | None:
    """The group behind its head in one line; `None` where it may not or does not fit."""
    if not _may_flow(group):
        return None
    line = f"{head} {_flow(group)}" if head else _flow(group)
    return line if len(line) <= MAX_WIDTH or not group.entries else None


def _flow(node: Node) -> str:
    if isinstance(node, Alias):
        return f"*{node.name}"
    if isinstance(node, Scalar):
        anchor = f"&{node.anchor} " if node.anchor else ""
        return (anchor + _scalar_text(node, in_flow=True)).rstrip(" ")
    anchor = f"&{node.anchor} " if node.anchor else ""
    inner = ", ".join(_flow_entry(entry) for entry in node.entries)
    return f"{anchor}{{{inner}}}" if node.is_mapping else f"{anchor}[{inner}]"


def _flow_entry(entry: Entry) -> str:
    value = _flow(entry.value)
    if entry.key is None:
        return value or "null"
    return f"{_key_text(entry.key, in_flow=True)}: {value or 'null'}"


def _key_text(key: Scalar | Alias, *, in_flow: bool) -> str:
    if isinstance(key, Alias):
        return f"*{key.name} "
    anchor = f"&{key.anchor} " if key.anchor else ""
    return anchor + _scalar_text(key, in_flow=in_flow)


def _scalar_text(scalar: Scalar, *, in_flow: bool) -> str:
    if scalar.style != "plain":
        return write_text(scalar.text, in_flow=in_flow) if "\n" not in scalar.text else in_quotes(scalar.text)
    is_bare = not scalar.text or may_be_bare(scalar.text, in_flow=in_flow)
    return scalar.text if is_bare else in_quotes(scalar.text)


def _edge(lines: Sequence[str]) -> list[str]:
    """Lines without a blank one at their beginning."""
    begin = next((index for index, line in enumerate(lines) if line), len(lines))
    return list(lines[begin:])


def _without_last_blanks(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _key_of(entry: Entry) -> str:
    return entry.key.text if isinstance(entry.key, Scalar) else ""


def _keys(group: Group) -> tuple[str, ...]:
    return tuple(_key_of(entry) for entry in group.entries)


def _constants(group: Group) -> dict[str, str]:
    return {_key_of(entry): entry.value.text for entry in group.entries if isinstance(entry.value, Scalar)}


def _holds_anchor(group: Group) -> bool:
    """Whether the order of keys may matter: an alias must come after what it stands for."""
    waiting: list[Node] = [group]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Alias) or node.anchor:
            return True
        if isinstance(node, Group):
            for entry in node.entries:
                waiting += [entry.value] if entry.key is None else [entry.key, entry.value]
    return False
