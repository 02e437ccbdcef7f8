"""What is wrong between the specs of a project, or between the limits of one: seen only when all are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TypeGuard

from pydantic import JsonValue

from bulkplan.core.lint.settings import find_lint_problems
from bulkplan.core.near import did_you_mean
from bulkplan.core.spec_words import shorten
from bulkplan.errors import Path, Problem
from bulkplan.model.document import Document
from bulkplan.model.project import Project
from bulkplan.model.request import FAMILY_BY_KIND, KIND_BY_ACTION
from bulkplan.model.run import WantedRun
from bulkplan.model.spec import Guards

MAX_UNKNOWN = 100
"""Unknown dependencies that are told: for each the nearest name is looked for."""


def check_specs(documents: Sequence[Document], *, is_complete: bool) -> tuple[Problem, ...]:
    """
    Names used twice, dependencies that do not exist or run in a circle. All located.

    `is_complete` is false when some spec could not be read: a name that is missing may then stand there.
    """
    named = [(name, document) for document in documents if (name := _text(document, "name")) is not None]
    first: dict[str, Document] = {}
    problems: list[Problem] = []
    for name, document in named:
        if name in first:
            problems.append(_duplicate(name, document, first[name]))
        first.setdefault(name, document)
    if is_complete:
        problems += islice(_unknown_dependencies(named, first), MAX_UNKNOWN)
    problems += _cycles(first)
    return tuple(problems)


def check_alone(document: Document) -> tuple[Problem, ...]:
    """Guards of a spec that no run can pass, and rules that it turns off and nobody knows. All located."""
    found = [
        *guard_problems(_field(document, "guards"), ("guards",)),
        *find_lint_problems(_field(document, "lint")),
    ]
    return tuple(document.located(problem) for problem in found)


def check_runs(runs: Iterable[WantedRun], documents: Mapping[tuple[str, int], Document]) -> tuple[Problem, ...]:
    """Runs whose time is over before it begins; one problem a document."""
    problems: dict[tuple[str, int], Problem] = {}
    for run in runs:
        spec, place = run.spec, (run.source.file, run.source.document)
        if spec.not_before is None or spec.not_after is None or place not in documents:
            continue
        if _instant(spec.not_before, days=0) >= _instant(spec.not_after, days=1):
            message = f"not_after ({spec.not_after}) is not later than not_before ({spec.not_before})"
            problem = Problem(message, "exchange the two, or set a later not_after", ("not_after",))
            problems.setdefault(place, documents[place].located(problem))
    return tuple(problems.values())


def warn_of_guards(
    runs: Iterable[WantedRun], documents: Mapping[tuple[str, int], Document], project: Project
) -> tuple[Problem, ...]:
    """Guards of specs that the project's own overrule: the strictest layer wins, so they say nothing."""
    warnings: dict[tuple[str, int, str], Problem] = {}
    for run in runs:
        family = FAMILY_BY_KIND[KIND_BY_ACTION[run.spec.action.type]]
        outer: Guards = {
            "email": project.guards.email,
            "sequence": project.guards.sequence,
            "edit": project.guards.edit,
            "delete": project.guards.delete,
        }[family]
        place = (run.source.file, run.source.document)
        for name, own, limit in _looser(run.spec.guards, outer):
            message = f"{name}: {own} has no effect: the project's limit for {family} is {limit}"
            hint = f"the strictest limit wins; delete the line, or change guards.{family}.{name} in bulkplan.yaml"
            problem = Problem(message, hint, ("guards", name))
            if place in documents:
                warnings.setdefault((*place, name), documents[place].located(problem))
    return tuple(warnings.values())


def guard_problems(guards: JsonValue, path: Path, *, may_forbid: bool = False) -> Iterator[Problem]:
    """
    Limits that no run can pass, in the data of a `guards` mapping at `path`.

    `may_forbid`: a project may forbid a family of actions by `max_matches: 0`.
    """
    if not isinstance(guards, dict):
        return
    most, fewest = guards.get("max_matches"), guards.get("min_matches")
    if _is_count(most) and most == 0 and not may_forbid:
        yield Problem(
            "max_matches: 0 refuses every run", "write at least 1, or delete the spec", (*path, "max_matches")
        )
    elif _is_count(most) and _is_count(fewest) and fewest > most:
        message = f"min_matches ({fewest}) is larger than max_matches ({most}): no run can pass"
        yield Problem(message, "exchange the two, or change one", (*path, "min_matches"))
    for name in ("max_percent", "max_drift"):
        percent = _percent(guards.get(name))
        if percent is not None and percent > 100:
            hint = "write at most 100%, or delete the line"
            yield Problem(f"{name}: {guards[name]} is more than all leads", hint, (*path, name))
        elif percent == 0 and name == "max_percent" and not may_forbid:
            yield Problem(f"{name}: {guards[name]} refuses every run", "write more than 0%", (*path, name))


def _duplicate(name: str, document: Document, first: Document) -> Problem:
    message = f'the name "{name}" is taken: another spec has it at {first.locate(("name",))}'
    hint = "give this spec another name; a new run of the same spec is a higher version, not a second document"
    return document.located(Problem(message, hint, ("name",)))


def _unknown_dependencies(named: Sequence[tuple[str, Document]], known: Mapping[str, Document]) -> Iterator[Problem]:
    for name, document in named:
        for index, other in _dependencies(document):
            path: Path = ("depends_on", index)
            if other == name:
                problem = Problem(f"{name} depends on itself", "delete this item", path)
            elif other not in known:
                hint = (
                    did_you_mean(other, [each for each in known if each != name])
                    or "name another spec of this project, without version"
                )
                problem = Problem(f'no spec is named "{shorten(other)}"', hint, path)
            else:
                continue
            yield document.located(problem)


def _cycles(known: Mapping[str, Document]) -> Iterator[Problem]:
    """Each circle of dependencies once, at the item that closes it."""
    finished: set[str] = set()
    for start in known:
        trail: list[tuple[str, list[tuple[int, str]]]] = [(start, _dependencies(known[start]))]
        while trail:
            name, waiting = trail[-1]
            if name in finished or not waiting:
                finished.add(name)
                trail.pop()
                continue
            index, other = waiting.pop(0)
            names = [step for step, _ in trail]
            if other in names and other != name:
                circle = " → ".join([*names[names.index(other) :], other])
                hint = "delete one of these dependencies"
                problem = Problem(f"these specs wait for each other: {circle}", hint, ("depends_on", index))
                yield known[name].located(problem)
            elif other in known and other not in finished and other != name:
                trail.append((other, _dependencies(known[other])))


def _dependencies(document: Document) -> list[tuple[int, str]]:
    items = _field(document, "depends_on")
    if not isinstance(items, list):
        return []
    return [(index, item) for index, item in enumerate(items) if isinstance(item, str) and "{{" not in item]


def _looser(own: Guards, outer: Guards) -> Iterator[tuple[str, object, object]]:
    if own.max_matches is not None and outer.max_matches is not None and own.max_matches > outer.max_matches:
        yield "max_matches", own.max_matches, outer.max_matches
    if own.min_matches is not None and outer.min_matches is not None and own.min_matches < outer.min_matches:
        yield "min_matches", own.min_matches, outer.min_matches
    for name in ("max_percent", "max_deviation", "max_drift"):
        written, limit = _percent(getattr(own, name)), _percent(getattr(outer, name))
        if written is not None and limit is not None and written > limit:
            yield name, getattr(own, name), getattr(outer, name)
    if _is_count(own.max_drift) and _is_count(outer.max_drift) and own.max_drift > outer.max_drift:
        yield "max_drift", own.max_drift, outer.max_drift
    if own.require_sort_with_limit is False and outer.require_sort_with_limit:
        yield "require_sort_with_limit", "false", "true"


def _is_count(value: JsonValue) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _percent(value: JsonValue) -> float | None:
    if not isinstance(value, str) or not value.endswith("%"):
        return None
    try:
        return float(value.removesuffix("%"))
    except ValueError:
        return None


def _instant(limit: date | datetime, *, days: int) -> datetime:
    """A limit as an instant; a day counts whole. Without a zone UTC will do: both limits are read alike."""
    if isinstance(limit, datetime):
        return limit if limit.tzinfo else limit.replace(tzinfo=UTC)
    return datetime.combine(limit, time(), tzinfo=UTC) + timedelta(days=days if limit < date.max else 0)


def _field(document: Document, key: str) -> JsonValue:
    return document.data.get(key) if isinstance(document.data, dict) else None


def _text(document: Document, key: str) -> str | None:
    value = _field(document, key)
    return value if isinstance(value, str) else None
