"""What specs share: the fragments under `filters/`, each checked by itself and put where it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pydantic import JsonValue

from bulkplan.core.mappings import mappings_in
from bulkplan.core.near import did_you_mean
from bulkplan.core.resolve import list_some
from bulkplan.core.spec_problems import load_model
from bulkplan.core.spec_rules import find_empty_keys, find_where_problems
from bulkplan.core.spec_words import shorten
from bulkplan.core.template import find_fixed_problems, holds_expression
from bulkplan.errors import Location, Path, Problem
from bulkplan.model.document import Document
from bulkplan.model.fragment import FilterFragment
from bulkplan.model.run import FragmentSource
from bulkplan.model.where import where_tag

MAX_NESTING = 10
"""Fragments inside fragments."""
MAX_VALUES = 5_000
"""YAML values that fragments may bring into one document, each use counted."""

SPEC_ROOT: Path = ("filter", "where")
PROJECT_ROOT: Path = ("suppress",)
_ROOT: Path = ("where",)


@dataclass(frozen=True)
class Fragments:
    """
    The fragments of a project: `sound` ones with their own fragments in place, `known` the names of all of them.

    `is_complete` is false when some file could not be read: a name that is missing may then stand there.
    """

    sound: Mapping[str, Document] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    is_complete: bool = True


class Placed(NamedTuple):
    """A document with what its fragments say in place; a use that cannot be followed is left as it is."""

    document: Document
    problems: tuple[Problem, ...] = ()


def load_fragments(documents: Sequence[Document], *, is_complete: bool) -> Fragments:
    """Check every fragment, also those that nothing uses. All problems are located."""
    problems: list[Problem] = []
    first: dict[str, Document] = {}
    unsound: set[str] = set()
    for document in documents:
        name, found = _name_of(document), _own_problems(document)
        if name is not None and name in first:
            found = (*found, _duplicate(name, document, first[name]))
        elif name is not None:
            first[name] = document
        problems += found
        if name is not None and found:
            unsound.add(name)
    linker = _Linker(first, unsound, is_complete=is_complete)
    for name in first:
        linker.resolve(name, ())
    sound = {name: document for name, document in linker.resolved.items() if document is not None}
    return Fragments(sound, frozenset(first), (*problems, *linker.problems), is_complete)


def place_fragments(document: Document, fragments: Fragments, *, root: Path) -> Placed:
    """
    Put what fragments say where a document uses them.

    Args:
        document: A spec or the project file, as read.
        fragments: Those of the project.
        root: Where its short filter stands: `SPEC_ROOT` or `PROJECT_ROOT`.
    """
    placing = _Placing(document, fragments.sound, fragments.known, is_complete=fragments.is_complete)
    return Placed(placing.place(root), tuple(document.located(problem) for problem in placing.problems))


def warn_of_unused(
    fragments: Sequence[Document], *, users: Iterable[tuple[Document | None, Path]]
) -> tuple[Problem, ...]:
    """Fragments that no spec, no other fragment and no suppression names; `users` are documents with their roots."""
    places = [*users, *((document, _ROOT) for document in fragments)]
    used = {name for document, root in places if document for name in uses_of(document, root)}
    hint = "use it as {use: NAME} in a where, or delete it"
    return tuple(
        document.located(Problem(f'nothing uses the fragment "{name}"', hint.replace("NAME", name), ("name",)))
        for document in fragments
        if (name := _name_of(document)) is not None and name not in used
    )


def uses_of(document: Document, root: Path) -> frozenset[str]:
    """The names of the fragments that a document uses in its short filter, which stands at `root`."""
    found = _value_at(document.data, root)
    return frozenset(name for _, name in _uses(found, root)) if _may_use(found) else frozenset()


def _own_problems(document: Document) -> tuple[Problem, ...]:
    data = document.data
    loaded = load_model(FilterFragment, data)
    problems = list(loaded) if isinstance(loaded, tuple) else []
    if isinstance(data, dict):
        problems += [problem for problem in find_empty_keys(data) if problem.path[:1] != ("vars",)]
        problems += find_where_problems(data.get("where"), _ROOT)
        problems += find_fixed_problems(document)
    located = [document.located(problem) for problem in problems if not _is_filled_later(data, problem)]
    distinct: dict[tuple[Location | None, str], Problem] = {}
    for problem in located:
        distinct.setdefault((problem.at, problem.message), problem)
    return tuple(distinct.values())


def _is_filled_later(data: JsonValue, problem: Problem) -> bool:
    """Whether the type of a value is known only once its expression is filled in."""
    return (
        problem.path[:1] == _ROOT and not problem.on_key and isinstance(value := _value_at(data, problem.path), str)
    ) and holds_expression(value)


def _value_at(data: JsonValue, path: Path) -> JsonValue:
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _name_of(document: Document) -> str | None:
    name = document.data.get("name") if isinstance(document.data, dict) else None
    return name if isinstance(name, str) else None


def _duplicate(name: str, document: Document, first: Document) -> Problem:
    message = f'the name "{name}" is taken: another fragment has it at {first.locate(("name",))}'
    return document.located(Problem(message, "give this fragment another name", ("name",)))


def _may_use(value: JsonValue) -> bool:
    """Whether the word `use` is a key anywhere in a value: quickly told, and in most filters it is not."""
    return any("use" in mapping for mapping in mappings_in(value))


def _uses(value: JsonValue, path: Path) -> Iterator[tuple[Path, str]]:
    """The uses of fragments in a short filter, each by its path."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _uses(item, (*path, index))
    elif isinstance(value, dict) and where_tag(value) == "use":
        name = value["use"]
        if isinstance(name, str):
            yield path, name
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _uses(item, (*path, key))


@dataclass
class _Linker:
    """Puts fragments into fragments, the inner ones first."""

    documents: Mapping[str, Document]
    unsound: set[str]
    is_complete: bool
    resolved: dict[str, Document | None] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def resolve(self, name: str, trail: tuple[str, ...]) -> None:
        """Put what the fragment uses into it; `trail` are those that wait for it."""
        if name in self.resolved:
            return
        document = self.documents[name]
        found: list[Problem] = []
        for path, other in _uses(_value_at(document.data, _ROOT), _ROOT):
            found += self._follow(path, other, (*trail, name))
        inner = {other: placed for other, placed in self.resolved.items() if placed is not None}
        placing = _Placing(document, inner, frozenset(self.documents), is_complete=self.is_complete)
        placed = placing.place(_ROOT)
        found = [document.located(problem) for problem in (*found, *placing.problems)]
        self.problems += found
        self.resolved[name] = None if found or name in self.unsound else placed

    def _follow(self, path: Path, other: str, trail: tuple[str, ...]) -> list[Problem]:
        if other in trail:
            circle = " → ".join((*trail[trail.index(other) :], other))
            return [Problem(f"these fragments use each other: {circle}", "delete one of these uses", (*path, "use"))]
        if other not in self.documents:
            return []
        self.resolve(other, trail)
        if self.resolved[other] is None:
            self.unsound.add(trail[-1])
        depth = self.depths[trail[-1]] = max(self.depths.get(trail[-1], 1), self.depths.get(other, 1) + 1)
        if depth > MAX_NESTING:
            message = f"fragments are nested more than {MAX_NESTING} deep here"
            return [Problem(message, "write the conditions of one of them where it is used", (*path, "use"))]
        return []


@dataclass
class _Placing:
    """Puts fragments into one document."""

    document: Document
    sound: Mapping[str, Document]
    known: frozenset[str]
    is_complete: bool
    problems: list[Problem] = field(default_factory=list)
    places: dict[Path, Location] = field(default_factory=dict)
    keys: dict[Path, Location] = field(default_factory=dict)
    uses: dict[Path, Mapping[str, JsonValue]] = field(default_factory=dict)
    sources: dict[str, FragmentSource] = field(default_factory=dict)

    def place(self, root: Path) -> Document:
        """The document with its fragments in place below `root`; the very same where it uses none."""
        found = _value_at(self.document.data, root)
        if not _may_use(found) or not any(True for _ in _uses(found, root)):
            return self.document
        data = _replaced(self.document.data, root, self._value(found, root))
        return replace(
            self.document,
            data=data,
            places={**self.document.places, **self.places},
            keys={**self.document.keys, **self.keys},
            uses=self.uses,
            fragments=tuple(self.sources[name] for name in sorted(self.sources)),
        )

    def _value(self, value: JsonValue, path: Path) -> JsonValue:
        if isinstance(value, list):
            return [self._value(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if where_tag(value) == "use" and isinstance(name := value["use"], str):
            return self._use(value, name, path)
        return {key: self._value(item, (*path, key)) for key, item in value.items()}

    def _use(self, use: Mapping[str, JsonValue], name: str, path: Path) -> JsonValue:
        if "where" in use:
            hint = "the fragment says which conditions; the keys here are use, vars"
            self.problems.append(Problem('unknown key "where" beside use', hint, (*path, "where"), on_key=True))
        kept = {key: value for key, value in use.items() if key != "where"}
        fragment = self.sound.get(name)
        if fragment is None:
            self.problems += self._unknown(name, path)
            return {**kept, "use": "unknown"} if holds_expression(name) else kept  # told once, here
        taken = {place: at for place, at in fragment.places.items() if place[:1] == _ROOT}
        if len(self.places) + len(taken) > MAX_VALUES:
            message = f"fragments bring more than {MAX_VALUES:,} values into this document"
            self.problems.append(Problem(message, "use fewer of them", (*path, "use")))
            return kept
        self._take(fragment, name, path, taken)
        return {**kept, "where": _value_at(fragment.data, _ROOT)}

    def _take(self, fragment: Document, name: str, path: Path, taken: Mapping[Path, Location]) -> None:
        self.places.update({(*path, *place): at for place, at in taken.items()})
        self.keys.update({(*path, *place): at for place, at in fragment.keys.items() if place[:1] == _ROOT})
        defaults = _value_at(fragment.data, ("vars",))
        self.uses[path] = defaults if isinstance(defaults, dict) else {}
        self.uses.update({(*path, *place): inner for place, inner in fragment.uses.items()})
        own = FragmentSource(name=name, file=fragment.file, digest=fragment.digest)
        self.sources.update({source.name: source for source in (own, *fragment.fragments)})

    def _unknown(self, name: str, path: Path) -> Iterator[Problem]:
        at: Path = (*path, "use")
        if holds_expression(name):
            message = "use cannot hold an expression: fragments are read before anything is filled in"
            yield Problem(message, "name the fragment itself; give it values: {use: NAME, vars: {…}}", at)
        elif name not in self.known and self.is_complete:
            some = f"the fragments are {list_some(sorted(self.known))}" if self.known else None
            hint = did_you_mean(name, sorted(self.known)) or some or f"write it: filters/{shorten(name)}.yaml"
            yield Problem(f'no fragment is named "{shorten(name)}"', hint, at)


def _replaced(data: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    """The data with another value at a path of keys that is there."""
    if not path or not isinstance(data, dict):
        return value
    key = str(path[0])
    return {**data, key: _replaced(data[key], path[1:], value)}
