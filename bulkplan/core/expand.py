"""From one YAML document to the runs it asks for: combinations of `for_each`, the period of a schedule, expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import product
from math import prod
from typing import NamedTuple
from urllib.parse import quote

from pydantic import JsonValue

from bulkplan.core.digest import fingerprint
from bulkplan.core.periods import find_timezone, period_label, timezone_hint
from bulkplan.core.spec_problems import load_model
from bulkplan.core.spec_rules import find_rule_problems
from bulkplan.core.template import Filler, Scope, find_fixed_problems, holds_expression
from bulkplan.errors import Location, Path, Problem
from bulkplan.model.document import Document
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.model.spec import Schedule, Spec

MAX_COMBINATIONS = 100
MAX_VARIANT = 100
"""Characters of a variant in a run key."""

Names = Mapping[str, JsonValue]


class Expansion(NamedTuple):
    """The runs of one document, in the order of its combinations; or what is wrong with it, each problem located."""

    runs: tuple[WantedRun, ...] = ()
    problems: tuple[Problem, ...] = ()


def expand(
    document: Document, *, now: datetime, project_vars: Names | None = None, given_vars: Names | None = None
) -> Expansion:
    """
    The runs that one spec document asks for at `now` (aware).

    `project_vars` stand below the spec's own vars, `given_vars` (of the command line) above them. A document with any
    problem yields no run at all.
    """
    data = document.data
    problems = list(find_fixed_problems(document))
    fixed = {problem.path for problem in problems}
    if not isinstance(data, dict):
        return _refused(document, _no_mapping(data))
    combinations = list(_combinations(data.get("for_each")))
    problems += _combination_problems(data.get("for_each"), combinations)
    scope = Scope(project_vars or {}, {**_mapping(data.get("vars")), **(given_vars or {})})
    filler = Filler(document)
    runs: list[WantedRun] = []
    for each in combinations[:MAX_COMBINATIONS] or [{}]:
        filled = filler.fill(replace(scope, each=each))
        spec = load_model(Spec, filled)
        found = [*(spec if isinstance(spec, tuple) else ()), *find_rule_problems(filled)]
        if isinstance(spec, Spec) and not found:
            found += _late_problems(spec)
            runs += [] if found else [_wanted(document, spec, each, now)]
        echoes = filler.unfilled | fixed
        problems += [_of_expression(document, problem) for problem in found if not _is_echo(problem.path, echoes)]
    problems += filler.problems
    return _refused(document, tuple(problems)) if problems else Expansion(tuple(runs))


def declared_vars(documents: Iterable[Document]) -> frozenset[str]:
    """Every name that some spec, fragment or project file sets under `vars`."""
    return frozenset(
        name
        for document in documents
        if isinstance(document.data, dict)
        for name in _mapping(document.data.get("vars"))
    )


def _no_mapping(data: JsonValue) -> tuple[Problem, ...]:
    """What is wrong with data that is no mapping."""
    found = load_model(Spec, data)
    return found if isinstance(found, tuple) else ()


def escape_variant(value: JsonValue) -> str:
    """
    A value as it stands in a run key.

    Letters, digits, `.`, `_` and `-` stand as they are; all else is percent-encoded, commas and brackets too, so that
    no two lists of values make the same key and no shell needs quotes for anything but the brackets around it.
    """
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return "".join(
        character if character.isalnum() or character in "._-" else quote(character, safe="") for character in text
    )


def _refused(document: Document, problems: tuple[Problem, ...]) -> Expansion:
    located: dict[tuple[Location | None, str], Problem] = {}
    taken: set[Location | None] = set()
    for problem in problems:
        placed = document.located(problem)
        if problem.message.endswith("has no value") and placed.at in taken:
            continue  # the other problem at this place says more
        taken.add(placed.at)
        located.setdefault((placed.at, placed.message), placed)
    return Expansion(problems=tuple(located.values()))


def _of_expression(document: Document, problem: Problem) -> Problem:
    """A value that an expression made is mended at the expression."""
    value = document.data
    for step in problem.path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
    if problem.on_key or not isinstance(value, str) or not holds_expression(value):
        return problem
    hint = 'the expression makes this value: change it or the vars it uses (a number becomes text with ~ "")'
    return replace(problem, hint=hint)


def _combinations(for_each: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Every combination of values, the last key running fastest; none when `for_each` is not what it should be."""
    if not isinstance(for_each, dict) or not for_each:
        return
    columns = [values for values in for_each.values() if isinstance(values, list)]
    if len(columns) < len(for_each) or prod(map(len, columns)) > MAX_COMBINATIONS:
        return
    for values in product(*columns):
        yield dict(zip(for_each, values, strict=True))


def _combination_problems(for_each: JsonValue, combinations: list[dict[str, JsonValue]]) -> Iterator[Problem]:
    path: Path = ("for_each",)
    columns = [len(values) for values in _mapping(for_each).values() if isinstance(values, list)]
    if columns and prod(columns) > MAX_COMBINATIONS:
        message = f"for_each makes {prod(columns):,} combinations; at most {MAX_COMBINATIONS} are allowed"
        yield Problem(message, "split the spec into several", path, on_key=True)
    labels: dict[str, Names] = {}
    for each in combinations:
        label = _variant(each)
        if label in labels and labels[label] != each:  # equal ones are told at the value that stands twice
            yield Problem(
                f"two combinations of for_each have the name [{label}]", "delete one value", path, on_key=True
            )
        elif len(label) > MAX_VARIANT:
            message = f"the combination [{label[:MAX_VARIANT]}…] is too long for the name of a run"
            hint = f"use shorter values, at most {MAX_VARIANT} characters together, and look the long ones up in vars"
            yield Problem(message, hint, path, on_key=True)
        labels[label] = each


def _variant(each: Names) -> str:
    return ",".join(escape_variant(value) for value in each.values())


def _mapping(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _is_echo(path: Path, unfilled: set[Path]) -> bool:
    """Whether a problem only follows from an expression that could not be filled in."""
    return any(path[: len(left)] == left for left in unfilled)


def _late_problems(spec: Spec) -> tuple[Problem, ...]:
    schedule: Schedule | None = spec.schedule
    if schedule is None or find_timezone(schedule.timezone) is not None:
        return ()
    hint = timezone_hint(schedule.timezone)
    return (Problem(f'there is no timezone "{schedule.timezone}"', hint, ("schedule", "timezone")),)


def _wanted(document: Document, spec: Spec, each: Names, now: datetime) -> WantedRun:
    schedule = spec.schedule
    period = period_label(schedule.every, now=now, timezone=schedule.timezone) if schedule else None
    key = RunKey(spec.name, spec.version, _variant(each) if each else None, period)
    return WantedRun(key=key, spec=spec, source=document.source, fingerprint=fingerprint(spec))
