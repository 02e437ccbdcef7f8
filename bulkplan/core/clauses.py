"""Which clauses a filter is made of, each as words and as a query of its own, so that each can be judged alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.core.conditions import WhereContext
from bulkplan.core.english import KIND_WORDS, describe_clause
from bulkplan.core.fields import LEAD, FoundField, find_field
from bulkplan.core.fixtures import Fixture, FixtureObject, field_key
from bulkplan.core.query_english import describe_query
from bulkplan.core.where import compile_where, object_type
from bulkplan.errors import Path
from bulkplan.model.base import SQuery
from bulkplan.model.spec_test_report import Clause
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Has, Not, Use, Where

_COUNTED: Mapping[str, str] = {
    "num_opportunities": "opportunity",
    "num_emails": "activity.email",
    "num_notes": "activity.note",
}


@dataclass(frozen=True)
class FilterClause:
    """
    A clause of a filter, about objects of one kind (`scope`).

    `query` selects the objects for which it holds; `key` is the field it asks for, where it is about one; `parts` are
    what it is made of, about the same object or (`related`) about objects of that kind.
    """

    words: str
    path: Path
    scope: str
    query: SQuery
    key: str | None = None
    parts: tuple[FilterClause, ...] = ()
    related: str | None = None

    def all_queries(self) -> Iterator[SQuery]:
        """Its query and those of its parts."""
        yield self.query
        for part in self.parts:
            yield from part.all_queries()


def clauses_of_where(where: Where, *, context: WhereContext, path: Path, scope: str = LEAD) -> FilterClause:
    """The clauses of a short filter that compiles without problems."""
    compiled = compile_where(where, scope=scope, context=context, path=path)
    parts, related = _parts(where, context=context, path=path, scope=scope)
    return FilterClause(
        words=_words(where, scope),
        path=path,
        scope=scope,
        query=_about(scope, compiled.node),
        key=_key(where, scope, context) if isinstance(where, FieldCondition) else None,
        parts=parts,
        related=related,
    )


def clauses_of_query(query: SQuery, *, path: Path, names: Mapping[str, str], scope: str = LEAD) -> FilterClause:
    """The clauses of a structured query; what it asks of related objects counts as one clause."""
    queries = query.get("queries")
    parts = tuple(
        clauses_of_query(node, path=(*path, "queries", index), names=names, scope=scope)
        for index, node in enumerate(queries if isinstance(queries, list) else ())
        if isinstance(node, dict) and node.get("type") != "object_type"
    )
    return FilterClause(describe_query(query, names=names), path, scope, _about(scope, query), parts=parts)


def _about(scope: str, node: SQuery) -> SQuery:
    """A query that says which kind of object it is about."""
    queries: list[JsonValue] = [object_type(scope), node]
    return {"type": "and", "queries": queries}


def _parts(
    where: Where, *, context: WhereContext, path: Path, scope: str
) -> tuple[tuple[FilterClause, ...], str | None]:
    def below(inner: Where, *steps: str | int, kind: str = scope) -> FilterClause:
        return clauses_of_where(inner, context=context, path=(*path, *steps), scope=kind)

    if isinstance(where, AllOf):
        return tuple(below(part, "all", index) for index, part in enumerate(where.all)), None
    if isinstance(where, AnyOf):
        return tuple(below(part, "any", index) for index, part in enumerate(where.any)), None
    if isinstance(where, Not):
        return (below(where.not_, "not"),), None
    if isinstance(where, Use) and where.where is not None:
        return (below(where.where, "where"),), None
    if isinstance(where, Has):
        inner = (below(where.where, "where", kind=where.has),) if where.where is not None else ()
        return inner, where.has
    return (), None


def _words(where: Where, scope: str) -> str:
    if isinstance(where, AllOf):
        return "all of:"
    if isinstance(where, AnyOf):
        return "any of:"
    if isinstance(where, Use):
        return f"{where.use}:"
    return describe_clause(where, scope=scope)


def _key(condition: FieldCondition, scope: str, context: WhereContext) -> str | None:
    found = find_field(condition.field, scope=scope, catalog=context.catalog, path=())
    return field_key(found) if isinstance(found, FoundField) else None


@dataclass(frozen=True)
class Judging:
    """What clauses are judged by: which objects each query selects, the lead, and how a path is said as a place."""

    fixture: Fixture
    holds: Callable[[SQuery, str], bool]
    place: Callable[[Path], str | None]

    def judge(self, clause: FilterClause, about: FixtureObject) -> Clause:
        """The clause for one object, its parts below it."""
        if clause.related is not None:
            return self._related(clause, clause.related, about)
        return Clause(
            words=clause.words,
            holds=self.holds(clause.query, about.id),
            at=self.place(clause.path),
            found=self._found(clause.key, about) if clause.key else None,
            clauses=tuple(self.judge(part, about) for part in _flat(clause)),
        )

    def _related(self, clause: FilterClause, kind: str, about: FixtureObject) -> Clause:
        near = (about.id,) if about.kind != LEAD else tuple(one.id for one in self.fixture.objects)
        others = [one for one in self.fixture.objects if one.kind == kind and one.parent in near]
        noun = KIND_WORDS[kind]
        each = tuple(
            _said_of(self.judge(part, one), f"{noun} {one.number}: ") for one in others for part in clause.parts
        )
        owner = KIND_WORDS.get(about.kind, about.kind)
        return Clause(
            words=clause.words,
            holds=self.holds(clause.query, about.id),
            at=self.place(clause.path),
            found=None if others else f"the {owner} has no {noun}",
            clauses=each,
        )

    def _found(self, key: str, about: FixtureObject) -> str | None:
        """What the object has for a field, in words; nothing where it is worked out from other objects."""
        owner = KIND_WORDS.get(about.kind, about.kind)
        if key in about.said:
            return f"the {owner}'s is {about.said[key]}"
        if about.kind == LEAD and key in _COUNTED:
            count = sum(one.kind == _COUNTED[key] for one in self.fixture.objects)
            return f"the lead's is {count}"
        has_history = any(one.kind.startswith("activity.") for one in self.fixture.objects)
        if key.endswith("_count") or key.startswith("num_") or (key == "last_communication_date" and has_history):
            return None
        return f"the {owner} has none" if key != "times_communicated" else None


def _said_of(clause: Clause, before: str) -> Clause:
    """The clause with what it is about said before its words."""
    return clause.model_copy(update={"words": before + clause.words})


def _flat(clause: FilterClause) -> tuple[FilterClause, ...]:
    """The parts, those of an `all of` in its place where it is the only one; below `any of` that would be a lie."""
    parts = clause.parts
    if len(parts) == 1 and parts[0].words == "all of:" and clause.words != "any of:":
        return parts[0].parts
    return parts
