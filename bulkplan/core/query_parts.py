"""The parts of a structured query, each beside the clause of a file that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pydantic import JsonValue

from bulkplan.core.conditions import WhereContext
from bulkplan.core.english import describe_where
from bulkplan.core.fields import LEAD
from bulkplan.core.query_english import describe_query
from bulkplan.core.where import compile_where, object_type
from bulkplan.errors import Path
from bulkplan.model.base import JsonObject
from bulkplan.model.where import AllOf, AnyOf, Has, Not, Use, Where

Locate = Callable[[Path], str | None]
"""Where a value of a file stands: `file:line`."""

_GROUPS = {("and", False): "all of", ("and", True): "not all of", ("or", False): "any of", ("or", True): "none of"}


@dataclass(frozen=True)
class Part:
    """
    One part of the query. `depth` says how far in it stands, `words` what it asks, `why` what put it there.

    `node` is the part as Close gets it; `None` for a heading of the parts below it, and where names are not resolved.
    """

    words: str
    why: str
    at: str | None = None
    node: JsonObject | None = None
    depth: int = 0


@dataclass(frozen=True)
class PartsOf:
    """Takes a short filter apart. `context` compiles; without it there are words and places only."""

    locate: Locate
    context: WhereContext | None
    why: str

    def where(self, where: Where, path: Path, *, scope: str = LEAD, depth: int = 0) -> Iterator[Part]:
        """
        The parts of a short filter, from the outside in.

        A part below `not` is what must not hold: the query has it negated.
        """
        below = depth + 1
        if isinstance(where, AllOf | AnyOf):
            key, members = ("all", where.all) if isinstance(where, AllOf) else ("any", where.any)
            yield self._heading("all of" if key == "all" else "any of", path, depth)
            for index, member in enumerate(members):
                yield from self.where(member, (*path, key, index), scope=scope, depth=below)
        elif isinstance(where, Not):
            yield self._heading("not", path, depth)
            yield from self.where(where.not_, (*path, "not"), scope=scope, depth=below)
        elif isinstance(where, Has) and where.where is not None:
            yield self._heading(f"{describe_where(Has(has=where.has))}, of which", path, depth)
            yield from self.where(where.where, (*path, "where"), scope=where.has, depth=below)
        elif isinstance(where, Use) and where.where is not None:
            yield self._heading(f"the fragment {where.use}", (*path, "use"), depth)
            inside = replace(self, why=f"{self.why}, by the fragment {where.use}")
            yield from inside.where(where.where, (*path, "where"), scope=scope, depth=below)
        else:
            yield self._leaf(where, path, scope=scope, depth=depth)

    def _heading(self, words: str, path: Path, depth: int) -> Part:
        return Part(words, self.why, self.locate(path), None, depth)

    def _leaf(self, where: Where, path: Path, *, scope: str, depth: int) -> Part:
        compiled = compile_where(where, scope=scope, context=self.context, path=path) if self.context else None
        node = compiled.node if compiled and not compiled.problems else None
        return Part(describe_where(where), self.why, self.locate(path), node, depth)


def query_parts(
    node: JsonValue, path: Path, *, locate: Locate, why: str, names: dict[str, str], depth: int = 0
) -> Iterator[Part]:
    """The parts of a structured query that somebody wrote as such. Source: Close API, Advanced Filtering."""
    if not isinstance(node, dict):
        return
    queries, kind = node.get("queries"), node.get("type")
    words = _GROUPS.get((str(kind), node.get("negate") is True))
    if words is None or not isinstance(queries, list):
        words_of = "is a lead" if node == object_type(LEAD) else describe_query(node, names=names)
        yield Part(words_of, why, locate(path), node, depth)
        return
    yield Part(words, why, locate(path), None, depth)
    for index, query in enumerate(queries):
        at = (*path, "queries", index)
        yield from query_parts(query, at, locate=locate, why=why, names=names, depth=depth + 1)
