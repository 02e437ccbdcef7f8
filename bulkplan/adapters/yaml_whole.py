"""
The trees of a YAML text as `Document`s: plain data, the place of every value and key, and what is wrong.

Importing this module loads the parser.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from bulkplan.adapters.yaml_nodes import MAX_DEPTH, MAX_NODES, AliasNode, ListNode, MappingNode, Node, Span, read_trees
from bulkplan.adapters.yaml_nodes import ScalarNode as Scalar
from bulkplan.adapters.yaml_scalars import BadScalar, resolve_plain
from bulkplan.adapters.yaml_text import FileText, hidden_character
from bulkplan.core.digest import digest_json
from bulkplan.errors import Location, Path, Problem
from bulkplan.model.document import Document, Reading


def parse_whole(content: FileText) -> Reading:
    """
    The documents of a text by the parser, in order; empty ones are left out, and those that are not known whole.

    What stands before a syntax error is still read, so that one look shows as many problems as possible.
    """
    trees = read_trees(content)
    problems: list[Problem] = []
    documents: list[Document] = []
    budget = _Budget()
    # The document in which reading stopped is not whole: its other mistakes would be guesses.
    whole = trees.roots[:-1] if trees.problem else trees.roots
    for index, root in enumerate(root for root in whole if not _is_empty(root)):
        walk = _Walk(content, problems, budget)
        n_before = len(problems)
        data = walk.value(root, ())
        if len(problems) - n_before == walk.n_repeated:
            documents.append(walk.document(data, index, root))
    if trees.problem:
        problems.append(trees.problem)
    return Reading(tuple(documents), tuple(problems))


@dataclass
class _Budget:
    """How many more values of this file may be visited; what an alias stands for counts at each use."""

    n_left: int = MAX_NODES
    is_spent: bool = False


@dataclass
class _Walk:
    """Walks one document once."""

    content: FileText
    problems: list[Problem]
    budget: _Budget
    places: dict[Path, Location] = field(default_factory=dict)
    keys: dict[Path, Location] = field(default_factory=dict)
    n_repeated: int = 0
    """Keys that stand twice: the first one counts, so what else is wrong can be told as well."""

    def document(self, data: JsonValue, index: int, root: Node) -> Document:
        return Document(
            file=self.content.file,
            index=index,
            line=root.span.line + 1,
            data=data,
            places=self.places,
            keys=self.keys,
            digest=digest_json(data),
        )

    def value(self, node: Node, path: Path) -> JsonValue:
        """The data of a node and of all below it."""
        self.places[path] = self._locate(node.span)
        if not self._may_go_on(node, path):
            return None
        target = node.target if isinstance(node, AliasNode) else node
        if isinstance(target, MappingNode):
            return self._mapping(target, path)
        if isinstance(target, ListNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(target.items)]
        return self._scalar(target)

    def _may_go_on(self, node: Node, path: Path) -> bool:
        self.budget.n_left -= 1
        if self.budget.is_spent:
            return False
        if self.budget.n_left < 0:
            self.budget.is_spent = True
            self._add(node.span, f"aliases make this file hold more than {MAX_NODES:,} values", "use fewer aliases")
        elif len(path) > MAX_DEPTH:
            self._add(node.span, f"aliases nest values more than {MAX_DEPTH} deep", "use fewer aliases")
            return False
        return not self.budget.is_spent

    def _scalar(self, node: Scalar) -> JsonValue:
        if (hidden := hidden_character(node.text)) is not None:
            self._add(node.span, f"the text holds the character {hidden}, which cannot be seen", "delete it")
            return None
        if not node.is_plain:
            return node.text
        value = resolve_plain(node.text)
        if isinstance(value, BadScalar):
            self._add(node.span, value.message, value.hint)
            return None
        return value

    def _mapping(self, node: MappingNode, path: Path) -> JsonValue:
        data: dict[str, JsonValue] = {}
        first: dict[str, Location] = {}
        for key_node, value_node in zip(node.items[::2], node.items[1::2], strict=False):
            key = self._key(key_node)
            if key is None:
                continue
            at = self._locate(key_node.span)
            if key in data:
                message = (
                    f'the key "{key}" stands here twice; first at line {first[key].line}, column {first[key].column}'
                )
                self._add(key_node.span, message, "delete one of the two")
                self.n_repeated += 1
                continue
            first[key] = self.keys[(*path, key)] = at
            data[key] = self.value(value_node, (*path, key))
        return data

    def _key(self, node: Node) -> str | None:
        target = node.target if isinstance(node, AliasNode) else node
        if not isinstance(target, Scalar):
            self._odd_key(node)
            return None
        if (hidden := hidden_character(target.text)) is not None:
            self._add(node.span, f"the key holds the character {hidden}, which cannot be seen", "delete it")
            return None
        if target.is_plain and target.text == "<<":
            self._add(
                node.span, "merge keys (<<) are not supported", "write the keys out, or use *name for a whole value"
            )
            return None
        if target.is_plain and not isinstance(resolve_plain(target.text), str):
            hint = f'quote it: "{target.text}"' if target.text else "write a key before the colon"
            self._add(node.span, f"a key is text; {target.text or 'nothing'} is not", hint)
            return None
        return target.text

    def _odd_key(self, node: Node) -> None:
        span = node.span
        source = self.content.lines[span.line]
        start = max(span.column - 1, 0)  # the node is the inner of two mappings
        if source.startswith("{{", start):
            end = source.find("}}", start)
            shown = Span(span.line, start, span.line, end + 2 if end >= 0 else len(source))
            self._add(shown, "an expression {{ … }} must stand inside quotes", 'write it as "{{ … }}"')
            return
        self._add(span, "a key is text; this is a list or a mapping", "quote it if it is meant as text")

    def _locate(self, span: Span) -> Location:
        line = self.content.lines[span.line] if span.line < len(self.content.lines) else ""
        end = span.end_column if span.end_line == span.line else len(line.rstrip())
        return self.content.location(span.line, span.column, end)

    def _add(self, span: Span, message: str, hint: str) -> None:
        self.problems.append(Problem(message, hint, at=self._locate(span)))


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_plain and resolve_plain(node.text) is None
